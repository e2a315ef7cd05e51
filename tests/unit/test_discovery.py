"""Which adapter a center of a kind gets: the one that the settings name, the one that is installed, the shipped one."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from bus.bilingual import Bilingual
from bus.cli import check_adapter
from bus.cli.demo_words import Words, _title
from bus.cli.output import Lang
from bus.cli.production_checks import production_checks
from bus.demo.local_county import LocalCounty
from bus.sdk import discovery
from bus.sdk.discovery import Adapter, AdapterUnusable, Source
from bus.sdk.plug_in import plug_in
from bus.settings import load
from tests.unit.plug_ins import KIND, command_center
from tests.unit.test_cli_run import SECRET, WHOLE, bus, started
from verification.plug_ins import ROOT, offer

PACKAGES = ("county_command", "rival_command", "other_media")


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder of installed packages, for this test alone."""
    folder = tmp_path / "site"
    folder.mkdir()
    monkeypatch.syspath_prepend(str(folder))
    yield folder
    for name in [one for one in sys.modules if one.partition(".")[0] in PACKAGES]:
        del sys.modules[name]
    _title.cache_clear()


def settings_file(folder: Path, center: str, adapter: str = "") -> Path:
    """The settings of a center without a broker that answers."""
    text = WHOLE.format(folder=folder).replace("media_center-150402", center)
    path = folder / f"{center}.toml"
    path.write_text((f'adapter = "{adapter}"\n' if adapter else "") + text, encoding="utf-8")
    return path


def test_the_shipped_adapter_is_found_with_its_parts() -> None:
    """Where nobody else offers one, it is ours: manifest, center and simulator of one kind, and our version."""
    found = discovery.find("party_service")
    assert (found.package, found.source, found.distribution) == (
        "adapters.party_service", Source.SHIPPED, "four-center-bus",
    )  # fmt: skip
    assert (found.manifest().kind, found.center().kind) == ("party_service", "party_service")
    assert found.simulator().__name__ == "Simulator"
    assert found.manifest().label.zh == "党群服务中心"


def test_an_installed_package_brings_a_fifth_kind(site: Path) -> None:
    """Its entry point is all that the bus needs to know: center, simulator, labels and the county's demo follow."""
    command_center(site)
    found = discovery.find(KIND)
    assert found == Adapter(KIND, "county_command", Source.ENTRY_POINT, "county_command", "1.2")
    assert (found.center().kind, found.manifest().label.en) == (KIND, "Command center")
    words = Words(Lang.ZH, {"150402": Bilingual("红山区", "Hongshan District")}, {}, frozenset())
    assert words.center(f"{KIND}-150402") == "红山区接诉即办指挥中心"
    assert words.center(f"{KIND}-150421") == "接诉即办指挥中心 150421"


def test_an_entry_point_replaces_the_shipped_adapter_and_the_settings_win_over_both(site: Path) -> None:
    """One package that offers the media center is taken in place of ours; a name in the settings decides."""
    command_center(site, "other_media", kind="media_center", offered_for="media_center")
    assert discovery.find("media_center").package == "other_media"
    named = discovery.find("media_center", "adapters.media_center")
    assert (named.package, named.source, named.distribution) == (
        "adapters.media_center", Source.SETTINGS, "four-center-bus",
    )  # fmt: skip
    packages = {one.kind: one.package for one in discovery.known()}
    assert (packages["media_center"], packages["party_service"]) == ("other_media", "adapters.party_service")


def test_two_packages_for_one_kind_are_refused_by_name(site: Path) -> None:
    """Which of them was first on the path is no reason to take it; the settings may choose."""
    command_center(site)
    command_center(site, "rival_command")
    with pytest.raises(AdapterUnusable) as refused:
        discovery.find(KIND)
    assert all(word in refused.value.en for word in ("county_command", "rival_command", "1.2", "`adapter`"))
    assert all(word in refused.value.zh for word in ("county_command", "rival_command", "adapter"))
    assert discovery.find(KIND, "rival_command").version == "1.2"
    assert discovery.contested(discovery.known()) == {KIND}


def test_a_center_is_not_started_while_two_packages_claim_it(site: Path, tmp_path: Path) -> None:
    """``bus run`` and ``bus simulate`` say both, in the language asked for; exit code 2."""
    command_center(site)
    command_center(site, "rival_command")
    path = settings_file(tmp_path, f"{KIND}-150402")
    for words in (("run", "--config", path), ("simulate", "--config", path)):
        code, _, said = bus(*words, "--lang", "en", BUS_INTAKE_SECRET=SECRET)
        told = " ".join(said.split())
        assert (code, "county_command" in told, "rival_command" in told) == (2, True, True)


def test_a_package_that_is_for_another_kind_than_it_is_offered_for_is_refused(site: Path) -> None:
    """An entry point that says otherwise than the code is wrong for certain."""
    command_center(site, kind="media_center")
    with pytest.raises(AdapterUnusable, match="is one for media_center"):
        discovery.find(KIND).center()


def test_an_adapter_of_another_kind_that_the_settings_name_is_warned_of(tmp_path: Path) -> None:
    """v0.1.0 took it, so it runs on; with ``strict`` it is too grave for production."""
    given = {
        "center": "media_hub-150402", "adapter": "adapters.media_center", "store": f"sqlite:///{tmp_path}/x.db",
        "intake_secret": SECRET, "backend": {"url": "http://127.0.0.1:1"},
    }  # fmt: skip
    for strict in (False, True):
        settings = load(None, **given, strict=strict)
        (one,) = [one for one in production_checks(settings, tmp_path / "x.toml") if one.what == "center kind"]
        assert (one.grave, "media_hub" in one.found.en, "media_center" in one.found.zh) == (strict, True, True)


@pytest.mark.parametrize("package", ["adapters.nobody", "nobody.at.all", "bus.sdk", "no name"])
def test_a_package_that_is_none_is_told_with_its_cure(package: str) -> None:
    """Whatever is missing, the text says the package, and what to do."""
    for part in (Adapter.center, Adapter.simulator, Adapter.manifest):
        with pytest.raises(AdapterUnusable) as refused:
            part(discovery.find("nobody", package))
        assert package.split(maxsplit=1)[0] in refused.value.en or "center.toml" in refused.value.en
        assert refused.value.zh


def test_the_version_names_every_adapter(site: Path) -> None:
    """``bus --version`` says of each kind which package of which version it would run, and where it could not."""
    command_center(site)
    offer(site, "rival_command", KIND, "7")
    done = subprocess.run(
        [sys.executable, "-m", "bus", "--version"], capture_output=True, text=True, check=True, cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(site)},
    )  # fmt: skip
    lines = [line.split("\t") for line in done.stdout.splitlines()]
    assert lines[0][0].startswith("four-center-bus ")
    told = {(line[0], line[1]): line[2:] for line in lines[1:]}
    assert told[KIND, "county_command"][0] == "county_command 1.2"
    assert "`adapter`" in told[KIND, "rival_command"][1]
    assert len(told["media_center", "adapters.media_center"]) == 1


def test_the_log_of_a_center_says_which_adapter_works(tmp_path: Path) -> None:
    """One line after the start holds the package and its version."""
    county = LocalCounty(tmp_path, ["media_center-150402"])
    county.open()
    county.close()
    lines = [json.loads(line) for line in (tmp_path / "county.jsonl").read_text(encoding="utf-8").splitlines()]
    (told,) = [line for line in lines if line["event"] == "adapter"]
    assert told["adapter"] == "adapters.media_center"
    assert told["version"].startswith("four-center-bus ")


def test_a_county_runs_a_center_from_outside(site: Path, tmp_path: Path) -> None:
    """The county of the demo takes a fifth kind by its name alone: its center and its simulator are the package's."""
    command_center(site)
    county = LocalCounty(tmp_path / "county", [f"{KIND}-150402", "party_service-150402"])
    county.open()
    try:
        assert type(county.backends[f"{KIND}-150402"]).__module__ == "county_command.simulator"
        assert county.process is not None
        assert county.process.centers[f"{KIND}-150402"].adapter.package == "county_command"
    finally:
        county.close()


def test_a_simulator_from_outside_is_started_by_its_kind(site: Path) -> None:
    """``bus simulate command_center`` finds it as the center does."""
    command_center(site)
    with started("simulate", KIND, BUS_INTAKE_SECRET=SECRET, PYTHONPATH=str(site)) as process:
        assert process.stdout is not None
        assert json.loads(process.stdout.readline())["center"] == KIND


def test_a_plug_in_is_known_by_its_record_and_every_change_is_told(site: Path) -> None:
    """The digest covers all its files by their hashes; a file that was changed or removed since is named."""
    home = command_center(site)
    (installed,) = discovery.plug_ins()
    whole = plug_in(installed)
    assert (whole.name, len(whole.digest), whole.altered) == ("county_command", 64, ())
    (home / "handlers.py").write_text("# another\n", encoding="utf-8")
    (home / "simulator.py").unlink()
    assert plug_in(installed).altered == ("county_command/handlers.py", "county_command/simulator.py")
    (site / "county_command-1.2.dist-info" / "RECORD").unlink()
    assert plug_in(installed).digest == ""


def test_doctor_tells_of_the_adapter_its_forms_what_it_leaves_out_and_every_plug_in(site: Path, tmp_path: Path) -> None:
    """The labels are the manifest's; a kind without a handler, a false declaration and a changed file want a look."""
    home = command_center(site)
    settings = load(settings_file(tmp_path, f"{KIND}-150402"), intake_secret=SECRET)
    found = {one.what: one for one in check_adapter.adapter(settings)}
    assert {one.severity for one in found.values()} == {None}
    assert all(word in found["adapter"].found.en for word in ("Command center", "county_command 1.2", "(message)"))
    assert "接诉即办指挥中心" in found["adapter"].found.zh
    assert "sha256" in found["plug-in county_command"].found.en
    manifest = home / "center.toml"
    manifest.write_text(manifest.read_text(encoding="utf-8").replace('  "case.urged",\n', "", 1), encoding="utf-8")
    center = discovery.find(KIND).center()
    del center.handlers["case.closed"]
    faults = {one.found.en for one in check_adapter.adapter(settings) if one.severity is not None}
    assert "without a handler: case.closed" in faults
    assert "accepts: case.urged has a handler and is not declared" in faults
    manifest.unlink()
    assert any("center.toml cannot be read" in one.found.en for one in check_adapter.adapter(settings))
    shutil.rmtree(home)
    for name in [one for one in sys.modules if one.startswith("county_command")]:
        del sys.modules[name]
    severities = {one.what: one.severity and one.severity.value for one in check_adapter.adapter(settings)}
    assert severities == {"adapter": "error", "plug-in county_command": "warning"}

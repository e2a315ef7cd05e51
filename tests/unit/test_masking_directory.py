"""What centers read, in the signed directory: published by each, put in by the operator, and masking by all of them."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bus import log
from bus.cli import check_keys
from bus.cli.check_adapter import _unhandled
from bus.cli.check_keys import CLOCK_KINDS
from bus.clocks.written import ClockSettings
from bus.context import CenterContext
from bus.contract import messages as k
from bus.contract import signed_document
from bus.contract.operations import OperationAsked
from bus.demo.county_keys import county_keys
from bus.runtime.process import CenterProcess
from bus.sdk import discovery
from bus.sdk.center import Center
from bus.security import directory, key_request
from bus.security.cipher_suite import DIRECTORY
from bus.security.directory import MASKING_NEEDS, Directory
from bus.security.errors import KeyUnusable
from bus.security.keyring import new_keyring, read_keyring, read_public_key
from bus.security.message_security import Unsecured
from bus.settings import CenterSettings, fresh_secret
from tests.harness.center import resting_process
from tests.harness.signing_county import Shelf, notarised
from tests.harness.step import NOW
from tests.unit.test_cli_run import bus

MEDIA, PARTY, CIVIL = "media_center-150402", "party_service-150402", "civilization_center-150402"
READS = (MASKING_NEEDS,)


def known_by(**reads: tuple[str, ...] | None) -> Directory:
    """A directory of these kinds of center, and what each reads."""
    shelf = Shelf(directory.empty(NOW))
    for kind, told in reads.items():
        shelf.list(new_keyring(f"{kind}-150402", NOW), reads=told)
    return shelf.known


def test_what_masking_needs_is_a_kind_that_adapters_may_leave_out() -> None:
    """One word in two rooms: the directory knows no message, and the message no directory."""
    assert k.Handed.kind == MASKING_NEEDS
    assert k.Handed.kind in k.LATER_KINDS


@pytest.mark.parametrize(
    ("reads", "without"),
    [
        ({"media_center": READS, "party_service": READS}, ()),
        ({"media_center": READS, "party_service": None}, (PARTY,)),
        ({"media_center": (), "party_service": READS}, (MEDIA,)),
        ({"media_center": ("case.other",), "party_service": None}, (MEDIA, PARTY)),
    ],
)
def test_all_must_read_it(reads: dict[str, tuple[str, ...] | None], without: tuple[str, ...]) -> None:
    """One center that does not, or does not say so, is enough."""
    known = known_by(**reads)
    assert known.not_reading(MASKING_NEEDS) == without
    assert known.read_by_all(MASKING_NEEDS) == (without == ())


def test_without_a_directory_nothing_is_masked() -> None:
    """Nor with an empty one, nor with one that was never read."""

    class Away(Unsecured):
        def current_directory(self) -> None:
            raise KeyUnusable("", "")

    assert not CenterContext(MEDIA, security=Unsecured()).masks_residents()
    assert not CenterContext(MEDIA, security=Away()).masks_residents()
    assert not directory.empty(NOW).read_by_all(MASKING_NEEDS)
    assert CenterContext(MEDIA, security=notarised([MEDIA, PARTY], reads=READS)[MEDIA]).masks_residents()


def test_a_center_whose_keys_are_revoked_is_no_member() -> None:
    """It hears nothing that is sealed, and need not read anything."""
    known = known_by(media_center=READS, party_service=None)
    (kid,) = [kid for kid, one in known.listed.items() if one.center == PARTY]
    assert key_request.revoked(known, kid, NOW).read_by_all(MASKING_NEEDS)


def test_an_application_says_it_and_the_next_takes_it_back() -> None:
    """One of v0.1.0, which says nothing, comes from a program that reads nothing newer; the same again changes
    nothing."""
    ring = new_keyring(MEDIA, NOW)
    first = key_request.listed(directory.empty(NOW), key_request.read(key_request.new_request(ring, None, READS)), NOW)
    assert (first.reads, first.serial) == ({MEDIA: READS}, 1)
    again = key_request.listed(first, key_request.read(key_request.new_request(ring, None, READS)), NOW)
    assert again is first
    older = key_request.listed(first, key_request.read(key_request.new_request(ring)), NOW)
    assert (older.reads, older.serial) == ({MEDIA: ()}, 2)


def test_files_without_it_are_as_they_were() -> None:
    """No application and no directory has a word more, until a center says what it reads."""
    operator = new_keyring("operator", NOW).keys[-1]
    ring = new_keyring(MEDIA, NOW)
    for raw in (key_request.new_request(ring), directory.written(known_by(media_center=None), operator)):
        assert "reads" not in json.loads(signed_document.split(raw)[1])
    told = directory.written(known_by(media_center=READS), operator)
    assert json.loads(signed_document.split(told)[1])["reads"] == {MEDIA: [*READS]}
    assert directory.read(told, operator.public).reads == {MEDIA: READS}


def test_a_directory_of_v0_1_0_masks_nobody() -> None:
    """It names nothing that anybody reads, and is read as before."""
    folder = Path(__file__).parents[1] / "fixtures" / "v0.1.0"
    known = directory.read_file(folder / "county.directory", read_public_key(folder / "operator.pub"))
    assert known.members
    assert known.not_reading(MASKING_NEEDS) == known.members
    assert not known.read_by_all(MASKING_NEEDS)


# -- commands ---------------------------------------------------------------------------------------------------------


def published(folder: Path, center: str, *words: object) -> tuple[int, dict[str, Any], str]:
    """What a center's application says."""
    keys, out = folder / "keys.json", folder / "application"
    bus("keys", "new", center, "--file", keys)
    code, _, said = bus("keys", "publish", "--file", keys, "--out", out, "--lang", "en", *words)
    return code, json.loads(signed_document.split(out.read_bytes())[1]) if out.exists() else {}, said


def test_publish_says_what_program_and_adapter_read(tmp_path: Path) -> None:
    """Both must read it: a center without an adapter, and one whose adapter has no handler, read nothing newer."""
    newer = sorted({*k.LATER_KINDS, OperationAsked.kind})
    for place, (center, reads, warned) in enumerate(
        [(MEDIA, newer, False), (PARTY, newer, False), ("grid_center-150402", [], True)]
    ):
        folder = tmp_path / str(place)
        folder.mkdir()
        code, asked, said = published(folder, center)
        assert (code, asked["reads"], "no adapter was found" in said) == (0, reads, warned)


def test_an_adapter_that_is_named_and_not_there_is_an_error(tmp_path: Path) -> None:
    """A slip of the pen must not switch masking off for a county."""
    code, asked, _ = published(tmp_path, MEDIA, "--adapter", "no_such_adapter")
    assert (code, asked) == (2, {})


def test_trust_puts_it_into_the_directory(tmp_path: Path) -> None:
    """From the command of the center to the directory of all."""
    operator, public, book = tmp_path / "op.json", tmp_path / "op.pub", tmp_path / "county.directory"
    bus("keys", "new", "operator", "--file", operator)
    bus("keys", "publish", "--file", operator, "--out", public)
    published(tmp_path, MEDIA)
    fingerprint = bus("keys", "publish", "--file", tmp_path / "keys.json", "--out", tmp_path / "application", "--json")
    heard = json.loads(fingerprint[1])["fingerprint"]
    files = ("--operator", operator, "--directory", book)
    assert bus("keys", "trust", tmp_path / "application", *files, "--fingerprint", heard)[0] == 0
    assert directory.read_file(book, read_public_key(public)).read_by_all(MASKING_NEEDS)


# -- what a running center and doctor say ------------------------------------------------------------------------------


@pytest.fixture
def settings(tmp_path: Path) -> CenterSettings:
    """A center of a county that masks."""
    keys = county_keys(tmp_path / "keys", {MEDIA: None, PARTY: None}, MEDIA, READS)
    told = {
        "center": MEDIA,
        "store": f"sqlite:///{tmp_path}/media.db",
        "data": str(tmp_path / "files"),
        "intake_secret": fresh_secret(),
        "backend": {"url": "http://127.0.0.1:1"},
        "trust": dict(keys[MEDIA]),
    }
    return CenterSettings.model_validate_json(json.dumps(told))


def rewrite(folder: Path, **changes: Any) -> None:
    """The next directory of the operator's, with these changes."""
    path, operator = folder / "county.directory", read_keyring(folder / "operator.keys.json").keys[-1]
    document = json.loads(signed_document.split(path.read_bytes())[1])
    document |= {"serial": document["serial"] + 1, **changes}
    body = json.dumps({name: value for name, value in document.items() if value is not None}).encode()
    path.write_bytes(signed_document.join(body, [operator.signed(body, DIRECTORY)]))


@pytest.fixture
def lines() -> Iterator[list[str]]:
    """The log of one test."""
    found: list[str] = []
    log.set_up(MEDIA, found.append)
    yield found
    log.reset()


@pytest.fixture
def process(settings: CenterSettings) -> Iterator[CenterProcess]:
    """The center, with its loops at rest."""
    made = resting_process(settings)
    made._leaving.set()  # it does not wait between its rounds
    yield made
    made.lease.release()


def test_a_newer_directory_switches_it_off_loudly(lines: list[str], process: CenterProcess, tmp_path: Path) -> None:
    """By the log, once, and by health as long as it lasts; all that say so are named."""
    process._directory()
    assert process.context.masks_residents()
    assert "masking" not in process.ready()
    rewrite(tmp_path / "keys", reads={MEDIA: [*READS]})
    for _ in range(2):
        process._directory()
    assert not process.context.masks_residents()
    assert process.ready()["masking"] == f"masking-off: {PARTY}"
    assert len([line for line in lines if "masking-off" in line and PARTY in line]) == 1
    rewrite(tmp_path / "keys", reads=None)  # as v0.1.0 signs it: nobody reads anything
    process._directory()
    assert not process.context.masks_residents()
    rewrite(tmp_path / "keys", reads={MEDIA: [*READS], PARTY: [*READS]})
    process._directory()
    assert process.context.masks_residents()
    assert "masking" not in process.ready()


def test_doctor_names_who_does_not_read_it(settings: CenterSettings, tmp_path: Path) -> None:
    """With the cure; where all do, it says that residents are masked."""

    def said() -> Any:
        (found,) = [one for one in check_keys.keys(settings) if one.what == "masking"]
        return found

    assert said().severity is None
    rewrite(tmp_path / "keys", reads={MEDIA: [*READS]})
    assert said().severity is not None
    assert PARTY in said().found.en
    assert MEDIA not in said().found.zh
    assert "bus keys publish" in said().cure.zh


def test_doctor_names_who_does_not_read_what_clocks_say(settings: CenterSettings, tmp_path: Path) -> None:
    """Kind by kind, with the cure, and only where the clocks are on: nothing of it is said elsewhere."""
    clocked = settings.model_copy(update={"clocks": ClockSettings(enabled=True)})

    def said(of: CenterSettings) -> list[Any]:
        return [one for one in check_keys.keys(of) if one.what == "clock-readers"]

    rewrite(tmp_path / "keys", reads={MEDIA: CLOCK_KINDS, PARTY: CLOCK_KINDS[:1]})
    assert said(settings) == []
    (found,) = said(clocked)
    assert found.severity is not None
    assert found.found.en.endswith(f"case.extension-answered: {PARTY}; case.escalated: {PARTY}")
    assert f"case.escalated: {PARTY}" in found.found.zh
    assert "case.extension-requested" not in found.found.zh
    assert "bus keys publish" in found.cure.en
    rewrite(tmp_path / "keys", reads={MEDIA: CLOCK_KINDS, PARTY: CLOCK_KINDS})
    (found,) = said(clocked)
    assert found.severity is None


def test_what_clocks_say_is_every_later_kind_but_the_resident() -> None:
    """A kind that is added for them is looked for, too."""
    assert {*CLOCK_KINDS, MASKING_NEEDS} == k.LATER_KINDS


def test_doctor_does_not_warn_of_a_kind_that_is_only_journaled() -> None:
    """An adapter of v0.1.0 has no handler for it, and nothing of it is ever parked."""
    center: Center[Any] = discovery.find("media_center").center()
    handlers = {kind: handler for kind, handler in center.handlers.items() if kind != MASKING_NEEDS}
    old = Center(kind="media_center", connect=center.connect, handlers=handlers)
    (found,) = _unhandled(old)
    assert (found.severity, MASKING_NEEDS in found.found.en) == (None, True)
    (all_,) = _unhandled(center)
    assert f"all {len(k.CASE_KINDS)} kinds" in all_.found.en

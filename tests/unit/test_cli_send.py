"""`bus send`: the first form of an integrator is signed, sent, and its case followed until the answer."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bus.cli import app
from bus.demo.local_county import LocalCounty
from tests.unit.test_cli_run import bus

MEDIA, PARTY = "media_center-150402", "party_service-150402"
FORM = {
    "message_id": "LY-1", "client_name": "居民甲", "text": "楼道灯不亮", "division": "150402006", "category": "物业",
    "to": [PARTY],
}  # fmt: skip


@pytest.fixture(scope="module")
def county(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCounty]:
    """Two centers; the party service's staff does at once whatever it is asked."""
    made = LocalCounty(tmp_path_factory.mktemp("county"), [MEDIA, PARTY])
    made.open()
    made.backends[PARTY].autopilot = True
    yield made
    made.close()


@pytest.fixture
def config(county: LocalCounty, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The media center's settings."""
    assert county.process is not None
    settings = county.process.centers[MEDIA].settings
    monkeypatch.setenv("BUS_INTAKE_SECRET", settings.intake_secret.get_secret_value())
    at_rest = settings.at_rest
    assert at_rest is not None
    path = tmp_path / "media.toml"
    path.write_text(
        f'center = "{MEDIA}"\nstore = "{settings.store}"\n[http]\nport = {settings.http.port}\n'
        f'[backend]\nurl = "http://127.0.0.1:1"\n[at_rest]\nkey = "{at_rest.key}"\n',
        encoding="utf-8",
    )
    return path


def _file(folder: Path, **changes: object) -> Path:
    path = folder / "form.json"
    path.write_text(json.dumps({**FORM, **changes}, ensure_ascii=False), encoding="utf-8")
    return path


def test_a_form_is_sent_and_its_case_followed_to_the_answer(config: Path, tmp_path: Path) -> None:
    """Registered, offered, accepted, resolved, answered: the integrator sees the whole way."""
    code, out, said = bus("send", "message", _file(tmp_path), "--config", config, "--lang", "en")
    assert code == 0, said
    assert "taken: MEDIACENTER-" in out
    assert PARTY in out
    assert out.rstrip().endswith("the resident has been answered")
    assert "居民甲" not in out + said


def test_the_same_form_again_is_told_as_such(config: Path, tmp_path: Path) -> None:
    """And answered from memory."""
    for _ in range(2):
        code, out, _ = bus(
            "send", "message", _file(tmp_path, message_id="LY-2"), "--config", config, "--no-follow", "--lang", "en"
        )
        assert code == 0
    assert out.startswith("was taken before: ")


def test_a_script_reads_json(config: Path, tmp_path: Path) -> None:
    """The center's own answer, and a refusal as one too."""
    words = ("--config", config, "--json", "--no-follow")
    code, out, _ = bus("send", "message", _file(tmp_path, message_id="LY-3"), *words)
    assert (code, json.loads(out)["status"]) == (0, "taken")
    code, out, _ = bus("send", "message", _file(tmp_path, message_id=""), *words)
    assert (code, json.loads(out)["code"]) == (1, "invalid")


def test_faults_are_told_without_what_was_said(config: Path, tmp_path: Path) -> None:
    """A missing field, a slip, an addition, a center that nobody lists."""
    tell = ("--config", config, "--lang", "en", "--no-follow")
    code, _, said = bus("send", "message", _file(tmp_path, text=5), *tell)
    assert (code, "text: string_type" in said, "居民甲" in said) == (1, True, False)
    code, _, said = bus("send", "message", _file(tmp_path, phon="1"), *tell)
    assert (code, "phon: misspelt → phone" in said) == (1, True)
    code, _, said = bus("send", "message", _file(tmp_path, message_id="LY-4", colour="red"), *tell)
    assert (code, "the form has no field colour" in said) == (0, True)
    code, _, said = bus("send", "message", _file(tmp_path, message_id="LY-5", to=["party_service-999999"]), *tell)
    assert (code, "unknown-center" in said) == (1, True)


@pytest.mark.parametrize(
    ("form", "content", "words"),
    [
        ("message", b"{", "is not JSON (at 1:2)"),
        ("message", '{"text": "灯"}'.encode("gbk"), "is not UTF-8"),
        ("letter", b"{}", "has no form letter"),
    ],
)
def test_what_cannot_be_sent_has_its_cure(config: Path, tmp_path: Path, form: str, content: bytes, words: str) -> None:
    """Exit code 2, and nothing of the file is quoted."""
    path = tmp_path / "bad.json"
    path.write_bytes(content)
    code, _, said = bus("send", form, path, "--config", config, "--lang", "en")
    assert (code, words in said) == (2, True), said


def test_a_center_that_does_not_run_is_told(config: Path, tmp_path: Path) -> None:
    """And a file that is not there."""
    code, _, said = bus(
        "send", "message", _file(tmp_path), "--config", config, "--url", "http://127.0.0.1:1", "--lang", "en"
    )
    assert (code, "does the center run?" in said) == (1, True)
    code, _, said = bus("send", "message", tmp_path / "none.json", "--config", config, "--lang", "en")
    assert (code, "cannot be read" in said) == (2, True)


def test_the_terminals_encoding_is_not_the_forms(config: Path, tmp_path: Path) -> None:
    """What comes through a pipe is UTF-8, with a mark or without: read as Latin-1 it would be another text."""
    content = _file(tmp_path, message_id="LY-6").read_bytes()
    words = ["send", "message", "-", "--config", str(config), "--no-follow", "--lang", "en"]

    def sent(content: bytes) -> tuple[int, str]:
        result = CliRunner(charset="latin-1").invoke(app, words, input=content)
        return result.exit_code, result.stdout + result.stderr

    assert sent(content)[0] == 0
    code, said = sent(b"\xef\xbb\xbf" + content)
    assert (code, "was taken before" in said) == (0, True), said
    code, said = sent('{"text": "灯"}'.encode("gbk"))
    assert (code, "is not UTF-8" in said) == (2, True)


@pytest.mark.parametrize("url", ["http://127.0.0.1:http", "http://[::1"])
def test_an_address_that_is_none_is_told(config: Path, tmp_path: Path, url: str) -> None:
    """No traceback."""
    code, _, said = bus("send", "message", _file(tmp_path), "--config", config, "--url", url, "--lang", "en")
    assert (code, "--url is no URL" in said) == (2, True)


def test_a_form_that_is_nested_too_deeply_is_told(config: Path, tmp_path: Path) -> None:
    """No traceback."""
    path = tmp_path / "deep.json"
    path.write_text("[" * 100_000, encoding="utf-8")
    code, _, said = bus("send", "message", path, "--config", config, "--lang", "en")
    assert (code, "nested too deeply" in said) == (2, True)

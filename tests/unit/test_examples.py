"""``make examples``: what it says where a tool cannot be had, and which answers of a program it takes for right."""

import json
from collections.abc import Iterator

import pytest

from verification import examples
from verification.clients.languages import LANGUAGES
from verification.clients.proof import said_wrong
from verification.clients.tools import NEEDED, PROGRAMS, ROOT
from verification.services import ServiceUnavailable

RIGHT = (
    "file image/jpeg true\ntaken MEDIACENTER-150402-1-1\nrepeated MEDIACENTER-150402-1-1\nevent taken\n"
    "refused 422 invalid division\nrefused 401 signature\n"
)


def test_a_tool_that_cannot_be_had_is_told(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """By its cure alone, and an exit code that is none of a finding."""

    def missing() -> None:
        raise ServiceUnavailable("go: apt-get install golang-go")

    monkeypatch.setattr(examples, "ensure_tools", missing)
    assert examples.main() == 2
    assert capsys.readouterr() == ("", "go: apt-get install golang-go\n")


def test_a_language_whose_client_fails_is_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The others are tried all the same."""

    def told() -> Iterator[tuple[str, str]]:
        yield "Go", "go vet … : OTHER redeclared"
        yield "Java", ""

    monkeypatch.setattr(examples, "ensure_tools", lambda: None)
    monkeypatch.setattr(examples, "fault_of", lambda _language, _page: "")
    monkeypatch.setattr(examples, "faults", told)
    assert examples.main() == 1
    shown = capsys.readouterr().out
    assert "client Go          go vet … : OTHER redeclared" in shown
    assert "client Java        ok" in shown


@pytest.mark.parametrize(
    ("was", "instead"),
    [
        ("true", "false"),
        ("repeated MEDIACENTER-150402-1-1", "repeated MEDIACENTER-150402-1-2"),
        ("event taken", "event repeated"),
        ("422 invalid division", "422 invalid text"),
        ("401 signature\n", "401 signature\nrefused 401 signature\n"),
    ],
)
def test_only_the_right_answers_are_right(was: str, instead: str) -> None:
    """The file that came back, one number for a repeat, the field that was refused."""
    assert said_wrong(RIGHT, "") == ""
    assert said_wrong(RIGHT, "warning") != ""
    assert said_wrong(RIGHT.replace(was, instead), "") != ""


def test_what_is_fetched_is_pinned() -> None:
    """By hashes: the generator by pip's lock, the compiler by npm's; everything else comes from Debian."""
    assert "--hash=sha256:" in (ROOT / "requirements-clients.lock").read_text(encoding="utf-8")
    lock = json.loads((PROGRAMS / "package-lock.json").read_text(encoding="utf-8"))
    fetched = [one for name, one in lock["packages"].items() if name]
    assert fetched
    assert all(one["integrity"].startswith("sha512-") for one in fetched)
    assert {"TypeScript", "Go", "Java"} == LANGUAGES.keys()
    assert {"nodejs", "npm", "golang-go", "openjdk-17-jdk-headless"} <= NEEDED.keys()

"""RabbitMQ of another Debian release: chosen by name, made once in a folder, started over this machine's programs."""

from collections.abc import Callable
from pathlib import Path

import pytest

from verification.services import RabbitNode, ServiceUnavailable, debian_release
from verification.services.debian_release import (
    CHOICE,
    ENTER,
    RELEASES,
    DebianRelease,
    asked_release,
    bootstrap_command,
    release_named,
)


@pytest.fixture
def making(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The releases that were made; making one writes a file that stands for RabbitMQ, and needs no rights here."""
    made: list[str] = []

    def make(name: str, folder: Path) -> None:
        made.append(name)
        program = folder / "usr/lib/rabbitmq/bin/rabbitmq-server"
        program.parent.mkdir(parents=True)
        program.touch()

    monkeypatch.setattr(debian_release, "_make", make)
    monkeypatch.setattr(debian_release, "need_root", lambda _: None)
    monkeypatch.setattr(debian_release, "need_program", lambda *_: "")
    return made


@pytest.fixture
def apt(monkeypatch: pytest.MonkeyPatch) -> Callable[[dict[str, str]], None]:
    """Lets apt say what a test wants, each answer by the last word of the question."""

    def says(answers: dict[str, str]) -> None:
        monkeypatch.setattr(debian_release, "_said", lambda *command: answers.get(command[-1], ""))

    return says


def test_an_unknown_release_is_refused_by_the_node(monkeypatch: pytest.MonkeyPatch) -> None:
    """A misspelt name is not taken for a wish: one sentence in each language names what there is."""
    monkeypatch.setenv(CHOICE, "trixy")
    with pytest.raises(ServiceUnavailable) as refused:
        RabbitNode()
    assert str(refused.value).splitlines() == [
        "BUS_TEST_RABBITMQ=trixy 无效：请设为 bookworm、trixie、sid 之一。",
        "BUS_TEST_RABBITMQ=trixy is unknown: set it to one of bookworm, trixie, sid.",
    ]


def test_this_machines_own_release_needs_no_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a name, and with the name of the release that runs here, the installed RabbitMQ is meant."""
    monkeypatch.setattr(debian_release, "_own_codename", lambda: "trixie")
    monkeypatch.delenv(CHOICE, raising=False)
    assert asked_release() is release_named("trixie") is None
    monkeypatch.setenv(CHOICE, "sid")
    asked = asked_release()
    assert asked is not None
    assert asked.name == "sid"
    assert asked.folder.parts[-3:] == (".local", "debian", "sid")


def test_a_command_keeps_its_words_and_its_pid(tmp_path: Path) -> None:
    """It runs in a mount namespace of its own, in which the release lies over this machine's programs."""
    release = DebianRelease("sid", tmp_path)
    words = ["rabbitmqctl", "eval", "node(). % a b"]
    command = release.command(words)
    assert command[:2] == ["unshare", "--mount"]
    assert command[-len(words) - 2 :] == [ENTER, str(tmp_path), *words]
    assert ENTER.endswith('exec "$@"')


def test_bootstrap_names_release_folder_and_mirror_last(tmp_path: Path) -> None:
    """RabbitMQ is included, nothing that is merely recommended, and the machine's proxies are handed on."""
    command = bootstrap_command("trixie", tmp_path, "http://mirror.example/debian/", ['Acquire::http::Proxy "here"'])
    assert command[0] == "mmdebstrap"
    assert command[-3:] == ["trixie", str(tmp_path), "http://mirror.example/debian/"]
    assert "--include=rabbitmq-server" in command
    assert '--aptopt=APT::Install-Recommends "false"' in command
    assert '--aptopt=Acquire::http::Proxy "here"' in command


def test_mirror_and_proxies_are_those_of_this_machines_apt(apt: Callable[[dict[str, str]], None]) -> None:
    """The first source is taken; where apt has none, the error says where to look."""
    apt({"Label: Debian": "http://one.example/debian/\nhttp://two.example/debian/", "Acquire::http::Proxy": "p"})
    assert debian_release._mirror() == "http://one.example/debian/"
    assert list(debian_release._proxies()) == ['Acquire::http::Proxy "p"']
    apt({})
    assert list(debian_release._proxies()) == []
    with pytest.raises(ServiceUnavailable, match="apt-get update"):
        debian_release._mirror()


def test_a_release_is_made_once_and_a_half_made_one_anew(making: list[str], tmp_path: Path) -> None:
    """What a broken try left is swept; a complete folder is used as it lies."""
    release = DebianRelease("trixie", tmp_path / "trixie")
    for left in ("trixie", "trixie.making"):
        (tmp_path / left / "usr/bin").mkdir(parents=True)
    assert not release.prepared
    for _ in range(2):
        release.prepare()
    assert making == ["trixie"]
    assert release.prepared
    assert not (release.folder / "usr/bin").exists()
    assert not (tmp_path / "trixie.making").exists()


def test_a_release_that_cannot_be_made_leaves_no_folder_of_its_name(
    making: list[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The next try begins anew: only a complete release bears its name."""

    def fail(name: str, folder: Path) -> None:
        folder.mkdir()
        raise ServiceUnavailable(name)

    monkeypatch.setattr(debian_release, "_make", fail)
    release = DebianRelease("sid", tmp_path / "sid")
    with pytest.raises(ServiceUnavailable):
        release.prepare()
    assert not release.folder.exists()


def test_the_releases_stand_from_old_to_new() -> None:
    """The oldest is the one that the bus supports at least; the last is the one on which a cluster is tried."""
    assert (RELEASES[0], debian_release.NEWEST) == ("bookworm", RELEASES[-1])

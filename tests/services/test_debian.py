"""Packages are installed when that is allowed, services stay off, and otherwise the error says the cure."""

import os
import subprocess
from pathlib import Path

import pytest

from verification.services import ServiceUnavailable, container, debian
from verification.services.__main__ import main


@pytest.fixture
def pretended_root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that stands for the machine: the install script writes into it and meets an apt-get that takes notes."""
    (tmp_path / "usr/sbin").mkdir(parents=True)
    (tmp_path / "var/lib/dpkg").mkdir(parents=True)
    programs = tmp_path / "programs"
    programs.mkdir()
    apt = programs / "apt-get"
    apt.write_text(f'#!/bin/sh\necho "$* | $({tmp_path}/usr/sbin/policy-rc.d; echo $?)" >>{tmp_path}/calls\n')
    apt.chmod(0o755)
    script = debian.INSTALL
    for place in ("/var/lib/dpkg", "/usr/sbin/policy-rc.d", "/run/systemd/system"):
        assert place in script
        script = script.replace(place, f"{tmp_path}{place}")
    monkeypatch.setattr(debian, "INSTALL", script)
    monkeypatch.setattr(debian, "_as_root", list)
    monkeypatch.setenv("PATH", f"{programs}:{os.environ['PATH']}")
    return tmp_path


def _lacking(monkeypatch: pytest.MonkeyPatch, *answers: list[str]) -> None:
    waiting = list(answers)
    monkeypatch.setattr(debian, "missing_packages", lambda **_: waiting.pop(0))


def test_services_may_not_start_while_packages_are_installed(
    pretended_root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """During apt-get policy-rc.d says 101; afterwards it is gone, as it was before."""
    _lacking(monkeypatch, ["rabbitmq-server"], [])
    assert debian.ensure_packages() == ["rabbitmq-server"]
    (call,) = (pretended_root / "calls").read_text().splitlines()
    assert call.endswith("rabbitmq-server | 101")
    assert list((pretended_root / "usr/sbin").iterdir()) == []


def test_the_machines_own_policy_comes_back(pretended_root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A policy-rc.d that stood there is in its place again with its content."""
    policy = pretended_root / "usr/sbin/policy-rc.d"
    policy.write_text("#!/bin/sh\nexit 0\n")
    _lacking(monkeypatch, ["postgresql"], [])
    debian.ensure_packages()
    assert (pretended_root / "calls").read_text().endswith("postgresql | 101\n")
    assert policy.read_text() == "#!/bin/sh\nexit 0\n"
    assert list(policy.parent.iterdir()) == [policy]


def test_old_package_lists_are_updated_and_the_install_tried_again(
    pretended_root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When the first install fails the lists are fetched anew; when the second fails too, the error says the cure."""
    apt = pretended_root / "programs/apt-get"
    apt.write_text(f'#!/bin/sh\necho "$1" >>{pretended_root}/calls\n[ "$1" = update ]\n')
    _lacking(monkeypatch, ["postgresql"], ["postgresql"])
    with pytest.raises(ServiceUnavailable, match="apt-get install --no-install-recommends postgresql"):
        debian.ensure_packages()
    assert (pretended_root / "calls").read_text().split() == ["install", "update", "install"]
    assert list((pretended_root / "usr/sbin").iterdir()) == []


def test_without_the_right_to_install_the_error_names_the_command(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Neither root nor sudo: both packages are named in one command, in Chinese and English, and the exit code is 1."""
    _lacking(monkeypatch, ["rabbitmq-server", "postgresql"])
    monkeypatch.setattr(debian, "_as_root", lambda: None)
    monkeypatch.setattr("verification.services.__main__.containers_wanted", lambda: False)
    assert main(["ensure"]) == 1
    said = capsys.readouterr().err
    assert said.count("apt-get install --no-install-recommends rabbitmq-server postgresql") == 2
    assert "请以 root 运行" in said


def test_nothing_is_done_where_nothing_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    """With both packages there nobody asks for rights."""
    _lacking(monkeypatch, [])
    monkeypatch.setattr(debian, "_as_root", lambda: pytest.fail("asked for root"))
    assert debian.ensure_packages() == []


@pytest.mark.parametrize(
    ("package", "present"),
    [
        ("spin", "bin/spin"),
        ("gcc", "bin/gcc"),
        ("libc6-dev", "include/stdio.h"),
        ("libfaketime", "lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1"),
        ("iptables", "sbin/iptables"),
        ("iproute2", "sbin/ip"),
        ("pgbouncer", "sbin/pgbouncer"),
        ("prometheus", "bin/promtool"),
    ],
)
def test_a_tool_is_known_by_what_the_tests_use_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, package: str, present: str
) -> None:
    """On an empty machine the tool's package is missing, and it is not once its program or file lies there."""
    monkeypatch.setattr(debian, "LIBRARIES", tmp_path / "lib")
    monkeypatch.setattr(debian, "HEADERS", tmp_path / "include")
    monkeypatch.setattr(debian, "OF_ROOT", str(tmp_path / "sbin"))
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    before = debian.missing_packages()
    file = tmp_path / present
    file.parent.mkdir(parents=True)
    file.touch(mode=0o755)
    assert package in before
    assert debian.missing_packages() == [p for p in before if p != package]


def test_with_containers_only_postgresql_is_spared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A cluster of RabbitMQ is always of private processes, so its package is needed where Docker answers, too."""
    monkeypatch.setattr(debian, "PROGRAMS", tmp_path)
    monkeypatch.setattr(debian, "VERSIONS", tmp_path)
    before = debian.missing_packages()
    assert {"rabbitmq-server", "postgresql"} <= set(before)
    assert debian.missing_packages(containers=True) == [p for p in before if p != "postgresql"]


def test_an_unknown_choice_of_servers_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """A misspelt BUS_TEST_SERVICES is not taken for a wish."""
    monkeypatch.setenv(container.CHOICE, "dokcer")
    container.containers_wanted.cache_clear()
    try:
        with pytest.raises(ServiceUnavailable, match="auto, private or container"):
            container.containers_wanted()
    finally:
        container.containers_wanted.cache_clear()


def test_without_a_docker_daemon_servers_are_private_processes(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A Docker client whose daemon does not answer is no reason to fail."""
    monkeypatch.delenv(container.CHOICE, raising=False)
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/nobody.sock")
    container.containers_wanted.cache_clear()
    try:
        assert not container.containers_wanted()
    finally:
        container.containers_wanted.cache_clear()


def test_the_install_script_is_shell() -> None:
    """The script has no syntax error for the shell that runs it."""
    subprocess.run(["/bin/sh", "-n", "-c", debian.INSTALL], check=True)

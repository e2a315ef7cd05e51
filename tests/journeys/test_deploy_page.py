"""``docs/deploy.md``: its commands, as they stand there, put a center to work on a machine of its own."""

import itertools
import json
import time
from collections.abc import Callable, Iterator

import pytest

from bus.cli.pki import BROKER
from tests.unit.test_docs import ROOT, fenced
from verification.pages.checkout import publish
from verification.pages.commands import Section, count, sections
from verification.pages.terminal import Terminal, with_systemd
from verification.services.machine import Machine

PAGE = ROOT / "docs" / "deploy.md"
CHINESE = PAGE.with_name("deploy.zh-CN.md")
ME, NEIGHBOUR = "media_center-150402", "party_service-150402"
HOSTS = ["rabbitmq.county.example", "media.county.example", "party.county.example"]
MOST_COMMANDS, MOST_SECONDS = 25, 600
"""From the clone to a form of one's own that is answered."""
ANSWERED = "已答复居民"
QUIET = """
mkdir -p /etc/systemd/system/bus@media_center-150402.service.d
printf '[Service]\\nWatchdogSec=3\\nRestartSec=0.2\\n' >/etc/systemd/system/bus@media_center-150402.service.d/quick.conf
systemctl daemon-reload
systemctl restart bus@media_center-150402
kill -STOP $(systemctl show --property=MainPID bus@media_center-150402 | cut -d = -f 2)
"""
"""A center that falls silent, and a systemd that waits for it three seconds in place of sixty."""


def the_trial(page: list[Section]) -> list[Section]:
    """What a stranger does: the sections up to the answer."""
    return list(itertools.takewhile(lambda section: not section.heading.startswith("4."), page))


def test_both_languages_have_the_same_commands() -> None:
    """The Chinese page has the commands of the English one, word for word."""
    assert sections(PAGE)
    assert [one.commands for one in sections(CHINESE)] == [one.commands for one in sections(PAGE)]
    assert fenced(CHINESE, "sh") == fenced(PAGE, "sh")


def test_a_strangers_path_has_few_commands() -> None:
    """From the clone to a form of one's own, answered by a second center over RabbitMQ: 25 commands at most."""
    path = the_trial(sections(PAGE))
    assert len(path) == 3
    assert sum(count(command) for section in path for command in section.commands) <= MOST_COMMANDS


def test_the_brokers_settings_are_those_that_the_command_prints() -> None:
    """What the page writes into rabbitmq.conf is what ``bus pki broker`` prints, and management for loopback alone."""
    assert f"<<'END'\n{BROKER}management.tcp.ip = 127.0.0.1\nEND\n" in PAGE.read_text(encoding="utf-8")


@pytest.fixture
def machine() -> Iterator[Machine]:
    """A Debian of its own, with the commands of systemd, and the repository at the page's address."""
    with Machine(HOSTS) as machine:
        publish(machine)
        with_systemd(machine)
        yield machine


@pytest.mark.broker
@pytest.mark.database
def test_its_commands_put_a_center_to_work(machine: Machine) -> None:
    """Every command ends well, in the page's order; the trial is quick, and each part does what the page says of it."""
    said = {}
    with Terminal(machine, online=True) as online, Terminal(machine) as terminal:
        page = sections(PAGE)
        began = time.monotonic()
        for section in page:
            number = section.heading.partition(".")[0]
            where = online if number == "1" else terminal
            said[number] = [where.enter(command) for command in section.commands]
            if section == the_trial(page)[-1]:
                assert ANSWERED in said[number][-1]
                assert time.monotonic() - began < MOST_SECONDS
            if number in CHECKS:
                CHECKS[number](machine)
    assert f"{NEIGHBOUR}\t1" in said["7"][-3], "the first form waits for the second center"
    assert ANSWERED in said["10"][-1]


def who_runs(machine: Machine) -> None:
    """The process of the unit: its user, its folder, the token letter by letter; silent, it is started again."""
    main = machine.run(f"systemctl show --property=MainPID bus@{ME}").strip().partition("=")[2]
    assert machine.run(f"stat -c %U /proc/{main}; readlink /proc/{main}/cwd").split() == ["bus", "/var/lib/bus"]
    environment = machine.file(f"/proc/{main}/environ").read_bytes().split(b"\0")
    assert rb'BUS_BACKEND__TOKEN=to"ken $1 #2 \3 %i' in environment
    machine.run(QUIET)
    wait_for(lambda: "NRestarts=0" not in machine.run(f"systemctl show --property=NRestarts bus@{ME}"))
    wait_for(lambda: machine.run(f"systemctl is-active bus@{ME}").strip() == "active")
    machine.run(f"rm -r /etc/systemd/system/bus@{ME}.service.d; systemctl daemon-reload; systemctl restart bus@{ME}")


def what_passes(machine: Machine) -> None:
    """Attachments are asked for through the proxy; nothing else passes it."""
    # `nginx -s reload` returns before the new port is listened at
    ask = "curl --silent --retry 30 --retry-delay 1 --retry-connrefused --output /dev/null --write-out '%{http_code}\n'"
    ask += " --cacert /etc/nginx/media.pem"
    at = "https://media.county.example/bus"
    answers = [
        machine.run(f"{ask} {words}").strip()
        for words in (
            f"{at}/attachments/{'0' * 64}",
            f"-X PUT {at}/attachments/",
            f"{at}/intake/message",
            f"{at}/metrics",
        )
    ]
    assert answers == ["404", "403", "404", "404"]
    body = machine.run(f"curl --silent --cacert /etc/nginx/media.pem {at}/attachments/{'0' * 64}")
    assert "nginx" not in body, "the center's own answer"


def what_is_left(machine: Machine) -> None:
    """After the backup was put back, the case is known, and its neighbours were asked."""
    cases = json.loads(machine.run(f"bus-of {ME} cases --json"))
    assert len(cases) == 1
    assert cases[0]["status"] != "open"
    assert machine.run("ls /var/backups/bus").split() == [f"{ME}.tar.gz", "party_service.dump"]


CHECKS: dict[str, Callable[[Machine], None]] = {"8": who_runs, "9": what_passes, "11": what_is_left}


def wait_for(done: Callable[[], bool], seconds: float = 60) -> None:
    """Until it is so; fails after a minute."""
    end = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < end
        time.sleep(0.3)

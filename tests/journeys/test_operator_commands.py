"""An operator's day over a real RabbitMQ: put up, look, start, see a case go, stop; with the real commands."""

import json
import os
import secrets
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
from typer.testing import CliRunner

from bus.cli import app
from bus.demo.local_county import free_port
from tests.conftest import Vhost

HERE, THERE = "media_center-150402", "media_center-150403"
ROOT = Path(__file__).parents[2]


@dataclass
class Desk:
    """What an operator has: a county file, a settings file for each center, secrets in the environment."""

    folder: Path
    vhost: Vhost
    env: dict[str, dict[str, str]] = field(default_factory=dict)
    processes: "list[subprocess.Popen[str]]" = field(default_factory=list)

    def prepare(self) -> None:
        """Write the files."""
        passwords = {name: secrets.token_hex(8) for name in (HERE, THERE)}
        (self.folder / "county.toml").write_text(
            f'centers = ["{HERE}", "{THERE}"]\nmanagement_url = "{self.vhost.management_url}"\n'
            f'management_user = "{self.vhost.user}"\nvhost = "{self.vhost.name}"\nauditor = "a-{self.vhost.name}"\n'
        )
        self.env["county"] = {
            "BUS_MANAGEMENT_PASSWORD": self.vhost.password, "BUS_CENTER_PASSWORDS": json.dumps(passwords),
        }  # fmt: skip
        for name, other in ((HERE, THERE), (THERE, HERE)):
            port, vendor_port = free_port(), free_port()
            (self.folder / f"{name}.toml").write_text(
                f'center = "{name}"\nstore = "sqlite:///{self.folder}/{name}.db"\ndata = "{self.folder}/{name}"\n'
                f'[http]\nport = {port}\npublic_url = "http://127.0.0.1:{port}"\n'
                f'[backend]\nurl = "http://127.0.0.1:{vendor_port}"\n[[routes]]\nto = "{other}"\n'
            )
            secret = self.bus("doctor", "--new-secret")[1].strip()
            broker = self.vhost.amqp_url(name, passwords[name])
            self.env[name] = {"BUS_INTAKE_SECRET": secret, "BUS_BROKER": broker}

    def bus(self, *words: str, whose: str = "") -> tuple[int, str, str]:
        """A command in this process: exit code, output, trouble."""
        result = CliRunner().invoke(app, [*words, "--lang", "en"], env=self.env.get(whose, {}))
        return result.exit_code, result.stdout, result.stderr

    def county(self, *words: str) -> tuple[int, str, str]:
        """A command about the county."""
        return self.bus(*words, "--file", str(self.folder / "county.toml"), whose="county")

    def told(self, name: str, *words: str) -> Any:
        """A command about a center, as JSON."""
        return json.loads(self.bus(*words, "--config", str(self.config(name)), "--json", whose=name)[1])

    def config(self, name: str) -> Path:
        """A center's settings."""
        return self.folder / f"{name}.toml"

    def start(self, name: str, *words: str) -> "tuple[subprocess.Popen[str], str]":
        """A command as a process of its own; returns when it says that it is ready, with its URL."""
        command = [sys.executable, "-m", "bus", *words, "--config", str(self.config(name))]
        with (self.folder / f"{name}.{words[0]}.log").open("w") as log:
            process = subprocess.Popen(
                command, stdout=subprocess.PIPE, stderr=log, text=True, env={**os.environ, **self.env[name]}, cwd=ROOT
            )
        self.processes.append(process)
        assert process.stdout is not None
        return process, json.loads(process.stdout.readline())["url"]


@pytest.fixture
def desk(tmp_path: Path, vhost: Vhost) -> Iterator[Desk]:
    """Everything prepared, nothing put up; whatever was started is ended afterwards."""
    made = Desk(tmp_path, vhost)
    made.prepare()
    yield made
    for process in made.processes:
        process.kill()
        process.communicate(timeout=120)
    with vhost.node.api() as api:
        for user in (HERE, THERE, f"a-{vhost.name}"):
            api.delete(f"users/{user}")


def until(what: str, condition: Callable[[], Any]) -> Any:
    """Ask again until the answer is true."""
    from bus.demo.local_county import LocalCounty  # noqa: PLC0415 - its patience only

    return LocalCounty(Path(), ()).until(what, condition, 300)


def test_the_topology_is_planned_put_up_and_kept(desk: Desk) -> None:
    """Verify finds all missing, apply makes it, a second apply changes nothing, and a deleted inbox is found."""
    code, out, _ = desk.county("topology", "verify", "--json")
    assert (code, "missing" in out) == (1, True)
    code, out, said = desk.county("topology", "apply")
    assert (code, "created" in out) == (0, True), said
    code, out, _ = desk.county("topology", "apply")
    assert (code, out.splitlines()[0]) == (0, "0 changes")
    assert desk.county("topology", "verify")[0] == 0
    with desk.vhost.node.api() as api:
        api.delete(f"queues/{desk.vhost.name}/inbox.{THERE}").raise_for_status()
    code, out, _ = desk.county("topology", "verify")
    assert (code, f"inbox.{THERE}" in out, "bus topology apply" in out) == (1, True, True)
    code, out, _ = desk.county("queues")
    assert (code, "missing" in out) == (1, True)


def test_the_doctor_tells_a_ready_broker_from_one_that_is_not(desk: Desk) -> None:
    """Before apply the login is refused; after it sending and receiving are proven; without its inbox not."""
    found = {one["check"]: one for one in desk.told(HERE, "doctor")}
    assert (found["broker"]["severity"], "topology apply" in found["broker"]["cure"]) == ("error", True)
    desk.county("topology", "apply")
    found = {one["check"]: one for one in desk.told(HERE, "doctor")}
    assert [found[what]["severity"] for what in ("broker", "inbox", "out exchange")] == ["ok"] * 3
    with desk.vhost.node.api() as api:
        api.delete(f"queues/{desk.vhost.name}/inbox.{HERE}").raise_for_status()
        rights = {"configure": "^$", "write": "^$", "read": ".*"}
        api.put(f"permissions/{desk.vhost.name}/{HERE}", json=rights).raise_for_status()
    found = {one["check"]: one for one in desk.told(HERE, "doctor")}
    assert [found[what]["severity"] for what in ("broker", "inbox", "out exchange")] == ["ok", "error", "error"]


def test_a_cluster_of_which_a_node_is_down_is_well_with_a_warning(desk: Desk) -> None:
    """The center runs on the other node, so the doctor must not say that the broker is away."""
    desk.county("topology", "apply")
    broker = desk.env[HERE]["BUS_BROKER"]
    login, _, place = broker.rpartition("@")
    desk.env[HERE]["BUS_BROKER"] = f"{login}@127.0.0.1:1,{place}"
    found = {one["check"]: one for one in desk.told(HERE, "doctor")}
    assert [found[what]["severity"] for what in ("broker", "inbox", "out exchange")] == ["ok"] * 3
    assert (found["broker nodes"]["severity"], "127.0.0.1:1" in found["broker nodes"]["found"]) == ("warning", True)


def test_a_return_that_somebody_swallows_is_found(desk: Desk) -> None:
    """With a catch-all binding a message to nobody is taken, and no center would ever learn that one is missing."""
    desk.county("topology", "apply")
    with desk.vhost.node.api() as api:
        catch_all = f"bindings/{desk.vhost.name}/e/cases/q/journal"
        api.post(catch_all, json={"routing_key": "#", "arguments": {}}).raise_for_status()
    found = {one["check"]: one for one in desk.told(HERE, "doctor")}
    assert (found["out exchange"]["severity"], "verify" in found["out exchange"]["cure"]) == ("error", True)


def test_a_day_with_two_centers(desk: Desk) -> None:
    """Two centers and their systems as four processes: a message is imported, answered, traced, and all leave well."""
    desk.county("topology", "apply")
    systems = {name: desk.start(name, "simulate", "--autopilot")[1] for name in (HERE, THERE)}
    running = {name: desk.start(name, "run")[0] for name in (HERE, THERE)}
    ledger, mapping = desk.folder / "ledger.csv", desk.folder / "mapping.toml"
    ledger.write_text("id,text\nL-1,村道积水\nL-2,\n", encoding="utf-8")
    mapping.write_text(
        'form = "message"\nnative_id = "message_id"\n[fields]\nmessage_id = {column = "id"}\n'
        'text = {column = "text", required = true}\nclient_name = {constant = "居民甲"}\n'
        'division = {constant = "150403"}\n'
    )
    words = ("import", str(ledger), "--mapping", str(mapping))
    done = desk.told(HERE, *words)
    assert (done["imported"], done["rejects"]) == (1, [{"row": 3, "reason": "text: missing"}])

    def answered() -> Any:
        records = httpx.get(f"{systems[HERE]}/records", trust_env=False).json()
        return [record for record in records if record["id"] == "L-1" and record.get("replies")]

    (record,) = until("the answer", answered)
    assert record["replies"][0]["by"] == THERE
    number = record["replies"][0]["number"]
    told = until("nothing waits", lambda: (t := desk.told(HERE, "trace", number))["waiting"] == [] and t)
    assert (told["case"]["holder"], told["case"]["status"]) == (THERE, "closed")
    assert desk.told(HERE, "parked", "list") == []
    assert desk.told(HERE, *words)["repeated"] == 1
    queues = {one["name"]: one for one in json.loads(desk.county("queues", "--json")[1])}
    assert set(queues) == {f"inbox.{HERE}", f"inbox.{THERE}", "dead-letters", "journal"}
    found = {one["check"]: one for one in desk.told(HERE, "doctor")}
    assert [what for what, one in found.items() if one["severity"] == "error"] == []
    for name, process in running.items():
        process.send_signal(signal.SIGTERM)
        assert process.wait(40) == 0
        log = (desk.folder / f"{name}.run.log").read_text(encoding="utf-8")
        assert '"stopped"' in log
        assert not [word for word in ("居民甲", "村道积水") if word in log]

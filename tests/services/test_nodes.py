"""The private servers keep what they promise to other tests: data survive, and nothing survives of the processes."""

import os
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path

import httpx
import psycopg
import pytest

from tests.conftest import Vhost
from verification.services import PostgresNode, RabbitNode, create_vhost, delete_vhost
from verification.services.process import ServerProcess

DECLARED_FOR_GOOD = 2.5
"""Seconds after which RabbitMQ has a declaration on disk."""


def _alive(pid: int) -> bool:
    """Whether a process runs; what nobody has waited for yet is dead all the same."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return False


@pytest.mark.broker
def test_a_node_keeps_its_messages_over_a_kill_and_a_restart_and_leaves_nothing_behind(tmp_path: Path) -> None:
    """A confirmed message in a quorum queue is there after SIGKILL and after a restart; stop ends everything."""
    with RabbitNode(tmp_path) as node:
        with node.api() as api:
            api.put("queues/%2F/kept", json={"durable": True, "arguments": {"x-queue-type": "quorum"}})
            time.sleep(DECLARED_FOR_GOOD)
            letter = {"properties": {}, "routing_key": "kept", "payload": "一", "payload_encoding": "string"}
            assert api.post("exchanges/%2F/amq.default/publish", json=letter).json() == {"routed": True}
        node.kill9()
        assert not node.ready()
        node.start().restart()
        fetch = {"count": 5, "ackmode": "ack_requeue_true", "encoding": "auto"}
        with node.api() as api:
            assert [one["payload"] for one in api.post("queues/%2F/kept/get", json=fetch).json()] == ["一"]
        pids = node.server.pids
        assert all(map(_alive, pids))
    assert not any(map(_alive, pids))
    assert list(tmp_path.iterdir()) == []


def test_a_paused_node_is_silent_and_a_resumed_one_answers(rabbit: RabbitNode) -> None:
    """SIGSTOP takes the node's answers away and SIGCONT gives them back."""
    rabbit.pause()
    try:
        assert not rabbit.ready()
    finally:
        rabbit.resume()
    assert rabbit.ready()


def test_a_node_offers_its_figures(rabbit: RabbitNode) -> None:
    """The prometheus address is the page of figures, and names RabbitMQ."""
    page = httpx.get(rabbit.prometheus_url, trust_env=False, timeout=60)
    assert "rabbitmq_build_info" in page.text


def test_an_amqp_url_quotes_what_would_end_it(rabbit: RabbitNode) -> None:
    """Slashes and signs in names and passwords stay inside their part of the URL."""
    assert rabbit.amqp_url("a@b", "p/:", "v/h") == f"amqp://a%40b:p%2F%3A@127.0.0.1:{rabbit.port}/v%2Fh"


def test_each_test_has_a_virtual_host_of_its_own(vhost: Vhost, rabbit: RabbitNode) -> None:
    """The virtual host exists, is empty, and its URL names it."""
    with rabbit.api() as api:
        assert api.get(f"vhosts/{vhost.name}").is_success
        assert api.get(f"queues/{vhost.name}").json() == []
    assert vhost.amqp_url().endswith(f"/{vhost.name}")


@dataclass(frozen=True)
class _Impatient:
    """The node, whose requests wait for half a second only."""

    node: RabbitNode

    @property
    def user(self) -> str:
        return self.node.user

    def api(self) -> httpx.Client:
        client = self.node.api()
        client.timeout = httpx.Timeout(0.5)
        return client


def test_a_virtual_host_is_made_and_deleted_though_the_broker_is_slow_to_answer(rabbit: RabbitNode) -> None:
    """Requests that the broker answers too late are made again, and what is gone already is deleted."""
    broker, name = _Impatient(rabbit), "slowly"
    for act, there in ((create_vhost, True), (delete_vhost, False), (delete_vhost, False)):
        rabbit.pause()
        awake = threading.Timer(2, rabbit.resume)
        awake.start()
        try:
            act(broker, name)
        finally:
            awake.join()
        with rabbit.api() as api:
            assert api.get(f"vhosts/{name}").is_success == there


@pytest.mark.database
def test_a_database_keeps_its_rows_over_a_kill_and_a_restart_and_leaves_nothing_behind(tmp_path: Path) -> None:
    """A committed row is there after SIGKILL and after a restart; stop ends everything."""
    with PostgresNode(tmp_path) as server:
        address = server.create_database("a b").replace("postgresql+psycopg", "postgresql")
        with psycopg.connect(address) as connection:
            connection.execute("CREATE TABLE kept AS SELECT 1 AS one")
        server.kill9()
        assert not server.ready()
        server.start().restart()
        with psycopg.connect(address) as connection:
            assert connection.execute("SELECT one FROM kept").fetchall() == [(1,)]
        pids = server.server.pids  # some of them, an autovacuum worker say, end by themselves at any moment
        assert _alive(pids[0])
        assert any(map(_alive, pids[1:]))
        server.drop_database("a b")
        with pytest.raises(psycopg.OperationalError, match="does not exist"):
            psycopg.connect(address)
    assert not any(map(_alive, pids))
    assert list(tmp_path.iterdir()) == []


def test_a_database_url_opens_an_empty_database(database_url: str, postgres: PostgresNode) -> None:
    """The fixture's database lies on the session's server and holds no table."""
    assert f":{postgres.port}/" in database_url
    with psycopg.connect(database_url.replace("postgresql+psycopg", "postgresql")) as connection:
        assert connection.execute("SELECT count(*) FROM pg_stat_user_tables").fetchone() == (0,)


def test_strangers_do_not_enter_the_database(postgres: PostgresNode) -> None:
    """Loopback alone is no right of entry: without the password the server refuses."""
    with pytest.raises(psycopg.OperationalError, match="password"):
        psycopg.connect(host="127.0.0.1", port=postgres.port, user=postgres.user, dbname="postgres", password="guess")


def test_a_server_does_not_outlive_a_killed_owner(tmp_path: Path) -> None:
    """When the process that started a server is killed by SIGKILL, the server ends by itself."""
    owner = (
        "import os, pathlib, signal, sys\n"
        "from verification.services.process import ServerProcess\n"
        "server = ServerProcess(['sleep', '300'], env=dict(os.environ), folder=pathlib.Path(sys.argv[1]))\n"
        "server.start()\n"
        "print(server._process.pid, flush=True)\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    done = subprocess.run([sys.executable, "-c", owner, tmp_path], capture_output=True, text=True, check=False)
    deadline = time.monotonic() + 120
    while _alive(int(done.stdout)) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not _alive(int(done.stdout))


def test_a_server_that_ended_by_itself_is_not_running(tmp_path: Path) -> None:
    """The end of a server is seen, its last words are kept, and it can be swept away and started again."""
    server = ServerProcess(["sh", "-c", "echo farewell"], env=dict(os.environ), folder=tmp_path)
    for _ in range(2):
        server.start()
        deadline = time.monotonic() + 120
        while server.running and time.monotonic() < deadline:
            time.sleep(0.02)
        assert not server.running
        server.kill9()
    assert server.last_words() == "farewell\nfarewell\n"

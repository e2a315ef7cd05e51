"""Three nodes in namespaces are one broker, and each of its links and nodes can be taken away and given back."""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from verification.services import Namespace, Network, RabbitCluster, RabbitNode, ServiceUnavailable
from verification.services import network as network_module
from verification.services.network import Place
from verification.services.process import ServerProcess

pytestmark = pytest.mark.broker
PATIENCE = 300.0
"""Seconds until what must happen counts as never happening."""
QUEUE = "inbox"


@pytest.fixture(scope="module")
def network() -> Iterator[Network]:
    """A network of this file's own."""
    with Network() as network:
        yield network


@pytest.fixture(scope="module")
def cluster(
    network: Network, request: pytest.FixtureRequest, record_testsuite_property: Callable[[str, object], None]
) -> Iterator[RabbitCluster]:
    """A cluster with a quorum queue on all three nodes."""
    parent = request.config.rootpath / ".local" / "services"
    with RabbitCluster(parent, network=network, settings=["net_ticktime = 4"]) as cluster:
        record_testsuite_property("rabbitmq", cluster.nodes[0].version())
        with cluster.api() as api:
            queue = {"durable": True, "arguments": {"x-queue-type": "quorum"}}
            api.put(f"queues/%2F/{QUEUE}", json=queue).raise_for_status()
        time.sleep(2.5)  # until RabbitMQ has the declaration on disk
        yield cluster


def _eventually(holds: Callable[[], object]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def _reaches(place: Place, node: RabbitNode) -> bool:
    """Whether a TCP connection to a node's AMQP port can be made from a place."""
    code = f"import socket; socket.create_connection(('{node.host}', {node.port}), 0.7)"
    command = [sys.executable, "-S", "-c", code]
    inside = place.command(command) if isinstance(place, Namespace) else command
    return subprocess.run(inside, check=False, capture_output=True, timeout=20).returncode == 0


def test_every_node_is_reached_and_leads_to_one_broker(cluster: RabbitCluster) -> None:
    """Each node has its own address and URL; what one knows the others know."""
    assert cluster.whole()
    assert len(set(cluster.amqp_urls())) == len(cluster.running()) == 3
    assert all(node.host in url for node, url in zip(cluster.nodes, cluster.amqp_urls(), strict=True))
    for node in cluster.nodes:
        with node.api() as api:
            assert len(api.get(f"queues/%2F/{QUEUE}").json()["members"]) == 3


def _hears(listener: Namespace, speaker: Namespace) -> bool:
    """Whether a datagram of one arrives at the other: a connection would need both directions."""
    listen = (
        "import socket; s = socket.socket(type=socket.SOCK_DGRAM); s.settimeout(1)\n"
        f"s.bind(('{listener.address}', 9))\n"
        "print('ready', flush=True); print(s.recv(9))"
    )
    speak = f"import socket; socket.socket(type=socket.SOCK_DGRAM).sendto(b'hello', ('{listener.address}', 9))"
    command = listener.command([sys.executable, "-S", "-c", listen])
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as ear:
        assert ear.stdout is not None
        assert ear.stdout.readline() == "ready\n"
        subprocess.run(speaker.command([sys.executable, "-S", "-c", speak]), check=True, timeout=120)
        return "hello" in ear.stdout.read()


def test_a_link_is_cut_both_ways_or_one_way(network: Network) -> None:
    """What is cut hears nothing, the way back and all other links go on; healed is healed, also when cut twice."""
    one, other, third = (network.namespace(name) for name in ("one", "other", "third"))
    network.cut(one, other)
    network.cut(one, other)
    assert not _hears(one, other)
    assert not _hears(other, one)
    assert _hears(third, one)
    network.heal(other, one)
    assert _hears(other, one)
    network.cut_one_way(one, other)
    assert not _hears(other, one)
    assert _hears(one, other)
    network.heal()
    assert _hears(other, one)


def test_a_node_is_cut_off_from_the_host_alone(cluster: RabbitCluster, network: Network) -> None:
    """The machine itself is one more place on the network; nothing is changed there."""
    first, second, _ = cluster.nodes
    for cut in (network.cut, network.cut_one_way):
        cut(network.host, cluster.namespace_of(first))
        assert not _reaches(network.host, first)
        assert _reaches(network.host, second)
        assert _reaches(cluster.namespace_of(second), first)
        network.heal()
        assert _reaches(network.host, first)


def test_there_is_no_way_out(cluster: RabbitCluster) -> None:
    """From inside only the network itself can be reached: there is no route to anywhere else."""
    place = cluster.namespace_of(cluster.nodes[0])
    code = "import socket; socket.create_connection(('192.0.2.1', 80), 5)"
    done = subprocess.run(
        place.command([sys.executable, "-S", "-c", code]), check=False, capture_output=True, text=True, timeout=120
    )
    assert "Network is unreachable" in done.stderr


def test_when_the_leader_is_killed_another_leads(cluster: RabbitCluster) -> None:
    """A majority elects a new leader, the queue works on, and the old leader comes back as a member."""
    leader = cluster.leader_of(QUEUE)
    with cluster.down(leader):
        assert leader not in cluster.running()

        def other() -> bool:
            try:
                return cluster.leader_of(QUEUE) is not leader
            except LookupError:
                return False

        _eventually(other)
        assert cluster.management_url != leader.management_url
    assert cluster.whole()


def test_a_cut_off_node_gives_up_and_comes_back(cluster: RabbitCluster, network: Network) -> None:
    """A node without a majority takes no message; healed, the cluster is whole again by itself.

    With Mnesia it shuts its ports (pause_minority); with Khepri, as always from 4.3 on, they stay open, and what is
    published there is not confirmed.
    """
    lonely, *others = cluster.nodes
    place = cluster.namespace_of(lonely)
    with network.parted([place], [cluster.namespace_of(other) for other in others]):
        _eventually(lambda: not lonely.ready())
        _eventually(others[0].ready)
        assert not lonely.ready()
    cluster.await_whole(PATIENCE)
    lonely.await_ready(PATIENCE)


def test_a_network_of_a_killed_process_is_swept_with_the_next_one() -> None:
    """A process that died by SIGKILL leaves a bridge and a namespace; the next network takes them away."""
    program = (
        "import os, signal; from verification.services import Network\n"
        "print(Network().namespace('left').name, flush=True); os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=300)
    left = done.stdout.strip()
    bridge = left.partition("-")[0]
    assert (network_module.NAMESPACES / left).exists()
    assert Path(f"/sys/class/net/{bridge}").exists()
    Network().close()
    assert not (network_module.NAMESPACES / left).exists()
    assert not [name for name in network_module._interfaces() if name.startswith(bridge)]


def test_a_process_inside_ends_with_us_and_the_network_goes_twice(tmp_path: Path) -> None:
    """What is started inside is the process itself; a second close finds nothing to do."""
    network = Network()
    place = network.namespace("one")
    server = ServerProcess(place.command(["sleep", "300"]), env={"PATH": "/usr/bin:/bin"}, folder=tmp_path)
    server.start()
    assert len(server.pids) >= 1
    server.kill9()
    network.close()
    network.close()
    assert not (network_module.NAMESPACES / place.name).exists()


def test_without_a_program_the_error_names_its_package(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where iptables is missing the words say which package brings it."""
    monkeypatch.setattr("verification.services.privileges.shutil.which", lambda *_, **__: None)
    with pytest.raises(ServiceUnavailable, match="apt-get install iproute2"):
        Network()


def test_a_node_that_cannot_start_leaves_nothing_behind(tmp_path: Path) -> None:
    """Its last words are in the error, and neither process nor folder stays."""
    node = RabbitNode(tmp_path, settings=["no_such_setting = 1"])
    with pytest.raises(ServiceUnavailable, match="failed_to_prepare_configuration"), node:
        pass
    assert node.server.pids == []
    assert list(tmp_path.iterdir()) == []

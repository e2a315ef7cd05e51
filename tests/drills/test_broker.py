"""The drills of the broker: all of it is down, and one of its nodes is lost."""

from collections.abc import Iterator

import pytest

from tests.drills.conftest import SignIn
from tests.drills.stage import OURS, THEIRS, Stage, stage
from verification.chaos.stage import SERVICES
from verification.services import RabbitCluster

pytestmark = [pytest.mark.timeout(3600), pytest.mark.whole, pytest.mark.broker]


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """A county whose broker has three nodes."""
    with RabbitCluster(SERVICES) as nodes, stage(nodes, tmp_path_factory.mktemp("cluster")) as found:
        yield found
        assert found.judge() == []


def test_broker_down(county: Stage, sign_in: SignIn) -> None:
    """The broker is killed: the centers take forms meanwhile, and go on when it runs again."""
    desk, (node,) = sign_in(county), county.links.nodes
    with county.residents():
        desk.strikes()
        node.kill9()
        desk.sees("broker-away")
        desk.sees("process-unconnected")
        desk.tile(OURS, "fault")
        node.start()
        desk.mended("broker-down", THEIRS)


def test_node_lost(cluster: Stage, sign_in: SignIn) -> None:
    """One node of three is killed: the county goes on with the other two, and the page names the node."""
    desk, lost = sign_in(cluster), cluster.links.nodes[-1]
    with cluster.residents():
        desk.strikes()
        lost.kill9()
        desk.sees("node-down", about=lost.name)
        lost.start()
        desk.mended("node-lost", THEIRS)

"""What a console asks the broker: its nodes, and the queues of the county's plan."""

from typing import Any

from bus.cli.county_file import CountySettings
from bus.console.center_look import AskBroker, Away, BrokerLook, Node, Queue, QueueKind
from bus.transports.topology.apply import inbox_queue
from bus.transports.topology.management_api import ManagementApi, ManagementApiRefused
from bus.transports.topology.plan import DEAD_LETTERS, JOURNAL


def broker_of(county: CountySettings) -> AskBroker:
    """Asks the broker of this county; the connection is kept."""
    admin = county.admin()
    planned = {inbox_queue(center): (QueueKind.INBOX, center) for center in county.centers}
    planned |= {DEAD_LETTERS: (QueueKind.DEAD_LETTERS, ""), JOURNAL: (QueueKind.JOURNAL, "")}

    def ask() -> BrokerLook:
        try:
            return _asked(admin, planned)
        except ManagementApiRefused as error:
            raise Away(str(error)) from None

    return ask


def _asked(admin: ManagementApi, planned: dict[str, tuple[QueueKind, str]]) -> BrokerLook:
    figures = {row.name: row for row in admin.figures()}
    queues = {
        name: Queue(name, kind, center, row.ready, row.unacked, row.consumers, row.state, row.comes, row.goes)
        for name, (kind, center) in planned.items()
        if (row := figures.get(name)) is not None
    }
    nodes = [_node(row) for row in admin.nodes()]
    missing = [Queue(name, *planned[name], None, None, None, None) for name in planned if name not in figures]
    return BrokerLook(queues, nodes, missing)


def _node(row: dict[str, Any]) -> Node:
    return Node(
        str(row.get("name", "")),
        bool(row.get("running")),
        bool(row.get("mem_alarm")),
        bool(row.get("disk_free_alarm")),
        row.get("disk_free"),
    )

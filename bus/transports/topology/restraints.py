"""What an administrator has set beside our plan, and what stops cases: limits, operator policies, other readers."""

import re
from collections.abc import Iterator, Mapping

from bus.bilingual import Bilingual
from bus.transports.topology.findings import Drift, Finding, Severity, Snapshot
from bus.transports.topology.management_api import Json
from bus.transports.topology.plan import Topology, inbox_queue

CONNECTIONS = 2
"""Of each center: one to publish, one to consume."""
_LENGTHS = ("max-length", "max-length-bytes")
"""What only holds senders back sooner, since our own policies make a full queue refuse."""
_PLACEMENT = ("max-in-memory-length", "max-in-memory-bytes", "target-group-size")
"""What moves replicas and memory, and no message."""


def restraints(topology: Topology, broker: Snapshot) -> Iterator[Finding]:
    """Every finding about a restraint that the plan does not know. `apply` changes none of them."""
    yield from _vhost_limits(topology, broker)
    yield from _operator_policies(topology, broker)
    yield from _foreign_readers(topology, broker)


def _vhost_limits(topology: Topology, broker: Snapshot) -> Iterator[Finding]:
    """One that is too tight for the plan is an error: a queue is not made, or a center does not get in."""
    there = {row["name"] for row in broker.queues}
    needed = {
        "max-queues": len(there | {queue.name for queue in topology.queues}),
        "max-connections": CONNECTIONS * len(topology.centers),
    }
    for name, least in needed.items():
        limit = broker.vhost_limits.get(name, -1)
        if limit < 0:
            continue
        yield Finding(
            Severity.ERROR if limit < least else Severity.WARNING,
            Drift.RISK,
            "vhost-limit",
            name,
            Bilingual(
                f"虚拟主机 {broker.vhost} 上限为 {limit}，至少需要 {least}",
                f"the vhost {broker.vhost} is limited to {limit}; at least {least} are needed",
            ),
            Bilingual(
                f"由消息服务器管理员放宽或取消：rabbitmqctl clear_vhost_limits -p {broker.vhost}",
                f"let the broker's administrator raise it, or `rabbitmqctl clear_vhost_limits -p {broker.vhost}`",
            ),
        )


def _operator_policies(topology: Topology, broker: Snapshot) -> Iterator[Finding]:
    """An operator policy holds beside ours, whatever its priority; of two limits the lower one counts."""
    for row in broker.operator_policies:
        target = row.get("apply-to", "all")
        queues = [queue.name for queue in topology.queues if target != "exchanges" and _matches(row, queue.name)]
        tighter = {key: value for name in queues for key, value in _tighter(topology, row, name)}
        if not tighter:
            continue
        harmless = all(key in _LENGTHS for key in tighter) and _only_refuses(topology, queues)
        told = ", ".join(f"{key}={value}" for key, value in sorted(tighter.items()))
        names = ", ".join(queues[:3])
        yield Finding(
            Severity.WARNING if harmless else Severity.ERROR,
            Drift.RISK,
            "operator-policy",
            row["name"],
            _meaning(harmless, names, told),
            Bilingual(
                f"由管理员缩小其匹配范围，或运行 rabbitmqctl clear_operator_policy -p {broker.vhost} {row['name']}",
                "let the broker's administrator narrow its pattern, or "
                f"`rabbitmqctl clear_operator_policy -p {broker.vhost} {row['name']}`",
            ),
        )


def _meaning(harmless: bool, names: str, told: str) -> Bilingual:
    if harmless:
        return Bilingual(
            f"{told} 对 {names} 生效：队列更早满，发送方的发件箱会更早积压",
            f"{told} holds for {names}: they are full sooner, and the senders' outboxes hold more",
        )
    return Bilingual(
        f"{told} 对 {names} 生效：消息会被消息服务器丢弃或移走，没有中心处理过",
        f"{told} holds for {names}: the broker drops or moves messages that no center has handled",
    )


def _tighter(topology: Topology, row: Json, queue: str) -> Iterator[tuple[str, object]]:
    """What of an operator policy is stricter for a queue than what we ask for, or what we do not ask for at all."""
    ours = _asked_for(topology, queue)
    for key, value in row["definition"].items():
        wanted = ours.get(key)
        looser = isinstance(wanted, int) and isinstance(value, int) and value >= wanted
        if key not in _PLACEMENT and value != wanted and not looser:
            yield key, value


def _only_refuses(topology: Topology, queues: list[str]) -> bool:
    """Whether each of the queues refuses what it has no room for. A stream drops its oldest instead."""
    return all(_asked_for(topology, name).get("overflow") == "reject-publish" for name in queues)


def _asked_for(topology: Topology, queue: str) -> Mapping[str, str | int]:
    """What our own policy says of a queue."""
    return next((policy.definition for policy in topology.policies if re.search(policy.pattern, queue)), {})


def _foreign_readers(topology: Topology, broker: Snapshot) -> Iterator[Finding]:
    """Whoever reads an inbox and is not its center: what it is handed, the center never sees."""
    inboxes = {inbox_queue(center): center for center in topology.centers}
    named = {row.get("name"): row.get("user_provided_name") for row in broker.connections}
    for row in broker.consumers:
        center = inboxes.get(row["queue"]["name"])
        told = row.get("channel_details") or {}
        if center is None or not told:
            continue
        user, connection = told.get("user"), told.get("connection_name")
        if user == center and (connection not in named or named[connection] == f"{center} consume"):
            continue
        at = told.get("peer_host", "?")
        yield Finding(
            Severity.ERROR,
            Drift.SURPLUS,
            "consumer",
            row["queue"]["name"],
            Bilingual(
                f"另有读者：用户 {user}，来自 {at}（{connection}）；它取走的消息，中心收不到",
                f"somebody else reads it: user {user} from {at} ({connection}); what it takes, the center never sees",
            ),
            Bilingual(
                f"停掉该程序，或更换 {user} 的口令并收回其权限；在管理界面 Connections 中可关闭其连接",
                f"stop that program, or change the password and the rights of {user}; its connection can be closed on "
                "the page Connections of the management pages",
            ),
        )


def _matches(policy: Json, name: str) -> bool:
    try:
        return re.search(policy["pattern"], name) is not None
    except re.error:
        return True  # Erlang knows patterns that Python does not: better one finding too many

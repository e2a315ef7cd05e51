"""What stands on the broker against what must stand: pure, over a snapshot, so that a test needs no broker."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Any, NamedTuple

from bus.transports import layout
from bus.transports.admin import Features, Json
from bus.transports.layout import Binding, Exchange, Policy, Queue, Topology, User


class Words(NamedTuple):
    """One text in both languages of the people on duty."""

    zh: str
    en: str


class Severity(Enum):
    """How much it matters."""

    ERROR = "error"
    """Messages may be lost, hidden, forged or not arrive."""
    WARNING = "warning"
    """Works today; wants a decision."""


class Drift(Enum):
    """In what way the broker differs."""

    MISSING = "missing"
    DIFFERENT = "different"
    """`apply` corrects it in place."""
    CONFLICT = "conflict"
    """Cannot be changed in place; nothing is deleted without an operator."""
    SURPLUS = "surplus"
    RISK = "risk"


Item = Exchange | Policy | Queue | Binding | User


@dataclass(frozen=True, slots=True)
class Finding:
    """One difference, with its cure."""

    severity: Severity
    drift: Drift
    kind: str
    """exchange, policy, queue, binding, user, permissions, topic-permissions, limit, feature."""
    name: str
    detail: Words
    cure: Words
    item: Item | None = None
    """The planned record that `apply` would put."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What one vhost looks like, in the management API's own shapes."""

    vhost: str
    exchanges: list[Json]
    queues: list[Json]
    bindings: list[Json]
    policies: list[Json]
    users: list[Json]
    permissions: list[Json]
    topic_permissions: list[Json]
    user_limits: dict[str, dict[str, int]]
    listeners: list[Json]
    features: Features


APPLY = Words("运行 bus topology apply", "run `bus topology apply`")
_HARMLESS = {
    "x-quorum-initial-group-size",
    "x-quorum-target-group-size",
    "x-initial-cluster-size",
    "x-queue-leader-locator",
}
"""Queue arguments by which a cluster's operator places replicas; they change nothing of what we promise."""


def compare(topology: Topology, broker: Snapshot) -> list[Finding]:
    """Every difference, those that `apply` can make good in the order in which it must."""
    return [
        *_features(topology, broker),
        *_exchanges(topology, broker),
        *_policies(topology, broker),
        *_queues(topology, broker),
        *_bindings(topology, broker),
        *_users(topology, broker),
        *_surplus_objects(topology, broker),
        *_surplus_bindings(topology, broker),
        *_overruling_policies(topology, broker),
        *_surplus_users(topology, broker),
        *_guest(broker),
    ]


def _missing(kind: str, item: Item, why: Words = Words("缺失", "missing")) -> Finding:  # noqa: B008 - immutable
    return Finding(Severity.ERROR, Drift.MISSING, kind, item.name, why, APPLY, item)


def _different(kind: str, item: Item, found: object, wanted: object) -> Finding:
    detail = Words(f"现为 {found}，应为 {wanted}", f"is {found}, must be {wanted}")
    return Finding(Severity.ERROR, Drift.DIFFERENT, kind, item.name, detail, APPLY, item)


def _features(topology: Topology, broker: Snapshot) -> Iterator[Finding]:
    lacking = {
        "quorum_queue": not broker.features.quorum_queues,
        "stream_queue": not broker.features.streams,
        "user_limits": not broker.features.user_limits and any(user.max_connections for user in topology.users),
    }
    for name in (name for name, lacks in lacking.items() if lacks):
        yield Finding(
            Severity.ERROR,
            Drift.RISK,
            "feature",
            name,
            Words("此功能在代理上未启用", "this feature is off on the broker"),
            Words(f"运行 rabbitmqctl enable_feature_flag {name}", f"run `rabbitmqctl enable_feature_flag {name}`"),
        )


def _exchanges(topology: Topology, broker: Snapshot) -> Iterator[Finding]:
    standing = {row["name"]: row for row in broker.exchanges}
    for exchange in topology.exchanges:
        row = standing.get(exchange.name)
        if row is None:
            yield _missing("exchange", exchange)
            continue
        wanted = exchange.body()
        found = {key: row.get(key) for key in wanted}
        if found != wanted:
            yield _conflict("exchange", exchange, found, wanted)


def _queues(topology: Topology, broker: Snapshot) -> Iterator[Finding]:
    standing = {row["name"]: row for row in broker.queues}
    for queue in topology.queues:
        row = standing.get(queue.name)
        if row is None:
            yield _missing("queue", queue)
            continue
        wanted = queue.body()
        given = {key: value for key, value in row.get("arguments", {}).items() if key not in _HARMLESS}
        # a queue declared without the argument may still have the type, by the vhost's default
        given.setdefault("x-queue-type", row.get("type", "classic"))
        found = {"durable": row.get("durable"), "auto_delete": row.get("auto_delete"), "arguments": given}
        if found != wanted:
            yield _conflict("queue", queue, found, wanted)


def _conflict(kind: str, item: Exchange | Queue, found: object, wanted: object) -> Finding:
    return Finding(
        Severity.ERROR,
        Drift.CONFLICT,
        kind,
        item.name,
        Words(
            f"现为 {found}，应为 {wanted}，无法就地修改", f"is {found}, must be {wanted}; cannot be changed in place"
        ),
        Words(
            f"停下相关中心，确认 {item.name} 已读空后由操作员手工删除，再运行 bus topology apply；未收到回执的案件会由发件箱重发",
            f"stop the centers concerned, see that {item.name} has been emptied, delete it by hand, then run "
            "`bus topology apply`; what has no receipt yet is sent again by the outboxes",
        ),
    )


def _policies(topology: Topology, broker: Snapshot) -> Iterator[Finding]:
    standing = {row["name"]: row for row in broker.policies}
    for policy in topology.policies:
        row = standing.get(policy.name)
        if row is None:
            yield _missing("policy", policy)
            continue
        wanted = policy.body()
        found = {key: row.get(key) for key in wanted}
        if found != wanted:
            yield _different("policy", policy, found, wanted)


def _overruling_policies(topology: Topology, broker: Snapshot) -> Iterator[Finding]:
    """Only one policy holds for a queue: a foreign one of the same or higher priority puts ours out of force. And an
    alternate exchange on one of our exchanges swallows the return that tells a sender that nobody is there."""
    ours = {policy.name for policy in topology.policies}
    least = min(policy.body()["priority"] for policy in topology.policies)
    for row in broker.policies:
        if row["name"] in ours:
            continue
        target = row.get("apply-to", "all")
        queues = [queue.name for queue in topology.queues if target != "exchanges" and _matches(row, queue.name)]
        exchanges = [item.name for item in topology.exchanges if "queue" not in target and _matches(row, item.name)]
        hides = queues and row.get("priority", 0) >= least
        swallows = exchanges and "alternate-exchange" in row["definition"]
        if hides or swallows:
            names = ", ".join([*queues[:3], *exchanges[:3]])
            yield Finding(
                Severity.ERROR,
                Drift.SURPLUS,
                "policy",
                row["name"],
                Words(
                    f"覆盖了总线自己的策略，或会吞掉退回：{names}",
                    f"overrules the bus's own policy, or swallows returns: {names}",
                ),
                Words(
                    f"由操作员缩小其匹配范围或降低优先级：rabbitmqctl clear_policy {row['name']}",
                    f"narrow its pattern, lower its priority, or `rabbitmqctl clear_policy {row['name']}`",
                ),
            )


def _matches(policy: Json, name: str) -> bool:
    try:
        return re.search(policy["pattern"], name) is not None
    except re.error:
        return True  # Erlang knows patterns that Python does not: better one finding too many


def _bindings(topology: Topology, broker: Snapshot) -> Iterator[Finding]:
    standing = {_key(row) for row in broker.bindings}
    for binding in topology.bindings:
        if (binding.source, binding.destination, binding.to_exchange, binding.key) not in standing:
            yield _missing("binding", binding)


def _key(row: Json) -> tuple[str, str, bool, str]:
    return row["source"], row["destination"], row["destination_type"] == "exchange", row["routing_key"]


def _users(topology: Topology, broker: Snapshot) -> Iterator[Finding]:
    standing = {row["name"]: row for row in broker.users}
    rights = {row["user"]: row for row in broker.permissions if row["vhost"] == broker.vhost}
    topics = {row["user"] for row in broker.topic_permissions if row["vhost"] == broker.vhost}
    for user in topology.users:
        row = standing.get(user.name)
        if row is None:
            yield _missing("user", user)
        elif tags(row):
            yield _different("user", user, f"tags={','.join(tags(row))}", "tags=")
        wanted = {"configure": user.configure, "write": user.write, "read": user.read}
        found = {key: rights.get(user.name, {}).get(key) for key in wanted}
        if user.name not in rights:
            yield _missing("permissions", user)
        elif found != wanted:
            yield _different("permissions", user, found, wanted)
        if user.name in topics:
            yield _different("topic-permissions", user, "present", "absent")
        limit = broker.user_limits.get(user.name, {}).get("max-connections")
        if user.max_connections is not None and broker.features.user_limits and limit != user.max_connections:
            yield _different("limit", user, f"max-connections={limit}", f"max-connections={user.max_connections}")
        yield from _rights_elsewhere(user, broker)


def tags(row: Json) -> list[str]:
    """A user's tags; brokers before 3.9 list them as one string."""
    found = row.get("tags", [])
    return [tag for tag in (found.split(",") if isinstance(found, str) else found) if tag]


def _rights_elsewhere(user: User, broker: Snapshot) -> Iterator[Finding]:
    for row in broker.permissions:
        if row["user"] == user.name and row["vhost"] != broker.vhost:
            yield Finding(
                Severity.WARNING,
                Drift.SURPLUS,
                "permissions",
                user.name,
                Words(f"在另一个虚拟主机 {row['vhost']} 也有权限", f"has rights in another vhost too: {row['vhost']}"),
                Words(
                    f"若不需要：rabbitmqctl clear_permissions -p {row['vhost']} {user.name}",
                    f"if not wanted: `rabbitmqctl clear_permissions -p {row['vhost']} {user.name}`",
                ),
            )


def _surplus(severity: Severity, kind: str, name: str, detail: Words) -> Finding:
    cure = Words(
        "总线不会自行删除：若该中心已撤销，先读空再由操作员删除；若仍在用，把它列入 centers",
        "the bus deletes nothing itself: if that center is gone, empty it and delete by hand; if it lives, list it",
    )
    return Finding(severity, Drift.SURPLUS, kind, name, detail, cure)


def _surplus_objects(topology: Topology, broker: Snapshot) -> Iterator[Finding]:
    unplanned = Words("不在规划中", "not in the plan")
    exchanges, queues = {item.name for item in topology.exchanges}, {item.name for item in topology.queues}
    for row in broker.exchanges:
        if row["name"].startswith("out.") and row["name"] not in exchanges:
            yield _surplus(Severity.WARNING, "exchange", row["name"], unplanned)
    for row in broker.queues:
        if row["name"].startswith("inbox.") and row["name"] not in queues:
            yield _surplus(Severity.WARNING, "queue", row["name"], unplanned)


def _surplus_bindings(topology: Topology, broker: Snapshot) -> Iterator[Finding]:
    planned = {(item.source, item.destination, item.to_exchange, item.key) for item in topology.bindings}
    received = _received(broker)
    for row in broker.bindings:
        source, destination, to_exchange, key = _key(row)
        ours = _ours(source) or _ours(destination)
        if source == "" or not ours or (source, destination, to_exchange, key) in planned:
            continue
        name = Binding(source, destination, key).name
        if _ours(source) and source != layout.DEAD and key.split(".")[0] not in received:
            yield Finding(
                Severity.ERROR,
                Drift.SURPLUS,
                "binding",
                name,
                Words(
                    "会吞掉退回：发给不存在的中心的消息在此消失",
                    "swallows returns: messages to a center that is not there end here unseen",
                ),
                _unbind(source, destination),
            )
        elif not _ours(source):
            yield Finding(
                Severity.ERROR,
                Drift.SURPLUS,
                "binding",
                name,
                Words("旁门：绕过各中心自己的出口交换机", "a second door: goes around the centers' own exchanges"),
                _unbind(source, destination),
            )
        else:
            yield _surplus(Severity.WARNING, "binding", name, Words("不在规划中", "not in the plan"))


def _unbind(source: str, destination: str) -> Words:
    return Words(
        f"在管理界面删除 {source} 到 {destination} 的这条绑定",
        f"delete this binding from {source} to {destination} in the management pages",
    )


def _ours(name: str) -> bool:
    return name in (layout.CASES, layout.DEAD, layout.DEAD_LETTERS, layout.JOURNAL) or name.startswith(
        ("out.", "inbox.")
    )


def _received(broker: Snapshot) -> set[str]:
    """The centers whose inbox stands and is bound: only for these may anyone else listen in."""
    queues = {row["name"] for row in broker.queues}
    return {
        center
        for source, destination, to_exchange, key in map(_key, broker.bindings)
        for center in [destination.removeprefix("inbox.")]
        if source == layout.CASES and not to_exchange and destination in queues
        if destination == layout.inbox_queue(center) and key == f"{center}.#"
    }


def _surplus_users(topology: Topology, broker: Snapshot) -> Iterator[Finding]:
    """Whoever is neither planned nor an operator (tag administrator) and may touch what is ours."""
    planned = {user.name for user in topology.users}
    operators = {row["name"] for row in broker.users if "administrator" in tags(row)}
    names = [*(item.name for item in topology.exchanges), *(item.name for item in topology.queues)]
    for row in broker.permissions:
        if row["vhost"] != broker.vhost or row["user"] in planned | operators:
            continue
        reach = [right for right in ("configure", "write", "read") if _reaches(row[right], names)]
        if reach:
            detail = Words(
                f"不在规划中的用户可触及总线：{'、'.join(reach)}",
                f"an unplanned user reaches the bus: {', '.join(reach)}",
            )
            yield _surplus(Severity.ERROR, "user", row["user"], detail)
        elif layout.is_center_name(row["user"]):
            yield _surplus(
                Severity.WARNING, "user", row["user"], Words("不在规划中的中心用户", "a center's user not in the plan")
            )


def _reaches(pattern: str, names: Iterable[str]) -> bool:
    return any(_matches({"pattern": pattern}, name) for name in names)


def _guest(broker: Snapshot) -> Iterator[Finding]:
    open_to_net = any(not _loopback(row.get("ip_address", "")) for row in broker.listeners if "amqp" in row["protocol"])
    if open_to_net and any(row["name"] == "guest" for row in broker.users):
        yield Finding(
            Severity.WARNING,
            Drift.RISK,
            "user",
            "guest",
            Words(
                "代理对网络开放，而 guest 用户仍在", "the broker listens to the network and the user guest still lives"
            ),
            Words(
                "先建自己的管理员，再运行 rabbitmqctl delete_user guest",
                "make an administrator of your own, then `rabbitmqctl delete_user guest`",
            ),
        )


def _loopback(address: Any) -> bool:
    return str(address).startswith(("127.", "::1", "::ffff:127."))

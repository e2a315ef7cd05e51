"""What must stand against what stands: missing, different, in the way. Pure, over a snapshot of the broker."""

from collections.abc import Iterator

from bus.bilingual import Bilingual
from bus.transports.topology.findings import Drift, Finding, Item, Severity, Snapshot, binding_of, tags
from bus.transports.topology.plan import Exchange, Queue, Topology, User
from bus.transports.topology.restraints import restraints
from bus.transports.topology.surplus import surplus

APPLY = Bilingual("运行 bus topology apply", "run `bus topology apply`")
_MISSING = Bilingual("缺失", "missing")
_HIDDEN = Bilingual(
    "缺失；期间日志流照收发往此中心的消息，发送方得不到退回",
    "missing; meanwhile the journal takes what is sent to this center, and the sender gets no return",
)
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
        *surplus(topology, broker),
        *restraints(topology, broker),
    ]


def _missing(kind: str, item: Item, why: Bilingual = _MISSING) -> Finding:
    return Finding(Severity.ERROR, Drift.MISSING, kind, item.name, why, APPLY, item)


def _different(kind: str, item: Item, found: object, wanted: object) -> Finding:
    detail = Bilingual(f"现为 {found}，应为 {wanted}", f"is {found}, must be {wanted}")
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
            Bilingual("此功能在消息服务器上未启用", "this feature is off on the broker"),
            Bilingual(f"运行 rabbitmqctl enable_feature_flag {name}", f"run `rabbitmqctl enable_feature_flag {name}`"),
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
            yield _missing("queue", queue, _HIDDEN if queue.name.startswith("inbox.") else _MISSING)
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
        Bilingual(
            f"现为 {found}，应为 {wanted}，无法就地修改", f"is {found}, must be {wanted}; cannot be changed in place"
        ),
        Bilingual(
            f"停下相关中心，确认 {item.name} 已读空后手工删除，再运行 bus topology apply；"
            "未收到回执的案件会由发件箱重发",
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


def _bindings(topology: Topology, broker: Snapshot) -> Iterator[Finding]:
    standing = {binding_of(row) for row in broker.bindings}
    for binding in topology.bindings:
        if binding not in standing:
            yield _missing("binding", binding, _HIDDEN if binding.destination.startswith("inbox.") else _MISSING)


def _users(topology: Topology, broker: Snapshot) -> Iterator[Finding]:
    standing = {row["name"]: row for row in broker.users}
    for user in topology.users:
        row = standing.get(user.name)
        if row is None:
            yield _missing("user", user)
        elif tags(row):
            yield _different("user", user, f"tags={','.join(tags(row))}", "tags=")
        yield from _rights(user, broker)
        yield from _limits(user, broker)


def _rights(user: User, broker: Snapshot) -> Iterator[Finding]:
    wanted = {"configure": user.configure, "write": user.write, "read": user.read}
    held = [row for row in broker.permissions if row["user"] == user.name and row["vhost"] == broker.vhost]
    found = {key: row[key] for row in held for key in wanted}
    if not held:
        yield _missing("permissions", user)
    elif found != wanted:
        yield _different("permissions", user, found, wanted)
    if any(row["user"] == user.name and row["vhost"] == broker.vhost for row in broker.topic_permissions):
        yield _different("topic-permissions", user, "set", "unset")


def _limits(user: User, broker: Snapshot) -> Iterator[Finding]:
    if user.max_connections is None or not broker.features.user_limits:
        return
    limit = broker.user_limits.get(user.name, {}).get("max-connections")
    if limit is None:
        yield _missing("limit", user)
    elif limit != user.max_connections:
        yield _different("limit", user, f"max-connections={limit}", f"max-connections={user.max_connections}")

"""Unplanned objects on the broker: overriding policies, swallowed returns, foreign access, leftovers."""

import re
from collections.abc import Iterable, Iterator

from bus.bilingual import Bilingual
from bus.transports.topology import plan
from bus.transports.topology.findings import Drift, Finding, Severity, Snapshot, binding_of, tags
from bus.transports.topology.management_api import Json
from bus.transports.topology.plan import Binding, Topology, User

_UNPLANNED = Bilingual("不在规划中", "not in the plan")
_SWALLOWS = Bilingual(
    "会吞掉退回：发给不存在的中心的消息在此消失，发送方毫不知情",
    "swallows returns: messages to a center that is not there end here, and the sender never learns it",
)
_SIDE_DOOR = Bilingual("旁门：绕过各中心自己的出口交换机", "a side door: it goes around the centers' own exchanges")
_BY_HAND = Bilingual(
    "总线不会自行删除：若已无用，读空后由操作员删除；若属于仍在用的中心，把该中心列入规划",
    "the bus deletes nothing itself: if it is of no use any more, empty it and delete it by hand; if it belongs to a "
    "living center, name that center in the plan",
)


def surplus(topology: Topology, broker: Snapshot) -> Iterator[Finding]:
    """Every finding about an unplanned object. None of them is ever deleted by us."""
    yield from _surplus_objects(topology, broker)
    yield from _surplus_bindings(topology, broker)
    yield from _overruling_policies(topology, broker)
    for user in topology.users:
        yield from _rights_elsewhere(user, broker)
    yield from _surplus_users(topology, broker)
    yield from _guest(broker)


def _overruling_policies(topology: Topology, broker: Snapshot) -> Iterator[Finding]:
    """Policies and alternate exchanges that override ours. Only one policy applies to a queue: a foreign one of the
    same or higher priority disables ours. An alternate exchange on one of our exchanges swallows the return of
    unroutable messages."""
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
                Bilingual(
                    f"覆盖了总线自己的策略，或会吞掉退回：{names}",
                    f"overrules the bus's own policy, or swallows returns: {names}",
                ),
                Bilingual(
                    f"由操作员缩小其匹配范围或降低优先级：rabbitmqctl clear_policy {row['name']}",
                    f"narrow its pattern, lower its priority, or `rabbitmqctl clear_policy {row['name']}`",
                ),
            )


def _rights_elsewhere(user: User, broker: Snapshot) -> Iterator[Finding]:
    for vhost in (row["vhost"] for row in broker.permissions if row["user"] == user.name):
        if vhost != broker.vhost:
            detail = Bilingual(f"在另一个虚拟主机 {vhost} 也有权限", f"has rights in another vhost too: {vhost}")
            cure = _clear_permissions(vhost, user.name)
            yield Finding(Severity.WARNING, Drift.SURPLUS, "permissions", user.name, detail, cure)


def _surplus(severity: Severity, kind: str, name: str, detail: Bilingual) -> Finding:
    return Finding(severity, Drift.SURPLUS, kind, name, detail, _BY_HAND)


def _surplus_objects(topology: Topology, broker: Snapshot) -> Iterator[Finding]:
    exchanges, queues = {item.name for item in topology.exchanges}, {item.name for item in topology.queues}
    for row in broker.exchanges:
        if row["name"].startswith("out.") and row["name"] not in exchanges:
            yield _surplus(Severity.WARNING, "exchange", row["name"], _UNPLANNED)
    for row in broker.queues:
        if row["name"].startswith("inbox.") and row["name"] not in queues:
            yield _surplus(Severity.WARNING, "queue", row["name"], _UNPLANNED)


def _surplus_bindings(topology: Topology, broker: Snapshot) -> Iterator[Finding]:
    received = _received(broker)
    for binding in (binding_of(row) for row in broker.bindings):
        from_us = _ours(binding.source)
        if not binding.source or binding in topology.bindings or not (from_us or _ours(binding.destination)):
            continue
        if not from_us:
            yield _surplus_binding(binding, _SIDE_DOOR)
        elif binding.source != plan.DEAD and not _left_behind(binding) and _first_word(binding) not in received:
            yield _surplus_binding(binding, _SWALLOWS)
        else:
            yield _surplus(Severity.WARNING, "binding", binding.name, _UNPLANNED)


def _surplus_binding(binding: Binding, detail: Bilingual) -> Finding:
    cure = Bilingual(
        f"在管理界面删除 {binding.source} 到 {binding.destination} 的这条绑定",
        f"delete this binding of {binding.destination} on the page of {binding.source} in the management pages",
    )
    return Finding(Severity.ERROR, Drift.SURPLUS, "binding", binding.name, detail, cure)


def _first_word(binding: Binding) -> str:
    return binding.key.split(".")[0]


def _left_behind(binding: Binding) -> bool:
    """Whether a binding belongs to a center that is no longer planned: its exchange carries only that center's
    messages."""
    return binding.destination == plan.CASES and binding.source.startswith("out.")


def _ours(name: str) -> bool:
    fixed = (plan.CASES, plan.DEAD, plan.DEAD_LETTERS, plan.JOURNAL)
    return name in fixed or name.startswith(("out.", "inbox."))


def _received(broker: Snapshot) -> set[str]:
    """The centers whose inbox exists and is bound: only their messages may be bound elsewhere too."""
    standing = {binding_of(row) for row in broker.bindings}
    inboxes = (row["name"] for row in broker.queues if row["name"].startswith("inbox."))
    centers = {name.removeprefix("inbox.") for name in inboxes}
    return {name for name in centers if Binding(plan.CASES, plan.inbox_queue(name), f"{name}.#") in standing}


def _surplus_users(topology: Topology, broker: Snapshot) -> Iterator[Finding]:
    """Users that are neither planned nor operators (tag administrator), and have access to our objects."""
    planned = {user.name for user in topology.users}
    operators = {row["name"] for row in broker.users if "administrator" in tags(row)}
    names = [*(item.name for item in topology.exchanges), *(item.name for item in topology.queues)]
    for row in broker.permissions:
        name = row["user"]
        if row["vhost"] != broker.vhost or name in planned | operators:
            continue
        reach = [right for right in ("configure", "write", "read") if _reaches(row[right], names)]
        if reach:
            detail = Bilingual(
                f"不在规划中的用户可触及总线：{'、'.join(reach)}",
                f"an unplanned user reaches the bus: {', '.join(reach)}",
            )
            yield Finding(Severity.ERROR, Drift.SURPLUS, "user", name, detail, _clear_permissions(broker.vhost, name))
        elif plan.is_center_name(name):
            yield _surplus(Severity.WARNING, "user", name, _UNPLANNED)


def _clear_permissions(vhost: str, user: str) -> Bilingual:
    command = f"rabbitmqctl clear_permissions -p {vhost} {user}"
    return Bilingual(f"若不需要：{command}", f"if not wanted: `{command}`")


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
            Bilingual(
                "消息服务器对网络开放，而 guest 用户仍在",
                "the broker is open to the network, and the user guest still exists",
            ),
            Bilingual(
                "先建自己的管理员，再运行 rabbitmqctl delete_user guest",
                "make an administrator of your own, then `rabbitmqctl delete_user guest`",
            ),
        )


def _loopback(address: object) -> bool:
    return str(address).startswith(("127.", "::1", "::ffff:127."))


def _matches(policy: Json, name: str) -> bool:
    try:
        return re.search(policy["pattern"], name) is not None
    except re.error:
        return True  # Erlang supports patterns that Python does not: better one finding too many

"""`bus topology plan | apply | verify`: an operator makes the broker ready; a center declares nothing itself.

topology = plan(["media_center-150402", "party_service-150402"])
with Admin(url, user, password) as admin:
    for change in apply(admin, topology, secrets): ...
    for finding in verify(admin, topology): ...
"""

from collections.abc import Mapping
from dataclasses import dataclass

from bus.bilingual import Bilingual
from bus.transports.topology.drift import compare
from bus.transports.topology.findings import Drift, Finding, Severity, Snapshot
from bus.transports.topology.management_api import ManagementApi
from bus.transports.topology.passwords import SHA256, password_hash, password_matches
from bus.transports.topology.plan import (
    Binding,
    Exchange,
    Policy,
    Queue,
    QueueLimits,
    Topology,
    User,
    check_center_name,
    definitions,
    inbox_queue,
    out_exchange,
    plan,
    routing_key,
)

__all__ = [
    "Bilingual",
    "Binding",
    "Change",
    "Drift",
    "Exchange",
    "Finding",
    "Policy",
    "Queue",
    "QueueLimits",
    "Severity",
    "Topology",
    "User",
    "apply",
    "check_center_name",
    "definitions",
    "inbox_queue",
    "out_exchange",
    "plan",
    "routing_key",
    "snapshot",
    "verify",
]


@dataclass(frozen=True, slots=True)
class Change:
    """One thing `apply` did, or could not do."""

    action: str
    """``created``, ``corrected``, or ``conflict``: it stands otherwise and only an operator may remove it."""
    kind: str
    name: str
    detail: Bilingual
    """What was there and what is now; for a conflict, its cure."""


def snapshot(admin: ManagementApi) -> Snapshot:
    """What stands now. Needs an operator with the tag administrator; raises ``ManagementApiRefused``."""
    return Snapshot(
        vhost=admin.vhost,
        exchanges=admin.exchanges(),
        queues=admin.queues(),
        bindings=admin.bindings(),
        policies=admin.policies(),
        users=admin.users(),
        permissions=admin.permissions(),
        topic_permissions=admin.topic_permissions(),
        user_limits=admin.user_limits(),
        listeners=list(admin.overview().get("listeners", [])),
        features=admin.features(),
        operator_policies=admin.operator_policies(),
        vhost_limits=admin.vhost_limits(),
        consumers=admin.consumers(),
        connections=admin.connections(),
    )


def verify(admin: ManagementApi, topology: Topology) -> list[Finding]:
    """Everything in which the broker differs from the plan, each with its cure; empty means ready. Changes nothing."""
    return compare(topology, snapshot(admin))


def apply(admin: ManagementApi, topology: Topology, secrets: Mapping[str, str] | None = None) -> list[Change]:
    """Make what is missing, correct what may be corrected, and say so; a second call has nothing left to do.

    ``secrets`` maps users to passwords; a user not named keeps the password it has (a new one gets none, and can log
    in only by certificate until it is given one). Deletes no exchange, queue, binding or user. Raises
    ``ManagementApiRefused`` at the first refusal: what was done before stands, and calling again goes on from there."""
    before = snapshot(admin)
    changes = []
    for finding in compare(topology, before):
        if finding.drift is Drift.CONFLICT:
            changes.append(Change("conflict", finding.kind, finding.name, finding.cure))
        elif finding.item is not None:
            _put(admin, finding, secrets or {}, before)
            action = "created" if finding.drift is Drift.MISSING else "corrected"
            changes.append(Change(action, finding.kind, finding.name, finding.detail))
    return changes + _passwords(admin, topology, secrets or {}, before)


def _put(admin: ManagementApi, finding: Finding, secrets: Mapping[str, str], before: Snapshot) -> None:
    match finding.item:
        case Exchange() as exchange:
            admin.put_exchange(exchange.name, exchange.body())
        case Policy() as policy:
            admin.put_policy(policy.name, policy.body())
        case Queue() as queue:
            admin.put_queue(queue.name, queue.body())
        case Binding() as binding:
            admin.put_binding(binding.source, binding.destination, binding.to_exchange, binding.key)
        case User() as user:
            _put_user(admin, finding.kind, user, secrets, before)


def _put_user(admin: ManagementApi, kind: str, user: User, secrets: Mapping[str, str], before: Snapshot) -> None:
    if kind == "user":
        row = next((row for row in before.users if row["name"] == user.name), None)
        if row is None:
            admin.put_user(user.name, password_hash(secrets.get(user.name, "")))
        else:  # it has tags it must not have: the same password without them
            admin.put_user(user.name, row["password_hash"], row["hashing_algorithm"])
    elif kind == "permissions":
        admin.put_permissions(user.name, user.configure, user.write, user.read)
    elif kind == "topic-permissions":
        admin.delete_topic_permissions(user.name)
    elif user.max_connections is not None:
        admin.put_user_limit(user.name, "max-connections", user.max_connections)


def _passwords(admin: ManagementApi, topology: Topology, secrets: Mapping[str, str], before: Snapshot) -> list[Change]:
    """Give existing users the password asked for, where it is another one."""
    planned = {user.name for user in topology.users}
    changes = []
    for row in before.users:
        name = row["name"]
        if name not in planned or name not in secrets:
            continue
        if not password_matches(secrets[name], row["password_hash"], row.get("hashing_algorithm", SHA256)):
            admin.put_user(name, password_hash(secrets[name]))
            changes.append(Change("corrected", "user", name, Bilingual("已更换口令", "password replaced")))
    return changes

"""The records of a comparison: what stands on the broker, and how it differs from the plan."""

from dataclasses import dataclass, field
from enum import Enum

from bus.bilingual import Bilingual
from bus.transports.topology.management_api import Features, Json
from bus.transports.topology.plan import Binding, Exchange, Policy, Queue, User


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
    """exchange, policy, queue, binding, user, permissions, topic-permissions, limit, feature, vhost-limit,
    operator-policy, consumer."""
    name: str
    detail: Bilingual
    cure: Bilingual
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
    operator_policies: list[Json] = field(default_factory=list)
    vhost_limits: dict[str, int] = field(default_factory=dict)
    consumers: list[Json] = field(default_factory=list)
    connections: list[Json] = field(default_factory=list)


def binding_of(row: Json) -> Binding:
    """A binding as listed by the broker, as our record."""
    return Binding(row["source"], row["destination"], row["routing_key"], row["destination_type"] == "exchange")


def tags(row: Json) -> list[str]:
    """A user's tags; brokers before 3.9 list them as one string."""
    found = row.get("tags", [])
    return [tag for tag in (found.split(",") if isinstance(found, str) else found) if tag]

"""The planned topology as records: pure, the same for `plan`, `apply`, `verify` and the exported definitions.

It has one exchange per sending center, one inbox per receiving center, a journal, and a queue of dead letters. The
reasons, and the effects of each alternative, are in docs/decisions/0003-broker-topology.md.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bus.contract.facts import is_ledger
from bus.contract.types import CENTER_PATTERN
from bus.transports.topology.passwords import SHA256, password_hash

CASES = "cases"
"""The topic exchange between all senders' exchanges and all inboxes."""
DEAD = "dead"
"""The fanout exchange of dead letters: it routes any key."""
DEAD_LETTERS = "dead-letters"
"""The quorum queue of dead letters, for an operator."""
JOURNAL = "journal"
"""The stream of every routed message, for ledger and auditor."""

_CENTER = re.compile(CENTER_PATTERN)
_NEVER = "^$"
_POLICY_PRIORITY = 50


def is_center_name(name: str) -> bool:
    """Whether ``check_center_name`` accepts it."""
    return _CENTER.fullmatch(name) is not None


def check_center_name(name: str) -> str:
    """The name itself if it is ``<kind>-<division>``. Raises ``ValueError``, which says the expected format."""
    if not is_center_name(name):
        raise ValueError(
            f"{name[:80]!r} is no center name: <kind>-<division> is needed, kind of a-z 0-9 _ from a letter on and 40 "
            "characters at most, division of 6, 9 or 12 digits, for example media_center-150402"
        )
    return name


def out_exchange(center: str) -> str:
    """The exchange that only this center may write."""
    return f"out.{center}"


def inbox_queue(center: str) -> str:
    """The queue that only this center may read."""
    return f"inbox.{center}"


def routing_key(recipient: str, kind: str) -> str:
    """The routing key of the topic exchange; its first word is the recipient."""
    return f"{recipient}.{kind}"


def exactly(name: str) -> str:
    """A pattern that grants this one name: RabbitMQ's permission patterns match anywhere unless anchored."""
    return f"^{re.escape(name).replace(chr(92) + '-', '-')}$"  # a hyphen outside [] means itself: keep it readable


def one_of(*names: str) -> str:
    """A pattern that grants these names."""
    return f"^({'|'.join(exactly(name)[1:-1] for name in names)})$"


@dataclass(frozen=True, slots=True)
class Exchange:
    """A durable exchange without arguments: an alternate exchange would swallow returned messages."""

    name: str
    type: str

    def body(self) -> dict[str, Any]:
        """The JSON for RabbitMQ."""
        return {"type": self.type, "durable": True, "auto_delete": False, "internal": False, "arguments": {}}


@dataclass(frozen=True, slots=True)
class Queue:
    """A durable queue. Only its type is an argument: everything that may change later is set by a policy."""

    name: str
    type: str

    def body(self) -> dict[str, Any]:
        """The JSON for RabbitMQ."""
        return {"durable": True, "auto_delete": False, "arguments": {"x-queue-type": self.type}}


@dataclass(frozen=True, slots=True)
class Binding:
    """A binding: ``destination`` gets the messages of ``source`` under ``key``."""

    source: str
    destination: str
    key: str
    to_exchange: bool = False

    @property
    def name(self) -> str:
        """The name for people."""
        return f"{self.source} -> {self.destination} [{self.key}]"


@dataclass(frozen=True, slots=True)
class Policy:
    """Properties of all queues whose name matches ``pattern``; of several matching policies, only that of the highest
    priority applies."""

    name: str
    pattern: str
    definition: Mapping[str, str | int]

    def body(self) -> dict[str, Any]:
        """The JSON for RabbitMQ."""
        return {
            "pattern": self.pattern,
            "apply-to": "queues",
            "priority": _POLICY_PRIORITY,
            "definition": dict(self.definition),
        }


@dataclass(frozen=True, slots=True)
class User:
    """A broker user without tags, and its permissions: three anchored patterns."""

    name: str
    write: str
    read: str
    configure: str = _NEVER
    max_connections: int | None = None
    """``None``: the broker's present limit stays."""


@dataclass(frozen=True, slots=True)
class QueueLimits:
    """Bounds of queues, and of redeliveries. Bytes, days."""

    inbox_bytes: int = 1 << 30
    """Soft limit of one inbox: beyond it the broker nacks, and the senders' outboxes hold the messages. Without it, one
    center that is away for weeks fills the disk and stops all the others."""
    dead_letter_bytes: int = 1 << 30
    delivery_limit: int = 50
    """Deliveries after which an inbox drops a message as poison. Explicit, since brokers differ: none up to 3.13, 20
    from 4.0. High, since a crash counts for every other message in the prefetch window too."""
    journal_days: int = 30
    journal_bytes: int = 10 << 30
    journal_segment_bytes: int = 64 << 20
    """Retention drops whole segments only."""
    max_connections: int | None = None
    """Per center user; ``None`` leaves the broker's own limit alone."""


@dataclass(frozen=True, slots=True)
class Topology:
    """The whole topology, in an order of creation in which no message is lost at any moment."""

    centers: tuple[str, ...]
    exchanges: tuple[Exchange, ...]
    policies: tuple[Policy, ...]
    queues: tuple[Queue, ...]
    bindings: tuple[Binding, ...]
    """Inbox bindings before the journal's: a journal alone would take, and so hide, unroutable messages."""
    users: tuple[User, ...] = field(default=())

    def lines(self) -> Iterator[str]:
        """The plan for people, one line each: for `bus topology plan`."""
        for exchange in self.exchanges:
            yield f"exchange {exchange.name} ({exchange.type})"
        for policy in self.policies:
            settings = ", ".join(f"{key}={value}" for key, value in sorted(policy.definition.items()))
            yield f"policy {policy.name} {policy.pattern}: {settings}"
        for queue in self.queues:
            yield f"queue {queue.name} ({queue.type})"
        for binding in self.bindings:
            yield f"binding {binding.name}"
        for user in self.users:
            limit = "" if user.max_connections is None else f" max-connections={user.max_connections}"
            yield f"user {user.name} configure={user.configure} write={user.write} read={user.read}{limit}"


def plan(centers: Sequence[str], *, bounds: QueueLimits | None = None, auditor: str | None = "auditor") -> Topology:
    """The topology for these centers. ``auditor`` names the user that may only read the journal.

    Raises ``ValueError`` for an invalid center name, a center named twice, or an auditor named like a center."""
    names = tuple(check_center_name(name) for name in centers)
    if len(set(names)) != len(names):
        raise ValueError("a center is named twice: name each center once")
    if auditor is not None and (not auditor or _CENTER.fullmatch(auditor)):
        raise ValueError(f"{auditor!r} cannot be the auditor's name: choose one that no center can have")
    bounds = bounds or QueueLimits()
    users = [
        User(name, exactly(out_exchange(name)), _read_by(name), max_connections=bounds.max_connections)
        for name in names
    ]
    if auditor is not None:
        users.append(User(auditor, _NEVER, exactly(JOURNAL)))
    return Topology(
        centers=names,
        exchanges=(
            Exchange(DEAD, "fanout"),
            Exchange(CASES, "topic"),
            *(Exchange(out_exchange(name), "topic") for name in names),
        ),
        policies=_policies(bounds),
        queues=(
            Queue(DEAD_LETTERS, "quorum"),
            *(Queue(inbox_queue(name), "quorum") for name in names),
            Queue(JOURNAL, "stream"),
        ),
        bindings=(
            Binding(DEAD, DEAD_LETTERS, ""),
            *(Binding(CASES, inbox_queue(name), f"{name}.#") for name in names),
            *(Binding(CASES, JOURNAL, f"{name}.#") for name in names),
            *(Binding(out_exchange(name), CASES, "#", to_exchange=True) for name in names),
        ),
        users=tuple(users),
    )


def _read_by(center: str) -> str:
    """A center reads its own inbox; a ledger also the journal, whose labels it compares with what it was told."""
    inbox = inbox_queue(center)
    return one_of(inbox, JOURNAL) if is_ledger(center) else exactly(inbox)


def _policies(bounds: QueueLimits) -> tuple[Policy, ...]:
    return (
        Policy(
            DEAD_LETTERS,
            exactly(DEAD_LETTERS),
            # an operator may read and requeue a million times: brokers from 4.0 on would drop the message after 20
            {"delivery-limit": 1_000_000, "overflow": "reject-publish", "max-length-bytes": bounds.dead_letter_bytes},
        ),
        Policy(
            "inbox",
            r"^inbox\.",
            {
                "delivery-limit": bounds.delivery_limit,
                "dead-letter-exchange": DEAD,
                # at-least-once needs reject-publish: with drop-head it silently becomes at-most-once
                "dead-letter-strategy": "at-least-once",
                "overflow": "reject-publish",
                "max-length-bytes": bounds.inbox_bytes,
            },
        ),
        Policy(
            JOURNAL,
            exactly(JOURNAL),
            {
                "max-age": f"{bounds.journal_days}D",
                "max-length-bytes": bounds.journal_bytes,
                "stream-max-segment-size-bytes": bounds.journal_segment_bytes,
            },
        ),
    )


def definitions(topology: Topology, *, secrets: Mapping[str, str] | None = None, vhost: str = "/") -> dict[str, Any]:
    """The topology as RabbitMQ's definitions JSON, for a broker with another administrator, who imports it.

    Users (with their permissions) are in it only if ``secrets`` gives a password (as salted hash; ``""`` makes a user
    without password, for certificates): a definition without a hash would clear the password of a working user.

    It is for import over HTTP or `rabbitmqctl import_definitions`. As a file named by ``load_definitions`` it needs
    ``definitions.skip_if_unchanged = true`` beside it: on 4.0.5 a stream with a binding stopped every restart."""
    known = secrets or {}
    users = [user for user in topology.users if user.name in known]
    return {
        "vhosts": [{"name": vhost}],
        "users": [_user_definition(user, known[user.name]) for user in users],
        "permissions": [
            {"user": user.name, "vhost": vhost, "configure": user.configure, "write": user.write, "read": user.read}
            for user in users
        ],
        "policies": [{"vhost": vhost, "name": policy.name, **policy.body()} for policy in topology.policies],
        "exchanges": list(_placed(topology.exchanges, vhost)),
        "queues": list(_placed(topology.queues, vhost)),
        "bindings": [
            {
                "source": binding.source,
                "vhost": vhost,
                "destination": binding.destination,
                "destination_type": "exchange" if binding.to_exchange else "queue",
                "routing_key": binding.key,
                "arguments": {},
            }
            for binding in topology.bindings
        ],
    }


def _placed(items: Iterable[Exchange | Queue], vhost: str) -> Iterator[dict[str, Any]]:
    for item in items:
        yield {"name": item.name, "vhost": vhost, **item.body()}


def _user_definition(user: User, secret: str) -> dict[str, Any]:
    limits = {} if user.max_connections is None else {"max-connections": user.max_connections}
    return {
        "name": user.name,
        "password_hash": password_hash(secret),
        "hashing_algorithm": SHA256,
        "tags": "",
        "limits": limits,
    }

"""The topology on a real RabbitMQ: made, made again, found changed, and what the rights really allow."""

import time
from collections.abc import Callable, Iterator, Mapping
from itertools import count
from typing import Any, NamedTuple

import pika
import pytest
from pika.adapters.blocking_connection import BlockingChannel
from pika.exceptions import ChannelClosedByBroker, ProbableAuthenticationError, UnroutableError

from bus.transports.topology.apply import (
    Drift,
    Finding,
    QueueLimits,
    Topology,
    apply,
    definitions,
    inbox_queue,
    out_exchange,
    plan,
    routing_key,
    verify,
)
from bus.transports.topology.management_api import ManagementApi, ManagementApiRefused
from tests.conftest import Vhost
from verification.services import RabbitNode

pytestmark = pytest.mark.broker

KIND = "case.offered"
_divisions = count(150402000001)


class Town(NamedTuple):
    """Two centers and an auditor on a vhost of their own; users are the whole broker's, so names are used once."""

    admin: ManagementApi
    a: str
    b: str
    auditor: str
    secrets: Mapping[str, str]
    connect: Callable[[str], BlockingChannel]

    def plan(self, **bounds: Any) -> Topology:
        """Both centers and the auditor."""
        return plan([self.a, self.b], bounds=QueueLimits(**bounds), auditor=self.auditor)


@pytest.fixture
def admin(vhost: Vhost) -> Iterator[ManagementApi]:
    """The operator on this test's own vhost."""
    with ManagementApi(vhost.management_url, vhost.user, vhost.password, vhost.name) as operator:
        yield operator


@pytest.fixture
def town(rabbit: RabbitNode, admin: ManagementApi, vhost: Vhost) -> Iterator[Town]:
    """Names, passwords, and a way to connect as somebody."""
    number = next(_divisions)
    a, b, auditor = f"media_center-{number}", f"party_service-{number}", f"auditor{number}"
    secrets = {a: "pw of a", b: "pw of b", auditor: "pw of the auditor"}
    open_connections: list[pika.BlockingConnection] = []

    def connect(user: str) -> BlockingChannel:
        credentials = pika.PlainCredentials(user, secrets[user])
        parameters = pika.ConnectionParameters(
            rabbit.host, rabbit.port, vhost.name, credentials, socket_timeout=10, blocked_connection_timeout=10
        )
        open_connections.append(pika.BlockingConnection(parameters))
        channel = open_connections[-1].channel()
        channel.confirm_delivery()
        return channel

    yield Town(admin, a, b, auditor, secrets, connect)
    for connection in open_connections:
        if connection.is_open:
            connection.close()
    for user in secrets:
        admin.delete_user(user)


def brief(findings: list[Finding]) -> set[tuple[str, str, str]]:
    """What was found, without the words."""
    return {(finding.drift.value, finding.kind, finding.name) for finding in findings}


def send(channel: BlockingChannel, sender: str, recipient: str, body: bytes = b"x") -> None:
    """One confirmed, mandatory publish through the sender's own door."""
    channel.basic_publish(out_exchange(sender), routing_key(recipient, KIND), body, mandatory=True)


def wait_for(channel: BlockingChannel, queue: str, auto_ack: bool = True) -> tuple[Any, Any, bytes]:
    """The next message of a queue, within 20 seconds."""
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        method, properties, body = channel.basic_get(queue, auto_ack=auto_ack)
        if method is not None:
            return method, properties, body
        time.sleep(0.05)
    raise AssertionError(f"nothing came to {queue}")


def test_applied_twice_the_second_time_changes_nothing(town: Town) -> None:
    """The first `apply` makes every part and says so, the second finds all in place, and `verify` has no word."""
    topology = town.plan(max_connections=5)
    changes = apply(town.admin, topology, town.secrets)
    made = [change.name for change in changes if change.action == "created"]
    lists = (topology.exchanges, topology.policies, topology.queues, topology.bindings, topology.users)
    names = [part.name for parts in lists for part in parts]
    assert set(names) == set(made)
    assert len(changes) == len(names) + 2 * 2 + 1  # rights of three users, limits of two
    assert apply(town.admin, topology, town.secrets) == []
    assert verify(town.admin, topology) == []


def unbind_inbox(town: Town) -> tuple[str, str, str]:
    """An inbox hangs in the air."""
    town.admin.delete_binding("cases", inbox_queue(town.a), to_exchange=False, properties_key=f"{town.a}.%23")
    return "missing", "binding", f"cases -> inbox.{town.a} [{town.a}.#]"


def delete_inbox(town: Town) -> tuple[str, str, str]:
    """An inbox is gone."""
    assert town.admin.delete_queue(inbox_queue(town.a))
    return "missing", "queue", inbox_queue(town.a)


def delete_dead_letters(town: Town) -> tuple[str, str, str]:
    """Dead letters have no place."""
    assert town.admin.delete_queue("dead-letters")
    return "missing", "queue", "dead-letters"


def delete_door(town: Town) -> tuple[str, str, str]:
    """A center cannot send."""
    assert town.admin.delete_exchange(out_exchange(town.a))
    return "missing", "exchange", out_exchange(town.a)


def widen_rights(town: Town) -> tuple[str, str, str]:
    """A center may do all."""
    town.admin.put_permissions(town.a, ".*", ".*", ".*")
    return "different", "permissions", town.a


def unanchor_rights(town: Town) -> tuple[str, str, str]:
    """A pattern lost its anchors."""
    town.admin.put_permissions(town.a, "^$", rf"out\.{town.a}", rf"^inbox\.{town.a}$")
    return "different", "permissions", town.a


def promote(town: Town) -> tuple[str, str, str]:
    """A center's user became an operator."""
    row = next(row for row in town.admin.users() if row["name"] == town.a)
    town.admin.put_user(town.a, row["password_hash"], row["hashing_algorithm"], tags="administrator")
    return "different", "user", town.a


def narrow_topics(town: Town) -> tuple[str, str, str]:
    """Topic rights that stop a center from sending."""
    town.admin.put_topic_permissions(town.a, out_exchange(town.a), "^$", "^$")
    return "different", "topic-permissions", town.a


def lift_limit(town: Town) -> tuple[str, str, str]:
    """A limit was raised."""
    town.admin.put_user_limit(town.a, "max-connections", 500)
    return "different", "limit", town.a


def loosen_policy(town: Town) -> tuple[str, str, str]:
    """Dead-lettering became at-most-once."""
    body = {"pattern": r"^inbox\.", "apply-to": "queues", "priority": 50, "definition": {"overflow": "drop-head"}}
    town.admin.put_policy("inbox", body)
    return "different", "policy", "inbox"


def delete_user(town: Town) -> tuple[str, str, str]:
    """A center cannot log in."""
    assert town.admin.delete_user(town.a)
    return "missing", "user", town.a


@pytest.mark.parametrize(
    "plant",
    [
        unbind_inbox,
        delete_inbox,
        delete_dead_letters,
        delete_door,
        widen_rights,
        unanchor_rights,
        promote,
        narrow_topics,
        lift_limit,
        loosen_policy,
        delete_user,
    ],
)
def test_planted_drift_is_found_and_corrected(town: Town, plant: Callable[[Town], tuple[str, str, str]]) -> None:
    """`verify` names what was changed behind our back, and `apply` makes it good without touching the rest."""
    topology = town.plan(max_connections=5)
    apply(town.admin, topology, town.secrets)
    expected = plant(town)
    assert expected in brief(verify(town.admin, topology))
    changed = {(change.kind, change.name) for change in apply(town.admin, topology, town.secrets)}
    assert expected[1:] in changed
    assert verify(town.admin, topology) == []
    assert apply(town.admin, topology, town.secrets) == []
    send(town.connect(town.a), town.a, town.b)


def test_a_journal_that_listens_to_everything_is_found_and_is_as_bad_as_we_say(town: Town) -> None:
    """With `#` the sender gets no return for a center that does not exist; only an operator may unbind it."""
    topology = town.plan()
    apply(town.admin, topology, town.secrets)
    town.admin.put_binding("cases", "journal", False, "#")
    send(town.connect(town.a), town.a, "nobody-150402")
    (finding,) = verify(town.admin, topology)
    assert brief([finding]) == {("surplus", "binding", "cases -> journal [#]")}
    assert finding.severity.value == "error"
    assert apply(town.admin, topology, town.secrets) == []
    assert town.admin.delete_binding("cases", "journal", to_exchange=False, properties_key="%23")
    with pytest.raises(UnroutableError):
        send(town.connect(town.a), town.a, "nobody-150402")


def test_what_cannot_be_changed_in_place_is_a_conflict_and_stays(town: Town) -> None:
    """A classic queue in the inbox's place is reported with its cure; `apply` does the rest and deletes nothing."""
    town.admin.put_queue(inbox_queue(town.a), {"durable": True, "arguments": {"x-queue-type": "classic"}})
    topology = town.plan()
    for _ in range(2):
        conflicts = [c for c in apply(town.admin, topology, town.secrets) if c.action == "conflict"]
        assert [(change.kind, change.name) for change in conflicts] == [("queue", inbox_queue(town.a))]
        assert "by hand" in conflicts[0].detail.en
    queue = town.admin.queue(inbox_queue(town.a))
    assert queue is not None
    assert queue["arguments"]["x-queue-type"] == "classic"
    assert [finding.drift for finding in verify(town.admin, topology)] == [Drift.CONFLICT]


def test_a_removed_center_stays_until_an_operator_removes_it(town: Town) -> None:
    """Fewer centers planned: `apply` does nothing, `verify` names what is left over."""
    apply(town.admin, town.plan(), town.secrets)
    smaller = plan([town.a], auditor=town.auditor)
    assert apply(town.admin, smaller, town.secrets) == []
    found = brief(verify(town.admin, smaller))
    assert {("surplus", "queue", inbox_queue(town.b)), ("surplus", "user", town.b)} <= found
    assert {drift for drift, _, _ in found} == {"surplus"}
    send(town.connect(town.a), town.a, town.b)


def test_a_center_sends_and_the_recipient_sees_through_which_door(town: Town) -> None:
    """A message goes from out.a to b's inbox and into the journal; the delivery names the exchange, so the sender."""
    apply(town.admin, town.plan(), town.secrets)
    send(town.connect(town.a), town.a, town.b, b"from a")
    method, _, body = wait_for(town.connect(town.b), inbox_queue(town.b))
    assert (method.exchange, method.routing_key, body) == (
        out_exchange(town.a),
        routing_key(town.b, KIND),
        b"from a",
    )
    reader = town.connect(town.auditor)
    reader.basic_qos(prefetch_count=10)
    journal = reader.consume("journal", arguments={"x-stream-offset": "first"}, inactivity_timeout=120)
    _, properties, body = next(journal)
    assert properties is not None, "nothing came to the journal"
    assert (body, properties.headers["x-stream-offset"]) == (b"from a", 0)


def test_nobody_there_is_returned_through_the_joined_exchanges(town: Town) -> None:
    """A mandatory message to a center that is not known comes back to its sender, though a journal listens."""
    apply(town.admin, town.plan(), town.secrets)
    with pytest.raises(UnroutableError) as returned:
        send(town.connect(town.a), town.a, "nobody-150402")
    assert returned.value.messages[0].method.reply_text == "NO_ROUTE"


def test_an_inbox_that_is_gone_is_hidden_by_the_journal_and_the_finding_says_so(town: Town) -> None:
    """The journal goes on taking what is for that center: no return, so `verify` must be loud about it."""
    topology = town.plan()
    apply(town.admin, topology, town.secrets)
    town.admin.delete_queue(inbox_queue(town.b))
    send(town.connect(town.a), town.a, town.b)
    findings = {finding.name: finding for finding in verify(town.admin, topology)}
    assert "no return" in findings[inbox_queue(town.b)].detail.en


def _publish(exchange: Callable[[Town], str], key: Callable[[Town], str]) -> Callable[[Town, BlockingChannel], Any]:
    return lambda town, channel: channel.basic_publish(exchange(town), key(town), b"x", mandatory=True)


FORBIDDEN: dict[str, Callable[[Town, BlockingChannel], Any]] = {
    "publish to another's exchange": _publish(lambda t: out_exchange(t.b), lambda t: routing_key(t.a, KIND)),
    "publish to a look-alike": _publish(lambda t: f"x{out_exchange(t.a)}2", lambda t: routing_key(t.b, KIND)),
    "get from a look-alike": lambda t, c: c.basic_get(f"x{inbox_queue(t.a)}2"),
    "publish to cases": _publish(lambda _: "cases", lambda t: routing_key(t.b, KIND)),
    "publish to the dead": _publish(lambda _: "dead", lambda t: routing_key(t.b, KIND)),
    "publish by the default exchange": _publish(lambda _: "", lambda t: inbox_queue(t.b)),
    "consume another's inbox": lambda t, c: c.basic_consume(inbox_queue(t.b), lambda *_: None),
    "get from another's inbox": lambda t, c: c.basic_get(inbox_queue(t.b)),
    "get from the dead letters": lambda _, c: c.basic_get("dead-letters"),
    "consume the journal": lambda _, c: (c.basic_qos(prefetch_count=1), c.basic_consume("journal", lambda *_: None)),
    "purge another's inbox": lambda t, c: c.queue_purge(inbox_queue(t.b)),
    "declare a queue": lambda _, c: c.queue_declare("mine", durable=True),
    "declare a queue named by the broker": lambda _, c: c.queue_declare("", exclusive=True),
    "declare a look-alike": lambda t, c: c.queue_declare("x" + inbox_queue(t.a)),
    "declare an exchange": lambda t, c: c.exchange_declare(out_exchange(t.a) + "2"),
    "bind its inbox": lambda t, c: c.queue_bind(inbox_queue(t.a), "cases", "#"),
    "unbind its inbox": lambda t, c: c.queue_unbind(inbox_queue(t.a), "cases", f"{t.a}.#"),
    "delete its inbox": lambda t, c: c.queue_delete(inbox_queue(t.a)),
    "delete its exchange": lambda t, c: c.exchange_delete(out_exchange(t.a)),
}


def test_whatever_else_a_center_tries_is_refused(town: Town) -> None:
    """Every way around the own door and the own box ends in 403, and nothing has moved or changed."""
    topology = town.plan()
    apply(town.admin, topology, town.secrets)
    send(town.connect(town.b), town.b, town.a, b"for a alone")
    connection = town.connect(town.a).connection
    for what, attempt in FORBIDDEN.items():
        channel = connection.channel()
        channel.confirm_delivery()
        with pytest.raises(ChannelClosedByBroker) as refused:
            attempt(town, channel)
        assert refused.value.reply_code == 403, what
    assert verify(town.admin, topology) == []
    assert wait_for(town.connect(town.a), inbox_queue(town.a))[2] == b"for a alone"
    assert town.connect(town.b).basic_get(inbox_queue(town.b))[0] is None


def test_the_auditor_may_only_read_the_journal(town: Town) -> None:
    """The auditor reads no inbox and writes nowhere."""
    apply(town.admin, town.plan(), town.secrets)
    attempts = [
        FORBIDDEN["publish to cases"],
        FORBIDDEN["get from another's inbox"],
        FORBIDDEN["publish to another's exchange"],
    ]
    connection = town.connect(town.auditor).connection
    for attempt in attempts:
        channel = connection.channel()
        channel.confirm_delivery()
        with pytest.raises(ChannelClosedByBroker) as refused:
            attempt(town, channel)
        assert refused.value.reply_code == 403


def test_a_false_user_id_is_refused_by_the_broker(town: Town) -> None:
    """A center that writes another's name into `user_id` is stopped, its own name passes."""
    apply(town.admin, town.plan(), town.secrets)
    channel = town.connect(town.a)
    properties = [pika.BasicProperties(user_id=name) for name in (town.a, town.b)]
    channel.basic_publish(out_exchange(town.a), routing_key(town.b, KIND), b"x", properties[0], mandatory=True)
    with pytest.raises(ChannelClosedByBroker) as refused:
        channel.basic_publish(out_exchange(town.a), routing_key(town.b, KIND), b"x", properties[1], mandatory=True)
    assert refused.value.reply_code == 406


@pytest.mark.parametrize("reader_dies", [False, True])
def test_dead_letters_reach_the_operators_queue(town: Town, vhost: Vhost, reader_dies: bool) -> None:
    """A message rejected, or whose reader has died more often than the limit allows, waits in `dead-letters`.

    A center never gives a message back by nack: it settles it, or dies with it. That a nack counts as a delivery has
    changed from one RabbitMQ to the next, that a dead reader counts has not.
    """
    apply(town.admin, town.plan(delivery_limit=2), town.secrets)
    send(town.connect(town.a), town.a, town.b, b"poison")
    for _ in range(3 if reader_dies else 1):
        reader = town.connect(town.b)
        method, _, _ = wait_for(reader, inbox_queue(town.b), auto_ack=False)
        if reader_dies:
            reader.connection.close()
        else:
            reader.basic_nack(method.delivery_tag, requeue=False)
    operator = pika.BlockingConnection(pika.URLParameters(vhost.amqp_url()))
    try:
        _, properties, body = wait_for(operator.channel(), "dead-letters")
    finally:
        operator.close()
    assert body == b"poison"
    assert properties.headers["x-death"][0]["queue"] == inbox_queue(town.b)
    assert town.connect(town.b).basic_get(inbox_queue(town.b))[0] is None


def test_exported_definitions_make_a_broker_that_verifies_clean(town: Town, vhost: Vhost) -> None:
    """A broker we may not touch: its operator imports the JSON, passwords work, and nothing is left to apply."""
    topology = town.plan(max_connections=5)
    town.admin.import_definitions(definitions(topology, secrets=town.secrets, vhost=vhost.name))
    assert verify(town.admin, topology) == []
    assert apply(town.admin, topology, town.secrets) == []
    send(town.connect(town.a), town.a, town.b)


def test_passwords_are_left_alone_unless_given(town: Town) -> None:
    """Without secrets a user keeps its password, with another secret it gets the new one, and no one loses rights."""
    topology = town.plan()
    apply(town.admin, topology, town.secrets)
    assert apply(town.admin, topology) == []
    send(town.connect(town.a), town.a, town.b)
    changes = apply(town.admin, topology, {town.a: "another"})
    assert [(change.action, change.kind, change.name) for change in changes] == [("corrected", "user", town.a)]
    with pytest.raises(ProbableAuthenticationError):
        town.connect(town.a)
    apply(town.admin, topology, town.secrets)
    send(town.connect(town.a), town.a, town.b)


def test_a_user_made_without_a_password_cannot_log_in_with_one(town: Town) -> None:
    """A new user without a secret exists with its rights, and neither the empty nor any other password opens it."""
    apply(town.admin, town.plan())
    assert verify(town.admin, town.plan()) == []
    with pytest.raises(ProbableAuthenticationError):
        town.connect(town.a)


def test_figures_name_every_queue_with_its_leader(town: Town) -> None:
    """`bus queues` sees type, leader and, as soon as the broker has counted, what is waiting."""
    apply(town.admin, town.plan(), town.secrets)
    send(town.connect(town.a), town.a, town.b)
    deadline = time.monotonic() + 180
    while time.monotonic() < deadline:
        figures = {queue.name: queue for queue in town.admin.figures()}
        if figures[inbox_queue(town.b)].ready == 1:
            break
        time.sleep(0.2)
    assert figures[inbox_queue(town.b)].ready == 1
    assert figures[inbox_queue(town.b)].type == "quorum"
    assert figures["journal"].type == "stream"
    assert all(queue.leader for queue in figures.values())


def test_a_user_who_is_no_operator_is_told_what_is_missing(town: Town, vhost: Vhost) -> None:
    """A center's own credentials do not open the management API, and the refusal says which tag is needed."""
    apply(town.admin, town.plan(), town.secrets)
    impostor = ManagementApi(vhost.management_url, town.a, town.secrets[town.a], town.admin.vhost)
    with impostor, pytest.raises(ManagementApiRefused, match="administrator"):
        verify(impostor, town.plan())

"""What the RabbitMQ transport says became of a parcel, when the broker will not or may not take it."""

import logging
import time

import pytest
import structlog

from bus.testing.transport_fixture import collect, leave, nothing_comes, parcel, ready
from bus.transports.port import Guarantee, Parcel, SendResult
from bus.transports.rabbitmq import publisher
from bus.transports.rabbitmq.transport import RabbitTransport
from bus.transports.topology.plan import inbox_queue, out_exchange
from tests.broker.faults import PATIENCE, eventually, memory_alarm
from tests.conformance.transport_fixtures import CENTERS, STRANGER, RabbitFixture

A, B, C = CENTERS


def test_alarm_blocks_publishing_alone(fixture: RabbitFixture) -> None:
    """Under a memory alarm ``send`` says unknown by its timeout and the state says blocked; consuming goes on."""
    a, b = ready(fixture, A), ready(fixture, B)
    assert a.send([parcel(B, b"before")], PATIENCE) == [SendResult.CONFIRMED]
    with memory_alarm(fixture.node):
        first = a.send([parcel(B, b"first")], 2)
        eventually(lambda: a.state().blocked, "blocked")
        assert "free memory" in a.state().trouble
        assert first + a.send([parcel(B, b"second")] * 2000, 1) == [SendResult.UNKNOWN] * 2001
        assert {delivery.body for delivery in collect(fixture, b, 1)} == {b"before"}
    eventually(lambda: not a.state().blocked, "unblocked")
    assert a.send([parcel(B, b"after")], PATIENCE) == [SendResult.CONFIRMED]
    eventually(lambda: not a.state().trouble, "the trouble is over")
    assert b"after" in {delivery.body for delivery in collect(fixture, b, 2)}
    leave(fixture, a, b)


def test_right_to_write_is_missing(fixture: RabbitFixture) -> None:
    """Without the right to its own exchange every parcel is refused and the trouble names the cure; then it heals."""
    with fixture.admin() as admin:
        admin.put_permissions(A, "^$", "^$", rf"^inbox\.{A}$")
        a = ready(fixture, A)
        assert a.send([parcel(B), parcel(C)], PATIENCE) == [SendResult.NACKED] * 2
        assert f"no right to write exchange {out_exchange(A)}: run `bus topology apply`" in a.state().trouble
        assert a.state().consuming
        admin.put_permissions(A, "^$", rf"^out\.{A}$", rf"^inbox\.{A}$")
    eventually(lambda: a.send([parcel(B)], PATIENCE) == [SendResult.CONFIRMED], "taken")
    assert a.state().trouble == ""
    assert a.state().reconnects == 0, "a new channel is enough"
    leave(fixture, a)


def test_exchange_is_missing(fixture: RabbitFixture) -> None:
    """A center that the operator has not made an exchange for hears so."""
    with fixture.admin() as admin:
        admin.delete_exchange(out_exchange(A))
    a = ready(fixture, A)
    assert a.send([parcel(B)], PATIENCE) == [SendResult.NACKED]
    assert f"exchange {out_exchange(A)} is missing: run `bus topology apply`" in a.state().trouble
    leave(fixture, a)


def test_user_id_that_lies(fixture: RabbitFixture) -> None:
    """A ``user_id`` that is not the login is refused by the broker, and nothing of it arrives."""
    b, liar = ready(fixture, B), fixture.open(A, user_id=C)
    assert liar.send([parcel(B)] * 3, PATIENCE) == [SendResult.NACKED] * 3
    assert "must carry the center's name" in liar.state().trouble
    nothing_comes(b)
    leave(fixture, liar, b)


def test_user_id_is_sent_when_the_login_is_the_center(fixture: RabbitFixture) -> None:
    """The broker's check of ``user_id`` runs on every parcel of a center that logs in by its own name."""
    a = ready(fixture, A)
    assert a.send([parcel(B)], PATIENCE) == [SendResult.CONFIRMED]
    with fixture.api() as api:
        path = f"queues/{fixture.vhost.name}/{inbox_queue(B)}/get"
        fetched = api.post(path, json={"count": 1, "ackmode": "ack_requeue_false", "encoding": "auto"}).json()
    properties = fetched[0]["properties"]
    assert properties.pop("message_id")
    headers = properties.pop("headers")
    assert headers.pop("digest") == parcel(B).digest
    assert set(headers) <= {"x-delivery-count"}, "the queue's own; we send no other"
    assert properties == {"user_id": A, "delivery_mode": 2, "content_type": "application/cloudevents+json"}
    assert fetched[0]["exchange"] == out_exchange(A)
    leave(fixture, a)


def test_full_inbox_refuses_its_own_parcels_alone(fixture: RabbitFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    """Parcels for a full inbox are refused, its neighbours' are taken; when it is empty, parcels go there again."""
    monkeypatch.setattr(publisher, "RENEW_AFTER", 0.2)
    with fixture.admin() as admin:
        definition = {"overflow": "reject-publish", "max-length": 5, "delivery-limit": 50}
        body = {"pattern": rf"^inbox\.{B}$", "apply-to": "queues", "priority": 90, "definition": definition}
        admin.put_policy("small", body)
    a, c = fixture.open(A), ready(fixture, C)
    eventually(lambda: a.send([parcel(B)], PATIENCE) == [SendResult.NACKED], "the inbox is full")
    assert "inbox full" in a.state().trouble
    assert a.send([parcel(C, b"neighbour"), parcel(B), parcel(C, b"too")], PATIENCE)[::2] == [SendResult.CONFIRMED] * 2
    assert {delivery.body for delivery in collect(fixture, c, 2)} == {b"neighbour", b"too"}
    soured = a._publisher._channel
    b = ready(fixture, B)
    collect(fixture, b, 1)

    def goes_there_again() -> bool:
        time.sleep(0.3)  # long enough for a channel on which the broker said no to be replaced
        b.settle(b.receive(500, 0))
        return a.send([parcel(B)], PATIENCE) == [SendResult.CONFIRMED]

    eventually(goes_there_again, "parcels go there again")
    assert a._publisher._channel is not soured, "after a dead leader a channel may say no for ever: it is replaced"
    assert a.state().reconnects == 0
    leave(fixture, a, b, c)


def test_labels_beyond_amqp_are_refused_alone(fixture: RabbitFixture) -> None:
    """A parcel whose id, kind or body is too large is refused here: the broker would close the channel on all."""
    a, b = ready(fixture, A), ready(fixture, B)
    batch = [
        parcel(B, b"good"),
        Parcel("i" * 300, B, "case.offered", b"{}"),
        Parcel("1", B, "转" * 100, b"{}"),
        parcel(B, bytes(publisher.MAX_BODY + 1)),
        parcel(B, b"good too"),
    ]
    assert a.send(batch, PATIENCE) == [SendResult.CONFIRMED, *[SendResult.NACKED] * 3, SendResult.CONFIRMED]
    assert {delivery.body for delivery in collect(fixture, b, 2)} == {b"good", b"good too"}
    assert a.state().reconnects == 0
    leave(fixture, a, b)


def test_no_body_is_ever_logged(
    fixture: RabbitFixture, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whatever happens to a parcel, with the loudest logging there is, its body is in no log."""
    structlog.reset_defaults()  # an earlier test of this process may have sent the log elsewhere
    caplog.set_level(logging.DEBUG)
    canary = b"canary 13800138000"
    a, b = ready(fixture, A), ready(fixture, B)
    fates = a.send([parcel(STRANGER, canary), parcel(B, canary)], PATIENCE)
    assert fates == [SendResult.UNROUTABLE, SendResult.CONFIRMED]
    collect(fixture, b, 1)
    liar = fixture.open(A, user_id=C)
    assert liar.send([parcel(B, canary)], PATIENCE) == [SendResult.NACKED]
    leave(fixture, a, b, liar)
    captured = capsys.readouterr()
    logged = caplog.text + captured.out + captured.err
    assert "line-open" in logged, "the test must have seen the log"
    assert not [record.name for record in caplog.records if record.name.startswith("pika")]
    assert "13800138000" not in logged
    assert fixture.secrets[A] not in logged


def test_wrong_password_is_said_and_never_raised(fixture: RabbitFixture) -> None:
    """A refused login is told in the state; ``send`` and ``receive`` go on answering."""
    a = fixture.open(A, fixture.vhost.amqp_url(A, "not the password"))
    eventually(lambda: "refuses the login" in a.state().trouble, "the trouble is told")
    assert a.send([parcel(B)], 0.2) == [SendResult.UNKNOWN]
    assert a.receive(10, 0.2) == []
    assert not a.state().connected
    assert a.guarantees == frozenset(Guarantee)
    leave(fixture, a)


def test_unreadable_url_does_not_show_its_password() -> None:
    """An URL that cannot be read is refused with the cure and without the password in it."""
    with pytest.raises(ValueError, match="percent-encoded") as refused:
        RabbitTransport(A, "amqp://media:top/secret@host:port/")
    assert "secret" not in str(refused.value)
    with pytest.raises(ValueError, match="is no center name"):
        RabbitTransport("media.center", "amqp://localhost/")

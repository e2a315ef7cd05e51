"""What is done to a broker is felt by its clients, and nothing of it is left afterwards."""

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, suppress

import pika
import pytest
from pika.exceptions import AMQPConnectionError, AMQPError, ChannelClosedByBroker, ConnectionClosedByBroker

from tests.conftest import Vhost
from verification.faults import (
    close_connections,
    consumer_timeout,
    credentials_revoked,
    delete_queue,
    disk_alarm,
    memory_alarm,
    purge_queue,
)
from verification.services import RabbitNode

PATIENCE = 180.0
"""Seconds until what must happen counts as never happening."""
QUEUE = "inbox"


@pytest.fixture
def user(vhost: Vhost) -> Iterator[str]:
    """A user with every right in the virtual host, and a quorum queue there."""
    name = f"u-{vhost.name}"
    logging.getLogger("pika").setLevel(logging.CRITICAL)
    with vhost.node.api() as api:
        api.put(f"users/{name}", json={"password": "secret", "tags": ""}).raise_for_status()
        rights = {"configure": ".*", "write": ".*", "read": ".*"}
        api.put(f"permissions/{vhost.name}/{name}", json=rights).raise_for_status()
        queue = {"durable": True, "arguments": {"x-queue-type": "quorum"}}
        api.put(f"queues/{vhost.name}/{QUEUE}", json=queue).raise_for_status()
        yield name
        api.delete(f"users/{name}").raise_for_status()
    logging.getLogger("pika").setLevel(logging.NOTSET)


@pytest.fixture
def dial(vhost: Vhost, user: str) -> Iterator[Callable[[], pika.BlockingConnection]]:
    """A new connection of the user, closed after the test if it is still open."""
    lines: list[pika.BlockingConnection] = []

    def dial() -> pika.BlockingConnection:
        parameters = pika.URLParameters(vhost.amqp_url(user, "secret"))
        parameters.blocked_connection_timeout = PATIENCE
        lines.append(pika.BlockingConnection(parameters))
        return lines[-1]

    yield dial
    for line in lines:
        with suppress(AMQPError):  # closed already, or about to hear that it is
            line.close()


def _listen(line: pika.BlockingConnection, until: Callable[[], object] = lambda: False) -> None:
    """Let the connection speak until it breaks or ``until`` holds."""
    deadline = time.monotonic() + PATIENCE
    while not until():
        assert time.monotonic() < deadline
        line.process_data_events(0.05)


def test_revoked_credentials_open_no_door_until_given_back(
    vhost: Vhost, user: str, dial: Callable[[], pika.BlockingConnection]
) -> None:
    """The standing connection is closed, the password is refused; afterwards all is as before."""
    line = dial()
    with credentials_revoked(vhost.node, user, vhost.name):
        with pytest.raises(ConnectionClosedByBroker, match="CONNECTION_FORCED"):
            _listen(line)
        with pytest.raises(AMQPConnectionError):
            dial()
    channel = dial().channel()
    channel.confirm_delivery()
    channel.basic_publish("", QUEUE, b"one", mandatory=True)
    assert channel.basic_get(QUEUE, auto_ack=True)[2] == b"one"


def test_all_connections_are_closed(vhost: Vhost, dial: Callable[[], pika.BlockingConnection]) -> None:
    """Each client gets a connection.close; nobody is kept from coming back."""
    lines = [dial(), dial()]
    close_connections(vhost.node)
    for line in lines:
        with pytest.raises(ConnectionClosedByBroker, match="CONNECTION_FORCED"):
            _listen(line)
    dial()


@pytest.mark.parametrize("alarm", [memory_alarm, disk_alarm])
def test_an_alarm_blocks_publishers_until_it_is_over(
    alarm: Callable[[RabbitNode], AbstractContextManager[None]],
    vhost: Vhost,
    dial: Callable[[], pika.BlockingConnection],
) -> None:
    """The broker says connection.blocked to whoever publishes, and connection.unblocked at the end."""
    said: list[str] = []
    line = dial()
    line.add_on_connection_blocked_callback(lambda *_: said.append("blocked"))
    line.add_on_connection_unblocked_callback(lambda *_: said.append("unblocked"))
    with alarm(vhost.node):
        line.channel().basic_publish("", QUEUE, b"one")
        _listen(line, lambda: said == ["blocked"])
    _listen(line, lambda: said == ["blocked", "unblocked"])


def test_a_purged_queue_is_empty_and_a_deleted_one_is_gone(
    vhost: Vhost, dial: Callable[[], pika.BlockingConnection]
) -> None:
    """What waited is gone; the consumer of a deleted queue gets a basic.cancel."""
    channel = dial().channel()
    channel.confirm_delivery()
    channel.basic_publish("", QUEUE, b"one")
    purge_queue(vhost.node, QUEUE, vhost.name)
    assert channel.basic_get(QUEUE)[0] is None
    channel.basic_consume(QUEUE, lambda *_: None)
    delete_queue(vhost.node, QUEUE, vhost.name)
    _listen(channel.connection, lambda: not channel.consumer_tags)
    with pytest.raises(ChannelClosedByBroker, match="NOT_FOUND"):
        channel.basic_get(QUEUE)


def test_who_keeps_a_message_too_long_loses_the_channel(
    vhost: Vhost, dial: Callable[[], pika.BlockingConnection]
) -> None:
    """The channel is closed with 406 within the limit; afterwards the usual limit is back."""
    limit = "application:get_all_env(rabbit)"
    with consumer_timeout(vhost.node, 0.5):
        line = dial()
        channel = line.channel()
        channel.basic_publish("", QUEUE, b"one")
        channel.basic_consume(QUEUE, lambda *_: None)
        _listen(line, lambda: not channel.is_open)
        assert "{consumer_timeout,500}" in vhost.node.ctl("eval", f"{limit}.")
    assert "{consumer_timeout,1800000}" in vhost.node.ctl("eval", f"{limit}.")
    assert "{channel_tick_interval,60000}" in vhost.node.ctl("eval", f"{limit}.")


def test_a_tool_that_refuses_says_why(rabbit: RabbitNode) -> None:
    """The words of rabbitmqctl are in the error; other tools can be asked too."""
    with pytest.raises(RuntimeError, match="nobody"):
        rabbit.ctl("delete_user", "nobody")
    assert "RabbitMQ version" in rabbit.ctl("status", tool="rabbitmq-diagnostics")

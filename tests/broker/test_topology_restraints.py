"""What the administrator of a real RabbitMQ sets beside our plan is named by `verify`: limits, policies, readers."""

import time
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import httpx
import pika
import pytest

from bus.transports.topology.apply import Finding, Severity, apply, inbox_queue, plan, verify
from tests.conformance.transport_fixtures import CENTERS, RabbitFixture
from tests.conftest import Vhost

pytestmark = pytest.mark.broker

PLAN = plan(CENTERS, auditor=None)
A = CENTERS[0]


def put(vhost: Vhost, kind: str, name: str, body: dict[str, Any]) -> None:
    """What the administrator does by the management pages."""
    url = f"{vhost.management_url}/api/{kind}/{quote(vhost.name, safe='')}/{name}"
    answer = httpx.put(url, json=body, auth=(vhost.user, vhost.password), timeout=60, trust_env=False)
    assert answer.is_success, answer.text


def found(fixture: RabbitFixture, wanted: Callable[[list[Finding]], bool] = bool) -> list[Finding]:
    """What `verify` says, as soon as it is as wanted: the broker's figures come a few seconds late."""
    deadline = time.monotonic() + 60
    while True:
        with fixture.admin() as admin:
            told = verify(admin, PLAN)
        if wanted(told) or time.monotonic() > deadline:
            return told
        time.sleep(0.3)


def brief(findings: list[Finding]) -> set[tuple[str, str, Severity]]:
    """What was found, and how much it matters."""
    return {(one.kind, one.name, one.severity) for one in findings}


def test_a_limit_of_the_vhost_is_named(fixture: RabbitFixture, vhost: Vhost) -> None:
    """One that is reached is an error, one that leaves room is a warning; `apply` leaves both alone."""
    put(vhost, "vhost-limits", "max-queues", {"value": 2})
    put(vhost, "vhost-limits", "max-connections", {"value": 500})
    told = found(fixture)
    assert brief(told) == {
        ("vhost-limit", "max-queues", Severity.ERROR),
        ("vhost-limit", "max-connections", Severity.WARNING),
    }
    assert all("clear_vhost_limits" in one.cure.en for one in told)
    with fixture.admin() as admin:
        assert apply(admin, PLAN) == []


@pytest.mark.parametrize(
    ("definition", "severity"),
    [({"message-ttl": 600_000}, Severity.ERROR), ({"max-length": 10}, Severity.WARNING)],
)
def test_an_operator_policy_on_an_inbox_is_named(
    fixture: RabbitFixture, vhost: Vhost, definition: dict[str, int], severity: Severity
) -> None:
    """A lifetime moves cases away that nobody has handled; a length only makes the senders hold them."""
    body = {"pattern": "^inbox", "apply-to": "queues", "priority": 0, "definition": definition}
    put(vhost, "operator-policies", "house-rule", body)
    (one,) = found(fixture)
    assert brief([one]) == {("operator-policy", "house-rule", severity)}
    assert next(iter(definition)) in one.detail.en


def test_whoever_else_reads_an_inbox_is_named(fixture: RabbitFixture, vhost: Vhost) -> None:
    """The center itself is none; the administrator, and a script with the center's own login, are each one."""
    transport = fixture.open(A)
    deadline = time.monotonic() + 60
    while not transport.state().consuming and time.monotonic() < deadline:
        time.sleep(0.1)
    assert found(fixture, lambda told: not told) == []
    for url in (vhost.amqp_url(), fixture.url(A)):
        reader = pika.BlockingConnection(pika.URLParameters(url))
        try:
            channel = reader.channel()
            channel.basic_consume(inbox_queue(A), lambda *_: None)
            told = found(fixture)
            assert brief(told) == {("consumer", inbox_queue(A), Severity.ERROR)}
            assert "127.0.0.1" in told[0].detail.en
        finally:
            reader.close()
        assert found(fixture, lambda told: not told) == []

"""A ledger reads the broker's journal, as nobody else of the county does, and compares it with what it was told."""

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pika
import pytest

from bus.contract.ids import new_id
from bus.ledger import reconcile
from bus.ledger.reconcile import compare, keep
from bus.store import Store, ledger_carried, schema
from bus.store import tables as t
from bus.store.inserts import insert
from bus.transports.rabbitmq.journal import JournalUnreadable, carried
from bus.transports.topology.apply import apply, out_exchange, plan, routing_key
from bus.transports.topology.management_api import ManagementApi
from tests.conftest import Vhost
from verification.services import RabbitNode

pytestmark = pytest.mark.broker

MEDIA, PARTY, LEDGER = "media_center-150402099001", "party_service-150402099001", "ledger-150402099001"
NOW_MS = 4_000_000_000_000
"""Long after every message."""


@pytest.fixture
def admin(vhost: Vhost) -> Iterator[ManagementApi]:
    """The operator, who has made the topology for two centers and their ledger."""
    secrets = {MEDIA: "pw of media", PARTY: "pw of party", LEDGER: "pw of ledger"}
    with ManagementApi(vhost.management_url, vhost.user, vhost.password, vhost.name) as operator:
        apply(operator, plan([MEDIA, PARTY, LEDGER]), secrets)
        yield operator
        for user in (*secrets, "auditor"):
            operator.delete_user(user)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """The ledger's store."""
    opened = Store(f"sqlite:///{tmp_path}/ledger.db")
    schema.upgrade(opened)
    yield opened
    opened.close()


def _url(rabbit: RabbitNode, vhost: Vhost, user: str, password: str) -> str:
    return f"amqp://{user}:{quote(password)}@{rabbit.host}:{rabbit.port}/{quote(vhost.name, safe='')}"


def _say(rabbit: RabbitNode, vhost: Vhost, ids: list[str], kind: str = "case.offered") -> None:
    """The media center says something to the party center."""
    connection = pika.BlockingConnection(pika.URLParameters(_url(rabbit, vhost, MEDIA, "pw of media")))
    channel = connection.channel()
    channel.confirm_delivery()
    for message_id in ids:
        properties = pika.BasicProperties(message_id=message_id)
        channel.basic_publish(out_exchange(MEDIA), routing_key(PARTY, kind), b"sealed", properties, mandatory=True)
    connection.close()


def _told(store: Store, ids: list[str]) -> None:
    """The media center has told the facts of these."""
    case = str(new_id())
    fact = {"center": MEDIA, "case_id": case, "way": "said", "kind": "case.offered", "peer": PARTY, "code": None,
            "holder": MEDIA, "version": 1, "round": 1}  # fmt: skip
    rows = [fact | {"message_id": one, "at_ms": reconcile.made_ms(one)} for one in ids]
    to_itself = {"message_id": str(new_id()), "peer": MEDIA, "at_ms": rows[-1]["at_ms"]}  # its staff wait for a word
    rows.append(fact | to_itself)
    store.write(lambda tx: insert(tx, t.ledger_facts, rows))


@pytest.mark.usefixtures("admin")
def test_what_was_carried_and_what_was_told_meet(rabbit: RabbitNode, vhost: Vhost, store: Store) -> None:
    """A message that its sender does not own up to, and one that never went through the broker, are both found; it
    goes on where it has stopped, and a repeat counts once."""
    url = _url(rabbit, vhost, LEDGER, "pw of ledger")
    ids = [str(new_id()) for _ in range(6)]
    store.write(lambda tx: insert(tx, t.audit_centers, [{"center": MEDIA, "first": 1, "first_ms": 0, "reached_ms": 0}]))
    _say(rabbit, vhost, ids[:3])
    _say(rabbit, vhost, [str(new_id())], "bus.receipt")
    assert keep(store, carried(url, LEDGER, None, None, 5)).entries == 4
    _say(rabbit, vhost, [*ids[2:5], ids[4]])
    with store.reading() as tx:
        after = ledger_carried.last_place(tx)
    assert keep(store, carried(url, LEDGER, None, after, 5)).entries == 5
    _told(store, [*ids[:4], ids[5]])
    found = compare(store, NOW_MS)
    assert [(one.message_id, one.sender, one.recipient) for one in found.without_fact] == [(ids[4], MEDIA, PARTY)]
    assert [one.message_id for one in found.without_label] == [ids[5]]
    assert compare(store, reconcile.made_ms(ids[0]) or 0) == ([], [])  # what is newer is not compared


@pytest.mark.usefixtures("admin")
def test_no_center_reads_the_journal(rabbit: RabbitNode, vhost: Vhost) -> None:
    """Its login is refused, with a word that a command can tell."""
    with pytest.raises(JournalUnreadable):
        list(carried(_url(rabbit, vhost, MEDIA, "pw of media"), MEDIA, None, None, 1))

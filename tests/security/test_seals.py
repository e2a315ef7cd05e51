"""What somebody finds who has the broker's disk and its administration: labels, and no resident's data."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pika
import pytest

from bus.custody.commands import Offer, Register
from bus.pipeline.receive import receive
from bus.pipeline.relay import claim, send
from bus.transports.port import SendResult
from bus.transports.rabbitmq.transport import RabbitTransport
from bus.transports.topology.plan import DEAD_LETTERS, JOURNAL, inbox_queue
from tests.harness.signing_county import notarised
from tests.harness.step import BareCenter, a_case
from tests.security.attacked_county import road
from verification.checker.canaries import Canary, canaries
from verification.checker.leak_scan import Place, scan
from verification.services import RabbitNode

pytestmark = pytest.mark.broker
PLACES = {"the broker's files", inbox_queue("party_service-150402"), DEAD_LETTERS, JOURNAL}
MEDIA, PARTY = "media_center-150402", "party_service-150402"


def _offer_all(center: BareCenter, people: list[Canary]) -> None:
    for one in people:
        case = a_case(center.context.me, title=one.words, text=f"{one.name} {one.address}", resident=one.person())
        center.execute(Register(case=case), Offer(case_id=case.case_id, to=(PARTY,), note=one.phone))


def _send_all(center: BareCenter, url: str) -> int:
    """Put everything that is due onto the road. Returns how many the broker has confirmed."""
    transport, taken = RabbitTransport(center.context.me, url), 0
    transport.open()
    try:
        while (load := claim(center.store, center.context, center.now)).messages:
            fates = send(transport, center.context, load, center.now, 30).results
            assert set(fates) == {SendResult.CONFIRMED}
            taken += len(fates)
    finally:
        transport.close(5)
    return taken


def _on_the_broker(rabbit: RabbitNode, url: str) -> Iterator[Place]:
    """Its files, and what its administrator is shown: whole messages of inbox, dead letters and journal."""
    folder = getattr(rabbit.server, "folder", None)
    if isinstance(folder, Path):  # one in a container keeps its files there
        yield "the broker's files", folder
    connection = pika.BlockingConnection(pika.URLParameters(url))
    channel = connection.channel()
    channel.basic_qos(prefetch_count=500)
    for queue in (inbox_queue(PARTY), DEAD_LETTERS, JOURNAL):
        first = {"x-stream-offset": "first"} if queue == JOURNAL else None
        for method, properties, body in channel.consume(queue, arguments=first, inactivity_timeout=1):
            if method is None:
                break
            if queue == JOURNAL:
                channel.basic_ack(method.delivery_tag)
            yield queue, f"{method.routing_key} {properties} ".encode() + body
        channel.cancel()
    connection.close()


def _bury(url: str, count: int) -> None:
    """The administrator lets so many of the inbox go to the dead letters."""
    connection = pika.BlockingConnection(pika.URLParameters(url))
    channel = connection.channel()
    for _ in range(count):
        method, _, _ = channel.basic_get(inbox_queue(PARTY))
        assert method is not None
        channel.basic_reject(method.delivery_tag, requeue=False)
    connection.close()


@pytest.mark.parametrize("sealed", [True, False], ids=["sealed", "signed only"])
def test_the_broker_holds_nothing_of_a_resident(sealed: bool, rabbit: RabbitNode, tmp_path: Path) -> None:
    """Two thousand residents who do not exist lie in an inbox, in the journal and among the dead letters, and not one
    mark of one of them is found on the disk or in a message; where nothing is sealed the same hunt finds them all."""
    people = canaries(seed=1805 + sealed, n=2000 if sealed else 50)
    security = replace(notarised([MEDIA, PARTY])[MEDIA], required=sealed)
    center = BareCenter(MEDIA, tmp_path, security=security)
    with road(rabbit, (MEDIA, PARTY)) as (master, urls):
        _offer_all(center, people)
        assert _send_all(center, urls[MEDIA]) == len(people)
        _bury(master, 20)
        hits = scan(people, _on_the_broker(rabbit, master), except_for={})
    center.close()
    assert {hit.canary for hit in hits} == (set() if sealed else set(range(len(people))))
    assert {hit.place.partition("/")[0] for hit in hits} == (set() if sealed else PLACES)


def test_what_lay_on_the_broker_is_opened_by_its_recipient(rabbit: RabbitNode, tmp_path: Path) -> None:
    """Sealed, confirmed, and after that applied as ever."""
    notaries = notarised([MEDIA, PARTY])
    giver, taker = (BareCenter(name, tmp_path, security=notaries[name]) for name in (MEDIA, PARTY))
    with road(rabbit, (MEDIA, PARTY)) as (_, urls):
        _offer_all(giver, canaries(seed=1807, n=300))
        _send_all(giver, urls[MEDIA])
        transport, applied = RabbitTransport(PARTY, urls[PARTY]), 0
        transport.open()
        while applied < 300:
            there = transport.receive(500, 5)
            assert there, f"{applied} came"
            applied += receive(taker.store, taker.context, there, taker.now)["applied"]
            transport.settle(there)
        transport.close(5)
    giver.close()
    taker.close()

"""Faults of queues, permissions and messages."""

import json
from base64 import b64encode
from contextlib import suppress
from uuid import uuid4

import httpx

from bus.transports.topology.apply import inbox_queue, out_exchange
from verification.chaos.faults.fault import fault
from verification.chaos.scene import Scene
from verification.faults import consumer_timeout, credentials_revoked, delete_queue, purge_queue


@fault(
    "queue-deleted", "删除一个收件队列 0.5–4 秒，连同其中消息", "an inbox is deleted with its messages, for 0.5 to 4 s",
    heals="an operator applies the topology again",
)  # fmt: skip
def queue_deleted(scene: Scene) -> None:
    center = scene.center().name
    delete_queue(scene.links.nodes[0], inbox_queue(center), scene.links.vhost)
    scene.last(center, 0.5, 4)
    scene.links.cure_for_certain()
    scene.hold(3, 5)


@fault("queue-purged", "清空一个收件队列", "all messages of an inbox are thrown away", heals="the senders send again")
def queue_purged(scene: Scene) -> None:
    center = scene.center()
    center.freeze()  # otherwise the queue is seldom filled
    try:
        scene.hold(0.5, 3)
        purge_queue(scene.links.nodes[0], inbox_queue(center.name), scene.links.vhost)
    finally:
        center.thaw()
    scene.hold(1, 4)


@fault(
    "credentials-revoked", "吊销一个中心的消息服务器口令 1–20 秒并断开", "a center's login is revoked for 1 to 20 s",
    heals="it is given back",
)  # fmt: skip
def credentials(scene: Scene) -> None:
    center = scene.center().name
    with credentials_revoked(scene.links.nodes[0], center, scene.links.vhost):
        scene.last(center, 1, 20)
    scene.hold(2, 4)


@fault(
    "consumer-timeout", "消息服务器的消费确认时限缩到 2 秒，中心停顿更久",
    "the broker closes the channel of a center that has not acked for 2 s", heals="the usual limit",
)  # fmt: skip
def consumer_timeout_(scene: Scene) -> None:
    center = scene.center()
    with consumer_timeout(scene.links.nodes[0], 2):
        scene.hold(2, 3)
        center.freeze()
        try:
            scene.hold(4, 6)
        finally:
            center.thaw()
    scene.hold(1, 3)


@fault(
    "poison", "投入无法解读的消息", "bytes that are no message, and messages of a kind nobody knows, reach a center",
    heals="they are parked, and their sender is told",
)  # fmt: skip
def poison(scene: Scene) -> None:
    sender, recipient = scene.rng.sample(list(scene.county.centers), 2)
    if recipient not in scene.targets:
        recipient = scene.rng.choice([name for name in scene.targets if name != sender] or [recipient])
    # without a case and a lane: with them it would be a forged message in a lane, which no broker lets through
    unknown = {
        "specversion": "1.0", "id": str(uuid4()), "source": sender, "recipient": recipient,
        "type": "case.teleported.v1", "time": "2026-11-23T00:00:00Z", "data": {},
    }  # fmt: skip
    garbage = bytes(scene.rng.randrange(256) for _ in range(200))
    path = f"exchanges/{scene.links.vhost}/{out_exchange(sender)}/publish"
    for body in (garbage, b"{" * 500, json.dumps(unknown).encode()):
        parcel = {
            "properties": {"delivery_mode": 2}, "routing_key": f"{recipient}.case.offered",
            "payload": b64encode(body).decode(), "payload_encoding": "base64",
        }  # fmt: skip
        with suppress(httpx.HTTPError), scene.links.broker.api() as api:
            scene.poisoned += api.post(path, json=parcel).is_success
    scene.last(sender, 0.5, 2)

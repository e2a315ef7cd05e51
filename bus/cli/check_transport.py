"""The transport checks of ``bus doctor``: login, sending, receiving."""

import os
import socket
import time
from collections.abc import Iterator
from urllib.parse import urlsplit

from bus.bilingual import Bilingual
from bus.cli.checks import Check, doubtful, well, wrong
from bus.settings import BadSettings, CenterSettings
from bus.transports.port import Parcel, SendResult, TransportState
from bus.transports.rabbitmq import tls
from bus.transports.rabbitmq.transport import RabbitTransport, each_node

NOBODY = "nobody-000000"
"""A recipient in no county: messages to it must be returned."""

ANSWER = 30.0
"""Seconds in which a broker must have let us in. One that cannot be reached says so at once; one that answers slowly is
busy, and a center waits for it as well."""

SEVERAL = 2
"""So many times as long where there are several nodes: those that are down are tried first, and waited for."""

SILENT = Bilingual(
    f"{ANSWER:.0f} 秒内没有应答：查看消息服务器的日志和负载，再运行一次",
    f"no answer within {ANSWER:.0f} s: look at the broker's log and load, then run this again",
)


def broker(settings: CenterSettings) -> Iterator[Check]:
    """Log in, publish to an unknown center (the message must be returned), and consume from the inbox for a moment.

    Nothing is declared, not even passively. One message of the inbox may be delivered meanwhile; it is returned."""
    if not settings.broker:
        cure = Bilingual("设置环境变量 BUS_BROKER=amqps://…", "set BUS_BROKER=amqps://…")
        yield wrong("broker", "没有消息服务器地址", "no URL of the broker", cure)
        return
    try:
        road = RabbitTransport(
            settings.center, settings.broker, prefetch=1, confirm_timeout=ANSWER, tls=tls.context(settings.tls)
        )
    except BadSettings as bad:
        yield from (wrong("broker TLS", zh, en, Bilingual("改正 [tls]", "mend [tls]")) for _, zh, en in bad.faults)
        return
    except ValueError as error:
        cure = Bilingual("改正 BUS_BROKER", "mend BUS_BROKER")
        zh, en = _both(str(error))
        yield wrong("broker", f"消息服务器地址无法解析：{zh}", en, cure)
        return
    nodes = each_node(settings.broker)
    road.open()
    try:
        yield from _connected(road, several=len(nodes) > 1)
    finally:
        road.close(2)
    yield from _nodes(nodes)


def _nodes(nodes: list[str]) -> Iterator[Check]:
    """The nodes of a cluster that do not answer: the center uses another, as long as there is one."""
    away = [
        f"{at.hostname}:{at.port}" for at in map(urlsplit, nodes) if not _answers(at.hostname or "", at.port or 5672)
    ]
    if len(nodes) > 1 and away:
        told = ", ".join(away)
        cure = Bilingual("恢复该节点，或从 BUS_BROKER 中去掉", "restart it, or remove it from BUS_BROKER")
        yield doubtful("broker nodes", f"连不上的节点：{told}", f"no answer from {told}", cure)


def _answers(host: str, port: int) -> bool:
    try:
        socket.create_connection((host, port), 3).close()
    except OSError:
        return False
    return True


def _connected(road: RabbitTransport, *, several: bool) -> Iterator[Check]:
    """Whether both connections are up, for sending and for the inbox: one may be a moment later than the other. With
    ``several`` nodes the fault of one is not the end: the next is tried."""
    until = time.monotonic() + (SEVERAL * ANSWER if several else ANSWER)
    state = road.state()
    while not (both_up(state) or (state.trouble and not several)) and time.monotonic() < until:
        time.sleep(0.05)
        state = road.state()
    trouble = Bilingual(*_both(state.trouble)) if state.trouble else SILENT
    if not state.connected:
        yield wrong("broker", "连不上消息服务器", "the broker cannot be reached", trouble)
        return
    yield well("broker", "已登录", "logged in")
    if state.consuming:
        yield well("inbox", "可以接收", "may be read")
    else:
        yield wrong("inbox", "读不到收件队列", "cannot consume from the inbox", trouble)
    yield _publishing(road)


def both_up(state: TransportState) -> bool:
    """Whether messages can be sent, and the inbox is read."""
    return state.connected and state.consuming


def _publishing(road: RabbitTransport) -> Check:
    (result,) = road.send([Parcel(f"doctor-{os.getpid()}", NOBODY, "doctor", b"{}")], ANSWER)
    if result is SendResult.UNROUTABLE:
        return well("out exchange", "可以发出，无人接收的会退回", "publishing works; unroutable messages are returned")
    if result is SendResult.CONFIRMED:
        return wrong(
            "out exchange",
            "发给不存在的中心也被收下，发送方得不到退回",
            "a message to an unknown center was accepted: senders would never see that a center is missing",
            Bilingual(
                "运行 bus topology verify 找出截流的绑定", "`bus topology verify` finds the binding that takes it"
            ),
        )
    cure = Bilingual(*_both(road.state().trouble or "运行 bus topology verify / run `bus topology verify`"))
    return wrong("out exchange", "不能发出", "cannot be written", cure)


def _both(trouble: str) -> tuple[str, str]:
    """The transport's faults are in both languages, separated by a slash; several faults by a semicolon."""
    parts = [part.partition(" / ") for part in trouble.split("; ") if part]
    return "；".join(part[0] for part in parts), "; ".join(part[2] or part[0] for part in parts)

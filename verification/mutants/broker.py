"""Defects at the broker, in the store's internals and in logs: outside a simulation, whose transport and clock are
virtual.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select, update

import bus.contract.codec
import bus.pipeline.receiving.decode
import bus.runtime.engine
import bus.store.database
import bus.store.opening
import bus.store.unit_of_work
import bus.transports.topology.apply  # its types are made of a class that a plant replaces
from bus.bilingual import Bilingual
from bus.runtime.engine import Engine
from bus.store import Tx, outbox
from bus.store import tables as t
from bus.transports.port import SendResult
from bus.transports.rabbitmq import connection as line
from bus.transports.rabbitmq import consumer, inflight, publisher
from bus.transports.rabbitmq import transport as rabbitmq
from bus.transports.topology import plan
from verification.mutants.defect import tested

TRANSPORT = Bilingual("传输层测试，真实 RabbitMQ", "transport tests on a real RabbitMQ")
UNIT = Bilingual("单元测试", "unit tests")
STORE = Bilingual("存储测试", "store tests")
PRIVACY = Bilingual("隐私搜查", "the privacy hunt")
NO_BROKER = Bilingual(
    "模拟不含真实消息服务器及其客户端", "the simulation's road stands in the place of broker and client"
)
NO_WINDOW = Bilingual("只费内存，不失报文", "it costs memory, and loses nothing")
ONE_WRITER = Bilingual("模拟中每个存储只有一个线程", "a simulated store has one thread")
NO_POWER_CUT = Bilingual("进程被杀不会丢失内核缓存，断电才会", "only a power cut takes what the kernel has cached")
NO_LOG = Bilingual("模拟不写日志", "a simulation logs nothing")
ONE_WISH = Bilingual("仿真中的人一次只办一件事", "simulated staff wishes for one thing at a time")
ONLY_LATE = Bilingual("租期满后照样补办，只是迟", "its lease ends, and it is done again: only late")

SUITE = "tests/conformance/test_transports.py::test_rabbitmq"
PUBLISHING = "tests/broker/test_rabbitmq_publishing.py"
CONSUMING = "tests/broker/test_rabbitmq_consuming.py"
OUTAGES = "tests/broker/test_rabbitmq_outages.py"
PARTS = "tests/unit/test_transport_parts.py"
PROMISES = "tests/mutants/test_promises.py"


@tested(
    "发布不带 mandatory", "publishes without mandatory", f"{SUITE}[says_nobody_for_strangers_alone]",
    by=TRANSPORT, why=NO_BROKER,
)  # fmt: skip
def mandatory_off(patch: pytest.MonkeyPatch) -> None:
    plain = publisher.Publisher._publish

    class Careless:
        def __init__(self, channel: Any) -> None:
            self._channel = channel

        def basic_publish(self, *what: Any, mandatory: bool) -> None:
            self._channel.basic_publish(*what, mandatory=not mandatory)

    def publish(one: publisher.Publisher, ticket: Any) -> None:
        channel, one._channel = one._channel, Careless(one._channel)
        try:
            plain(one, ticket)
        finally:
            one._channel = channel

    patch.setattr(publisher.Publisher, "_publish", publish)


@tested(
    "忽略 multiple 确认", "ignores `multiple` in a confirm", f"{SUITE}[takes_batches_of_any_size]",
    f"{PARTS}::test_multiple_confirms_all_up_to_the_tag", by=TRANSPORT, why=NO_BROKER,
)  # fmt: skip
def multiple_ignored(patch: pytest.MonkeyPatch) -> None:
    plain = inflight.Inflight.confirmed

    def confirmed(one: inflight.Inflight, tag: int, multiple: bool) -> Any:
        return plain(one, tag, multiple=multiple and tag == 0)

    patch.setattr(inflight.Inflight, "confirmed", confirmed)


@tested(
    "拒绝当作确认", "takes a nack for a confirm",
    f"{PUBLISHING}::test_full_inbox_refuses_its_own_parcels_alone", by=TRANSPORT, why=NO_BROKER,
)  # fmt: skip
def nack_is_ack(patch: pytest.MonkeyPatch) -> None:
    plain = inflight.InflightParcel.decide

    def decide(waiting: inflight.InflightParcel, result: SendResult) -> None:
        plain(waiting, SendResult.CONFIRMED if result is SendResult.NACKED else result)

    patch.setattr(inflight.InflightParcel, "decide", decide)


@tested(
    "连接中断当作发送失败", "calls what was in flight refused when its connection is lost",
    f"{OUTAGES}::test_connections_reset_while_publishing", by=TRANSPORT, why=NO_BROKER,
)  # fmt: skip
def cut_is_failure(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(publisher, "result_when_closed", lambda *_: SendResult.NACKED)


@tested(
    "不问消息服务器是否还听得懂", "never asks whether the broker still understands it",
    f"{OUTAGES}::test_a_line_on_which_one_side_waits_for_bytes_that_never_come[up]", by=TRANSPORT, why=NO_BROKER,
)  # fmt: skip
def never_knocks(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(consumer.Consumer, "_knock_later", lambda _: None)


@tested(
    "不看队列是否还在投递", "never sees that a queue hands out nothing more",
    f"{CONSUMING}::test_a_queue_that_takes_our_window_for_full", by=TRANSPORT, why=NO_BROKER,
)  # fmt: skip
def never_sees_starving(patch: pytest.MonkeyPatch) -> None:
    plain = consumer.Consumer._told

    def told(self: consumer.Consumer, channel: object, queue: Any) -> None:
        queue.message_count = 0
        plain(self, channel, queue)

    patch.setattr(consumer.Consumer, "_told", told)


@tested(
    "发送窗口无上限", "publishes without a bound", f"{PARTS}::test_window_is_bounded_by_count_and_bytes",
    by=UNIT, why=NO_WINDOW,
)  # fmt: skip
def window_without_bound(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(inflight.Inflight, "admits", lambda *_: True)


@tested(
    "不等迟到的确认，也不断线重连", "waits for a late confirm for ever", f"{OUTAGES}::test_broker_frozen",
    by=TRANSPORT, why=NO_BROKER,
)  # fmt: skip
def no_watchdog(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(publisher.Publisher, "_watch", lambda _: None)


@tested(
    "吞掉 Basic.Cancel", "swallows Basic.Cancel", f"{CONSUMING}::test_queue_deleted_under_the_consumer",
    by=TRANSPORT, why=NO_BROKER,
)  # fmt: skip
def cancel_swallowed(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(consumer.Consumer, "_cancelled", lambda *_: None)


@tested(
    "确认收件越过未处理者", "acks beyond what was settled",
    f"{CONSUMING}::test_acks_reach_no_further_than_settled[settled1]", by=TRANSPORT, why=NO_BROKER,
)  # fmt: skip
def ack_too_far(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(consumer, "acks", lambda _, numbers: [(max(numbers), True)] if numbers else [])


@tested(
    "收发共用一个连接", "publishes and consumes on one connection",
    f"{PROMISES}::test_acks_are_heard_while_publishing_is_blocked", by=TRANSPORT, why=NO_BROKER,
)  # fmt: skip
def one_connection(patch: pytest.MonkeyPatch) -> None:
    plain = rabbitmq.RabbitTransport.__init__

    def begin(transport: rabbitmq.RabbitTransport, *given: Any, **options: Any) -> None:
        plain(transport, *given, **options)
        out, into = transport._publisher, transport._consumer
        both = into.connection = out.connection
        transport._connections = (both,)  # type: ignore[assignment]  # the defect

        def opened(connection: Any) -> None:
            out._opened(connection)
            into._opened(connection)

        def lost() -> None:
            out._lost()
            into._lost()

        both._opened, both._lost = opened, lost

    patch.setattr(rabbitmq.RabbitTransport, "__init__", begin)


@tested(
    "死信用 drop-head", "dead-letters with drop-head",
    f"{PROMISES}::test_a_full_inbox_keeps_what_it_has",
    "tests/unit/test_topology.py::test_dead_letters_are_kept_at_least_once", by=TRANSPORT, why=NO_BROKER,
)  # fmt: skip
def drop_head(patch: pytest.MonkeyPatch) -> None:
    plain = plan._policies

    def policies(bounds: plan.QueueLimits) -> tuple[plan.Policy, ...]:
        return tuple(replace(one, definition={**one.definition, "overflow": "drop-head"}) for one in plain(bounds))

    patch.setattr(plan, "_policies", policies)


@tested(
    "日志队列绑定 #", "binds the journal to everything",
    "tests/broker/test_topology.py::test_nobody_there_is_returned_through_the_joined_exchanges",
    by=TRANSPORT, why=NO_BROKER,
)  # fmt: skip
def journal_takes_all(patch: pytest.MonkeyPatch) -> None:
    plain = plan.Binding

    def binding(source: str, destination: str, key: str, **more: bool) -> plan.Binding:
        return plain(source, destination, "#" if destination == plan.JOURNAL else key, **more)

    patch.setattr(plan, "Binding", binding)


@tested(
    "客户端库把正文写进日志", "lets the client library log bodies", f"{PUBLISHING}::test_no_body_is_ever_logged",
    by=PRIVACY, why=NO_LOG,
)  # fmt: skip
def pika_is_heard(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(line, "silence_pika", lambda: None)
    patch.setattr(rabbitmq, "silence_pika", lambda: None)


@tested(
    "正文写进日志", "logs bodies",
    "tests/conformance/test_centers.py::test_center[media_center-keeps_the_resident_to_itself]", by=PRIVACY, why=NO_LOG,
)  # fmt: skip
def body_logged(patch: pytest.MonkeyPatch) -> None:
    plain = bus.contract.codec.decode

    def decode(raw: bytes) -> Any:
        logging.getLogger("bus.pipeline.receive").warning("%s", raw.decode(errors="replace"))
        return plain(raw)

    patch.setattr(bus.pipeline.receiving.decode, "decode", decode)


@tested(
    "SQLite 事务由驱动延迟开始", "lets the driver begin a transaction, late and deferred",
    f"{PROMISES}::test_two_writers_never_claim_the_same", by=STORE, why=ONE_WRITER,
)  # fmt: skip
def deferred_begin(patch: pytest.MonkeyPatch) -> None:
    plain = bus.store.opening._sqlite_connect

    def connect(connection: Any, record: object) -> None:
        plain(connection, record)
        connection.isolation_level = ""

    def say(tx: Tx, word: str) -> None:
        if word == "COMMIT":
            tx.connection.commit()

    patch.setattr(bus.store.opening, "_sqlite_connect", connect)
    for module in (bus.store.database, bus.store.opening):
        patch.setattr(module, "sqlite_execute", say)


@tested(
    "SQLite synchronous=NORMAL", "commits without syncing",
    "tests/unit/test_guarantees_store.py::test_a_commit_is_on_the_disk_before_anybody_is_told",
    by=STORE, why=NO_POWER_CUT,
)  # fmt: skip
def synchronous_normal(patch: pytest.MonkeyPatch) -> None:
    plain = bus.store.opening._sqlite_connect

    def connect(connection: Any, record: object) -> None:
        plain(connection, record)
        connection.cursor().execute("PRAGMA synchronous=NORMAL")

    patch.setattr(bus.store.opening, "_sqlite_connect", connect)


@tested(
    "已办结果写不进就丢下", "drops what was performed when it cannot be written down",
    "tests/unit/test_engine.py::test_what_was_performed_is_written_down_as_soon_as_the_store_is_well_again",
    by=UNIT, why=ONLY_LATE,
)  # fmt: skip
def performed_dropped(patch: pytest.MonkeyPatch) -> None:
    plain = Engine.handle

    def work(engine: Engine) -> Any:
        engine._working.take()
        return plain(engine)

    patch.setattr(Engine, "handle", work)


@tested(
    "按 id > 上次 取件，漏掉晚提交者", "claims by id greater than the last, and passes over what commits late",
    f"{PROMISES}::test_what_commits_late_is_claimed", by=STORE, why=ONE_WRITER,
)  # fmt: skip
def late_commit_passed_over(patch: pytest.MonkeyPatch) -> None:
    seen = [0]
    columns = (t.outbox.c.id, t.outbox.c.message_id, t.outbox.c.recipient, t.outbox.c.kind, t.outbox.c.body)

    def claim(tx: Tx, now_ms: int, limit: int, lease_ms: int) -> list[outbox.ClaimedMessage]:
        newer = select(*columns, t.outbox.c.attempts).where(t.outbox.c.id > seen[0])
        rows = [outbox.ClaimedMessage(*row) for row in tx.execute(newer.order_by(t.outbox.c.id).limit(limit))]
        tx.execute(update(t.outbox).where(t.outbox.c.id.in_([x.row for x in rows])).values(next_ms=now_ms + lease_ms))
        seen[0] = max([seen[0], *(row.row for row in rows)])
        return rows

    patch.setattr(outbox, "claim", claim)


@tested(
    "半个答复也执行", "carries out half of an answer of which custody refuses the rest",
    "tests/unit/test_intake_and_handle.py::test_a_command_that_custody_refuses_parks_the_task", by=UNIT, why=ONE_WISH,
)  # fmt: skip
def half_an_answer(patch: pytest.MonkeyPatch) -> None:
    @contextmanager
    def attempt(_page: bus.store.unit_of_work.UnitOfWork) -> Iterator[None]:
        yield

    patch.setattr(bus.store.unit_of_work.UnitOfWork, "savepoint", attempt)

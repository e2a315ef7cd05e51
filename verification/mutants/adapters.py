"""Defects of an adapter, found by the center suite on the media center."""

import dataclasses
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest

from bus.custody import commands as c
from bus.sdk.center import Center, Reject, RetryLater
from bus.testing.adapter_harness import AdapterHarness
from verification.mutants.defect import on_the_harness


def _plant(patch: pytest.MonkeyPatch, change: Callable[[Center[Any]], Center[Any]]) -> None:
    """Make the harness run a changed center."""
    plain = AdapterHarness._watched
    patch.setattr(AdapterHarness, "_watched", lambda harness, center: plain(harness, change(center)))


def _forms(patch: pytest.MonkeyPatch, change: Callable[[list[Any]], list[Any]]) -> None:
    def changed(center: Center[Any]) -> Center[Any]:
        def faulty(form: Any) -> Any:
            return dataclasses.replace(form, handler=lambda d, b: change(list(form.handler(d, b))))

        forms = {name: faulty(form) for name, form in center.forms.items()}
        return Center(center.kind, center.connect, forms, dict(center.handlers))

    _plant(patch, changed)


def _handlers(patch: pytest.MonkeyPatch, change: Callable[[Any, Any, Any], Any]) -> None:
    """Replace every handler by ``change(handler, context, message)``."""

    def changed(center: Center[Any]) -> Center[Any]:
        def faulty(plain: Any) -> Any:
            return lambda d, said: change(plain, d, said)

        handlers = {name: faulty(handler) for name, handler in center.handlers.items()}
        return Center(center.kind, center.connect, dict(center.forms), handlers)

    _plant(patch, changed)


def _recase(item: Any, **change: Any) -> Any:
    return c.Register(case=item.case.model_copy(update=change)) if isinstance(item, c.Register) else item


@on_the_harness(
    "标题与类别互换", "swaps title and category of what it registers", "check_samples.turns_forms_into_commands",
)  # fmt: skip
def swapped_fields(patch: pytest.MonkeyPatch) -> None:
    _forms(
        patch,
        lambda items: [
            _recase(i, title=i.case.category, category=i.case.channel) if isinstance(i, c.Register) else i
            for i in items
        ],
    )


@on_the_harness(
    "忽略匿名要求", "registers an anonymous resident by name", "check_samples.turns_forms_into_commands",
)  # fmt: skip
def anonymity_ignored(patch: pytest.MonkeyPatch) -> None:
    def named(item: Any) -> Any:
        person = getattr(getattr(item, "case", None), "resident", None)
        return item if person is None else _recase(item, resident=person.model_copy(update={"anonymous": False}))

    _forms(patch, lambda items: [named(i) for i in items])


@on_the_harness(
    "接收表单却什么也不做", "takes every form and does nothing with it", "check_samples.turns_forms_into_commands",
)  # fmt: skip
def every_form_dropped(patch: pytest.MonkeyPatch) -> None:
    _forms(patch, lambda _items: [])


@on_the_harness(
    "接收消息却什么也不做", "takes every message and does nothing with it",
    "check_samples.has_the_effect_of_every_kind",
)  # fmt: skip
def every_message_dropped(patch: pytest.MonkeyPatch) -> None:
    _handlers(patch, lambda _plain, _desk, _said: [])


@on_the_harness(
    "丢下一种消息", "does nothing with one kind of message", "check_samples.has_the_effect_of_every_kind",
)  # fmt: skip
def one_kind_dropped(patch: pytest.MonkeyPatch) -> None:
    _handlers(patch, lambda plain, d, said: [] if said.data.kind == "case.urged" else plain(d, said))


@on_the_harness(
    "没有答复居民就结案", "closes a case without a reply to the resident", "check_samples.has_the_effect_of_every_kind",
)  # fmt: skip
def closed_without_a_reply(patch: pytest.MonkeyPatch) -> None:
    def close(plain: Any, d: Any, said: Any) -> Any:
        if said.data.kind != "case.resolved":
            return plain(d, said)
        return [c.Close(case_id=d.record.case.case_id, replied_at=d.now)]

    _handlers(patch, close)


@on_the_harness(
    "幂等键随机", "gives its vendor a random idempotency key",
    "check_backend.survives_every_answer_of_its_vendor", moods=("effect, then 503",),
)  # fmt: skip
def random_idempotency_key(patch: pytest.MonkeyPatch) -> None:
    _handlers(patch, lambda plain, d, said: plain(dataclasses.replace(d, key=f"{d.key}:{uuid4()}"), said))


@on_the_harness(
    "同一消息产生两次效果", "has each effect twice, under two keys", "check_samples.has_the_effect_of_every_kind",
)  # fmt: skip
def effect_twice(patch: pytest.MonkeyPatch) -> None:
    def twice(plain: Any, d: Any, said: Any) -> Any:
        list(plain(dataclasses.replace(d, key=f"{d.key}:again"), said))
        return plain(d, said)

    _handlers(patch, twice)


@on_the_harness(
    "业务系统不在也当作办完", "takes an absent vendor for success", "check_backend.waits_for_a_vendor_that_is_away",
)  # fmt: skip
def handler_swallows_not_now(patch: pytest.MonkeyPatch) -> None:
    def swallow(plain: Any, d: Any, said: Any) -> Any:
        try:
            return list(plain(d, said))
        except RetryLater:
            return []

    _handlers(patch, swallow)


@on_the_harness(
    "拒办原因里写入居民诉求", "writes the resident's words into the reason of a refusal",
    "check_privacy.keeps_the_resident_to_itself",
)  # fmt: skip
def resident_in_a_reason(patch: pytest.MonkeyPatch) -> None:
    def tell(plain: Any, d: Any, said: Any) -> Any:
        try:
            return list(plain(d, said))
        except Reject:
            raise Reject(str(getattr(getattr(said.data, "case", None), "text", "none"))) from None

    _handlers(patch, tell)


@on_the_harness(
    "声明的种类没有处理程序", "declares a kind without a handler", "check_samples.declares_what_it_does",
)  # fmt: skip
def declared_handler_missing(patch: pytest.MonkeyPatch) -> None:
    def fewer_handlers(center: Center[Any]) -> Center[Any]:
        fewer = {name: handler for name, handler in center.handlers.items() if name != "case.rated"}
        return Center(center.kind, center.connect, dict(center.forms), fewer)

    _plant(patch, fewer_handlers)


@on_the_harness(
    "把居民姓名打印到标准输出", "prints the resident's name to standard output",
    "check_privacy.keeps_the_resident_to_itself",
)  # fmt: skip
def resident_printed(patch: pytest.MonkeyPatch) -> None:
    def tell(plain: Any, d: Any, said: Any) -> Any:
        case = getattr(said.data, "case", None)
        print(case.resident.name if case is not None and case.resident else "")  # noqa: T201 - this is the defect
        return plain(d, said)

    _handlers(patch, tell)


@on_the_harness(
    "只认识样例中的类别", "knows the categories of its samples only", "check_circumstances.takes_what_no_sample_shows",
)  # fmt: skip
def categories_of_the_samples_only(patch: pytest.MonkeyPatch) -> None:
    known = {"environment": "市容环境", "property": "物业", "other": "其他"}

    def look_up(plain: Any, d: Any, said: Any) -> Any:
        case = getattr(said.data, "case", None)
        return plain(d, said) if case is None or known[case.category] else []

    _handlers(patch, look_up)

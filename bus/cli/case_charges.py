"""Whose time a case has taken, for ``bus clocks show``. No residents' data."""

from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from bus.bilingual import Bilingual
from bus.cli.output import Output
from bus.clocks.charges import Age, Charge, Step, age, charges
from bus.clocks.words import WHYS
from bus.contract.working_days import CHINA
from bus.store import archive, cases
from bus.store.database import Tx

_HEADS = (
    Bilingual("计时单位", "Counts for"),
    Bilingual("原因", "Why"),
    Bilingual("自", "From"),
    Bilingual("至", "To"),
    Bilingual("小时", "Hours"),
)
_NOBODY = Bilingual("（不计）", "(nobody)")


class Times(NamedTuple):
    """Whose time it was, and how long the resident has waited."""

    spans: tuple[Charge, ...]
    age: Age


def of_case(tx: Tx, case_id: UUID) -> Times | None:
    """Count from the journal of a case; None where its record cannot be read."""
    record = cases.read_each(tx, [case_id]).records.get(case_id)
    if record is None:
        return None
    receipted, now = archive.receipted_ms(tx, str(case_id)), datetime.now(UTC)
    steps = [_step(line, receipted.get(line["message_id"] or "")) for line in cases.journal(tx, case_id)]
    spans = charges(record, steps, now)
    return Times(spans, age(record, spans, now))


def _step(line: Any, arrived_ms: int | None) -> Step:  # noqa: ANN401 - a row of the store
    offered = line["way"] == "said" and line["kind"] == "case.offered"
    arrived = _moment(arrived_ms) if offered and arrived_ms is not None else None
    return Step(_moment(line["at_ms"]), line["way"], line["kind"], line["peer"], line["holder"], arrived)


def _moment(at_ms: int) -> datetime:
    return datetime.fromtimestamp(at_ms / 1000, UTC)


def plain(times: Times) -> dict[str, Any]:
    """The same for a script."""
    spans = [
        {"center": one.center, "why": one.why.value, "from": one.begins.isoformat(), "to": one.ends.isoformat()}
        for one in times.spans
    ]
    return {"charges": spans, "age_s": _seconds(times.age.whole), "held_s": _seconds(times.age.held)}


def show(output: Output, times: Times) -> None:
    """Print whose time it was, and the case's age with and without holds."""
    if times.spans:
        output.table(_HEADS, [_row(output, one) for one in times.spans])
    whole, held = _hours(times.age.whole), _hours(times.age.held)
    without = _hours(times.age.whole - times.age.held)
    output.say(
        f"案龄 {whole} 小时，其中挂起 {held} 小时，扣除后 {without} 小时",
        f"age {whole} h, of which {held} h on hold; {without} h without",
    )


def _row(output: Output, one: Charge) -> tuple[object, ...]:
    center = one.center or output.pick(_NOBODY)
    return center, output.pick(WHYS[one.why]), _local(one.begins), _local(one.ends), _hours(one.ends - one.begins)


def _local(at: datetime) -> str:
    return at.astimezone(CHINA).strftime("%Y-%m-%d %H:%M")


def _hours(span: timedelta) -> str:
    return f"{span.total_seconds() / 3600:.1f}"


def _seconds(span: timedelta) -> int:
    return int(span.total_seconds())

"""Defects of the auditor: it accuses too soon, forgets too soon, believes the wrong ones, or looks at everything."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import pytest
from sqlalchemy import Table, select

import bus.audit.view
import bus.operations.audit
import bus.operations.audit_bounds
import bus.pipeline.facts_refused
import bus.store.audit
import bus.store.audit_views
import bus.store.facts
import bus.store.findings
import bus.store.ledger
from bus.audit import FactRow, Violation
from bus.bilingual import Bilingual
from bus.custody import Record
from bus.store import Tx, inserts, tables
from bus.store.findings import FindingRow
from bus.store.rows import JournalLine
from verification.mutants.defect import tested

UNIT = Bilingual("单元测试", "unit tests")
ONLY_WATCHES = Bilingual("稽核只看不改，模拟照样进行", "the auditor changes nothing, so a simulation goes on as ever")
SELDOM = Bilingual("带说谎者的模拟很少遇到", "a simulation with a liar meets it seldom")
NO_SLIP = Bilingual("模拟中没有配错的总账", "no simulated county names a wrong ledger")
LIVE, RULES = "tests/unit/test_auditor.py", "tests/unit/test_audit_rules.py"


@tested(
    "不等投递时间就报警", "accuses what is only under way",
    f"{LIVE}::test_a_case_that_goes_its_way_is_no_finding", by=UNIT, why=ONLY_WATCHES,
)  # fmt: skip
def impatient_auditor(patch: pytest.MonkeyPatch) -> None:
    plain = bus.store.findings.watch

    def watch(tx: Tx, found: Mapping[Violation, str], now_ms: int, *, looks: bool) -> None:
        at_once = {one._replace(patience_ms=0): pair for one, pair in found.items()}
        plain(tx, at_once, now_ms, looks=looks)

    patch.setattr(bus.store.findings, "watch", watch)


@tested(
    "中心离线时逐案报警", "makes a finding of each case that waits for a silent center",
    f"{LIVE}::test_a_center_that_is_away_is_silent_and_its_cases_are_no_findings_of_their_own",
    by=UNIT, why=ONLY_WATCHES,
)  # fmt: skip
def flood_of_findings(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(bus.operations.audit, "lacks_word", lambda _one, _view: False)


@tested(
    "总账停机时间算作等待", "counts the ledger's own downtime as patience",
    f"{LIVE}::test_a_ledger_that_was_away_accuses_nobody", by=UNIT, why=ONLY_WATCHES,
)  # fmt: skip
def downtime_is_patience(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(bus.operations.audit, "UNSEEN_MS", 10**12)


@tested(
    "问题消除后不销账", "leaves a finding open that has healed",
    f"{LIVE}::test_a_message_that_is_lost_is_overdue_until_it_is_said_again",
    f"{LIVE}::test_an_offer_past_its_deadline_is_stuck_until_it_is_answered",
    by=UNIT, why=ONLY_WATCHES,
)  # fmt: skip
def never_clears(patch: pytest.MonkeyPatch) -> None:
    plain = bus.store.findings.healed

    def healed(tx: Tx, rows: Sequence[FindingRow], now_ms: int) -> None:
        plain(tx, [row for row in rows if row.opened_ms is None], now_ms)

    patch.setattr(bus.store.findings, "healed", healed)


@tested(
    "每轮查看所有案件", "looks at every case in every round",
    f"{LIVE}::test_a_round_looks_at_what_was_told_of_and_not_at_all_cases", by=UNIT, why=ONLY_WATCHES,
)  # fmt: skip
def looks_at_all(patch: pytest.MonkeyPatch) -> None:
    plain = bus.store.audit.cases_after
    patch.setattr(bus.store.audit, "cases_after", lambda tx, _after, _most: plain(tx, "", 10**6))


@tested(
    "谁都可以声明放弃报文", "believes anybody that a message was given up",
    f"{RULES}::test_nobody_else_gives_a_message_up", by=UNIT, why=SELDOM,
)  # fmt: skip
def anybody_gives_up(patch: pytest.MonkeyPatch) -> None:
    def given_up(view: bus.audit.view.CaseView) -> Iterator[tuple[str, str]]:
        for one in view.facts:
            if one.way == "discarded" and one.message_id:
                yield from ((center, one.message_id) for center in view.tellers)

    patch.setattr(bus.audit.view.CaseView, "_given_up", given_up)


@tested(
    "恢复前的事实仍作数", "holds a center to what it told before it said that its store was put back",
    f"{RULES}::test_a_version_that_falls_is_a_store_put_back", by=UNIT, why=SELDOM,
)  # fmt: skip
def old_epoch_counts(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(bus.audit.view.CaseView, "stands", lambda _view, _fact: True)


@tested(
    "案件未知时的拒收使告知中断", "tells a fact without a holder, which stops the relay",
    f"{LIVE}::test_a_message_refused_before_its_case_is_known_is_told_all_the_same", by=UNIT, why=SELDOM,
)  # fmt: skip
def fact_without_holder(patch: pytest.MonkeyPatch) -> None:
    plain = bus.store.facts._fact

    def fact(line: JournalLine, record: Record, now: Any) -> dict[str, Any]:
        return plain(line, record, now) | {"holder": line.holder}

    patch.setattr(bus.store.facts, "_fact", fact)


@tested(
    "告知值班人员姓名，总账拒收", "tells the ledger a person's name, so that it refuses the facts of that minute",
    "tests/unit/test_facts_told.py::test_who_was_on_duty_is_told_to_nobody", by=UNIT,
    why=Bilingual("模拟中没有值班人员，混沌测试能发现", "a simulation has nobody on duty; chaos finds it"),
)  # fmt: skip
def names_the_person(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(bus.store.facts, "_CENTER", re.compile(""))


@tested(
    "时钟拨快时说的话一直作数", "takes what a fast clock has told for something told since",
    f"{LIVE}::test_a_center_whose_clock_was_ahead_is_silent_when_it_goes", by=UNIT, why=ONLY_WATCHES,
)  # fmt: skip
def fast_clock_is_remembered(patch: pytest.MonkeyPatch) -> None:
    plain = inserts.upsert

    def upsert(tx: Tx, table: Table, rows: Sequence[Any]) -> None:
        if table is tables.audit_centers:
            before = {row[0]: row[1] for row in tx.execute(select(table.c.center, table.c.reached_ms))}
            rows = [one._replace(reached_ms=max(one.reached_ms, before.get(one.center, 0))) for one in rows]
        plain(tx, table, rows)

    patch.setattr(bus.store.audit, "upsert", upsert)


HOSTILE = "tests/unit/test_hostile_teller.py"


@tested(
    "说谎者的问题逐条保留，没有上限", "keeps each of a liar's findings, without a bound",
    f"{HOSTILE}::test_a_liar_fills_its_own_bound_and_what_is_more_is_counted",
    f"{HOSTILE}::test_names_that_nobody_has_give_a_liar_no_more_room", by=UNIT, why=SELDOM,
)  # fmt: skip
def unbounded_findings(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(bus.operations.audit_bounds, "MOST_OF_A_PAIR", 10**9)


@tested(
    "一案说得多，别人的话就看不到", "reads the latest facts of a case, whosever they are",
    f"{HOSTILE}::test_a_flood_about_one_case_hides_nothing_that_others_tell_of_it", by=UNIT, why=SELDOM,
)  # fmt: skip
def flood_hides(patch: pytest.MonkeyPatch) -> None:
    def facts(tx: Tx, case_id: str, _known: Iterable[str]) -> list[FactRow]:
        return [FactRow(*row) for row in reversed(bus.store.audit_views._FACTS.rows(tx, case_id=case_id))]

    patch.setattr(bus.store.audit_views, "_facts", facts)


@tested(
    "每天告知没有限额", "takes any number of facts a day",
    f"{HOSTILE}::test_a_center_that_tells_too_much_a_day_is_put_off_until_the_next", by=UNIT, why=SELDOM,
)  # fmt: skip
def any_number_of_facts(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(bus.store.ledger, "may_tell", lambda *_: True)


@tested(
    "被拒收后照旧逐条上报", "goes on to tell who takes no facts, one message after the other",
    "tests/unit/test_facts_refused.py::test_a_refusal_is_one_row_however_long_it_lasts", by=UNIT, why=NO_SLIP,
)  # fmt: skip
def tells_on_and_on(patch: pytest.MonkeyPatch) -> None:
    plain = bus.pipeline.facts_refused.Room
    patch.setattr(bus.pipeline.facts_refused, "room", lambda *given: plain(given[-1] - given[3]))


@tested(
    "过了日期也不查看", "does not look when a date is over",
    f"{LIVE}::test_help_that_nobody_gives_is_found_at_its_date",
    f"{LIVE}::test_an_offer_past_its_deadline_is_stuck_until_it_is_answered", by=UNIT, why=ONLY_WATCHES,
)  # fmt: skip
def blind_to_dates(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(bus.store.audit, "dated", lambda *_: [])
    patch.setattr(bus.store.audit, "cases_after", lambda *_: [])


@tested(
    "总账落后时就报警", "accuses a center of what the ledger itself has not read yet",
    "tests/conformance/test_findings.py::test_a_label_without_its_fact_clears_when_the_fact_comes[sqlite]",
    "tests/conformance/test_findings.py::test_a_fact_is_without_its_label_once_the_journal_was_read_so_far[sqlite]",
    by=UNIT, why=Bilingual("模拟没有消息服务器的记录", "a simulation has no broker's journal"),
)  # fmt: skip
def behind_and_sure(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(bus.operations.audit, "other_half_may_come", lambda _one, _tellers, _read_ms: False)


@tested(
    "每条上报单独查看一次", "looks at a case once for each message about it, and falls behind",
    "tests/conformance/test_findings.py::test_a_look_at_a_case_does_for_all_that_was_told_of_it[sqlite]",
    by=UNIT, why=ONLY_WATCHES,
)  # fmt: skip
def a_look_a_row(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(bus.store.audit, "told_again", lambda _tx, _rows: [])

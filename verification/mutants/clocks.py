"""Defects of the clocks: a plant for each of their principles."""

from collections.abc import Collection, Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from importlib import import_module
from typing import Any

import pytest

import bus.clocks.charges
import bus.clocks.deadlines
import bus.clocks.marks
import bus.pipeline.remind
import bus.recovery.complete
import bus.runtime.clock_loop
from bus.bilingual import Bilingual
from bus.clocks.calendar import Calendar
from bus.clocks.charges import Charge
from bus.clocks.rules import Rules
from bus.contract import messages as k
from bus.custody import Decision, Outgoing, Record, more_time
from bus.custody.casework import Appointment
from bus.custody.reminding import remind
from bus.custody.visits import APPOINTED
from verification.mutants.defect import tested

HEAR = import_module("bus.custody.hear_message")
BY = Bilingual("时限测试", "tests of the clocks")
OFF = Bilingual("仿真中时限未启用，也没有人申请延期", "in a simulation clocks are off, and nobody asks for more time")
MARKS, GUARD, REMIND = (f"tests/unit/test_{name}.py" for name in ("clock_marks", "clock_guard", "remind"))
MORE, RULINGS, CHARGES = (f"tests/unit/test_{name}.py" for name in ("more_time", "custody_rulings", "charges"))
VISITS, NAMED = (f"tests/unit/test_{name}.py" for name in ("appointments", "named_terms"))
ESCALATION, RESTORED = "tests/unit/test_escalation.py", "tests/unit/test_recovery_reminders.py"


@tested(
    "提醒过不记", "forgets what it has reminded of",
    f"{MARKS}::test_nothing_is_said_twice",
    by=BY, why=OFF,
)  # fmt: skip
def reminded_and_forgotten(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(bus.clocks.marks, "remember", lambda record, *_: record)


@tested(
    "提醒时收回转办", "takes an offer back when it urges",
    f"{REMIND}::test_a_reminder_changes_nothing_but_the_memory_of_it",
    by=BY, why=OFF,
)  # fmt: skip
def clock_moves_a_case(patch: pytest.MonkeyPatch) -> None:
    def moving(before: Record, after: Record, says: Collection[Outgoing]) -> Decision:
        decision = remind(before, after, says)
        return replace(decision, record=decision.record.with_(offer_out=None))

    patch.setattr(bus.pipeline.remind, "remind", moving)


@tested(
    "停机后漏发的提醒全部补发", "gives every reminder that a downtime has missed",
    f"{GUARD}::test_after_a_downtime_each_case_is_reminded_of_once",
    by=BY, why=OFF,
)  # fmt: skip
def storm_after_a_downtime(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(bus.clocks.marks, "_one_each", lambda _record, due: (due, []))


@tested(
    "时限与办理争时间", "takes as much time for reminders as it can get, beside forms and messages",
    "tests/unit/test_clock_share.py::test_beside_other_steps_the_clocks_take_a_twentieth",
    by=BY, why=OFF,
)  # fmt: skip
def clocks_do_not_give_way(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(bus.runtime.clock_loop, "SHARE", 1.0)


@tested(
    "半夜催办", "urges at midnight, when the term ends",
    f"{REMIND}::test_an_offer_that_nobody_signs_is_urged_at_the_next_opening",
    by=BY, why=OFF,
)  # fmt: skip
def urged_at_midnight(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Calendar, "opens", lambda _calendar, moment: moment)


@tested(
    "恢复备份后重发提醒", "reminds again after a restore",
    f"{RESTORED}::test_what_was_said_since_the_backup_is_not_said_again",
    by=BY, why=OFF,
)  # fmt: skip
def reminded_again_after_a_restore(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(bus.recovery.complete, "with_reminders", lambda _history, record, _rules: record)


@tested(
    "假期中的挂起计两次", "counts a hold by the calendar, so that its holidays count twice",
    f"{MORE}::test_a_hold_over_a_holiday_counts_its_office_hours_once",
    by=BY, why=OFF,
)  # fmt: skip
def holiday_counted_twice(patch: pytest.MonkeyPatch) -> None:
    def held(record: Record, _rules: Rules) -> timedelta:
        return sum((one.ends - one.begins for one in record.holds), timedelta())

    patch.setattr(bus.clocks.deadlines, "_held", held)


@tested(
    "挂起计入承办用时", "charges the holder with a hold",
    f"{CHARGES}::test_a_hold_is_nobodys_and_the_age_goes_on",
    by=BY, why=OFF,
)  # fmt: skip
def hold_charged(patch: pytest.MonkeyPatch) -> None:
    def all_of_them(spans: Iterable[Charge], *_: object) -> list[Charge]:
        return list(spans)

    patch.setattr(bus.clocks.charges, "_taken_out", all_of_them)


@tested(
    "逾期答复也算同意", "takes a grant that comes after the term",
    f"{MORE}::test_silence_is_no_consent",
    by=BY, why=OFF,
)  # fmt: skip
def granted_too_late(patch: pytest.MonkeyPatch) -> None:
    def hear(record: Record, data: k.ExtensionAnswered, source: str, _said_at: datetime) -> Decision:
        begun = record.case.received_at
        return more_time.hear_answer(record, data, source, begun)

    patch.setitem(HEAR._HANDLERS, k.ExtensionAnswered, hear)


@tested(
    "承办中心自行改期限", "lets a holder move its own term",
    f"{MORE}::test_a_peers_extension_without_a_grant_is_heard_and_moves_no_term",
    f"{MORE}::test_where_nobody_can_be_asked_all_is_as_before[None]",
    by=BY, why=OFF,
)  # fmt: skip
def term_moved_by_its_holder(patch: pytest.MonkeyPatch) -> None:
    plain = more_time.hear_progress

    def hear(record: Record, data: k.Progressed, source: str, said_at: datetime) -> Record:
        moved = plain(record, data, source, said_at)
        return moved.with_(term=data.due) if data.stage == more_time.EXTENDED and data.due else moved

    patch.setattr(more_time, "hear_progress", hear)


@tested(
    "未经同意即可延期", "lets own staff extend without a grant",
    f"{MORE}::test_without_a_grant_no_own_command_extends",
    by=BY, why=OFF,
)  # fmt: skip
def extended_unasked(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(more_time, "can_be_asked", lambda *_: False)


@tested(
    "结案不告知裁定中心", "tells the arbiter nothing of the end of a case that it never held",
    f"{RULINGS}::test_the_arbiter_that_was_asked_hears_the_close_and_rules_no_more",
    f"{RULINGS}::test_the_arbiter_that_has_ruled_hears_the_result",
    by=BY, why=Bilingual("仿真只核对经手过案件的中心", "a simulation compares the centers that have held a case"),
)  # fmt: skip
def arbiter_left_out(patch: pytest.MonkeyPatch) -> None:
    nobody: Any = property(lambda _record: ())
    patch.setattr(Record, "hear_the_end", nobody)


@tested(
    "答复后仍等裁定", "waits for a ruling although the silent center has answered",
    f"{RULINGS}::test_a_complaint_of_silence_ends_with_the_answer[decline]",
    f"{RULINGS}::test_a_complaint_about_a_silent_holder_ends_with_its_word[progress]",
    by=BY, why=Bilingual("仿真中裁定总会到来", "in a simulation the ruling comes in the end"),
)  # fmt: skip
def locked_after_the_answer(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(HEAR, "silence_broken", lambda record: record.arbitration)


@tested(
    "只收到提级就裁定", "lets an arbiter rule that was only told",
    f"{ESCALATION}::test_the_arbiter_is_told_without_the_resident_and_hears_the_close",
    by=BY, why=OFF,
)  # fmt: skip
def ruled_unasked(patch: pytest.MonkeyPatch) -> None:
    initiating = import_module("bus.custody.initiating")
    plain = initiating._informed
    patch.setattr(initiating, "_informed", lambda *given: plain(*given).with_(informed=False))


@tested(
    "已上门仍催上门", "goes on waiting for a visit that took place",
    f"{VISITS}::test_whoever_came_is_not_reminded[visited]",
    f"{VISITS}::test_the_desk_gets_its_lights_as_work_and_its_timers_follow[True]",
    by=BY, why=OFF,
)  # fmt: skip
def visited_and_awaited(patch: pytest.MonkeyPatch) -> None:
    def new_ones_alone(known: Appointment | None, data: k.Progressed, said_at: datetime) -> Appointment | None:
        return Appointment(at=data.at, made_at=said_at) if data.stage == APPOINTED and data.at is not None else known

    for module in ("progress", "hear_message"):
        patch.setattr(import_module(f"bus.custody.{module}"), "appointment_after", new_ones_alone)


@tested(
    "敏感案件也报几点上门", "tells others the hour of a visit to a patient",
    f"{VISITS}::test_the_hour_of_a_visit_to_a_patient_stays_with_the_holder[sensitive]",
    by=BY, why=Bilingual("仿真中没有人预约上门", "in a simulation nobody appoints a visit"),
)  # fmt: skip
def hour_of_a_patient_told(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(import_module("bus.custody.progress"), "_shown", lambda _record, command: command)


@tested(
    "裁定的期限不作数", "hears a ruling, and not the term that it names",
    f"{NAMED}::test_a_ruling_that_names_a_term_sets_it_at_all_centers",
    by=BY, why=Bilingual("仿真中的裁定不写期限", "in a simulation no ruling names a term"),
)  # fmt: skip
def ruled_term_unheard(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(import_module("bus.custody.initiating"), "ruled_until", lambda record, _due: record)


@tested(
    "补录案件催旧账", "waits for what was over before a settled matter was entered",
    "tests/unit/test_settled_clocks.py::test_an_old_ledger_lays_no_work_on_the_desk_and_fills_no_journal",
    by=BY, why=OFF,
)  # fmt: skip
def settled_and_urged(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(bus.clocks.deadlines, "_was_over", lambda _record, _deadline: False)


@tested(
    "一日之内催同一单位两次", "reminds a center twice a day, where others are told with it",
    f"{MARKS}::test_who_was_told_today_is_left_out_where_several_are_told[usual]",
    by=BY, why=OFF,
)  # fmt: skip
def reminded_twice_a_day(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(bus.clocks.marks, "_but_for", lambda _told, mark: mark)

"""Defects of the door for persons on duty, found by its table test."""

import datetime
from dataclasses import replace
from typing import Any

import pytest

from bus.bilingual import Bilingual
from bus.operations import carrying, door, operating, rights, steps
from bus.pipeline.receiving import operations as receiving_operations
from bus.security.staff import OnDuty, Role, StaffKey
from bus.store import carried_commands, operations, outbox, parked_marks, staff_commands
from bus.store.operations import Item, Operation, State
from verification.mutants.defect import tested

TABLE = "tests/unit/test_operators_door.py"
BY = Bilingual("值班处置的表格测试", "the table test of the door for persons on duty")
WHY = Bilingual("仿真中没有值班密钥", "no person on duty has a key in the simulation")


@tested(
    "同一指令执行两次", "carries a command out as often as it comes",
    f"{TABLE}::test_given_twice_it_is_done_once_and_answered_alike[pause]", by=BY, why=WHY,
)  # fmt: skip
def command_done_twice(patch: pytest.MonkeyPatch) -> None:
    plain = staff_commands.begin
    patch.setattr(staff_commands, "begin", lambda tx, command: plain(tx, command) and None)


@tested(
    "不看角色", "takes any listed key for an administrator's",
    f"{TABLE}::test_beyond_the_role_nothing_is_done[discard]", by=BY, why=WHY,
)  # fmt: skip
def role_is_not_asked(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(StaffKey, "right", property(lambda _: Role.ADMINISTRATOR))


@tested(
    "旧指令、别处的指令照办", "carries out commands of whatever age and for whatever center",
    f"{TABLE}::test_a_thief_gets_nothing_done[discard]", by=BY, why=WHY,
)  # fmt: skip
def command_means_anywhere(patch: pytest.MonkeyPatch) -> None:
    plain = rights.admit

    def admit(command: Any, who: OnDuty, me: str, now: datetime.datetime) -> None:
        plain(command.model_copy(update={"center": me, "made": now}), who, me, now)

    patch.setattr(door, "admit", admit)


@tested(
    "吊销的值班密钥照认", "believes a staff key that was revoked",
    f"{TABLE}::test_an_operation_of_a_key_that_was_revoked_stops", by=BY, why=WHY,
)  # fmt: skip
def revoked_staff_goes_on(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(operating, "_why_not", lambda *_: "")


@tested(
    "一人两把密钥当作两人", "takes two keys of one person for two persons",
    f"{TABLE}::test_a_second_person_is_another_person", by=BY, why=WHY,
)  # fmt: skip
def second_key_is_a_second_person(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(operating, "owner_of", lambda key_id: key_id)


@tested(
    "查看全文不先记录", "shows a resident before the access log has it",
    f"{TABLE}::test_a_resident_is_seen_by_nobody_who_has_not_said_why", by=BY, why=WHY,
)  # fmt: skip
def revealed_unnoted(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(door, "reveal_within", lambda *_: None)


@tested(
    "处置与进度分两次提交", "books an item in a transaction of its own, before it is done with",
    f"{TABLE}::test_killed_at_every_stage_it_is_as_if_nothing_had_been[before-discard]", by=BY, why=WHY,
)  # fmt: skip
def booked_before_done(patch: pytest.MonkeyPatch) -> None:
    plain = operating.step

    def step(store: Any, context: Any, operation_id: str, now: datetime.datetime) -> bool:
        held: list[tuple[Operation, Item]] = []
        carry_out = steps.carry_out

        def ahead(tx: Any) -> None:
            operation = operations.locked(tx, operation_id)
            item = operations.item_at(tx, operation_id, operation.done) if operation else None
            if operation is not None and item is not None and operation.state == State.RUNNING.value:
                held.append((operation, item))
                operating._put(tx, operation._replace(done=operation.done + 1), now)

        store.write(ahead)
        if not held:
            return plain(store, context, operation_id, now)
        (operation, item), *_ = held

        def finish(tx: Any) -> bool:
            one = steps.Step(tx, context, operation, {}, item, now)
            done = carry_out(one)
            return operating._booked(tx, operation, done, now) if isinstance(done, Item) else True

        return bool(store.write(finish))

    patch.setattr(operating, "step", step)


@tested(
    "保留的照样处置", "replays and discards what a person holds",
    f"{TABLE}::test_an_item_that_is_held_is_neither_replayed_nor_discarded", by=BY, why=WHY,
)  # fmt: skip
def hold_is_not_asked(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(parked_marks, "held_by", lambda *_: None)


CARRIED = "tests/unit/test_operators_bus.py"


@tested(
    "全文经总线转交", "carries a whole item over the bus, where both ends archive it",
    f"{CARRIED}::test_a_whole_item_is_never_carried", by=BY, why=WHY,
)  # fmt: skip
def reading_is_carried(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(carrying, "_reveals", lambda _raw: False)


@tested(
    "总账可无限转交", "takes any number of carried commands",
    f"{CARRIED}::test_a_ledger_that_floods_a_center_is_put_off", by=BY, why=WHY,
)  # fmt: skip
def any_number_of_commands(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(carried_commands, "count_asked", lambda *_: 0)


@tested(
    "谁都可以转交", "takes commands from any participant that carries them",
    f"{CARRIED}::test_only_a_ledger_carries_commands", by=BY, why=WHY,
)  # fmt: skip
def anybody_carries(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(receiving_operations, "is_ledger", lambda _center: True)
    patch.setattr(receiving_operations, "_has_a_door", lambda _context: True)


@tested(
    "不看本中心的限制", "gives each role its whole right, whatever the center's settings say",
    f"{TABLE}::test_no_role_counts_for_more_than_a_center_lets_it", by=BY, why=WHY,
)  # fmt: skip
def own_limits_are_ignored(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(StaffKey, "at_most", lambda key, _highest: key)


@tested(
    "暂停不起作用", "sends what is paused",
    f"{TABLE}::test_a_paused_peer_and_a_paused_kind_wait_and_then_go", by=BY, why=WHY,
)  # fmt: skip
def pause_is_ignored(patch: pytest.MonkeyPatch) -> None:
    plain = outbox.what_is_due
    patch.setattr(outbox, "what_is_due", lambda tx, now_ms: replace(plain(tx, now_ms), paused=False))

"""One suite for the store on SQLite and on PostgreSQL."""

from contextlib import closing
from functools import partial
from uuid import UUID

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import MetaData, inspect

from bus.cli.downgrade import V0_1_0, step_back
from bus.contract.epochs import EPOCH, epoch_start
from bus.contract.ids import new_id
from bus.custody import Record
from bus.figures.facts import CaseFacts
from bus.runtime.lease import StoreLease, StoreTaken
from bus.store import (
    Store,
    StoreUnavailable,
    Tx,
    archive,
    case_lists,
    cases,
    inbox,
    intakes,
    lanes,
    older_cases,
    outbox,
    parked,
    recovery,
    schema,
    waiting,
)
from bus.store.rows import HeldRow, LinkRow
from bus.store.tables import metadata
from tests.harness.step import NOW, a_case

ME, PEER = "media_center-150402", "party_service-150402"


def _message(case_id: UUID, sequence: int, now_ms: int = 1) -> outbox.OutboxRow:
    body, waiting = b"\x00\xffbody", (outbox.WAITING, 0, now_ms, now_ms)
    return outbox.OutboxRow(str(new_id()), PEER, str(case_id), sequence, "case.offered", body, None, *waiting)


@pytest.mark.filterwarnings("ignore:Skipped unsupported reflection")  # SQLAlchemy passes over an index of endings
@pytest.mark.filterwarnings("ignore:autogenerate skipping")  # and so does Alembic
def test_migrations_make_exactly_the_tables_of_the_code(store: Store) -> None:
    """The schema that migrations build is the one that the queries expect."""
    with store.reading() as tx:
        assert compare_metadata(MigrationContext.configure(tx), metadata) == []


def test_a_store_of_the_previous_version_keeps_its_rows_through_the_upgrade(store: Store) -> None:
    """What was stored before an upgrade is there after it, and the upgrade may be repeated."""
    schema.upgrade(store)
    record = Record(me=ME, case=a_case(ME), holder=ME, version=1, path=(ME,))
    store.write(lambda tx: cases.keep(tx, [record], 1))
    with store.engine.begin() as tx:
        for table in ("archive", "eras", "pages_owed", "recoveries", "recovery_peers", "recovery_told"):
            tx.exec_driver_sql(f"DROP TABLE {table}")
        tx.exec_driver_sql("ALTER TABLE work DROP COLUMN said")
        made_since = (
            *("incidents", "notices"),
            *("console_people", "console_sessions", "console_failures", "console_marks"),
            *("findings", "audit_mark", "audit_clocks", "audit_centers", "audit_touched"),
            "receipts_heard",
            "accesses",
            "attachments_came",
            "case_keys",
            "file_keys",
            "case_files",
            "directories",
            "vouching_peers",
            "put_off",
            "leases",
            "directory_marks",
            "polls",
            "case_count",
            "timers",
            "clock_state",
            "early_forms",
            "opinions",
            "activities",
            "activity_hosts",
            "staff_commands",
            "refused_commands",
            "operations",
            "operation_items",
            "parked_marks",
            "paused",
            *("operations_asked", "operations_carried"),
            *(
                "facts_untold",
                "facts_asked",
                "facts_refused",
                "ledger_facts",
                "ledger_states",
                "ledger_centers",
                "ledger_offers",
            ),
            *("ledger_cells", "ledger_carried", "ledger_sums_untold", "ledger_totals", "ledger_reckoning"),
        )
        for table in made_since:
            tx.exec_driver_sql(f"DROP TABLE {table}")
        for table in ("outbox", "receipts", "applied"):
            tx.exec_driver_sql(f"ALTER TABLE {table} DROP COLUMN digest")
        tx.exec_driver_sql("DROP INDEX parked_by_message")
        tx.exec_driver_sql("ALTER TABLE cases DROP COLUMN sensitive")
        tx.exec_driver_sql("DROP INDEX cases_offered")
        tx.exec_driver_sql("ALTER TABLE cases DROP COLUMN offerer")
        for index in ("opened", "category", "street", "ending"):
            tx.exec_driver_sql(f"DROP INDEX cases_by_{index}")
        for index in ("overdue", "going_round", "unanswered", "older"):
            tx.exec_driver_sql(f"DROP INDEX cases_{index}")
        for column in (*CaseFacts._fields, "category", "street", "offered_ms"):
            tx.exec_driver_sql(f"ALTER TABLE cases DROP COLUMN {column}")
        tx.exec_driver_sql("UPDATE alembic_version SET version_num = '0002'")
    schema.upgrade(store)
    schema.upgrade(store)
    assert schema.current(store) == schema.newest()
    assert store.write(lambda tx: cases.load(tx, [record.case.case_id])) == {record.case.case_id: record}


@pytest.mark.filterwarnings("ignore:Skipped unsupported reflection")  # SQLAlchemy passes over an index of endings
def test_a_store_goes_back_to_the_schema_of_the_release_before_with_its_rows(store: Store) -> None:
    """Column by column as that release has made it, every case kept; and forward again, with what has to be filled."""
    record = Record(me=ME, case=a_case(ME), holder=ME, version=1, path=(ME,))
    store.write(lambda tx: cases.keep(tx, [record], 1))
    step_back(store)
    went_back = _shape(store)
    schema.upgrade(store)
    assert store.write(lambda tx: cases.load(tx, [record.case.case_id])) == {record.case.case_id: record}
    assert store.write(lambda tx: older_cases.refresh(tx, "", 9)) == str(record.case.case_id)
    with store.engine.begin() as tx:
        every = MetaData()
        every.reflect(tx)
        every.drop_all(tx)
    schema.upgrade(store, V0_1_0)
    assert _shape(store) == went_back


def _shape(store: Store) -> dict[str, object]:
    with store.reading() as tx:
        look = inspect(tx)
        return {
            table: (
                [(one["name"], str(one["type"]), one["nullable"]) for one in look.get_columns(table)],
                look.get_pk_constraint(table)["constrained_columns"],
                sorted((one["name"] or "", tuple(one["column_names"])) for one in look.get_indexes(table)),
            )
            for table in sorted(look.get_table_names())
        }


def test_a_store_at_which_a_process_is_at_work_does_not_go_back(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """The center is stopped first."""
    monkeypatch.setattr("bus.runtime.lease.RENEW_S", 0.1)
    with closing(Store(store.url.render_as_string(hide_password=False))) as other:
        lease = StoreLease(other)
        lease.acquire()
        with pytest.raises(StoreTaken):
            step_back(store)
        lease.release()
    assert schema.current(store) == schema.newest()


def test_a_failed_change_leaves_nothing_behind(store: Store) -> None:
    """A transaction is all or nothing."""
    case_id = new_id()

    def change(tx: Tx) -> None:
        outbox.enqueue(tx, [_message(case_id, 1)])
        raise RuntimeError

    with pytest.raises(RuntimeError):
        store.write(change)
    assert store.write(lambda tx: outbox.claim(tx, 10, 10, 10)) == []


def test_a_lost_race_ends_as_trouble_that_names_the_cure_and_no_value(store: Store) -> None:
    """A row that can never be written raises StoreTrouble, without the row in its text."""
    row = _message(new_id(), 1)
    store.write(lambda tx: outbox.enqueue(tx, [row]))
    with pytest.raises(StoreUnavailable) as trouble:
        store.write(lambda tx: outbox.enqueue(tx, [row]))
    assert row.message_id not in str(trouble.value)


def test_claimed_messages_are_not_claimed_again_before_their_lease_ends(store: Store) -> None:
    """Two relays never hold the same message at the same time, and a crash frees it after the lease."""
    case_id = new_id()
    store.write(lambda tx: outbox.enqueue(tx, [_message(case_id, n) for n in (1, 2, 3)]))
    first = store.write(lambda tx: outbox.claim(tx, 10, 2, 100))
    second = store.write(lambda tx: outbox.claim(tx, 10, 10, 100))
    assert [len(first), len(second)] == [2, 1]
    assert {m.message_id for m in first}.isdisjoint(m.message_id for m in second)
    assert first[0].body == b"\x00\xffbody"
    assert len(store.write(lambda tx: outbox.claim(tx, 200, 10, 100))) == 3


def test_only_the_recipients_receipt_ends_a_message(store: Store) -> None:
    """A receipt from anybody else counts for nothing; a refusal keeps the message for the operator."""
    rows = [_message(new_id(), 1), _message(new_id(), 1)]
    ids = [row.message_id for row in rows]
    store.write(lambda tx: outbox.enqueue(tx, rows))
    assert store.write(lambda tx: outbox.receipted(tx, "media_center-150404", ids, [])) == 0
    assert store.write(lambda tx: outbox.receipted(tx, PEER, [ids[0]], [(ids[1], "stale")])) == 2
    with store.reading() as tx:
        assert outbox.figures(tx)["refused"] == 1
        assert outbox.figures(tx)["waiting"] == 0


def test_sequences_run_from_one_without_gaps_per_peer_and_case(store: Store) -> None:
    """Reserved places follow each other, and the other mark of the lane stays as it is."""
    case_id = str(new_id())
    assert store.write(lambda tx: lanes.next_sequences(tx, {(PEER, case_id): 3}, 0)) == {(PEER, case_id): 0}
    store.write(lambda tx: lanes.set_lanes(tx, "applied", {(PEER, case_id): 7}, 0))
    assert store.write(lambda tx: lanes.next_sequences(tx, {(PEER, case_id): 1}, 0)) == {(PEER, case_id): 3}
    with store.reading() as tx:
        assert inbox.applied_marks(tx, [(PEER, case_id), (ME, case_id)]) == {(PEER, case_id): 7, (ME, case_id): 0}


def _task(case_id: UUID) -> inbox.WorkRow:
    return inbox.WorkRow(str(new_id()), str(case_id), PEER, "case.urged", b"{}", inbox.WAITING, 0, 1, 1)


def test_only_the_first_task_of_a_case_is_claimed_and_a_parked_one_blocks(store: Store) -> None:
    """The effects of one case keep their order in the center's own system, also behind a parked task."""
    one, other = new_id(), new_id()
    store.write(lambda tx: inbox.enqueue_work(tx, [_task(one), _task(one), _task(other)]))
    claimed = store.write(lambda tx: inbox.claim_work(tx, 10, 10, 100))
    assert [task.case_id for task in claimed] == [str(one), str(other)]
    store.write(lambda tx: inbox.park_work(tx, claimed[0].row, "vendor-400"))
    store.write(lambda tx: inbox.finish_work(tx, [claimed[1].row]))
    assert store.write(lambda tx: inbox.claim_work(tx, 500, 10, 100)) == []
    assert store.write(lambda tx: inbox.replay_work(tx, claimed[0].message_id, 500))
    assert [t.row for t in store.write(lambda tx: inbox.claim_work(tx, 500, 10, 100))] == [claimed[0].row]


def test_the_same_thing_parked_again_is_counted_not_doubled(store: Store) -> None:
    """An operator sees one entry with a count, however often a poison message comes."""
    row = parked.row(parked.WIRE, "not-json", "", known_by=b"\x00", owner=ME, now_ms=5, body=b"\x00")
    for at in (5, 9):
        store.write(lambda tx, at=at: parked.park(tx, [row._replace(last_ms=at)]))  # type: ignore[misc]  # a default in a lambda
    with store.reading() as tx:
        (listed,) = parked.listed(tx)
    assert (listed["times"], listed["first_ms"], listed["last_ms"]) == (2, 5, 9)


def test_running_numbers_never_repeat(store: Store) -> None:
    """Numbers for people rise by one and are given out once."""
    assert [store.write(lambda tx: cases.next_number(tx, "MEDIA-20261123")) for _ in range(3)] == [1, 2, 3]


def test_links_and_intakes_are_remembered(store: Store) -> None:
    """A native record finds its case, and a form that was taken in is known with its answer."""
    case_id = new_id()
    link = LinkRow("app", "留言-1", str(case_id))
    store.write(lambda tx: cases.link(tx, [link, link]))
    row = intakes.IntakeRow("message", "e1", "d", "{}", 1)
    store.write(lambda tx: intakes.note(tx, [row]))
    with store.reading() as tx:
        assert cases.find(tx, "app", "留言-1") == case_id
        assert cases.natives(tx, [case_id]) == {case_id: {"app": "留言-1"}}
        assert intakes.known(tx, [("message", "e1"), ("message", "e2")]) == {("message", "e1"): ("d", "{}")}


def test_a_case_is_found_by_the_end_of_its_id_and_the_oldest_that_waits_by_peer(store: Store) -> None:
    """Both that share an end, and no other; of what waits, the first of each place and peer."""
    one, other = (UUID(int=(number << 64) + 0xABCDEF0) for number in (1, 2))
    third = UUID(int=1 << 64)
    for case_id, day, holder in ((other, 1, ME), (third, 2, PEER), (one, 3, ME)):
        case = a_case(ME, case_id=case_id, number=f"N-{day}", received_at=NOW.replace(day=day))
        record = Record(me=ME, case=case, holder=holder, version=1, path=(ME,))
        store.write(partial(cases.keep, records=[record], now_ms=1))
    held = [HeldRow(PEER, str(case_id), 2, b"x", at_ms) for case_id, at_ms in ((one, 5), (other, 4), (third, 6))]
    store.write(lambda tx: inbox.hold(tx, held))
    assert store.write(lambda tx: case_lists.ending(tx, "abcdef0")) == [(one, "N-3"), (other, "N-1")]
    assert store.write(lambda tx: case_lists.ending(tx, "bbcdef0")) == []
    assert store.write(waiting.oldest_cases) == {("open", ME): other, ("open", PEER): third, ("held", PEER): other}


def test_held_messages_wait_once_and_are_released(store: Store) -> None:
    """A message held back twice is there once, and gone after its release."""
    place = HeldRow(PEER, str(new_id()), 3, b"x", 1)
    store.write(lambda tx: inbox.hold(tx, [place, place]))
    lane = (PEER, place.case_id)
    with store.reading() as tx:
        assert inbox.held(tx, [lane]) == {lane: {3: 1}}
        assert inbox.held_bodies(tx, lane, [2, 3]) == {3: b"x"}
        assert (inbox.held_bytes(tx, PEER), inbox.held_bytes(tx, ME)) == (1, 0)
    store.write(lambda tx: inbox.release(tx, [(*lane, 3)]))
    with store.reading() as tx:
        assert inbox.held(tx, [lane]) == {}


def test_the_record_survives_the_store_unchanged(store: Store) -> None:
    """A record that is read back equals the one that was written."""
    record = Record(me=ME, case=a_case(ME), holder=ME, version=1, path=(ME,), due=NOW)
    store.write(lambda tx: cases.keep(tx, [record], 1))
    with store.reading() as tx:
        assert cases.read(tx, [record.case.case_id]) == {record.case.case_id: record}
        assert cases.by_number(tx, record.case.number) == record.case.case_id


def test_what_is_receipted_is_kept_and_told_and_pruned(store: Store) -> None:
    """The archive takes a receipted message from the outbox; what waits there is told after it; old entries go."""
    case_id = new_id()
    first, second = _message(case_id, 1), _message(case_id, 2)
    store.write(lambda tx: outbox.enqueue(tx, [first, second]))

    def receipted(tx: Tx) -> None:
        archive.keep_said(tx, PEER, [first.message_id], "applied", 5)
        outbox.receipted(tx, PEER, [first.message_id], [])

    store.write(receipted)
    with store.reading() as tx:
        told = [*archive.since(tx, PEER, 0, 10), *archive.unreceipted(tx, PEER, 0, 10)]
        assert list(archive.since(tx, ME, 0, 10)) == []
    assert [(one.way, one.sequence, one.body, one.verdict) for one in told] == [
        ("said", 1, b"\x00\xffbody", "applied"),
        ("said", 2, b"\x00\xffbody", None),
    ]
    assert [store.write(lambda tx, at=at: archive.prune(tx, at, 10)) for at in (5, 6)] == [0, 1]  # type: ignore[misc]  # a default binds the loop's value


def test_a_recovery_lifts_every_lane_into_its_era_and_ends_once(store: Store) -> None:
    """New lanes and old ones go on at the million; while it goes on the desk rests."""
    old, fresh = (PEER, str(new_id())), (PEER, str(new_id()))
    store.write(lambda tx: lanes.next_sequences(tx, {old: 3}, 0))
    store.write(lambda tx: recovery.begin(tx, str(new_id()), 1, [PEER], 1))
    epoch = store.write(recovery.epoch)
    assert (epoch.number, [one.state for one in store.write(recovery.peers)]) == (1, [recovery.ASKED])
    store.write(lambda tx: recovery.lift_sent(tx, epoch_start(1)))
    store.write(lambda tx: recovery.lift_counters(tx, {"c": 7}))
    store.write(lambda tx: recovery.end(tx, str(epoch.recovery), 2))
    assert store.write(lambda tx: lanes.next_sequences(tx, {old: 1, fresh: 1}, epoch.number)) == {
        old: EPOCH,
        fresh: EPOCH,
    }
    assert store.write(lambda tx: cases.next_number(tx, "c")) == 8
    assert store.write(recovery.epoch) == recovery.Epoch(1, None, ended_ms=2)


def test_a_peer_enters_an_era_and_what_was_held_back_is_forgotten(store: Store) -> None:
    """Its sender said it before its store was put back: nobody will ever say what it waits for."""
    place = HeldRow(PEER, str(new_id()), 2, b"x", 1)
    store.write(lambda tx: inbox.hold(tx, [place]))
    store.write(lambda tx: archive.begin_epoch(tx, PEER, 1, "r"))
    assert store.write(lambda tx: archive.epochs(tx, [PEER, ME])) == {PEER: (1, "r")}
    assert store.write(lambda tx: inbox.held(tx, [(PEER, place.case_id)])) == {}
    owed = archive.OwedPage(PEER, "r", "0", 1)
    store.write(lambda tx: archive.owe_pages(tx, [owed]))
    assert len(store.write(lambda tx: archive.pages_due(tx, 1, 10))) == 1
    assert store.write(lambda tx: archive.pages_due(tx, 2, 10)) == []
    store.write(lambda tx: archive.page_sent(tx, owed._replace(cursor="a1:0")))
    assert len(store.write(lambda tx: archive.pages_due(tx, 11, 10))) == 1

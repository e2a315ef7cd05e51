"""A store whose rows stand under a key of their case: who can read it, what is altered, and what is erased."""

import base64
import shutil
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from bus.contract.messages import Outcome
from bus.custody import Record, Status
from bus.custody.commands import Accept, Close, Offer, Register, Reopen, Resolve
from bus.operations import erasure
from bus.operations.erasure import MayNotErase
from bus.operations.replay import find
from bus.runtime.housekeeping import EMPTY_LOG_S, Housekeeping
from bus.security.errors import KeyUnusable
from bus.security.master_key import FileKey, master_key, new_master_key
from bus.settings import load
from bus.store import Store, StoreUnavailable, Tx, access_log, archive, case_count, cases, inbox, outbox, parked, schema
from bus.store import tables as t
from bus.store.encryption import ERASED, MARK, CaseEncryption
from bus.store.opening import PAGE_BYTES
from tests.harness.step import NOW, BareCenter, a_case, carry
from tests.unit.test_cli_run import SECRET, WHOLE, bus
from verification.checker.canaries import canaries
from verification.checker.leak_scan import scan

MEDIA, PARTY = "media_center-150402", "party_service-150402"
PEOPLE = canaries(seed=51, n=40)
MASTER = FileKey(b"m" * 32)


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[tuple[BareCenter, BareCenter]]:
    """Two centers whose stores are hidden."""
    made = tuple(BareCenter(name, tmp_path, encryption=CaseEncryption(MASTER)) for name in (MEDIA, PARTY))
    yield made[0], made[1]
    for center in made:
        center.close()


def _handed_over(pair: tuple[BareCenter, BareCenter], number: int = 0) -> Any:
    one = PEOPLE[number]
    case = a_case(MEDIA, title=one.words, text=f"{one.name} {one.address}", resident=one.person())
    pair[0].execute(Register(case=case), Offer(case_id=case.case_id, to=(PARTY,), note=one.phone))
    carry(*pair)
    pair[1].execute(Accept(case_id=case.case_id))
    carry(*pair)
    return case


def _closed(pair: tuple[BareCenter, BareCenter], number: int = 0) -> Any:
    case = _handed_over(pair, number)
    pair[1].execute(Resolve(case_id=case.case_id, outcome=Outcome.DONE, public_reply=PEOPLE[number].words))
    carry(*pair)
    pair[0].execute(Close(case_id=case.case_id, replied_at=NOW))
    carry(*pair)
    for center in pair:  # what its own system has done with it
        center.store.write(lambda tx: tx.execute(t.work.delete()))
    return case


def test_nobody_finds_a_resident_on_the_disk(pair: tuple[BareCenter, BareCenter], tmp_path: Path) -> None:
    """Forty residents' cases went to and fro; the files of both stores hold not one mark of one of them, while what was
    said is read as ever."""
    made = [_handed_over(pair, number) for number in range(len(PEOPLE))]
    for center in pair:
        with center.store.reading() as tx:
            records = cases.read(tx, [case.case_id for case in made])
            assert [records[case.case_id].case.text for case in made] == [case.text for case in made]
            assert all(b"case.offered" in one.body for one in archive.since(tx, _other(center), 0, 1))
    assert scan(PEOPLE, [("stores", tmp_path)], except_for={}) == []


def _other(center: BareCenter) -> str:
    return PARTY if center.context.me == MEDIA else MEDIA


def test_every_body_is_hidden_and_shown(pair: tuple[BareCenter, BareCenter]) -> None:
    """Outbox, desk, held back, parked, archive and record: noise in the table, itself through the queries."""
    media, party = pair
    case = a_case(MEDIA)
    media.execute(Register(case=case), Offer(case_id=case.case_id, to=(PARTY,)))
    with media.store.reading() as tx:
        (raw,) = tx.execute(select(t.outbox)).all()
        assert raw.body.startswith(MARK)
        assert outbox.waiting(tx, [raw.message_id])[0].body.startswith(b"{")
        assert tx.execute(select(t.cases.c.record)).scalar_one().startswith("~")
    (parcel,) = media.relay()
    party.receive(parcel.body.replace(b'"sequence":1', b'"sequence":2'))
    party.receive(b"\x00 no message")
    with party.store.reading() as tx:
        assert tx.execute(select(t.held.c.body)).scalar_one().startswith(MARK)
        body = inbox.held_bodies(tx, (MEDIA, str(case.case_id)), [2])[2]
        assert body is not None
        assert body.startswith(b"{")
        (row,) = parked.listed(tx)
        assert tx.execute(select(t.parked.c.body)).scalar_one().startswith(MARK)
        assert find(tx, row["id"]).body == b"\x00 no message"
    party.receive(parcel.body)
    with party.store.reading() as tx:
        assert all(body.startswith(MARK) for body in tx.execute(select(t.work.c.body)).scalars())
        assert all(body.startswith(b"{") for body in inbox.bodies(tx, str(case.case_id)))


def test_each_case_has_a_key_of_its_own(pair: tuple[BareCenter, BareCenter]) -> None:
    """A row that is moved to another case opens under neither key."""
    first, second = _handed_over(pair, 0), _handed_over(pair, 1)
    with pair[0].store.reading() as tx:
        assert len(set(tx.execute(select(t.case_keys.c.wrapped)).scalars())) == 2
        record = tx.execute(select(t.cases.c.record).where(t.cases.c.case_id == str(first.case_id))).scalar_one()
    moved = update(t.cases).where(t.cases.c.case_id == str(second.case_id)).values(record=record)
    pair[0].store.write(lambda tx: tx.execute(moved))
    with pytest.raises(StoreUnavailable, match="was altered"), pair[0].store.reading() as tx:
        cases.read(tx, [second.case_id])


def test_an_altered_row_is_noticed(pair: tuple[BareCenter, BareCenter]) -> None:
    """One bit, by somebody who may write to the store."""
    case = _handed_over(pair)
    with pair[0].store.reading() as tx:
        record = tx.execute(select(t.cases.c.record)).scalar_one()
    raw = bytearray(base64.b64decode(record[1:]))
    raw[-1] ^= 1
    changed = "~" + base64.b64encode(raw).decode()
    pair[0].store.write(lambda tx: tx.execute(update(t.cases).values(record=changed)))
    with pytest.raises(StoreUnavailable, match="was altered"), pair[0].store.reading() as tx:
        cases.read(tx, [case.case_id])


@pytest.mark.parametrize(
    ("encryption", "says"), [(CaseEncryption(FileKey(b"x" * 32)), "another one"), (CaseEncryption(), "at_rest")]
)
def test_without_the_right_master_key_nothing_is_read(
    encryption: CaseEncryption, says: str, pair: tuple[BareCenter, BareCenter], tmp_path: Path
) -> None:
    """And the cure is told."""
    case = _handed_over(pair)
    cases._LATELY.clear()
    other = Store(f"sqlite:///{tmp_path}/{MEDIA}.db", encryption)
    with pytest.raises(KeyUnusable, match=says), other.reading() as tx:
        cases.read(tx, [case.case_id])
    other.close()


def test_a_store_in_clear_is_hidden_from_its_next_change_on(tmp_path: Path) -> None:
    """Rows of before are read as they are."""
    plain = BareCenter(MEDIA, tmp_path)
    case = a_case(MEDIA)
    plain.execute(Register(case=case))
    plain.close()
    hidden = BareCenter(MEDIA, tmp_path, encryption=CaseEncryption(MASTER))
    hidden.execute(Offer(case_id=case.case_id, to=(PARTY,)))
    with hidden.store.reading() as tx:
        assert tx.execute(select(t.cases.c.record)).scalar_one().startswith("~")
        assert cases.read(tx, [case.case_id])[case.case_id].case == case
    hidden.close()


# -- erasing -----------------------------------------------------------------------------------------------------------


def _figures(center: BareCenter) -> Any:
    with center.store.reading() as tx:
        columns = [column for column in t.cases.c if column.name != "record"]
        rows = tx.execute(select(*columns).order_by(t.cases.c.case_id)).all()
        marks = tx.execute(select(t.lanes).order_by(*t.lanes.primary_key)).all()
        memory = tx.execute(select(t.applied).order_by(*t.applied.primary_key)).all()
        return rows, marks, memory, case_count.by_status(tx)


def test_an_erased_case_is_noise_and_every_figure_stays(pair: tuple[BareCenter, BareCenter], tmp_path: Path) -> None:
    """Its key is gone, so that nobody reads it with the master key either; the other cases stay, and all that is
    counted."""
    case, other = _closed(pair, 0), _closed(pair, 1)
    media = pair[0]
    with media.store.reading() as tx:
        yesterdays = [(row.case_id, row.body) for row in tx.execute(select(t.archive.c.case_id, t.archive.c.body))]
        yesterdays += [(row.case_id, _stored(row.record)) for row in tx.execute(select(t.cases))]
    mine = [(case_id, body) for case_id, body in yesterdays if case_id == str(case.case_id)]
    others = [(case_id, body) for case_id, body in yesterdays if case_id == str(other.case_id)]
    before = _figures(media)
    erasure.erase(media.blobs, media.context, case.case_id, NOW, "root", "asked")
    cases._LATELY.clear()
    assert _figures(media) == before
    with media.store.reading() as tx:
        records = cases.read(tx, [case.case_id, other.case_id])
        assert not scan(PEOPLE, [("record", records[case.case_id].model_dump_json())])
        assert records[other.case_id].case == other
        told = list(archive.since(tx, PARTY, 0, 100))
    assert all(body.startswith(MARK) for _, body in yesterdays)
    for known in (media.store.engine.get_execution_options()["vault"], CaseEncryption(MASTER)):
        with media.store.reading() as tx:
            assert known.decrypted(tx, mine) == [ERASED] * len(mine)
            assert PEOPLE[1].words.encode() in b"".join(known.decrypted(tx, others))
    assert len(mine) > 1
    assert {entry.case_id for entry in told} == {str(other.case_id)}
    assert ("erased", "") in [(line["way"], line["note"]) for line in _journal(media, case)]


def _stored(record: str) -> bytes:
    """What stands in the column of a record, as bytes."""
    return base64.b64decode(record.removeprefix("~"))


@pytest.mark.parametrize("by", ["command", "retention"])
def test_an_erased_case_does_not_come_back_from_the_log(
    by: str, pair: tuple[BareCenter, BareCenter], tmp_path: Path
) -> None:
    """Beside a running center: whoever copies the store's files and takes the last entries from its log reads nothing
    of the resident with the master key, and the key of the case stands in none of the files."""
    case = _closed(pair)
    media = pair[0]
    with media.store.reading() as tx:
        wrapped = bytes(
            tx.execute(select(t.case_keys.c.wrapped).where(t.case_keys.c.case_id == str(case.case_id))).scalar_one()
        )
    if by == "command":
        assert erasure.erase(media.blobs, media.context, case.case_id, NOW, "root", "asked")
    else:
        assert erasure.erase_old(media.blobs, media.context, 2**60, 10, NOW) == 1
    _nothing_comes_back(tmp_path, case, wrapped)


def _nothing_comes_back(folder: Path, case: Any, wrapped: bytes) -> None:
    stolen = folder / "stolen"
    stolen.mkdir()
    for path in folder.glob(f"{MEDIA}.db*"):
        shutil.copy(path, stolen)
    log = stolen / f"{MEDIA}.db-wal"
    with log.open("r+b") as file:
        file.truncate(max(0, log.stat().st_size - FRAME))
    found = b"".join(path.read_bytes() for path in stolen.iterdir())
    assert [at for at in range(len(wrapped) - 12) if wrapped[at : at + 12] in found] == []
    cases._LATELY.clear()
    with closing(Store(f"sqlite:///{stolen}/{MEDIA}.db", CaseEncryption(MASTER))) as store, store.reading() as tx:
        assert cases.read(tx, [case.case_id])[case.case_id].case.text == erasure.BLANK
        assert list(archive.since(tx, PARTY, 0, 100)) == []


FRAME = 24 + PAGE_BYTES
"""Of SQLite's log: a page with its head."""


def test_a_log_that_somebody_reads_is_emptied_when_he_has_gone(
    pair: tuple[BareCenter, BareCenter], tmp_path: Path
) -> None:
    """The erasure says that it is not done with; housekeeping ends it."""
    case = _closed(pair)
    media = pair[0]
    settings = load(
        None, center=MEDIA, store=f"sqlite:///{tmp_path}/{MEDIA}.db", backend={"url": "http://x"}, intake_secret=SECRET
    )
    keeping = Housekeeping(settings, media.context, media.blobs, lambda: NOW)
    with media.store.reading() as tx:
        query = select(t.case_keys.c.wrapped).where(t.case_keys.c.case_id == str(case.case_id))
        wrapped = bytes(tx.execute(query).scalar_one())
        assert not erasure.erase(media.blobs, media.context, case.case_id, NOW, "root", "asked")
        assert keeping.round() <= EMPTY_LOG_S
        assert wrapped in (tmp_path / f"{MEDIA}.db").read_bytes() + (tmp_path / f"{MEDIA}.db-wal").read_bytes()
    assert keeping.round() <= EMPTY_LOG_S
    _nothing_comes_back(tmp_path, case, wrapped)


def _journal(center: BareCenter, case: Any) -> Any:
    with center.store.reading() as tx:
        return cases.journal(tx, case.case_id)


def test_what_is_said_of_an_erased_case_is_answered_as_ever(pair: tuple[BareCenter, BareCenter]) -> None:
    """Under a key of its own from then on."""
    case = _closed(pair)
    media, party = pair
    erasure.erase(media.blobs, media.context, case.case_id, NOW, "root", "asked")
    media.execute(Reopen(case_id=case.case_id, text=PEOPLE[1].words))
    carry(media, party)
    cases._LATELY.clear()
    with media.store.reading() as tx:
        record = cases.read(tx, [case.case_id])[case.case_id]
        told = list(archive.since(tx, PARTY, 0, 100))
    assert (record.holder, record.status, record.round, record.case.text) == (PARTY, Status.OPEN, 2, erasure.BLANK)
    assert [b"case.reopened" in entry.body for entry in told] == [True]


def test_what_is_old_enough_is_erased_by_itself(pair: tuple[BareCenter, BareCenter]) -> None:
    """Closed cases alone, the oldest first, a few at a time; each once, and recorded."""
    made = [_closed(pair, number) for number in range(3)]
    _handed_over(pair, 3)
    media = pair[0]
    assert erasure.erase_old(media.blobs, media.context, 0, 10, NOW) == 0
    assert [erasure.erase_old(media.blobs, media.context, 2**60, 2, NOW) for _ in range(3)] == [2, 1, 0]
    with media.store.reading() as tx:
        recorded = list(access_log.entries(tx))
        records = cases.read(tx, [case.case_id for case in made]).values()
    assert {one.case_id for one in recorded} == {str(case.case_id) for case in made}
    assert {one.who for one in recorded} == {erasure.RETENTION}
    assert {record.case.text for record in records} == {erasure.BLANK}


def test_a_case_that_was_opened_again_after_its_erasure_is_erased_again(pair: tuple[BareCenter, BareCenter]) -> None:
    """What the resident said since is not kept for ever because what he said before is gone."""
    case = _closed(pair)
    media, party = pair
    assert erasure.erase_old(media.blobs, media.context, 2**60, 2, media.now) == 1
    for center in pair:
        center.later(3600)
    media.execute(Reopen(case_id=case.case_id, text=PEOPLE[1].words))
    carry(media, party)
    party.execute(Resolve(case_id=case.case_id, outcome=Outcome.DONE, public_reply=PEOPLE[1].words))
    carry(media, party)
    media.execute(Close(case_id=case.case_id, replied_at=media.now))
    carry(media, party)
    media.store.write(lambda tx: tx.execute(t.work.delete()))
    later = media.now + timedelta(hours=1)
    assert [erasure.erase_old(media.blobs, media.context, 2**60, 2, later) for _ in range(2)] == [1, 0]
    with media.store.reading() as tx:
        assert list(archive.since(tx, PARTY, 0, 100)) == []


def test_the_command_erases_and_says_what_is_left(pair: tuple[BareCenter, BareCenter], tmp_path: Path) -> None:
    """By the case's number; with a reason, or not at all."""
    case = _closed(pair)
    (tmp_path / "key").write_bytes(base64.b64encode(b"m" * 32))
    (tmp_path / "key").chmod(0o600)
    config = tmp_path / "c.toml"
    config.write_text(
        f'center = "{MEDIA}"\nstore = "sqlite:///{tmp_path}/{MEDIA}.db"\n[backend]\nurl = "http://127.0.0.1:1"\n'
        f'[at_rest]\nkey = "{tmp_path}/key"\n'
    )
    assert bus("erase", case.number, "--config", config)[0] == 2
    code, out, _ = bus("erase", case.number, "--reason", "本人要求", "--config", config)
    assert (code, "备份" in out) == (0, True)
    code, _, said = bus("erase", "N-none", "--reason", "本人要求", "--config", config, "--lang", "en")
    assert (code, "no such case" in said) == (1, True)
    assert "本人要求" in bus("access", "list", "--config", config)[1]


def test_a_master_key_is_made_once(tmp_path: Path) -> None:
    """For its owner alone, and never over another: that one opens a store."""
    path = tmp_path / "key"
    assert bus("keys", "master", "--file", path)[0] == 0
    assert path.stat().st_mode & 0o777 == 0o600
    assert master_key(str(path))
    assert bus("keys", "master", "--file", path)[0] == 1


@pytest.mark.parametrize(
    ("more", "fault"),
    [
        ("[retention]\nerase_after_days = 400\n", "needs at_rest"),
        ('[at_rest]\nkey = "k"\n[retention]\nerase_after_days = 7\n', "keep_days"),
    ],
)
def test_times_that_do_not_fit_together_are_refused_at_the_start(more: str, fault: str, tmp_path: Path) -> None:
    """Erased before a neighbour may have asked for it, or without a key to destroy."""
    config = tmp_path / "c.toml"
    config.write_text(WHOLE.format(folder=tmp_path) + more)
    code, _, said = bus("run", MEDIA, "--config", config, "--lang", "en", BUS_INTAKE_SECRET=SECRET)
    assert (code, fault in said) == (2, True)


@pytest.mark.parametrize(
    ("prepare", "code"),
    [
        ("unknown", "unknown-case"),
        ("open", "not-closed"),
        ("outbox", "under-way"),
        ("work", "under-way"),
        ("held", "under-way"),
        ("waits", "under-way"),
        ("plain", "in-clear"),
    ],
)
def test_what_may_not_be_erased_is_told_why(
    prepare: str, code: str, pair: tuple[BareCenter, BareCenter], tmp_path: Path
) -> None:
    """A case that is open, that somebody still waits for, or that stands in clear."""
    media = pair[0]
    if prepare == "unknown":
        case_id = a_case(MEDIA).case_id
    elif prepare == "open":
        case_id = _handed_over(pair).case_id
    else:
        case_id = _closed(pair).case_id
    if prepare in WAITS:
        media.store.write(lambda tx: WAITS[prepare](tx, str(case_id)))
    if prepare == "plain":
        media.store.write(lambda tx: tx.execute(t.case_keys.delete()))
        cases._LATELY.clear()
        media.store.write(lambda tx: tx.execute(update(t.cases).values(record=_plain_record(case_id))))
    with pytest.raises(MayNotErase) as told:
        erasure.erase(media.blobs, media.context, case_id, NOW, "root", "asked")
    assert told.value.code == code


def _park(tx: Tx, case_id: str) -> None:
    row = parked.row(parked.WIRE, "x", "", known_by=b"x", owner=MEDIA, now_ms=1, case_id=case_id, body=b"x")
    parked.park(tx, [row])


def _say(tx: Tx, case_id: str) -> None:
    row = outbox.OutboxRow("1", PARTY, case_id, 9, "case.urged", b"x", None, outbox.WAITING, 0, 1, 1)
    outbox.enqueue(tx, [row])


def _work(tx: Tx, case_id: str) -> None:
    inbox.enqueue_work(tx, [inbox.WorkRow("1", case_id, PARTY, "case.urged", b"x", inbox.WAITING, 0, 1, 1)])


def _hold_back(tx: Tx, case_id: str) -> None:
    tx.execute(t.held.insert().values(peer=PARTY, case_id=case_id, sequence=9, body=b"x", at_ms=1))


WAITS = {"outbox": _say, "work": _work, "held": _hold_back, "waits": _park}


def _plain_record(case_id: Any) -> str:
    case = a_case(MEDIA, case_id=case_id)
    return Record(me=MEDIA, case=case, holder=MEDIA, version=1, path=(MEDIA,), status=Status.CLOSED).model_dump_json()


# -- the master key ----------------------------------------------------------------------------------------------------


def test_a_master_key_is_read_from_a_file_a_credential_or_a_provider(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each wraps and unwraps; what is wrapped for one case opens for no other."""
    path = tmp_path / "store-key"
    path.write_bytes(new_master_key())
    path.chmod(0o600)
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    by_file, by_credential = master_key(str(path)), master_key("credential:store-key")
    assert by_credential.unwrap(by_file.wrap(b"k" * 16, b"a"), b"a") == b"k" * 16
    with pytest.raises(KeyUnusable, match="another one"):
        by_file.unwrap(by_file.wrap(b"k" * 16, b"a"), b"b")
    provided = master_key("provider:tests.unit.test_encryption:the_module")
    assert provided.unwrap(provided.wrap(b"k", b"a"), b"a") == b"k"


def the_module() -> FileKey:
    """As a hardware module's package would offer it."""
    return FileKey(b"h" * 32)


WRONG = {
    "missing": "master",
    "readable": "chmod 600",
    "short": "no key of a store",
    "junk": "no key of a store",
    "credential:x": "LoadCredential",
    "provider:no.such:thing": "no provider",
    "provider:tests.unit.test_encryption:nothing": "no provider",
}


@pytest.mark.parametrize("name", WRONG)
def test_a_master_key_that_cannot_be_used_is_told_with_the_cure(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And never the key itself."""
    monkeypatch.delenv("CREDENTIALS_DIRECTORY", raising=False)
    path = tmp_path / name.replace("/", "")
    content = {"readable": new_master_key(), "short": b"c2hvcnQ=\n", "junk": b"\xff\xfe\n"}.get(name)
    if content is not None:
        path.write_bytes(content)
        path.chmod(0o644 if name == "readable" else 0o600)
    with pytest.raises(KeyUnusable, match=WRONG[name]):
        master_key(name if ":" in name else str(path))


def test_of_two_processes_that_make_a_key_at_once_the_first_ones_is_both(tmp_path: Path) -> None:
    """The second learns it from the store, and what it hides the first can show."""
    store = Store(f"sqlite:///{tmp_path}/s.db")
    schema.upgrade(store)
    one, two = CaseEncryption(MASTER), CaseEncryption(MASTER)

    def both(tx: Tx) -> None:
        keys = [encryption._new_keys(tx, MASTER, {"case"}) for encryption in (one, two)]
        assert len(tx.execute(select(t.case_keys)).all()) == 1
        (hidden,) = two.hidden(tx, [("case", b"said")])
        assert one.decrypted(tx, [("case", hidden)]) == [b"said"]
        assert keys[0]["case"].cipher is not None

    store.write(both)
    store.close()

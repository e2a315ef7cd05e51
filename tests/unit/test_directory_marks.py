"""Marks in the county's directory: set by the operator, kept by programs that know them not, missed when lost."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select

from bus import log
from bus.bilingual import Bilingual
from bus.cli import check_keys, check_store
from bus.contract import messages as k
from bus.contract import signed_document
from bus.contract.codec import decode, encode
from bus.contract.envelope import compose
from bus.demo.county_keys import county_keys
from bus.operations.marks_watch import MarksWatch
from bus.operations.replay import Outcome, replay
from bus.runtime.process import CenterProcess
from bus.security import directory
from bus.security.cipher_suite import DIRECTORY
from bus.security.directory import MASKING_NEEDS, Directory, Mark
from bus.security.keyed_security import KeyedSecurity
from bus.security.keyring import OwnKey, new_keyring, read_keyring
from bus.security.message_security import Unsecured
from bus.settings import CenterSettings, fresh_secret
from bus.store import Store, parked, schema
from bus.store import tables as t
from tests.harness.center import resting_process
from tests.harness.signing_county import GOVERNMENT, MEDIA, PARTY, Signing
from tests.harness.step import NOW, HeldTransport, a_case


def _operator(folder: Path) -> OwnKey:
    return read_keyring(folder / "operator.keys.json").keys[-1]


def _document(raw: bytes) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(signed_document.split(raw)[1])
    return found


def _signed(document: dict[str, Any], operator: OwnKey) -> bytes:
    body = json.dumps(document, ensure_ascii=False).encode()
    return signed_document.join(body, [operator.signed(body, DIRECTORY)])


def _rewrite(folder: Path, **changes: Any) -> None:
    """The directory signed anew with these changes; None takes a field out, as a program does that does not know it."""
    path, operator = folder / "county.directory", _operator(folder)
    document = _document(path.read_bytes())
    document |= {"serial": document["serial"] + 1, **changes}
    path.write_bytes(_signed({name: value for name, value in document.items() if value is not None}, operator))


# -- the file ----------------------------------------------------------------------------------------------------------


def test_what_a_newer_program_has_written_stays_in_the_file() -> None:
    """Fields of the directory and beside a key, and marks, that nobody here knows go through a change and back."""
    operator, media = new_keyring("operator", NOW).keys[-1], new_keyring(MEDIA, NOW)
    key = media.keys[-1].public.model_dump()
    listed = {"center": MEDIA, "key": key, "since": NOW.isoformat(), "region": "north"}
    document = {
        "serial": 7,
        "issued": NOW.isoformat(),
        "keys": [listed],
        "marks": {MEDIA: ["reads-v2"]},
        "era": {"a": 1},
    }
    known = directory.read(_signed(document, operator), operator.public)
    known = known.with_marks({PARTY: (Mark.ARBITER,)}, NOW).with_keys(known.listed.values(), NOW)
    written = _document(directory.written(known, operator))
    assert written["era"] == {"a": 1}
    assert written["keys"][0]["region"] == "north"
    assert written["marks"] == {MEDIA: ["reads-v2"], PARTY: ["arbiter"]}


def test_a_directory_without_marks_is_written_as_before() -> None:
    """A county that marks nobody has the file that it had."""
    operator = new_keyring("operator", NOW).keys[-1]
    assert set(_document(directory.written(directory.empty(NOW), operator))) == {"serial", "issued", "keys"}


def test_a_mark_that_was_taken_away_is_not_lost() -> None:
    """The file says so; of what was lost it says nothing."""
    had: dict[str, tuple[str, ...]] = {MEDIA: (Mark.ARBITER,), PARTY: (Mark.ARBITER,), GOVERNMENT: ()}
    known = Directory(3, NOW, {}, {MEDIA: ()})
    assert known.lost(had) == {PARTY: (Mark.ARBITER,)}


# -- who is believed ---------------------------------------------------------------------------------------------------


@pytest.fixture
def county(tmp_path: Path) -> Iterator[Signing]:
    """Three centers that sign; nobody is marked yet."""
    with_keys = Signing(tmp_path)
    yield with_keys
    with_keys.close()


def _ruling(county: Signing, by: str = GOVERNMENT, subject: UUID | None = None, sequence: int = 1) -> bytes:
    """A case that is unknown at the recipient is imposed on it."""
    case = a_case(MEDIA) if subject is None else a_case(MEDIA, case_id=subject)
    ruled = k.Ruled(version=1000, ruling=k.Ruling.IMPOSED, holder=PARTY, text="定", case=case, path=(MEDIA,))
    message = compose(ruled, source=by, recipient=PARTY, now=NOW, subject=case.case_id, sequence=sequence)
    return county.notaries[by].protect(encode(message), PARTY, NOW)


def _mark(county: Signing, *centers: str) -> None:
    county.shelf.known = county.shelf.known.with_marks(dict.fromkeys(centers, (Mark.ARBITER,)), NOW)


def test_a_ruling_by_nobodys_arbiter_waits_until_its_center_is_marked(county: Signing) -> None:
    """Parked without a receipt: it comes again by itself, and is no honest arbiter's loss that a mark came late."""
    _mark(county, MEDIA)
    ruling = _ruling(county)
    assert county.dq.receive(ruling) == {"early": 1}
    assert (county.parked(), county.known(), county.dq.relay()) == (["unknown-arbiter"], 0, [])
    assert county.dq.receive(ruling) == {"early": 1}
    _mark(county, GOVERNMENT)
    assert county.dq.receive(ruling) == {"applied": 1}
    assert (county.parked(), county.known()) == ([], 1)


def test_an_operator_replays_what_a_mark_has_made_right(county: Signing) -> None:
    """Before the mark it stays parked, with its code; after it, it is applied."""
    _mark(county, MEDIA)
    county.dq.receive(_ruling(county))
    with county.dq.store.reading() as tx:
        (row,) = parked.listed(tx)
    done = replay(county.dq.store, county.dq.context, row["id"], NOW)
    assert (done.outcome, done.code) == (Outcome.STILL_PARKED, "unknown-arbiter")
    _mark(county, GOVERNMENT)
    assert replay(county.dq.store, county.dq.context, row["id"], NOW).outcome is Outcome.APPLIED
    assert (county.parked(), county.known()) == ([], 1)


def test_who_is_believed_besides_marked_arbiters(county: Signing) -> None:
    """The center's own arbiter, the case's origin; and anybody in a county that marks none."""
    county.dq.context = type(county.dq.context)(PARTY, GOVERNMENT, security=county.notaries[PARTY])
    assert county.dq.receive(_ruling(county, MEDIA)) == {"applied": 1}
    _mark(county, MEDIA)
    assert county.dq.receive(_ruling(county, GOVERNMENT)) == {"applied": 1}
    county.dq.context = type(county.dq.context)(PARTY, None, security=county.notaries[PARTY])
    assert county.dq.receive(_ruling(county, GOVERNMENT)) == {"early": 1}
    assert county.dq.receive(_ruling(county, MEDIA)) == {"applied": 1}


def test_a_stranger_becomes_no_holder_and_its_result_reaches_nobody(county: Signing) -> None:
    """It jumps over a thousand, to a holder that has offered the case to nobody: both messages wait, unreceipted."""
    county.rm.receive()
    (parcel,) = county.sent()
    case_id = decode(county.notaries[PARTY].unseal(parcel.body)).subject
    assert case_id is not None
    said: tuple[k.CaseKind, ...] = (
        k.Progressed(version=1000, stage="visit", text="去现场"),
        k.Resolved(version=1000, round=1, outcome=k.Outcome.DONE, public_reply="办好了"),
    )
    bodies = [
        compose(data, source=GOVERNMENT, recipient=MEDIA, now=NOW, subject=case_id, sequence=place)
        for place, data in enumerate(said, start=1)
    ]
    sealed = [county.notaries[GOVERNMENT].protect(encode(one), MEDIA, NOW) for one in bodies]
    for _ in range(2):
        assert set(county.rm.receive(*sealed)) == {"early", "held"}
    with county.rm.store.reading() as tx:
        assert [row["code"] for row in parked.listed(tx)] == ["early-news"]
        assert tx.execute(select(t.cases.c.holder, t.cases.c.version)).one() == (MEDIA, 1)
        assert tx.execute(select(t.work)).all() == []


# -- what a center misses ----------------------------------------------------------------------------------------------


@pytest.fixture
def settings(tmp_path: Path) -> CenterSettings:
    """A center whose directory marks another as arbiter."""
    keys = county_keys(tmp_path / "keys", {MEDIA: None, GOVERNMENT: None}, GOVERNMENT, (MASKING_NEEDS,))
    told = {
        "center": MEDIA,
        "store": f"sqlite:///{tmp_path}/media.db",
        "data": str(tmp_path / "files"),
        "intake_secret": fresh_secret(),
        "backend": {"url": "http://127.0.0.1:1"},
        "trust": dict(keys[MEDIA]),
    }
    return CenterSettings.model_validate_json(json.dumps(told))


def test_marks_that_a_newer_directory_lacks_are_missed(settings: CenterSettings, tmp_path: Path) -> None:
    """Said in the log and by health, also after a restart, until a directory speaks of that center again."""
    keys = tmp_path / "keys"

    first = resting_process(settings)
    assert not first.marks.look()
    assert "marks" not in first.ready()
    _rewrite(keys, marks=None)
    assert first.marks.look()
    assert not first.marks.look(), "once for each directory"
    first.lease.release()
    second = resting_process(settings)
    second.marks.look()
    for process in (first, second):
        assert process.ready()["marks"] == f"marks-lost: {GOVERNMENT}: arbiter"
    (found,) = [one for one in check_store.store(settings) if one.what == "marks"]
    assert "marks-lost" in found.found.en
    assert "bus keys mark" in found.cure.zh
    _rewrite(keys, marks={GOVERNMENT: []})
    assert not second.marks.look()
    assert "marks" not in second.ready()
    assert [one for one in check_store.store(settings) if one.what == "marks"] == []
    second.lease.release()


@pytest.fixture
def lines() -> Iterator[list[str]]:
    """The log of one test."""
    found: list[str] = []
    log.set_up(MEDIA, found.append)
    yield found
    log.reset()


def test_the_log_says_which_marks_are_lost(settings: CenterSettings, tmp_path: Path, lines: list[str]) -> None:
    """By the loop that minds the directory, once for each."""
    process = resting_process(settings)
    process._leaving.set()  # it does not wait between its rounds
    process._directory()
    _rewrite(tmp_path / "keys", marks=None)
    process._directory()
    process._directory()
    process.lease.release()
    assert len([line for line in lines if "marks-lost" in line]) == 1


def test_a_center_without_keys_misses_nothing(tmp_path: Path) -> None:
    """It has no directory."""
    store = Store(f"sqlite:///{tmp_path}/none.db")
    schema.upgrade(store)
    assert not MarksWatch(store, Unsecured()).look()
    store.close()


def test_doctor_says_that_nobody_is_marked(settings: CenterSettings, tmp_path: Path) -> None:
    """A warning with its cure in both languages, and another where the own arbiter is not among the marked."""

    def found() -> dict[str, Bilingual]:
        return {one.what: one.found for one in check_keys.keys(settings) if one.severity is not None}

    assert found() == {}
    mistaken = settings.model_copy(update={"arbiter": PARTY})
    (said,) = [one for one in check_keys.keys(mistaken) if one.severity is not None]
    assert PARTY in said.found.en
    _rewrite(tmp_path / "keys", marks=None)
    assert "marks no arbiter" in found()["arbiter"].en


def test_arbiters_are_those_of_the_directory_in_use(settings: CenterSettings) -> None:
    """Read from the file, like the keys."""
    security = CenterProcess(settings, HeldTransport()).context.security
    assert isinstance(security, KeyedSecurity)
    known = security.current_directory()
    assert known.marked(Mark.ARBITER) == {GOVERNMENT}
    assert known.marked(str(uuid4())) == frozenset()

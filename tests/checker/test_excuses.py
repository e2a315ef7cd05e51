"""What may stay undone, and what may not: an excuse is seen by somebody, and custody has none."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from bus.custody import Refusal
from bus.operations.discard import discard
from bus.operations.replay import replay
from bus.recovery import requester
from bus.store import Store, parked
from bus.store.unit_of_work import UnitOfWork
from tests.checker.conftest import Clean
from tests.checker.county import GOVERNMENT, MEDIA, PARTY, County, books_of, with_books, with_seat
from tests.harness.step import BareCenter
from verification.checker import Evidence, Finding, Told, When, check, read, text_digest, wrong
from verification.checker.snapshot import Parked


def _excuses(found: list[Finding]) -> set[str]:
    return {finding.excuse for finding in found}


def test_what_waits_on_a_center_that_is_gone_is_excused(clean: Clean) -> None:
    """A county that lost a center in the middle owes nothing for it, and everything else."""
    gone = with_seat(clean.midway, PARTY, gone=True)
    found = check(gone, When.DRAINED)
    assert found
    to_dq = [finding for finding in found if f"to {PARTY}" in finding.detail]
    assert to_dq
    assert _excuses(to_dq) == {"gone"}
    assert any(finding.rule == "nothing-left" and finding.center == GOVERNMENT for finding in wrong(found))


def test_a_center_whose_store_is_lost_can_prove_nothing(clean: Clean) -> None:
    """Where the books are gone for good nobody is blamed for what only they could tell."""
    lost = with_seat(clean.end, PARTY, snapshot=None, gone=True)
    found = check(lost, When.DRAINED)
    assert found
    assert wrong(found) == []


def test_what_an_operator_sees_is_excused(clean: Clean) -> None:
    """A case that stands open is a breach; with something of it parked, it is somebody's."""
    known = books_of(clean.end, MEDIA).cases[0]._replace(status="resolved")
    dirty = with_books(clean.end, MEDIA, cases=[known, *books_of(clean.end, MEDIA).cases[1:]])
    answered = [finding for finding in check(dirty, When.DRAINED) if finding.rule == "every-case-answered"]
    assert [finding.excuse for finding in answered] == [""]
    seen = with_books(dirty, PARTY, parked=[Parked("desk", "away", "d", MEDIA, known.case, "m")])
    answered = [finding for finding in check(seen, When.DRAINED) if finding.rule == "every-case-answered"]
    assert [finding.excuse for finding in answered] == ["parked"]


def test_custody_is_never_excused(clean: Clean) -> None:
    """Two holders at one version are a breach, whoever is gone, parked or restored."""
    true = books_of(clean.end, PARTY)
    twin = replace(true, journal=[line._replace(holder=GOVERNMENT) for line in true.journal])
    dirty = with_seat(clean.end, PARTY, snapshot=twin, gone=True, forgotten=[true])
    assert "one-custodian" in {finding.rule for finding in wrong(check(dirty, When.LIVE))}


def _file(county: County, name: str, source: str, target: str) -> None:
    """Close a center's store, so that the file alone is the whole of it, copy, and open it again."""
    bare = county.bare[name]
    path = Path(bare.store.url.database or "")
    bare.store.close()
    shutil.copy(path.with_name(source), path.with_name(target))
    bare.store = Store(f"sqlite:///{path}")


def test_a_restored_backup_excuses_what_it_forgot(county: County) -> None:
    """After an old backup, what only the newer store knew is told as restored, not as lost by somebody."""
    county.hand_in("resolve 1")
    county.drain()
    _file(county, MEDIA, f"{MEDIA}.db", "backup")
    county.hand_in("resolve 2")
    forgotten = read(county.bare[MEDIA].store)
    _file(county, MEDIA, "backup", f"{MEDIA}.db")
    honest = with_seat(county.evidence(), MEDIA, forgotten=[forgotten])
    found = check(honest, When.DRAINED)
    assert _excuses(found) == {"restored"}
    assert {"told-is-kept", "said-is-kept"} <= {finding.rule for finding in found}
    assert "told-is-kept" in {finding.rule for finding in wrong(check(county.evidence(), When.DRAINED))}


def test_a_recovered_center_owes_what_its_peers_have_heard(county: County) -> None:
    """After a recovery every case that had left the center is answered; only what no peer had heard is excused."""
    county.hand_in("resolve 1", "assist 1", "pass 1", "decline 1")
    county.carry(2)
    _file(county, MEDIA, f"{MEDIA}.db", "backup")
    county.hand_in("resolve 2")
    county.drain()
    county.hand_in("resolve 3")
    forgotten = read(county.bare[MEDIA].store)
    _file(county, MEDIA, "backup", f"{MEDIA}.db")
    media = county.bare[MEDIA]
    requester.begin(media.store, media.context, [PARTY, GOVERNMENT], media.now)
    county.drain()
    assert not requester.going_on(media.store)
    found = check(with_seat(county.evidence(), MEDIA, forgotten=[forgotten], recovered=True), When.DRAINED)
    assert wrong(found) == []
    lost = next(one.cases[0] for one in county.submissions if one.text == text_digest("resolve 3"))
    assert {finding.case for finding in found if finding.rule == "said-is-kept"} == {lost}


def test_a_refused_message_is_seen_at_both_ends_until_operators_settle_it(
    county: County, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While it is parked its case is excused; said anew at one end and discarded at the other, all is well."""
    county.hand_in("resolve 1")
    with monkeypatch.context() as patch:
        patch.setattr(UnitOfWork, "apply", _refuse)
        county.drain()
    found = check(county.evidence(), When.DRAINED)
    assert _excuses(found) == {"parked"}
    assert wrong(found) == []
    assert wrong(found, excuses=("gone",)) == found
    assert {"every-case-answered", "nothing-left"} <= {finding.rule for finding in found}
    media, party = county.bare[MEDIA], county.bare[PARTY]
    replay(media.store, media.context, _parked(media), media.now)
    discard(party.store, party.context, _parked(party), "said-anew", party.now)
    county.drain()
    assert check(county.evidence(), When.DRAINED) == []


def _refuse(_page: UnitOfWork, _message: object) -> None:
    raise Refusal("stale", "a custody that does not agree")


def _parked(bare: BareCenter) -> int:
    with bare.store.reading() as tx:
        (row,) = parked.listed(tx)
    return int(row["id"])


def test_an_unknown_answer_may_be_either(county: County) -> None:
    """A form whose answer was not heard may be in the books or not, and both are right; so may its repeat be."""
    county.hand_in("resolve 1", heard=False)
    county.hand_in("resolve 1")
    county.hand_in("pass 1", heard=False)
    county.drain()
    evidence = county.evidence()
    assert [one.told for one in evidence.submissions or ()] == [Told.UNKNOWN, Told.REPEATED, Told.UNKNOWN]
    assert check(evidence, When.DRAINED) == []
    never = (evidence.submissions or ())[0]._replace(native_id="never-arrived")
    assert check(replace(evidence, submissions=[*(evidence.submissions or ()), never]), When.DRAINED) == []


def test_unwatched_doors_are_not_judged(clean: Clean) -> None:
    """Without submissions the doors' rules say nothing, and all others hold."""
    assert check(Evidence(clean.end.seats), When.DRAINED) == []


def test_an_end_that_was_heard_may_be_passed_on(clean: Clean) -> None:
    """A center that has told an arbiter of the case tells it how the case ended, though it closed nothing itself."""
    journal = books_of(clean.end, PARTY).journal
    line = next(line for line in journal if line.way == "heard" and line.kind == "case.closed")
    said = line._replace(way="said", peer=GOVERNMENT, message="passed-on")
    found = check(with_books(clean.end, PARTY, journal=[*journal, said]), When.DRAINED)
    assert "said-is-kept" in {finding.rule for finding in found}
    assert "said-has-its-deed" not in {finding.rule for finding in found}


def test_a_helper_may_be_shown_the_resident(tmp_path: Path) -> None:
    """The holder may show a helper whom to visit; where its request was pruned, nobody can tell what it showed."""
    county = County(tmp_path, masks=True)
    county.hand_in("show 1", "show 2")
    county.drain()
    assert "居民甲" in books_of(county.evidence(), GOVERNMENT).cases[0].record, "it shows nobody, and proves nothing"
    assert check(county.evidence(), When.DRAINED) == []
    assert check(with_books(county.evidence(), GOVERNMENT, archive=()), When.STILL) == []
    county.close()

"""Papers: what is there, what is missing, and what the resident is asked for."""

from datetime import timedelta

import pytest

from bus.contract import messages as k
from bus.contract.case import Sensitive
from bus.custody import Decision, Record, decide, register
from bus.custody import commands as c
from bus.custody.casework import MOST_PAPERS, ListedPaper
from bus.custody.papers import COMPLETE, SUPPLEMENT, UNNAMED, missing
from tests.unit.custody_model.cases import MEDIA, NOW, PARTY, matter
from tests.unit.test_custody import refusal

DEED = ("身份证", "户口簿", "土地使用证", "房屋测绘图")
LATER = NOW + timedelta(days=2)


@pytest.fixture
def hall() -> Record:
    """The party center has a case that the media center has heard."""
    record = register(c.Register(case=matter(MEDIA)), MEDIA, None).record
    return record.with_(me=PARTY, holder=PARTY, version=2, path=(MEDIA, PARTY))


def check(record: Record, **papers: bool) -> c.CheckPapers:
    """A look at papers: title → whether it is there."""
    listed = tuple(ListedPaper(title=title, there=there) for title, there in papers.items())
    return c.CheckPapers(case_id=record.case.case_id, papers=listed)


def told(decision: Decision) -> list[tuple[str, str, str]]:
    """Each as (to whom, stage, text)."""
    return [(one.to, one.data.stage, one.data.text) for one in decision.outgoing if isinstance(one.data, k.Progressed)]


def test_a_missing_paper_is_asked_of_the_resident_and_then_handed_in(hall: Record) -> None:
    """Four papers, one missing: the origin hears which; handed in, it hears that all are there."""
    first = decide(hall, check(hall, **dict.fromkeys(DEED, True) | {DEED[2]: False}), NOW)
    assert told(first) == [(MEDIA, SUPPLEMENT, "请补交：土地使用证 / please hand in: 土地使用证")]
    assert missing(first.record) == (DEED[2],)
    then = decide(first.record, check(hall, **{DEED[2]: True}), LATER)
    assert told(then) == [(MEDIA, COMPLETE, "材料已齐 / all papers are there")]
    assert missing(then.record) == ()
    assert [paper.title for paper in then.record.papers] == list(DEED)
    assert [paper.since for paper in then.record.papers] == [NOW, NOW, LATER, NOW]


@pytest.mark.parametrize(
    "again",
    [
        (("身份证", True), ("户口簿", False)),
        (("户口簿", False), ("身份证", True)),
        (("身份证", True),),
        (("户口簿", False),),
        (("身份证", False), ("身份证", True)),
    ],
)
def test_a_look_that_changes_nothing_is_told_nobody(hall: Record, again: tuple[tuple[str, bool], ...]) -> None:
    """The same list again, in another order or in part, and a slip that is mended in the same list."""
    first = decide(hall, check(hall, 身份证=True, 户口簿=False), NOW)
    listed = tuple(ListedPaper(title=title, there=there) for title, there in again)
    then = decide(first.record, c.CheckPapers(case_id=hall.case.case_id, papers=listed), LATER)
    assert (then.record, then.outgoing) == (first.record, ())


def test_what_is_still_missing_is_asked_for_again(hall: Record) -> None:
    """One of two is handed in: the other is named."""
    first = decide(hall, check(hall, 身份证=False, 户口簿=False), NOW)
    then = decide(first.record, check(hall, 身份证=True), LATER)
    assert told(then) == [(MEDIA, SUPPLEMENT, "请补交：户口簿 / please hand in: 户口簿")]


def test_the_papers_of_a_sensitive_case_are_not_named(hall: Record) -> None:
    """The name of a paper may tell of an illness; that something is missing is told."""
    patient = hall.with_(case=hall.case.model_copy(update={"sensitive": (Sensitive.MEDICAL,)}))
    found = decide(patient, check(hall, 诊断证明=False), NOW)
    assert told(found) == [(MEDIA, SUPPLEMENT, UNNAMED)]
    assert "诊断" not in found.outgoing[0].data.model_dump_json()


def test_a_list_is_bounded_and_the_holder_s_alone(hall: Record) -> None:
    """At most thirty titles, however often they are looked at; nobody else lists papers."""
    full = decide(hall, check(hall, **{f"材料{n}": True for n in range(MOST_PAPERS)}), NOW).record
    assert refusal(full, check(hall, 多一份=True)) == "too-many-papers"
    assert refusal(hall.with_(holder=MEDIA), check(hall, 身份证=True)) == "not-holder"
    assert Record.model_validate_json(full.model_dump_json()) == full

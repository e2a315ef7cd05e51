"""Cases of children and of the sick: marked, shown to fewer, erased sooner."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from adapters.media_center import handlers as media
from bus.contract.case import Case, Person, Sensitive, marks_of
from bus.contract.codec import encode
from bus.contract.messages import Outcome
from bus.custody import Record, Refusal, Status, decide
from bus.custody.commands import Accept, AskAssist, Close, Offer, Register, Report, Resolve
from bus.custody.progress import WITHHELD
from bus.figures.definitions import Part
from bus.figures.period import Period, Reckoning
from bus.operations import erasure
from bus.security.master_key import FileKey
from bus.settings import Retention
from bus.store import cases
from bus.store import tables as t
from bus.store.encryption import CaseEncryption
from bus.store.figures import count
from bus.store.timestamps import ms
from tests.harness.handler_contexts import front_desk
from tests.harness.step import NOW, BareCenter, a_case, carry, opened
from tests.unit.test_types import id_card

MEDIA, PARTY, CIVILIZATION = "media_center-150402", "party_service-150402", "civilization_center-150402"
WHEN = datetime(2026, 11, 23, 9, tzinfo=UTC)


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[tuple[BareCenter, BareCenter]]:
    """Two centers whose stores are hidden."""
    made = tuple(BareCenter(name, tmp_path, encryption=CaseEncryption(FileKey(b"m" * 32))) for name in (MEDIA, PARTY))
    yield made[0], made[1]
    for center in made:
        center.close()


@pytest.mark.parametrize(
    ("born", "category", "marks"),
    [
        ("20121124", "identity", {Sensitive.MINOR}),  # fourteen tomorrow
        ("20121123", "identity", set()),  # fourteen today
        ("19491231", "health", {Sensitive.MEDICAL}),
        ("19491231", "health.clinic", {Sensitive.MEDICAL}),
        ("20211001", "health", {Sensitive.MINOR, Sensitive.MEDICAL}),
        ("19491231", "healthy", set()),
    ],
)
def test_a_child_is_told_by_the_card_and_the_sick_by_the_category(
    born: str, category: str, marks: set[Sensitive]
) -> None:
    """Fourteen years to the day; nobody has to think of it."""
    resident = Person(name="居民甲", id_card=id_card("150929", born))
    assert marks_of(category, resident, WHEN) == marks
    assert Sensitive.MINOR not in marks_of(category, Person(name="居民甲"), WHEN)


def _marked() -> Case:
    return a_case(MEDIA, sensitive=(Sensitive.MINOR,))


def _known(center: BareCenter, case: Case) -> Record:
    with center.store.reading() as tx:
        return cases.read(tx, [case.case_id])[case.case_id]


def test_a_helper_is_never_told_who_the_child_is(pair: tuple[BareCenter, BareCenter]) -> None:
    """Not by the holder's wish either; the neighbour that takes the case over is told, and knows that it is marked."""
    media, party = pair
    case = _marked()
    media.execute(Register(case=case))
    with pytest.raises(Refusal) as no:
        media.execute(AskAssist(case_id=case.case_id, to=CIVILIZATION, ask="请上门", show_resident=True))
    assert no.value.code == "sensitive"
    media.execute(AskAssist(case_id=case.case_id, to=CIVILIZATION, ask="请上门"))
    media.execute(Offer(case_id=case.case_id, to=(PARTY,)))
    carry(media, party)
    party.execute(Accept(case_id=case.case_id))
    taken = _known(party, case).case
    assert (taken.sensitive, taken.resident) == ((Sensitive.MINOR,), case.resident)


def test_marked_cases_are_erased_sooner_and_stay_marked(pair: tuple[BareCenter, BareCenter]) -> None:
    """The others wait for their own time."""
    media = pair[0]
    marked, other = _marked(), a_case(MEDIA)
    for case in (marked, other):
        media.execute(Register(case=case))
        media.execute(Resolve(case_id=case.case_id, outcome=Outcome.DONE, public_reply="办结"))
        media.execute(Close(case_id=case.case_id, replied_at=NOW))
    media.store.write(lambda tx: tx.execute(t.work.delete()))
    erased = [erasure.erase_old(media.blobs, media.context, 2**60, 9, NOW, sensitive=True) for _ in range(2)]
    assert erased == [1, 0]
    assert (_known(media, marked).case.text, _known(media, other).case.text) == (erasure.BLANK, other.text)
    assert _known(media, marked).case.sensitive == marked.sensitive
    assert erasure.erase_old(media.blobs, media.context, 2**60, 9, NOW) == 1


def test_what_is_erased_soonest_counts_against_what_neighbours_may_ask() -> None:
    """Sooner only, never later."""
    assert Retention(erase_after_days=400, erase_sensitive_after_days=100).soonest == 100
    assert Retention(erase_after_days=400).soonest == 400


DIAGNOSIS = "诊断证明：先天性心脏病"
STATION, HALL = "party_service-150402006", "government_service-150402"


@pytest.fixture
def three(tmp_path: Path) -> Iterator[tuple[BareCenter, BareCenter, BareCenter]]:
    """The app, the station that takes the data down, and the hall that issues the card."""
    made = tuple(BareCenter(name, tmp_path) for name in (MEDIA, STATION, HALL))
    yield made[0], made[1], made[2]
    for center in made:
        center.close()


def _all_later(centers: tuple[BareCenter, ...], minutes: float) -> None:
    for center in centers:
        center.later(60 * minutes)


def test_a_childs_card_is_issued_in_half_an_hour_and_the_app_never_reads_the_diagnosis(
    three: tuple[BareCenter, BareCenter, BareCenter],
) -> None:
    """S11 on the virtual clock: two organisations in order. Whatever these write, public or not, the app is told the
    stage, the date and the answer; the diagnosis goes from one holder to the other, and nowhere else."""
    app, station, hall = three
    case = a_case(MEDIA, sensitive=(Sensitive.MINOR, Sensitive.MEDICAL), due=NOW + timedelta(minutes=30))
    on: dict[str, Any] = {"case_id": case.case_id}
    app.execute(Register(case=case), Offer(**on, to=(STATION,)))
    carry(*three)
    _all_later(three, 4)
    station.execute(Accept(**on, commitment=f"凭{DIAGNOSIS}加急"))
    station.execute(Report(**on, stage="data-taken", text=DIAGNOSIS))
    station.execute(Report(**on, stage="checked", text=DIAGNOSIS, public=False))
    station.execute(Offer(**on, to=(HALL,), note=DIAGNOSIS))
    said = [opened(parcel) for parcel in station.relay()]
    assert [m.data.stage for m in said if m.recipient == MEDIA and m.data.kind == "case.progressed"] == [
        "data-taken", "checked",
    ]  # fmt: skip
    assert [DIAGNOSIS in encode(m).decode() for m in said if m.recipient == HALL] == [True]
    for message in said:
        {MEDIA: app, HALL: hall}[message.recipient].receive(encode(message))
    assert not any(DIAGNOSIS in encode(message).decode() for message in said if message.recipient == MEDIA)
    _all_later(three, 21)
    hall.execute(Accept(**on), Report(**on, stage="issuing", text=DIAGNOSIS))
    hall.execute(Resolve(**on, outcome=Outcome.DONE, public_reply="临时身份证已签发。", internal_note=DIAGNOSIS))
    told = [opened(parcel) for parcel in hall.relay()]
    assert not any(DIAGNOSIS in encode(message).decode() for message in told)
    for message in told:
        {MEDIA: app, STATION: station}[message.recipient].receive(encode(message))
    record = _known(app, case)
    assert (record.status, record.result and record.result.public_reply) == (Status.RESOLVED, "临时身份证已签发。")
    assert record.resolved_at is not None
    assert record.resolved_at - case.received_at < timedelta(minutes=30)
    day = Period(NOW - timedelta(days=1), NOW + timedelta(days=1))
    with app.store.reading() as tx:
        parts = count(tx, MEDIA, day, ms(NOW + timedelta(hours=1)), Reckoning()).parts
    assert (parts[Part.ON_TIME], parts[Part.DUE]) == (1, 1)


def test_of_other_cases_what_is_public_is_told() -> None:
    """As it was: a promise and a public report are read by all who have held the case."""
    record = Record(me=PARTY, case=a_case(MEDIA), holder=PARTY, version=2, path=(MEDIA, PARTY))
    report = Report(case_id=record.case.case_id, stage="handling", text="三日内清理")
    (said,) = decide(record, report, NOW).outgoing
    assert (said.data.text, said.data.public) == ("三日内清理", True)  # type: ignore[union-attr]  # it is progress
    marked = record.with_(case=a_case(MEDIA, sensitive=(Sensitive.MINOR,)))
    (said,) = decide(marked, report, NOW).outgoing
    assert (said.data.text, said.data.public) == (WITHHELD, False)  # type: ignore[union-attr]  # as above


def test_a_form_marks_its_case_and_tells_where_home_is() -> None:
    """敏感诉求, 异地办理: besides what card and category show; a form without a mark is no such form."""
    told = {
        "message_id": "m", "client_name": "居民癸", "category": "医疗卫生", "text": "五岁孩子办身份证。",
        "division": "150402006", "home": "150929203", "sensitive": ["minor"],
    }  # fmt: skip
    form = media.center.forms["private-message"]
    folder = Path(media.__file__).parent
    context = front_desk(folder, MEDIA, {})
    registered = next(iter(form.handler(context, form.model.model_validate(told, strict=False))))
    case = registered.case  # type: ignore[union-attr]  # the first command
    assert case.sensitive == (Sensitive.MEDICAL, Sensitive.MINOR)
    assert case.text == "五岁孩子办身份证。\n户籍地：150929203"
    for wrong in ({**told, "sensitive": []}, {key: one for key, one in told.items() if key != "sensitive"}):
        with pytest.raises(ValidationError):
            form.model.model_validate(wrong, strict=False)

"""One example per kind: messages of a reference story, vegetables on common green land in 红山区.

All persons are invented. Ids and times are fixed, so that the files are equal on every run.
"""

import base64
from datetime import datetime, timedelta, timezone
from typing import Any
from uuid import UUID

from bus.contract import messages as k
from bus.contract.case import Attachment, Case, Person, Place, Source
from bus.contract.envelope import Message
from bus.contract.epochs import epoch_start
from bus.contract.facts import CaseState, Fact, FactsAsked, FactsTold, lane_of
from bus.contract.operations import OperationAsked, OperationTold, lane_of_operations
from bus.contract.rules import CONTRACT, Rule

MEDIA = "media_center-150402"
PARTY = "party_service-150402006"
GOVERNMENT = "government_service-150402"
CIVILIZATION = "civilization_center-150402"
ARBITER = "command_center-150402"
LEDGER = "ledger-150402"

_BEIJING = timezone(timedelta(hours=8))
_START = datetime(2021, 4, 24, 9, 0, tzinfo=_BEIJING)


def _id(number: int) -> UUID:
    """A fixed id in the form of a UUIDv7 (RFC 9562), timed at the beginning of the story."""
    return UUID(f"01790185-7a00-7000-8000-{number:012x}")


def _at(minutes: int) -> datetime:
    return _START + timedelta(minutes=minutes)


_CASE_ID, _OFFER, _OPEN_OFFER, _ASSIST = _id(1), _id(2), _id(3), _id(4)

_PHOTO = Attachment(
    sha256="2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae",
    size=418_233,
    media_type="image/jpeg",
    name="占用绿地.jpg",
    href="https://media.example/attachments/2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae",
)

_RESIDENT = Person(name="居民甲", phone="000-0000-0001", address="迎宾路社区某号楼")
CASE = Case(
    case_id=_CASE_ID,
    number="HS-2021-000417",
    origin=MEDIA,
    title="小区公共绿地被种菜，车棚被占",
    text="迎宾路社区有业主在公共绿地里种菜，占用车棚并上了锁。\n希望尽快清理，恢复公共使用。",
    category="community-environment",
    place=Place(division="150402006006", text="站前街道迎宾路社区", longitude=118.95, latitude=42.26),
    resident=_RESIDENT,
    attachments=(_PHOTO,),
    channel="app",
    source=Source(system="hongshan-app", record="MSG-20210424-0031"),
    received_at=_at(0),
    due=_at(7 * 24 * 60),
)

_RETURN = k.Return(
    offer_id=_id(5),
    by=GOVERNMENT,
    reason=k.Reason.NOT_DUTY,
    text="绿地与车棚管理不属于政务服务大厅职责，建议转街道党群服务中心。",
    at=_at(12),
)

_FACT = Fact(
    case_id=_CASE_ID,
    at=_at(2),
    way="said",
    kind="case.offered",
    peer=PARTY,
    message_id=_id(0x100),
    holder=MEDIA,
    version=1,
    round=1,
)
_STATE = CaseState(
    case_id=_CASE_ID,
    origin=MEDIA,
    holder=MEDIA,
    version=1,
    round=1,
    status="open",
    category=CASE.category,
    urgency=CASE.urgency,
    opened=CASE.received_at,
    division="150402006",
    offered_to=(PARTY,),
    offered=_at(2),
    instant=None,
    hand_overs=0,
)
_TOLD = k.LogEntry(
    way=k.Way.HEARD,
    body=base64.b64encode(b'{"specversion": "1.0", "type": "case.urged.v1"}').decode(),
    verdict=k.Verdict.APPLIED,
)

_DATA: tuple[tuple[k.Kind, str, str], ...] = (
    (
        k.Offered(
            version=1,
            offer_id=_OFFER,
            case=CASE,
            path=(MEDIA,),
            returns=(_RETURN,),
            arbiter=ARBITER,
            note="居民希望三天内有答复。",
        ),
        MEDIA,
        PARTY,
    ),
    (
        k.Accepted(
            version=2,
            offer_id=_OFFER,
            path=(MEDIA, PARTY),
            commitment="三日内完成清理。",
            due=_at(3 * 24 * 60),
        ),
        PARTY,
        MEDIA,
    ),
    (
        k.Declined(
            version=1,
            offer_id=_id(5),
            reason=k.Reason.NOT_DUTY,
            text=_RETURN.text,
            suggested=PARTY,
        ),
        GOVERNMENT,
        MEDIA,
    ),
    (k.Granted(version=2, offer_id=_OPEN_OFFER, to=CIVILIZATION), MEDIA, CIVILIZATION),
    (k.Lost(version=2, offer_id=_OPEN_OFFER), MEDIA, GOVERNMENT),
    (k.WithdrawalRequested(version=1, offer_id=_OFFER, reason="居民补充了新情况，先行核实。"), MEDIA, PARTY),
    (k.Withdrawn(version=1, offer_id=_OFFER), PARTY, MEDIA),
    (
        k.Progressed(
            version=2,
            stage="notice-served",
            text="城管、物业与社区已联合到场，下达整改通知单，三日内清理。",
            due=_at(3 * 24 * 60),
        ),
        PARTY,
        MEDIA,
    ),
    (
        k.AssistRequested(
            version=2,
            assist_id=_ASSIST,
            case=CASE.without_resident(),
            ask="请派志愿者协助搬离车棚内杂物。",
            due=_at(2 * 24 * 60),
        ),
        PARTY,
        CIVILIZATION,
    ),
    (
        k.AssistAnswered(version=2, assist_id=_ASSIST, done=True, text="六名志愿者已到场，杂物清理完毕。"),
        CIVILIZATION,
        PARTY,
    ),
    (k.Urged(version=2, text="居民再次来电询问进展，请尽快处理。"), MEDIA, PARTY),
    (
        k.Resolved(
            version=2,
            round=1,
            outcome=k.Outcome.DONE,
            public_reply="公共绿地已清理恢复，车棚已开锁，供全体业主使用。",
            internal_note="已与物业约定每周巡查一次。",
            attachments=(_PHOTO,),
        ),
        PARTY,
        MEDIA,
    ),
    (k.Rated(version=2, round=1, grade=5, text="办得很快，非常满意。"), MEDIA, PARTY),
    (k.Reopened(version=2, round=2, text="车棚又被上锁，请再处理。"), MEDIA, PARTY),
    (k.Closed(version=2, round=1, replied_at=_at(2 * 24 * 60 + 30)), MEDIA, PARTY),
    (
        k.Published(
            version=2,
            title="公共绿地恢复原貌",
            text="接到群众反映后，街道联合城管、物业和社区，两天内清理了被占用的绿地和车棚。",
        ),
        MEDIA,
        PARTY,
    ),
    (
        k.ArbitrationRequested(
            version=1,
            ground=k.Ground.RETURNED,
            case=CASE,
            path=(MEDIA,),
            returns=(_RETURN,),
            text="两次被退回，请裁定承办中心。",
        ),
        MEDIA,
        ARBITER,
    ),
    (
        k.Ruled(
            version=1000,
            ruling=k.Ruling.IMPOSED,
            holder=PARTY,
            text="按属地管理原则，由站前街道党群服务中心承办。",
            case=CASE,
            path=(MEDIA, PARTY),
            returns=(_RETURN,),
        ),
        ARBITER,
        PARTY,
    ),
    (
        k.ExtensionRequested(
            version=2,
            extension_id=_id(7),
            until=_at(12 * 24 * 60),
            due=_at(7 * 24 * 60),
            reason="车棚权属待物业核实，预计还需五天。",
            case=CASE.without_resident(),
            path=(MEDIA, PARTY),
        ),
        PARTY,
        MEDIA,
    ),
    (k.ExtensionAnswered(version=2, extension_id=_id(7), granted=True, text="同意延期，请告知居民。"), MEDIA, PARTY),
    (
        k.Escalated(
            version=3,
            holder=CIVILIZATION,
            clock="term",
            due=_at(7 * 24 * 60),
            text="系统自动提级：办结期限 2021-05-01 09:00 / automatic escalation: result, due 2021-05-01 09:00",
            case=CASE.without_resident(),
            path=(MEDIA, PARTY, CIVILIZATION),
        ),
        MEDIA,
        ARBITER,
    ),
    (
        k.Receipt(
            items=(
                k.ReceiptItem(message_id=_id(0x100), verdict=k.Verdict.APPLIED, digest=f"{0x100:064x}"),
                k.ReceiptItem(message_id=_id(0x10A), verdict=k.Verdict.REFUSED, code="stale"),
            )
        ),
        PARTY,
        MEDIA,
    ),
    (
        k.Failure(
            code="unknown-kind",
            text="this center knows no message of this kind; update its software",
            about=_id(0x100),
            digest="fcde2b2edba56bf408601fb721fe9b5c338d10ee429ea04fae5511b68fbf8fb9",
        ),
        PARTY,
        MEDIA,
    ),
    (k.LogAsked(recovery=_id(6), cursor="0"), PARTY, MEDIA),
    (k.LogTold(recovery=_id(6), era=1, cursor="0", entries=(_TOLD,)), MEDIA, PARTY),
    (k.Handed(version=2, resident=_RESIDENT), MEDIA, PARTY),
    (FactsTold(facts=(_FACT,), states=(_STATE,)), MEDIA, LEDGER),
    (FactsAsked(why="new"), LEDGER, MEDIA),
    (OperationAsked(command="c3RhZmYta2V5IC4uLg=="), LEDGER, MEDIA),
    (OperationTold(asked=_id(0x101), status=200, answer='{"paused": []}'), MEDIA, LEDGER),
)
"""In the order of the contract; kinds that v0.1.0 did not have stand last, so that the others keep their ids."""


def _sequence(data: k.Kind) -> int:
    if isinstance(data, k.LogAsked):
        return epoch_start(1)
    return 1 if isinstance(data, k.IN_LANES) else 0


def _subject(data: k.Kind) -> UUID | None:
    if isinstance(data, FactsTold | FactsAsked):
        return lane_of(MEDIA)
    if isinstance(data, OperationAsked | OperationTold):
        return lane_of_operations(MEDIA)
    return _CASE_ID if isinstance(data, k.CaseMessage) else None


def example(rule: Rule) -> Message[Any]:
    """The example of this kind, in an envelope of its own."""
    place = [entry.kind for entry in CONTRACT].index(rule.kind)
    (data, source, recipient) = next(entry for entry in _DATA if entry[0].kind == rule.kind)
    about_case = isinstance(data, k.CaseMessage)
    later = rule.kind in k.LATER_KINDS  # a published example does not change when a later kind may come before it
    asked = [
        i for i, entry in enumerate(CONTRACT) if entry.kind in rule.answers and later >= (entry.kind in k.LATER_KINDS)
    ]
    return Message(
        specversion="1.0",
        id=_id(0x100 + place),
        source=source,
        recipient=recipient,
        type=f"{rule.kind}.v{rule.major}",
        subject=_subject(data),
        time=_at(15 + place),
        sequence=_sequence(data),
        causeid=_id(0x100 + asked[0]) if asked and about_case else None,
        traceparent="00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01" if about_case else None,
        data=data,
    )

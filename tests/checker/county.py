"""A small county of bare centers that runs the product's own steps to the end, and the evidence it leaves."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from bus.contract import messages as k
from bus.contract.case import Person, Place, Source
from bus.contract.envelope import Message
from bus.contract.types import Strict
from bus.custody import commands as c
from bus.custody.commands import Command
from bus.pipeline.handle import CircuitBreaker, RetryPolicy, finish, finish_and_claim, perform
from bus.pipeline.intake import IntakeDeps, intake
from bus.pipeline.intake import Submission as Form
from bus.sdk.center import Center, Commands, HandlerContext, IntakeContext
from bus.security.directory import MASKING_NEEDS
from tests.harness.signing_county import notarised
from tests.harness.step import NO_NOTARY, BareCenter
from verification.checker import CenterEvidence, Effect, Evidence, Snapshot, Submission, Told, read, text_digest

MEDIA, PARTY, GOVERNMENT = "media_center-150402", "party_service-150402006", "government_service-150402"
PLANS = ("resolve", "decline", "pass", "assist")
"""What the first word of a note asks the party service to do with its case."""
WHO = Person(name="居民甲", phone="0476-0000000", address="某小区某号楼")


class Note(Strict):
    """A native form."""

    id: str
    text: str


class Vendor:
    """A vendor's system: one effect for each key."""

    def __init__(self) -> None:
        self.effects: list[Effect] = []

    def do(self, key: str, what: str) -> None:
        """Have the effect, unless this key had it."""
        if all(effect.key != key for effect in self.effects):
            self.effects.append(Effect(key, what))


class Everything:
    """Routes: whatever it is, it is the party service's."""

    def find(self, category: str, division: str) -> str | None:
        """The same center for everything."""
        return PARTY


center: Center[Vendor] = Center(kind="any", connect=lambda _: Vendor())


@center.form("note", Note, native_id=lambda note: note.id)
def noted(context: IntakeContext, note: Note) -> Commands:
    """A note becomes a case and goes to the party service."""
    place, source = Place(division="150402006006"), Source(system="notes", record=note.id)
    case = context.new_case(
        title="便条", text=note.text, category="env", place=place, resident=WHO, channel="app", source=source
    )
    return [c.Register(case=case), c.Offer(case_id=case.case_id, to=(PARTY,))]


def _resolve(case_id: Any) -> Command:
    return c.Resolve(case_id=case_id, outcome=k.Outcome.DONE, public_reply="已修好")


def _offered(context: HandlerContext[Vendor], case_id: Any) -> Commands:
    plan = context.record.case.text.partition(" ")[0]
    if plan == "decline":
        return [c.Decline(case_id=case_id, reason=k.Reason.NOT_DUTY)]
    if plan == "pass" and context.me == PARTY:
        return [c.Accept(case_id=case_id), c.Offer(case_id=case_id, to=(GOVERNMENT,))]
    if plan == "assist":
        return [c.Accept(case_id=case_id), c.AskAssist(case_id=case_id, to=GOVERNMENT, ask="请协助")]
    if plan == "show":  # once it knows whom
        return [c.Accept(case_id=case_id)]
    return [c.Accept(case_id=case_id), _resolve(case_id)]


def _worked(context: HandlerContext[Vendor], message: Message[Any]) -> Commands:
    """Every message leaves an effect; what follows from it is as the note's plan says."""
    data, case_id = message.data, context.record.case.case_id
    context.system.do(context.key, data.kind)
    if isinstance(data, k.Offered):
        return _offered(context, case_id)
    if isinstance(data, k.Handed):
        shows = context.record.case.text.startswith("show")
        return [c.AskAssist(case_id=case_id, to=GOVERNMENT, ask="请上门", show_resident=True)] if shows else []
    if isinstance(data, k.AssistRequested):
        return [c.AnswerAssist(case_id=case_id, done=True, text="已协助")]
    if isinstance(data, k.Declined | k.AssistAnswered):
        return [_resolve(case_id)]
    if isinstance(data, k.Resolved) and context.me == context.record.case.origin:
        return [c.Close(case_id=case_id, replied_at=context.now)]
    return []


for _kind in k.CASE_KINDS:
    center.on(_kind)(_worked)


class County:
    """Three centers, their vendors and doors; everything that happens in it is called by the test."""

    def __init__(self, folder: Path, *, masks: bool = False) -> None:
        names, self.masks = (MEDIA, PARTY, GOVERNMENT), masks
        notaries = notarised(names, reads=(MASKING_NEEDS,)) if masks else {}
        self.bare = {name: BareCenter(name, folder, security=notaries.get(name, NO_NOTARY)) for name in names}
        self.vendors = {name: Vendor() for name in self.bare}
        self.submissions: list[Submission] = []
        self.gates = {name: CircuitBreaker(RetryPolicy()) for name in self.bare}

    def hand_in(self, *texts: str, heard: bool = True) -> None:
        """Residents' notes at the media center's door; ``heard``: whether the answer comes back."""
        media = self.bare[MEDIA]
        deps = IntakeDeps(media.context, Everything(), lambda _tx, _sha256: None)
        for text in texts:
            form = Form(center.forms["note"], Note(id=text_digest(text)[:12], text=text))
            reply = intake(media.store, deps, [form], media.now)[0]
            told = Told(reply.status) if heard else Told.UNKNOWN
            cases = tuple(case["case_id"] for case in reply.cases) if heard else ()
            self.submissions.append(
                Submission(MEDIA, *form.key, told, cases, digest=form.digest(), text=text_digest(text))
            )

    def carry(self, rounds: int = 1) -> bool:
        """Relay, accept and work at every center; whether anything moved in the last round."""
        moved = False
        for _ in range(rounds):
            parcels = [parcel for bare in self.bare.values() for parcel in bare.relay()]
            for parcel in parcels:
                self.bare[parcel.recipient].receive(parcel.body)
            moved = sum(self._work(name) for name in self.bare) > 0 or bool(parcels)
        return moved

    def _work(self, name: str) -> bool:
        bare = self.bare[name]
        _, tasks = finish_and_claim(bare.store, bare.context, [], self.gates[name], bare.now, 100)
        done = [perform(center, self.vendors[name], lambda _: b"", task, bare.now) for task in tasks]
        finish(bare.store, bare.context, done, self.gates[name], bare.now)
        return bool(tasks)

    def drain(self) -> None:
        """Until nothing moves."""
        for _ in range(60):
            if not self.carry():
                return
        raise AssertionError("the county does not come to rest")

    def evidence(self) -> Evidence:
        """What it has left so far."""
        effects = {name: tuple(vendor.effects) for name, vendor in self.vendors.items()}
        submissions = tuple(self.submissions)
        seats = {
            name: CenterEvidence(
                name, read(bare.store), effects[name],
                leaves_effects=frozenset(kind.kind for kind in k.CASE_KINDS),
                once_per_case=frozenset({"case.offered"}),
            )
            for name, bare in self.bare.items()
        }  # fmt: skip
        return Evidence(seats, submissions, masks=self.masks)

    def close(self) -> None:
        """Let go of the stores."""
        for bare in self.bare.values():
            bare.close()


def books_of(evidence: Evidence, name: str) -> Snapshot:
    """The books of a center that has some."""
    snapshot = evidence.seats[name].snapshot
    assert snapshot is not None
    return snapshot


def with_seat(evidence: Evidence, name: str, **changes: Any) -> Evidence:
    """The evidence with something else known about one center."""
    seats = {**evidence.seats, name: replace(evidence.seats[name], **changes)}
    return replace(evidence, seats=seats)


def with_books(evidence: Evidence, name: str, **changes: Any) -> Evidence:
    """The evidence with other rows in one center's books."""
    return with_seat(evidence, name, snapshot=replace(books_of(evidence, name), **changes))

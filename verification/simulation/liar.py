"""A lying member of the county: its keys are valid, its messages are signed, and it sends anything the schema allows.

It has no store and no loop: it reads its inbox, learns of cases, and tells lies (``lies``). It draws from a stream of
its own, so that a seed without it plays as it always did.
"""

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from random import Random
from uuid import UUID

from bus.contract import messages as k
from bus.contract.codec import Undecodable, decode, encode
from bus.contract.envelope import Message, compose
from bus.contract.epochs import epoch_of, epoch_start
from bus.security.errors import Untrusted
from bus.security.message_security import MessageSecurity
from bus.transports.port import Delivery, Parcel
from verification.checker import CenterEvidence, Snapshot
from verification.checker.snapshot import Line
from verification.simulation.lies import LIES, Ground, Lie, Matter, Question, Word
from verification.simulation.virtual_transport import VirtualNetwork

MOST_BYTES = 4_000_000
"""Most bytes that a liar may send in one seed: a seed must stay affordable."""
HONEST_RECEIPTS = 0.6
"""The share of messages that it receipts properly."""
_REMEMBERED = 200


OPENERS = (k.Offered, k.AssistRequested, k.ArbitrationRequested, k.Ruled, k.ExtensionRequested, k.Escalated)
"""Kinds that tell of a case."""


class Liar:
    """One liar. It may send ``words`` messages; then it falls silent."""

    def __init__(
        self,
        name: str,
        seed: int,
        words: int,
        security: MessageSecurity,
        network: VirtualNetwork,
        now: Callable[[], float],
        lies: Sequence[tuple[Lie, int]] = LIES,
    ) -> None:
        self.name, self._lies = name, lies
        self._draw = Random(seed ^ 0x11A5)
        self._words, self._bytes = words, MOST_BYTES
        self._security, self._network, self._now = security, network, now
        self._lanes: dict[tuple[str, UUID], int] = {}
        self._eras: dict[str, int] = {}
        self.words = 0
        """How many messages it has said."""
        self._journal: list[Line] = []
        self._ground = Ground(self._draw, name, self._time(), ())
        network.add(name)

    def _time(self) -> datetime:
        return datetime.fromtimestamp(self._now(), UTC)

    @property
    def silent(self) -> bool:
        """Whether it has sent all messages that it may."""
        return self._words <= 0 or self._bytes <= 0

    def evidence(self) -> CenterEvidence:
        """The evidence of its messages; it answers no center, and none waits for it."""
        return CenterEvidence(self.name, Snapshot(journal=tuple(self._journal)), gone=True)

    def turn(self, lies: int, centers: Sequence[str], overheard: Sequence[Matter], owed: Sequence[UUID]) -> list[str]:
        """Read the inbox, and tell ``lies`` lies to these centers. Returns the lies."""
        ground = self._ground
        ground.now, ground.centers, ground.overheard, ground.others_ids = self._time(), tuple(centers), overheard, owed
        for delivery in self._network.take(self.name, 1000):
            self._hear(delivery)
        told: list[str] = []
        while len(told) < lies and centers and not self.silent:
            (lie,) = self._draw.choices([lie for lie, _ in self._lies], [often for _, often in self._lies])
            told.append(self._tell(lie))
        return told

    def _tell(self, lie: Lie) -> str:
        for word in lie(self._ground):
            if self.silent:
                break
            self._say(word)
        return lie.__name__

    # -- speaking ----------------------------------------------------------------------------------------------------

    def _say(self, word: Word) -> None:
        sequence = self._place(word)
        message = compose(
            word.data, source=self.name, recipient=word.to, now=self._time(), subject=word.subject, sequence=sequence
        ).model_copy(update={"id": word.id or self._ground.new_id()})
        try:
            body = encode(message)
        except ValueError:  # longer than a message may be: it cannot be sent
            return
        self._words, self._bytes, self.words = self._words - 1, self._bytes - len(body), self.words + 1
        travels = self._security.protect(body, word.to, self._time())
        self._network.lay(Parcel(str(message.id), word.to, word.data.kind, travels), self.name)
        if word.subject is not None:
            self._note(message, word)

    def _place(self, word: Word) -> int:
        era = self._eras.get(word.to, 0)
        if word.subject is None:
            if isinstance(word.data, k.LogAsked) and word.sequence == epoch_start(era + 1):
                self._eras[word.to] = era + 1
            return epoch_start(era) if word.sequence is None else word.sequence
        lane = (word.to, word.subject)
        last = max(self._lanes.get(lane, 0), epoch_start(era))
        if word.sequence == -1:  # the previous place once more
            return max(last, 1)
        if word.sequence is not None:
            return word.sequence
        self._lanes[lane] = last + 1
        return last + 1

    def _note(self, message: Message[k.CaseKind], word: Word) -> None:
        self._journal.append(Line(str(word.subject), 0, "said", word.data.kind, word.to, str(message.id), "", 0, ""))

    # -- hearing -----------------------------------------------------------------------------------------------------

    def _hear(self, delivery: Delivery) -> None:
        with suppress(Undecodable, Untrusted):  # the network corrupts a liar's messages, too
            message = decode(self._security.unseal(delivery.body))
            if isinstance(message.data, k.LogAsked):
                asked = message.data
                question = Question(message.source, asked.recovery, asked.cursor, epoch_of(message.sequence))
                self._ground.questions = [*self._ground.questions, question][-10:]
            elif message.subject is not None:
                self._learn(message)
                self._receipt([message])

    def _learn(self, message: Message[k.CaseKind]) -> None:
        ground, data = self._ground, message.data
        ground.heard_ids = [*ground.heard_ids, (message.source, message.id)][-_REMEMBERED:]
        known = ground.told.get(message.subject) if message.subject else None
        if known is None and isinstance(data, OPENERS):
            known = ground.told[data.case.case_id] = Matter(data.case.case_id, data.case, ())
        if known is None:
            return
        known.version = max(known.version, data.version)
        if isinstance(data, k.Offered):
            known.offers = [*known.offers, data.offer_id][-5:]
        if isinstance(data, k.AssistRequested):
            known.assists = [*known.assists, data.assist_id][-5:]

    def _receipt(self, heard: Iterable[Message[k.CaseKind]]) -> None:
        for message in heard:
            if self._draw.random() < HONEST_RECEIPTS:
                item = k.ReceiptItem(message_id=message.id, verdict=k.Verdict.APPLIED)
                words = self._words
                self._say(Word(message.source, k.Receipt(items=(item,))))
                self._words = words  # an answer is no lie

"""Step 6, receipt: the place in the lane is taken, the message is archived, and its sender is owed a receipt."""

from bus.contract.codec import digest
from bus.contract.envelope import kind_of
from bus.contract.messages import Verdict
from bus.pipeline.inbound import Inbound
from bus.pipeline.receive_batch import ReceiveBatch
from bus.pipeline.receiving.applied import Applied
from bus.store.archive import HEARD, ArchiveRow
from bus.store.inbox import AppliedRow
from bus.store.owed import OwedReceipt


def receipt(batch: ReceiveBatch, one: Inbound, applied: Applied) -> None:
    """Record the outcome, here and for the sender; a refused message is shown to an operator."""
    verdict, said, code = applied.verdict, applied.verdict.value, applied.code or None
    message, (peer, case_id), now_ms = one.message, one.lane, batch.uow.now_ms
    exactly = digest(one.body)
    batch.marks[one.lane] = message.sequence
    batch.let_go(one)
    batch.count(said)
    owe(batch, one, verdict, code, exactly)
    place = (peer, case_id, message.sequence)
    batch.applied.append(AppliedRow(*place, one.message_id, said, code, now_ms, exactly))
    kept = (peer, one.message_id, case_id, message.sequence, kind_of(message), one.body, exactly)
    batch.archived.append(ArchiveRow(HEARD, *kept, said, code, now_ms))
    if verdict is Verdict.REFUSED:
        batch.uow.journal(batch.case_of(one), "refused", message.type, peer, message.id, applied.code)
        batch.park_message(one, applied.code, applied.hint)


def owe(batch: ReceiveBatch, one: Inbound, verdict: Verdict, code: str | None, exactly: bytes | None) -> None:
    """Owe the sender a receipt with the verdict, and the digest that this center vouches for."""
    now_ms = batch.uow.now_ms
    batch.receipts.append(OwedReceipt(one.message.source, one.message_id, verdict.value, code, now_ms, exactly))

"""What persons on duty have done, as lines of the access log: who, when, what and why, and afterwards the outcome.

The log is a chain: no line can be taken out or altered unseen (``bus/store/access_log.py``). The journal of each
case tells the same of that case; this one tells it of the operation, and stays when operations are forgotten.
"""

from datetime import datetime

from bus.contract.staff_command import Act
from bus.operations.replay import NO_CASE
from bus.security.keyring import owner_of
from bus.store import access_log
from bus.store.database import Tx
from bus.store.operations import Operation
from bus.store.timestamps import ms

DID, ENDED, REFUSED, EXPLAINED = "operation", "ended", "refused", "explained"
"""What a line tells: a command was taken, an operation has ended, a command was refused, breaks were explained."""


def did(tx: Tx, act: Act, who: str, about: str, why: str, now: datetime) -> None:
    """A command that was taken. ``about``: the operation; of a pause the command itself."""
    access_log.note(tx, at_ms=ms(now), who=who, what=f"{DID} {act.value}", case_id=about, why=why)


def ended(tx: Tx, operation: Operation, now: datetime) -> None:
    """The outcome of an operation that has ended."""
    who = owner_of(operation.run_by or operation.made_by)
    told = f"{operation.state} {operation.done}/{operation.size} {operation.again} {operation.refused} {operation.code}"
    what = f"{ENDED} {operation.act}"
    access_log.note(tx, at_ms=ms(now), who=who, what=what, case_id=operation.id, why=told.rstrip())


def refused(tx: Tx, who: str, about: str, code: str, now: datetime) -> None:
    """A command that was refused; of one key with one code one line an hour."""
    access_log.note(tx, at_ms=ms(now), who=who, what=REFUSED, case_id=about, why=code)


def explained(tx: Tx, who: str, why: str, now: datetime) -> None:
    """A person has looked at the breaks of this log."""
    access_log.note(tx, at_ms=ms(now), who=who, what=EXPLAINED, case_id=str(NO_CASE), why=why)

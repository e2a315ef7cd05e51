"""Commands of persons on duty that travel over the bus: the county's ledger carries them to a center, and the answer
back. The person has signed the command; who carries it gives no right.
"""

from typing import Annotated, ClassVar
from uuid import UUID, uuid5

from pydantic import Field, StringConstraints

from bus.contract.facts import LANES
from bus.contract.types import Strict

MOST_COMMAND = 88_000
"""Characters of a carried command: 64 KiB in base64."""
MOST_ANSWER = 150_000
"""Characters of a carried answer."""


def lane_of_operations(center: str) -> UUID:
    """The subject of all commands for one center, and of its answers."""
    return uuid5(LANES, f"operations {center}")


class OperationAsked(Strict):
    """处置指令: one command that a staff key has signed, as it is, for the center that is asked.

    Its id is the person's: the same command may come again, and is answered as before."""

    kind: ClassVar[str] = "operation.asked"
    major: ClassVar[int] = 1
    command: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9+/]+={0,2}$", max_length=MOST_COMMAND)]
    """The signed document, in base64."""


class OperationTold(Strict):
    """处置答复: what became of a command, as the center's own door would have answered it."""

    kind: ClassVar[str] = "operation.told"
    major: ClassVar[int] = 1
    asked: UUID
    """The message that has carried the command."""
    status: Annotated[int, Field(ge=200, le=599)]
    """As over HTTP."""
    answer: Annotated[str, StringConstraints(pattern=r"^\{[\x20-\x7e]*\}$", max_length=MOST_ANSWER)]
    """A JSON object in ASCII: labels, counts and times, and nothing of a resident."""

"""Who may want what: the role that each act needs, and the codes by which a command is refused. Pure."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum

from bus.contract.staff_command import Act, StaffCommand
from bus.security.staff import OnDuty, Role

WINDOW = timedelta(minutes=5)
"""How old a command may be, and how far its maker's clock may be ahead. Its id is remembered for longer."""

NEEDED: Mapping[Act, Role] = {
    **dict.fromkeys((Act.LIST, Act.SHOW, Act.WAITING, Act.LOOK), Role.VIEWER),
    **dict.fromkeys((Act.REVEAL, Act.REPLAY, Act.DISCARD, Act.HOLD, Act.RELEASE), Role.OPERATOR),
    **dict.fromkeys((Act.NOTE, Act.OWNER, Act.URGE, Act.ASK_ARBITER), Role.OPERATOR),
    **dict.fromkeys((Act.REDIRECT, Act.PAUSE, Act.RESUME, Act.RECLAIM), Role.ADMINISTRATOR),
    **dict.fromkeys((Act.RUN, Act.STOP, Act.APPROVE), Role.OPERATOR),
}
"""Of ``run``, ``stop`` and ``approve`` it is the least: they need what the act of their operation needs."""
READS = frozenset({Act.LIST, Act.SHOW, Act.WAITING, Act.LOOK, Act.REVEAL})
"""Acts that change nothing: asked again, they are read again."""


class Code(StrEnum):
    """Why a command is refused."""

    NO_STAFF = "no-staff"
    CLOSED = "door-closed"
    NOT_SIGNED = "not-signed"
    UNKNOWN_KEY = "unknown-key"
    BAD_SIGNATURE = "bad-signature"
    REVOKED_KEY = "revoked-key"
    STALE_KEY = "stale-key"
    INVALID = "invalid"
    WRONG_CENTER = "wrong-center"
    TOO_OLD = "too-old"
    TOO_EARLY = "too-early"
    ROLE = "role"
    ID_USED = "id-used"
    GONE = "gone"
    UNKNOWN_OPERATION = "unknown-operation"
    STALE_PREVIEW = "stale-preview"
    NEEDS_SECOND = "needs-second"
    NO_SECOND = "no-second"
    SAME_PERSON = "same-person"
    OTHER_DIGEST = "other-digest"
    NOT_ARBITER = "not-arbiter"
    UNKNOWN_CASE = "unknown-case"
    CENTER_OPEN = "center-open"
    UNKNOWN_CENTER = "unknown-center"
    TOO_MANY_OPEN = "too-many-open"
    NOT_PAUSED = "not-paused"
    NOT_CARRIED = "not-over-bus"
    TOO_LONG = "answer-too-long"


_TOLD: Mapping[Code, tuple[int, str]] = {
    Code.NO_STAFF: (404, "the county's directory lists no staff key: its operator lists one with `bus keys staff`"),
    Code.CLOSED: (403, "this center's own settings close its door (`[operations] closed`): mend it on its machine"),
    Code.NOT_SIGNED: (400, "send one command, signed by one staff key: `bus operate` makes it"),
    Code.UNKNOWN_KEY: (401, "the directory here does not list the key: have it listed, and the center take the newest"),
    Code.BAD_SIGNATURE: (401, "the signature does not fit: `bus operate` makes it"),
    Code.REVOKED_KEY: (403, "the key was revoked: make a new one, and have the county's operator list it"),
    Code.STALE_KEY: (403, "the key's end has come: have the county's operator list it anew"),
    Code.INVALID: (422, "the command's fields do not fit its act"),
    Code.WRONG_CENTER: (403, "the command is for another center"),
    Code.TOO_OLD: (403, "the command is older than five minutes: make a new one, and check both clocks"),
    Code.TOO_EARLY: (403, "the command was made in the future: check both clocks"),
    Code.ROLE: (403, "the key's role does not reach so far: the county's operator gives roles"),
    Code.ID_USED: (409, "another command had this id: make a new one"),
    Code.GONE: (404, "nothing is there under this id: it may have been settled meanwhile"),
    Code.UNKNOWN_OPERATION: (404, "there is no such operation here"),
    Code.STALE_PREVIEW: (409, "the preview is older than a day: make a new one"),
    Code.NEEDS_SECOND: (409, "a second person must approve it"),
    Code.NO_SECOND: (409, "nothing waits for a second person under this id"),
    Code.SAME_PERSON: (409, "a second person must approve it, with a key of their own"),
    Code.OTHER_DIGEST: (409, "what waits under this id is another command: look at it again"),
    Code.NOT_ARBITER: (409, "only the arbiter of the case rules: ask it there"),
    Code.UNKNOWN_CASE: (404, "this center has never had this case"),
    Code.CENTER_OPEN: (409, "the center has a key that counts: what waits for it stays; revoke its keys first"),
    Code.UNKNOWN_CENTER: (409, "the directory lists no key of the new center"),
    Code.TOO_MANY_OPEN: (409, "too many operations are open: run or stop some"),
    Code.NOT_CARRIED: (403, "a whole item is shown at the center's own door alone: `bus operate --at URL`"),
    Code.TOO_LONG: (413, "the answer is too long for the bus: select less, or ask at the center's own door"),
    Code.NOT_PAUSED: (409, "nothing is paused by this name"),
}


class CommandRefused(ValueError):
    """The command is refused, and nothing was done."""

    def __init__(self, code: Code) -> None:
        super().__init__(code.value)
        self.code = code

    @property
    def status(self) -> int:
        """The status of the answer over HTTP."""
        return _TOLD[self.code][0]

    @property
    def body(self) -> dict[str, str]:
        """The answer."""
        return {"code": self.code.value, "cure": _TOLD[self.code][1]}


def admit(command: StaffCommand, who: OnDuty, me: str, now: datetime) -> None:
    """Refuse a command that is not for this center, not of now, or beyond its maker's right. Raises
    ``CommandRefused``."""
    if command.by != who.kid:
        raise CommandRefused(Code.BAD_SIGNATURE)
    if command.center != me:
        raise CommandRefused(Code.WRONG_CENTER)
    if command.made < now - WINDOW:
        raise CommandRefused(Code.TOO_OLD)
    if command.made > now + WINDOW:
        raise CommandRefused(Code.TOO_EARLY)
    require_right(who, command.act)


def require_right(who: OnDuty, act: Act) -> None:
    """Refuse an act beyond the person's role. Raises ``CommandRefused``."""
    if who.right is None or not who.right.covers(NEEDED[act]):
        raise CommandRefused(Code.ROLE)

"""The operators' doors of a county's centers, as a console knocks at them: with its own staff key, for a person.

Each command is signed here, and posted by whoever owns the sockets (``bus/runtime/center_doors.py``). A look at a
center is taken by a loop of its own, once for all viewers, so a center that hangs delays no other one.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from time import monotonic
from typing import Any, NamedTuple
from uuid import UUID, uuid4

from pydantic import ValidationError

from bus.bilingual import Bilingual
from bus.console.people import Person
from bus.console.told_by_doors import DoorLook, looked
from bus.contract import signed_document
from bus.contract.staff_command import Act, StaffCommand, Vouched
from bus.operations.rights import NEEDED, Code, CommandRefused
from bus.security.cipher_suite import COMMAND
from bus.security.keyring import OwnKey, owner_of
from bus.store.timestamps import ms

Post = Callable[[str, bytes], tuple[int, Mapping[str, Any]]]
"""Posts one command to a center's door: its status and its answer. Raises ``Unreached``, ``NoAnswer``."""
TRIES = 2
"""How often the same bytes are sent where no answer comes: they are carried out once."""
SAME_FOR = timedelta(minutes=4)
"""How long a form that is sent again is sent as the same bytes: a command counts for five minutes."""
MOST_SENT, MOST_READ = 500, 20
"""Commands whose bytes are kept, and answers: these may be long."""
READ_FOR = 2.0
"""Seconds for which what a door has told is told again, to whoever looks."""
AT_ONCE = 4
"""Most requests to one center at once: one that hangs holds up few threads."""
LOOKING = "look"
"""The reason of what only looks."""
LONGEST_KEY = 25
"""Characters of the key's name: the journal has room for it and a person's name."""


STRANGE = Bilingual(
    "该中心的答复读不懂：两边的程序版本可能不同",
    "the center's answer is not understood: its program may be of another release",
)


class Unreached(Exception):
    """The center was not reached: nothing was done. The text names the fault, and no secret."""


class NoAnswer(Exception):
    """No answer has come: the center may have carried it out."""


class DoorTrouble(Exception):
    """A center's door gave no answer that tells what was asked. ``unknown``: whether it was carried out."""

    def __init__(self, center: str, words: Bilingual, *, unknown: bool = False) -> None:
        super().__init__(words.en)
        self.center, self.words, self.unknown = center, words, unknown


class DoorSeen(NamedTuple):
    """What is known of one center's door."""

    last: DoorLook | None = None
    """What it has told last; None: it has never answered."""
    answered_ms: int = 0
    trouble: Bilingual | None = None
    """Why the last look has failed; None: it was answered."""
    away: bool = False
    """Whether it has failed because no answer came."""


class _Sent(NamedTuple):
    """A command that was signed for a form."""

    made: datetime
    wanted: tuple[Any, ...]
    raw: bytes


class Doors:
    """The doors of a county. Any thread may use it."""

    def __init__(self, key: OwnKey | None, centers: Sequence[str], post: Post, now: Callable[[], datetime]) -> None:
        """``key``: None where the console has none; then it has no doors."""
        self._key, self._post, self._now = key, post, now
        self.centers: Sequence[str] = tuple(sorted(centers)) if key is not None else ()
        self.began_ms = ms(now())
        self._seen = {center: DoorSeen() for center in self.centers}
        self._room = {center: threading.BoundedSemaphore(AT_ONCE) for center in self.centers}
        self._sent: OrderedDict[UUID, _Sent] = OrderedDict()
        self._read: OrderedDict[tuple[Any, ...], tuple[float, Mapping[str, Any]]] = OrderedDict()
        self._lock = threading.Lock()

    def seen(self, center: str) -> DoorSeen:
        """What is known of this center's door."""
        return self._seen.get(center, DoorSeen())

    def look(self, center: str) -> None:
        """Ask a center what a console shows of it. Never raises for what is away: the last answer stays, and ages."""
        before = self._seen[center]
        try:
            told = self._answer(center, self._signed(center, None, Act.LOOK, LOOKING, uuid4(), {}), tries=1)
            self._seen[center] = DoorSeen(looked(told), ms(self._now()))
        except CommandRefused as no:
            code = no.code.value
            self._seen[center] = before._replace(trouble=Bilingual(code, code), away=False)
        except DoorTrouble as trouble:
            self._seen[center] = before._replace(trouble=trouble.words, away=True)
        except ValueError:
            self._seen[center] = before._replace(trouble=STRANGE, away=False)

    def read(self, center: str, person: Person, act: Act, **fields: object) -> Mapping[str, Any]:
        """Ask for labels; what was told a moment ago is told again. Raises ``CommandRefused``, ``DoorTrouble``."""
        asked = (center, act, *sorted((name, repr(value)) for name, value in fields.items()))
        kept = self._read.get(asked)
        if kept is not None and monotonic() - kept[0] < READ_FOR:
            return kept[1]
        if self.seen(center).away:  # its look has just failed: nobody waits for it once more
            raise DoorTrouble(center, _silent(center))
        raw = self._signed(center, person, act, LOOKING, uuid4(), fields)
        with self._at_most(center):
            answer = self._answer(center, raw, tries=1)
        self._keep(self._read, asked, (monotonic(), answer), MOST_READ)
        return answer

    def give(
        self, center: str, person: Person, act: Act, why: str, command_id: UUID, fields: Mapping[str, object]
    ) -> Mapping[str, Any]:
        """Give a command for a person, once for each ``command_id``. Raises ``CommandRefused``, ``DoorTrouble``."""
        wanted = (center, person, act, why, *sorted((name, repr(value)) for name, value in fields.items()))
        before, now = self._sent.get(command_id), self._now()
        if before is not None and before.wanted == wanted and now - before.made < SAME_FOR:
            raw = before.raw
        else:
            raw = self._signed(center, person, act, why, command_id, fields)
            self._keep(self._sent, command_id, _Sent(now, wanted, raw), MOST_SENT)
        try:
            with self._at_most(center):
                return self._answer(center, raw, tries=TRIES)
        except CommandRefused as no:
            if no.code is Code.ID_USED:  # the form was sent before, by a console that has been restarted since
                return self._found(center, person, act, fields.get("operation", command_id))
            if no.code is Code.ROLE and person.role.covers(NEEDED[act]):
                raise DoorTrouble(center, _key_may_not(center)) from None
            raise
        finally:
            self._forget(center)

    def _found(self, center: str, person: Person, act: Act, operation: object) -> Mapping[str, Any]:
        """What a command that was carried out before has begun."""
        return {} if act in (Act.PAUSE, Act.RESUME) else self.read(center, person, Act.SHOW, operation=operation)

    def _signed(
        self, center: str, person: Person | None, act: Act, why: str, command_id: UUID, fields: Mapping[str, object]
    ) -> bytes:
        """The command as it travels. Raises ``CommandRefused``."""
        if self._key is None or center not in self._seen:
            raise CommandRefused(Code.NO_STAFF)
        vouched = Vouched(name=person.name, role=person.role.value) if person is not None else None
        given = {"id": command_id, "center": center, "made": self._now(), "by": self._key.public.kid, "act": act}
        try:
            command = StaffCommand.model_validate({**given, "why": why, "person": vouched, **fields})
        except ValidationError:
            raise CommandRefused(Code.INVALID) from None
        body = command.encoded()
        return signed_document.join(body, [self._key.signed(body, COMMAND)])

    def _answer(self, center: str, raw: bytes, *, tries: int) -> Mapping[str, Any]:
        """What the door answers. Raises ``CommandRefused``, ``DoorTrouble``."""
        status, body = self._posted(center, raw, tries)
        code = str(body.get("code", ""))
        if status == 200:
            return body
        if code in set(Code):
            raise CommandRefused(Code(code))
        if status == 404:
            raise DoorTrouble(center, _older(center))
        raise DoorTrouble(center, _refused(center, status, code), unknown=status >= 500 and code != "keys")

    def _posted(self, center: str, raw: bytes, tries: int) -> tuple[int, Mapping[str, Any]]:
        unknown, fault = False, ""
        for _ in range(tries):
            try:
                return self._post(center, raw)
            except Unreached as trouble:
                fault = str(trouble)
            except NoAnswer as trouble:
                unknown, fault = True, str(trouble)
        raise DoorTrouble(center, _unknown(center, fault) if unknown else _away(center, fault), unknown=unknown)

    @contextmanager
    def _at_most(self, center: str) -> Iterator[None]:
        room = self._room[center]
        if not room.acquire(timeout=READ_FOR):
            raise DoorTrouble(center, _silent(center))
        try:
            yield
        finally:
            room.release()

    def _keep(self, kept: OrderedDict[Any, Any], key: object, value: object, at_most: int) -> None:
        with self._lock:
            kept[key] = value
            while len(kept) > at_most:
                kept.popitem(last=False)

    def _forget(self, center: str) -> None:
        """Forget what this center was read for: something was wanted of it since."""
        with self._lock:
            for asked in [one for one in self._read if one[0] == center]:
                del self._read[asked]


def why_no_key(key: OwnKey) -> Bilingual | None:
    """Why this key will not do for a console; None: it does."""
    owner = owner_of(key.public.kid)
    if not owner.startswith("staff-"):
        return Bilingual("不是值班密钥", "this is no staff key")
    if len(owner) > LONGEST_KEY:
        return Bilingual("密钥名称太长，最多 25 个字符", "the key's name is too long: 25 characters at most")
    return None


def _away(center: str, fault: str) -> Bilingual:
    return Bilingual(
        f"连不上 {center}（{fault}）：没有执行；检查其程序与网络后再试",
        f"{center} cannot be reached ({fault}): nothing was done; look at its process and the network, and try again",
    )


def _unknown(center: str, fault: str) -> Bilingual:
    return Bilingual(
        f"{center} 没有应答（{fault}）：不知是否已执行；可以再发一次，不会执行两次",
        f"{center} has not answered ({fault}): it may have carried it out; sent again, it is carried out once",
    )


def _silent(center: str) -> Bilingual:
    return Bilingual(
        f"{center} 现在没有应答：看它的程序是否在运行", f"{center} does not answer now: see whether its process runs"
    )


def _older(center: str) -> Bilingual:
    return Bilingual(
        f"{center} 的程序较旧，没有值班入口：升级它，或到它的机器上处置",
        f"the program of {center} is older and has no door for operators: upgrade it, or go there",
    )


def _refused(center: str, status: int, code: str) -> Bilingual:
    return Bilingual(
        f"{center} 未受理（{status} {code}）：稍后再试，或到它的机器上用 bus doctor 查看",
        f"{center} has not taken it ({status} {code}): try again later, or see `bus doctor` there",
    )


def _key_may_not(center: str) -> Bilingual:
    return Bilingual(
        f"控制台的值班密钥在 {center} 没有这项权限：由县里的运维在名录中授予，或由该中心的配置放行",
        f"the console's own key may not do this at {center}: the county's operator gives it the role, or the "
        "center's settings let it",
    )

"""What the auditor makes of each fault: the code as which it is found, or why facts cannot show it."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from bus.audit import Code, Finding
from bus.bilingual import Bilingual

WITHIN = 60.0
"""Seconds from the damage on until the auditor has found it."""


@dataclass(frozen=True, slots=True)
class Shown:
    """Found as one of these codes, if it lasts."""

    codes: frozenset[Code]
    stays: bool = False
    """Whether nothing heals it: the broker's journal keeps what it has carried."""


def _as(*codes: Code, stays: bool = False) -> Shown:
    return Shown(frozenset(codes), stays)


_SILENT = _as(Code.SILENT_CENTER)
_DEAF = _as(Code.SILENT_CENTER, Code.OVERDUE_RECEIPT)
"""It may go on to tell for a while."""
_SOON = Bilingual("几秒内即恢复，早于任何容限", "healed within seconds, before any patience has ended")
_ALL_WAIT = Bilingual(
    "全县一起停：没有人能告知自己在等谁", "all stand still together: nobody can tell for whom it waits"
)
_SLOW = Bilingual("报文变慢或重发，但都送达", "messages are slow or said again, and all arrive")
_PEOPLE = Bilingual("报文都已签收，办理由人，按天计", "each message is receipted; what people do counts in days")
_SAID = Bilingual(
    "已用 bus recover 说明：说明过的遗忘不追究", "declared by `bus recover`: what is said is not held against"
)
_NO_FACTS = Bilingual("上一版本不告知事实", "the release before tells no facts")
_AWAY = Bilingual("稽核自己不在；回来后重新计时", "the auditor itself is away, and is patient anew when it is back")
SHOWN: Mapping[str, Shown | Bilingual] = {
    **dict.fromkeys(("kill9-center", "stop-center", "silent", "credentials-revoked"), _SILENT),
    **dict.fromkeys(("store-locked", "disk-full-store"), _SILENT),
    **dict.fromkeys(("silent-one-way", "queue-deleted"), _DEAF),
    **dict.fromkeys(("clock-back-1h", "clock-forward-30d"), _as(Code.CLOCKS_APART)),
    "poison": _as(Code.LABEL_WITHOUT_FACT, stays=True),
    **dict.fromkeys(("kill9-relay", "kill9-commanded", "crash-loop", "rolling-restart-centers", "two-relays"), _SOON),
    **dict.fromkeys(("queue-purged", "consumer-timeout", "kill9-leader"), _SOON),
    **dict.fromkeys(("partition", "partition-one-way"), _SOON),
    **dict.fromkeys(("resets", "delay", "truncate", "corrupt", "overload"), _SLOW),
    **dict.fromkeys(("kill9-broker", "stop-broker", "rolling-restart", "memory-alarm", "disk-full-broker"), _ALL_WAIT),
    "postgres-immediate-stop": _ALL_WAIT,
    "stop-vendor": _PEOPLE,
    "old-backup-restored": _SAID,
    "previous-version": _NO_FACTS,
    **dict.fromkeys(("kill9-ledger", "stop-ledger", "ledger-store-locked"), _AWAY),
}
"""Fault → what it is found as, or the reason why it is not."""
CONTRADICTIONS = frozenset({Code.SET_BACK, Code.PING_PONG, Code.CLOCKS_APART})
"""No delay makes these: only a fault that is found as such."""


class Damage(NamedTuple):
    """What one strike of a fault did to a center; in seconds since 1970."""

    fault: str
    center: str
    began: float
    ended: float


def is_of(finding: Finding, damage: Damage) -> bool:
    """Whether the finding is what the damage is found as, and was open while it lasted, or soon after."""
    shown = SHOWN[damage.fault]
    return (
        isinstance(shown, Shown)
        and finding.code in shown.codes
        and damage.center in {finding.center, *finding.subject.split()}
        and finding.opened_ms <= (damage.ended + WITHIN) * 1000
        and (finding.cleared_ms is None or finding.cleared_ms >= damage.began * 1000)
    )


def missed(damages: Iterable[Damage], found: Collection[Finding], within: float) -> Iterator[str]:
    """Damage that lasted for long enough, and that the auditor has not found in time."""
    for one in damages:
        due = one.began + within
        if not isinstance(SHOWN[one.fault], Shown) or one.ended < due:
            continue
        opened = min((finding.opened_ms / 1000 for finding in found if is_of(finding, one)), default=None)
        if opened is None:
            yield f"auditor: missed {one.fault} at {one.center}, which lasted {one.ended - one.began:.0f} s"
        elif opened > due:
            yield f"auditor: found {one.fault} at {one.center} after {opened - one.began:.0f} s, not within {within:g}"


def false_alarms(faults: Collection[str], found: Iterable[Finding]) -> Iterator[str]:
    """Findings that no fault of the run explains: without a fault all of them, else those that no delay makes."""
    named = [shown for fault in faults if isinstance(shown := SHOWN.get(fault), Shown)]
    explained = frozenset[Code]().union(*(shown.codes for shown in named))
    for one in found:
        if not faults or (one.code in CONTRADICTIONS and one.code not in explained):
            yield f"auditor: false alarm: {told(one)}"


def uncleared(faults: Collection[str], found: Iterable[Finding]) -> Iterator[Finding]:
    """Findings that are open although all is healed."""
    stays = frozenset[Code]().union(
        *(shown.codes for fault in faults if isinstance(shown := SHOWN.get(fault), Shown) and shown.stays)
    )
    return (one for one in found if one.cleared_ms is None and one.code not in stays)


def told(one: Finding) -> str:
    """A finding in a line of a report: labels alone."""
    shown = "; ".join(f"{part.center} {part.says} {part.holder} {part.version} {part.peer}" for part in one.evidence)
    return f"{one.code} {one.subject} {one.detail} of {one.center}: {shown}"

"""What a console asks once a minute: keys, certificates, versions, the broker's topology, backups, what is kept for how
long, and the record of what persons have done."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

from bus.bilingual import Bilingual
from bus.cli.county_file import CountySettings
from bus.console.record_chain import ChainWatch
from bus.console.slow_look import Backup, Differs, Ending, Kept, Member, SlowLook
from bus.context import CenterContext
from bus.sdk import discovery
from bus.security.directory import Directory
from bus.security.errors import KeyUnusable
from bus.security.pki import good_until
from bus.settings import CenterSettings
from bus.store import archive, facts, operations, schema
from bus.store.database import Store, StoreUnavailable
from bus.store.timestamps import ms
from bus.transports.topology.apply import verify
from bus.transports.topology.findings import Severity
from bus.transports.topology.management_api import ManagementApiRefused

Found = TypeVar("Found")


@dataclass(frozen=True, slots=True)
class SlowAsking:
    """Asks all of it. What cannot be asked is told as such, and the rest is shown."""

    settings: CenterSettings
    store: Store
    context: CenterContext
    county: CountySettings | None = None
    chain: ChainWatch | None = None
    backups: Path | None = None
    """The folder in which backups are laid."""

    def __call__(self) -> SlowLook:
        """Ask now."""
        now, trouble = datetime.now(UTC), dict[str, str]()
        known = _asked("directory", self.context.security.current_directory, trouble)
        rows = _asked("store", self._rows, trouble) or {}
        county, chain = self.county, self.chain
        return SlowLook(
            at_ms=ms(now),
            endings=[*_certificates(self.settings, trouble), *(_keys(known, now) if known is not None else ())],
            members=list(_members(known, now)) if known is not None else [],
            directory=known.serial if known is not None else None,
            program=discovery.ours()[1],
            differs=_asked("topology", lambda: _differs(county), trouble) if county is not None else None,
            backup=_asked("backups", self._newest_backup, trouble),
            backups_in=str(self.backups or ""),
            ledger=self.settings.facts.ledger or "",
            chain=_asked("record", lambda: chain.check(ms(now)), trouble) if chain is not None else None,
            trouble=trouble,
            **rows,
        )

    def _rows(self) -> dict[str, Any]:
        """What the store tells."""
        version = schema.current(self.store)
        settings = self.settings
        with self.store.reading() as tx:
            lag = facts.lag(tx, settings.center) if settings.facts.ledger else facts.UntoldFigures(0, 0)
            archived, operated = archive.oldest(tx), operations.oldest(tx)
        terms = settings.retention.terms if settings.retention is not None else ()
        erased = {
            False: Bilingual("办结案件（到期抹除）", "closed cases, before they are erased"),
            True: Bilingual("敏感的办结案件（到期抹除）", "sensitive closed cases, before they are erased"),
        }
        kept = [
            Kept(Bilingual("收发过的报文", "messages sent and received"), settings.keep_days, archived),
            Kept(Bilingual("值班操作", "operations of persons on duty"), settings.keep_days, operated),
            *(Kept(erased[sensitive], days, 0) for days, sensitive in terms),
        ]
        return {"store_version": version or "", "kept": kept, "untold": lag.rows, "untold_ms": lag.oldest_ms}

    def _newest_backup(self) -> Backup | None:
        if self.backups is None:
            return None
        files = [(one.stat(), one.name) for one in self.backups.iterdir() if one.is_file()]
        newest = max(files, key=lambda one: one[0].st_mtime, default=None)
        return Backup(newest[1], int(newest[0].st_mtime * 1000), newest[0].st_size) if newest is not None else None


def _asked(what: str, ask: Callable[[], Found], trouble: dict[str, str]) -> Found | None:
    try:
        return ask()
    except (StoreUnavailable, KeyUnusable, ManagementApiRefused) as error:
        trouble[what] = str(error)
    except OSError as error:
        trouble[what] = type(error).__name__
    return None


def _certificates(settings: CenterSettings, trouble: dict[str, str]) -> Iterator[Ending]:
    tls = settings.tls
    for what, file in (("own-certificate", tls.certificate), ("authority", tls.ca)):
        if file is not None:
            until = _asked(what, lambda file=file: good_until(file), trouble)  # type: ignore[misc]  # a lambda with a default
            if until is not None:
                yield Ending(what, settings.center if what == "own-certificate" else file.name, ms(until))


def _keys(known: Directory, now: datetime) -> Iterator[Ending]:
    for one in known.listed.values():
        if not one.fault(now) and one == known.current(one.center, now)[0]:
            yield Ending("center-key", one.center, ms(one.until) if one.until is not None else 0)
    for staff in known.staff.values():
        if staff.revoked is None:
            yield Ending("staff-key", staff.name, ms(staff.until))


def _members(known: Directory, now: datetime) -> Iterator[Member]:
    for center in known.members:
        keys = known.current(center, now)
        yield Member(center, keys[0].key.kid if keys else "", known.reads.get(center, ()))


def _differs(county: CountySettings) -> list[Differs]:
    with county.admin() as admin:
        found = verify(admin, county.topology())
    return [
        Differs(one.drift.value, one.severity is Severity.ERROR, one.kind, one.name, one.detail, one.cure)
        for one in found
    ]

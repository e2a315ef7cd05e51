"""What is asked once a minute: keys and certificates, topology, backups, the ledger, and what follows from it."""

import os
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from bus.bilingual import Bilingual
from bus.cli.console_slow import SlowAsking
from bus.console.causes import cause_of
from bus.console.center_look import Look
from bus.console.findings import Severity, findings
from bus.console.record_chain import Chain
from bus.console.slow_look import DAY_MS, Backup, Differs, Ending, SlowLook
from bus.console.tiles import next_tiles
from bus.console.watch import Watch
from bus.security import pki
from bus.settings import Backend, CenterSettings, Tls
from bus.store.access_log import Mark
from bus.store.timestamps import ms
from bus.transports.topology.queue_figures import figures_of
from tests.console.test_looks import ME, NOW, _look
from tests.harness.step import MEDIA, BareCenter

NOW_MS = ms(NOW)
WORDS = Bilingual("缺少", "missing")
WELL = SlowLook(NOW_MS, [Ending("center-key", ME, 0)])


def _with(**changes: object) -> Look:
    return replace(_look(), slow=replace(WELL, **changes))  # type: ignore[arg-type]  # fields of the look


def _ends(what: str, days: int) -> Look:
    return _with(endings=[Ending(what, ME, NOW_MS + days * DAY_MS)])


def _chain(**changes: object) -> Chain:
    return Chain(Mark(), 0, 1)._replace(**changes)  # type: ignore[arg-type]  # fields of the chain


DRIFT = Differs("missing", True, "queue", "inbox.x", WORDS, WORDS)


@pytest.mark.parametrize(
    ("look", "code", "severity"),
    [
        (_ends("center-key", 29), "key-ends", Severity.ATTENTION),
        (_ends("staff-key", 6), "key-ends", Severity.FAULT),
        (_ends("own-certificate", 29), "certificate-ends", Severity.ATTENTION),
        (_ends("authority", -1), "certificate-ends", Severity.FAULT),
        (_with(differs=[DRIFT]), "topology-differs", Severity.FAULT),
        (_with(differs=[DRIFT._replace(grave=False)]), "topology-differs", Severity.ATTENTION),
        (_with(backups_in="/backups"), "backup-old", Severity.ATTENTION),
        (_with(backups_in="/backups", backup=Backup("a", NOW_MS - 3 * DAY_MS, 1)), "backup-old", Severity.ATTENTION),
        (_with(ledger="ledger-1", untold=5, untold_ms=NOW_MS - 700_000), "ledger-late", Severity.ATTENTION),
        (_with(chain=_chain(broken=(3,), unexplained=True)), "record-broken", Severity.FAULT),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_each_fault_is_found_with_its_cure(look: Look, code: str, severity: Severity) -> None:
    """And has words and a cure in both languages."""
    (found,) = findings(look)
    assert (found.code, found.severity) == (code, severity)
    cause = cause_of(found)
    assert all((cause.title.zh, cause.title.en, cause.cure.zh, cause.cure.en))


@pytest.mark.parametrize(
    "look",
    [
        replace(_look(), slow=WELL),
        _ends("center-key", 31),
        _with(differs=[]),
        _with(backups_in="/backups", backup=Backup("a", NOW_MS - DAY_MS, 1)),
        _with(ledger="ledger-1", untold=5, untold_ms=NOW_MS - 1000),
        _with(chain=_chain(broken=(3,), unexplained=False)),
    ],
)
def test_what_is_well_is_no_finding(look: Look) -> None:
    """Nor what a person has explained."""
    assert findings(look) == []


def test_a_tile_has_the_days_left_of_its_keys() -> None:
    """The fewest; of a key without an end none."""
    endings = [Ending("center-key", ME, 0), *(Ending("own-certificate", ME, NOW_MS + n * DAY_MS) for n in (90, 40))]
    look = _with(endings=endings)
    assert next_tiles({}, look, [])[ME].days_left == 40
    assert next_tiles({}, replace(_look(), slow=WELL), [])[ME].days_left is None


def test_a_tile_has_the_rates_that_the_broker_counts() -> None:
    """Messages a minute; nothing where the broker has counted none yet."""
    rates = {"publish_details": {"rate": 0.5}, "ack_details": {"rate": 2.0}}
    assert (figures_of({"name": "q"}).comes, figures_of({"name": "q"}).goes) == (None, None)
    told = figures_of({"name": "q", "message_stats": rates})
    look = _look()
    assert look.broker is not None
    queues = {name: one._replace(comes=told.comes, goes=told.goes) for name, one in look.broker.queues.items()}
    tile = next_tiles({}, replace(look, broker=look.broker._replace(queues=queues)), [])[ME]
    assert (tile.comes, tile.goes) == (30.0, 120.0)


def test_it_is_asked_once_a_minute_for_all_viewers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Other looks have the answer of before."""
    asked: list[SlowLook] = []
    clock = [100.0]
    monkeypatch.setattr("bus.console.watch.time.monotonic", lambda: clock[0])

    def ask() -> SlowLook:
        asked.append(WELL)
        return WELL

    watch = Watch(_look, ask)
    for _ in range(3):
        assert watch.renew().look.slow is WELL
    clock[0] += 61
    watch.renew()
    assert len(asked) == 2


@pytest.fixture
def asking(tmp_path: Path) -> Callable[..., SlowLook]:
    """Asks about a real store, with these settings."""

    def ask(backups: Path | None = None, **settings: Any) -> SlowLook:
        here = BareCenter(MEDIA, tmp_path)
        given = CenterSettings(
            center=MEDIA, store="sqlite:///x.db", backend=Backend(url="http://127.0.0.1:9"),
            intake_secret=SecretStr("a" * 64), **settings,
        )  # fmt: skip
        try:
            return SlowAsking(given, here.store, here.context, backups=backups)()
        finally:
            here.close()

    return ask


def test_certificates_are_read_from_their_files(asking: Callable[..., SlowLook], tmp_path: Path) -> None:
    """A file that is none is told as trouble, and the rest is shown."""
    now = datetime.now(UTC)
    authority = pki.new_authority("county", now, 400)
    issued = pki.for_center(authority, MEDIA, now, 20)
    certificate, key, ca = (tmp_path / name for name in ("own.pem", "own.key", "ca.pem"))
    certificate.write_bytes(issued.certificate)
    key.write_bytes(issued.key)
    ca.write_text("no certificate")
    found = asking(tls=Tls(certificate=certificate, key=key, ca=ca))
    assert [(one.what, one.name, one.days(found.at_ms)) for one in found.endings] == [("own-certificate", MEDIA, 19)]
    assert set(found.trouble) == {"authority"}


def test_the_newest_file_of_the_folder_counts_as_the_backup(asking: Callable[..., SlowLook], tmp_path: Path) -> None:
    """With its time and size; a folder that is not there is told."""
    folder = tmp_path / "backups"
    folder.mkdir()
    for name, age in (("old.tar.gz", 100), ("new.tar.gz", 10)):
        (folder / name).write_text(name)
        at = (datetime.now(UTC) - timedelta(hours=age)).timestamp()
        os.utime(folder / name, (at, at))
    newest = asking(backups=folder).backup
    assert newest is not None
    assert (newest.name, newest.size) == ("new.tar.gz", len("new.tar.gz"))
    assert asking(backups=tmp_path / "none").trouble == {"backups": "FileNotFoundError"}


def test_settings_of_what_is_kept_are_told(asking: Callable[..., SlowLook]) -> None:
    """With the schema of the store; without a ledger nothing is behind."""
    found = asking(keep_days=9)
    assert [one.days for one in found.kept] == [9, 9]
    assert (found.ledger, found.untold, found.trouble) == ("", 0, {})
    assert found.store_version


def test_what_does_not_answer_is_told_as_such(asking: Callable[..., SlowLook], monkeypatch: pytest.MonkeyPatch) -> None:
    """And never as well."""

    def away(*_: object) -> None:
        raise OSError("secret")

    monkeypatch.setattr("bus.store.archive.oldest", away)
    found = asking()
    assert found.trouble == {"store": "OSError"}
    assert found.kept == ()

"""The files that a center's settings name, and whether the user that the center runs as may read each of them."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from bus.cli.checks import Check, wrong
from bus.security.master_key import CREDENTIAL, PROVIDER
from bus.security.permission import Barred, Readers, User, this_user, user_of, why_unreadable
from bus.settings import BadSettings, CenterSettings
from bus.store.opening import read_url
from bus.store.sqlite_files import file_of


class Named(NamedTuple):
    """One file, and the setting that names it."""

    setting: str
    path: Path
    readers: Readers


def permissions(settings: CenterSettings, file: Path) -> Iterator[Check]:
    """Each file that the center may not read. Root may read all: for it the service's user is asked about."""
    for _, barred in _barred(settings, file, service_user(settings)):
        yield wrong("permission", barred.found.zh, barred.found.en, barred.cure)


def require_readable(settings: CenterSettings, file: Path) -> None:
    """Raises ``BadSettings`` with every file that this process may not read, each with its cure."""
    faults = [(named.setting, *barred.words) for named, barred in _barred(settings, file, this_user())]
    if faults:
        raise BadSettings(faults)


def service_user(settings: CenterSettings) -> User:
    """Who runs the center: for root the owner of its store or of its attachments, else whoever runs this."""
    if os.geteuid() == 0:
        for place in _its_own(settings):
            if place.exists() and (uid := os.stat(place).st_uid) != 0:
                return user_of(uid)
    return this_user()


def _its_own(settings: CenterSettings) -> Iterator[Path]:
    if settings.store.startswith("sqlite:///") and (store := file_of(read_url(settings.store))) is not None:
        yield from (store, store.absolute().parent)
    yield settings.data


def _barred(settings: CenterSettings, file: Path, user: User) -> Iterator[tuple[Named, Barred]]:
    for named in _files(settings, file):
        barred = why_unreadable(named.path, named.readers, user)
        if barred is not None:
            yield named, barred


def _files(settings: CenterSettings, file: Path) -> Iterator[Named]:
    yield Named("settings", file, Readers.GROUP)
    if (trust := settings.trust) is not None:
        yield Named("trust.keys", trust.keys, Readers.OWNER)
        yield Named("trust.directory", trust.directory, Readers.ALL)
        yield Named("trust.operator", trust.operator, Readers.ALL)
    if settings.at_rest is not None and not settings.at_rest.key.startswith((CREDENTIAL, PROVIDER)):
        yield Named("at_rest.key", Path(settings.at_rest.key), Readers.OWNER)
    tls = settings.tls
    given = (
        ("ca", tls.ca, Readers.ALL),
        ("certificate", tls.certificate, Readers.ALL),
        ("key", tls.key, Readers.OWNER),
    )
    yield from (Named(f"tls.{name}", path, readers) for name, path, readers in given if path is not None)

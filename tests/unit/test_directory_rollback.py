"""An older directory never comes back: not while a center runs, and not with its restart."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from bus.custody.commands import Offer, Register
from bus.demo.county_keys import county_keys
from bus.runtime.directory_memory import DirectoryMemory, file_of, recall
from bus.runtime.process import CenterProcess
from bus.security import directory, key_request
from bus.security.directory import Edition
from bus.security.errors import KeyUnusable, RolledBack
from bus.security.keyed_security import security_of
from bus.security.keyring import PublicKey, new_keyring, read_keyring, read_public_key
from bus.settings import CenterSettings, Trust, load
from bus.store import Store, directories, parked, schema
from bus.store import tables as t
from bus.transports.embedded import EmbeddedBroker, EmbeddedTransport
from tests.harness.step import NOW, BareCenter, a_case
from tests.unit.test_cli_run import SECRET, WHOLE, bus

MEDIA, PARTY = "media_center-150402", "party_service-150402006"


class County:
    """Two centers' keys in files, and the operator who signs one directory after the other."""

    def __init__(self, folder: Path) -> None:
        self.keys = folder / "keys"
        self.trust = county_keys(self.keys, {MEDIA: None, PARTY: None})
        self.file = self.keys / "county.directory"
        self.first = self.file.read_bytes()

    @property
    def operator(self) -> PublicKey:
        """Whose signature counts."""
        return read_public_key(self.keys / "operator.pub")

    def revoke(self, center: str) -> bytes:
        """The next directory, in which a center's key counts no more; it lies in its place."""
        ring = read_keyring(self.keys / "operator.keys.json")
        kid = read_keyring(self.keys / f"{center}.keys.json").keys[0].public.kid
        known = key_request.revoked(directory.read_file(self.file, self.operator), kid, NOW)
        self.file.write_bytes(directory.written(known, ring.keys[-1]))
        return self.file.read_bytes()

    def center(self, name: str, folder: Path) -> BareCenter:
        """A center that has just started."""
        security = security_of(Trust(**self.trust[name]))
        made = BareCenter(name, folder, security=security)
        recall(security, made.store)
        return made


@pytest.fixture
def county(tmp_path: Path) -> County:
    """A county with keys."""
    return County(tmp_path)


@pytest.fixture
def pair(county: County, tmp_path: Path) -> Iterator[tuple[BareCenter, BareCenter]]:
    """The media center, whose key a thief has, and the party's, which has seen it revoked and starts with the older
    directory in place of the newer."""
    media, before = county.center(MEDIA, tmp_path), county.center(PARTY, tmp_path)
    county.revoke(MEDIA)
    DirectoryMemory(before.context.security, before.store).keep(1)
    before.close()
    county.file.write_bytes(county.first)
    after = county.center(PARTY, tmp_path)
    yield media, after
    media.close()
    after.close()


def _edition(county: County, raw: bytes) -> Edition:
    return directory.read(raw, county.operator).edition


def _offered(media: BareCenter) -> bytes:
    case = a_case(MEDIA)
    media.execute(Register(case=case), Offer(case_id=case.case_id, to=(PARTY,)))
    (parcel,) = media.relay()
    return parcel.body


def test_an_older_directory_is_refused_after_a_restart(pair: tuple[BareCenter, BareCenter], county: County) -> None:
    """The revoked key does not live again: nothing that arrives is judged, applied or parked until the newest is there,
    and then what waits is judged by it."""
    media, party = pair
    travelled = _offered(media)
    with pytest.raises(RolledBack, match="directory-rolled-back"):
        party.receive(travelled, sender=MEDIA)
    with party.store.reading() as tx:
        assert (tx.execute(select(t.cases)).all(), parked.listed(tx)) == ([], [])
    county.revoke(MEDIA)
    assert party.receive(travelled, sender=MEDIA) == {"parked": 1}
    with party.store.reading() as tx:
        assert [row["code"] for row in parked.listed(tx)] == ["revoked-key"]


def test_without_a_directory_a_center_takes_forms_and_keeps_what_it_says(
    pair: tuple[BareCenter, BareCenter], county: County
) -> None:
    """As with keys that cannot be used: it says so, nothing leaves, and all of it leaves with the newest directory."""
    _, party = pair
    case = a_case(PARTY)
    party.execute(Register(case=case), Offer(case_id=case.case_id, to=(MEDIA,)))
    with pytest.raises(KeyUnusable, match="directory-rolled-back"):
        party.relay()
    trouble = party.context.security.trouble(NOW)
    assert trouble is not None
    assert all("directory-rolled-back" in text for text in (trouble.zh, trouble.en))
    assert not party.context.security.may_fetch("http://127.0.0.1:1/attachments/x", "x", NOW)
    ring, before = read_keyring(county.keys / "operator.keys.json"), directory.read(county.first, county.operator)
    newest = before.with_keys([], NOW).with_keys([], NOW)
    county.file.write_bytes(directory.written(newest, ring.keys[-1]))
    party.later(60)
    assert [parcel.recipient for parcel in party.relay()] == [MEDIA]
    assert party.context.security.trouble(NOW) is None


def test_another_directory_of_the_same_serial_is_refused(county: County, tmp_path: Path) -> None:
    """An operator who has signed two of them must say which one counts, with the next."""
    party = county.center(PARTY, tmp_path)
    county.revoke(MEDIA)
    DirectoryMemory(party.context.security, party.store).keep(1)
    county.file.write_bytes(county.first)
    county.revoke(PARTY)
    file = file_of(party.context.security)
    assert file is not None
    assert file.current().listed[read_keyring(county.keys / f"{PARTY}.keys.json").keys[0].public.kid].revoked is None
    assert isinstance(file.trouble, RolledBack)
    assert "another directory with serial 3" in file.trouble.en
    party.close()
    again = county.center(PARTY, tmp_path)
    with pytest.raises(RolledBack, match="another directory with serial 3"):
        again.context.security.protect(b"{}", MEDIA, NOW)
    again.close()


def test_a_new_operators_key_begins_its_own_count(county: County, tmp_path: Path) -> None:
    """A person puts it into the settings: its first directory is taken, and the old operator's count stays."""
    party = county.center(PARTY, tmp_path)
    county.revoke(MEDIA)
    DirectoryMemory(party.context.security, party.store).keep(1)
    party.close()
    old, fresh = county.operator, new_keyring("operator", NOW)
    known = replace(directory.read(county.first, old), serial=1)
    county.file.write_bytes(directory.written(known, fresh.keys[-1]))
    (county.keys / "operator.pub").write_text(fresh.keys[-1].public.model_dump_json())
    again = county.center(PARTY, tmp_path)
    assert again.context.security.trouble(NOW) is None
    DirectoryMemory(again.context.security, again.store).keep(2)
    with again.store.reading() as tx:
        kept = {row.serial for row in tx.execute(select(t.directories))}
    assert kept == {1, 3}
    again.close()


def test_the_memory_keeps_the_newest_and_tells_a_trouble_once(county: County, tmp_path: Path) -> None:
    """One look after the other: a newer one is written down, an older one is told of and changes nothing."""
    party = county.center(PARTY, tmp_path)
    memory, operator = DirectoryMemory(party.context.security, party.store), file_of(party.context.security)
    assert operator is not None
    assert memory.keep(1) == ""
    newest = county.revoke(MEDIA)
    assert memory.keep(2) == ""
    county.file.write_bytes(county.first)
    assert "directory-rolled-back" in memory.keep(3)
    assert memory.keep(4) == ""
    with party.store.reading() as tx:
        assert directories.newest(tx, operator.operator) == _edition(county, newest)
    party.close()


def _settings(county: County, tmp_path: Path) -> Path:
    path = tmp_path / "c.toml"
    lines = "\n".join(f'{name} = "{value}"' for name, value in county.trust[MEDIA].items())
    path.write_text(f"{WHOLE.format(folder=tmp_path)}[trust]\n{lines}\n", encoding="utf-8")
    return path


def _store(settings: CenterSettings) -> Store:
    opened = Store(settings.store)
    schema.upgrade(opened)
    return opened


def _remembers(county: County, settings: CenterSettings, raw: bytes) -> None:
    store, file = _store(settings), file_of(security_of(settings.trust))
    assert file is not None
    store.write(lambda tx: directories.put(tx, file.operator, _edition(county, raw), 1))
    store.close()


def test_a_process_starts_and_says_in_its_health_that_the_directory_is_older(county: County, tmp_path: Path) -> None:
    """It is up, and says so; it remembers the newest that it has used, and becomes well when that one is back."""
    settings = load(_settings(county, tmp_path), intake_secret=SECRET)
    newest = county.revoke(PARTY)
    _remembers(county, settings, newest)
    county.file.write_bytes(county.first)
    process = CenterProcess(settings, EmbeddedTransport(MEDIA, EmbeddedBroker()))
    process.start()
    try:
        assert "directory-rolled-back" in process.ready()["keys"]
        county.file.write_bytes(newest)
        assert "keys" not in process.ready()
    finally:
        process.stop(5)


# -- the operator's commands ----------------------------------------------------------------------------------------


def _journal(settings: CenterSettings) -> list[tuple[str, str, str]]:
    store = _store(settings)
    with store.reading() as tx:
        lines = [(row.way, row.kind, row.note) for row in tx.execute(select(t.journal))]
    store.close()
    return lines


def test_the_newest_is_taken_from_any_center_and_an_older_one_only_with_a_reason(
    county: County, tmp_path: Path
) -> None:
    """Its signature is checked; an older one on purpose stands in the journal, and the center follows it."""
    config = _settings(county, tmp_path)
    settings = load(config, intake_secret=SECRET)
    newest = county.revoke(PARTY)
    _remembers(county, settings, newest)
    county.file.unlink()
    other, forged = tmp_path / "other", tmp_path / "forged"
    other.write_bytes(newest)
    forged.write_bytes(newest.replace(b'"revoked"', b'"until"'))
    words = ("keys", "directory", "--config", config, "--lang", "en", "--from")
    assert bus(*words, forged)[0] == 1
    assert bus(*words, other)[0] == 0
    assert county.file.read_bytes() == newest
    other.write_bytes(county.first)
    code, _, said = bus(*words, other)
    assert (code, "directory-rolled-back" in said, county.file.read_bytes()) == (1, True, newest)
    assert bus(*words, other, "--older")[0] == 2
    assert bus(*words, other, "--older", "--reason", "revoked-by-mistake")[0] == 0
    assert county.file.read_bytes() == county.first
    assert _journal(settings) == [("directory", "serial.3.to.2", "revoked-by-mistake")]
    security, store = security_of(settings.trust), _store(settings)
    recall(security, store)
    assert security.trouble(NOW) is None
    store.close()


def test_a_running_center_follows_the_operator_who_takes_an_older_one(county: County, tmp_path: Path) -> None:
    """Also in its memory: the newer one that it has used does not come back by itself."""
    config = _settings(county, tmp_path)
    settings = load(config, intake_secret=SECRET)
    county.revoke(PARTY)
    store, security = _store(settings), security_of(settings.trust)
    memory = DirectoryMemory(security, store)
    memory.keep(1)
    old = tmp_path / "old"
    old.write_bytes(county.first)
    words = ("keys", "directory", "--config", config, "--from", old, "--older", "--reason", "by-mistake")
    assert bus(*words)[0] == 0
    memory.keep(2)
    assert security.trouble(NOW) is None
    with store.reading() as tx:
        assert [row.serial for row in tx.execute(select(t.directories))] == [2]
    store.close()


def test_an_operator_who_has_lost_all_goes_on_from_the_serial_that_doctors_print(
    county: County, tmp_path: Path
) -> None:
    """An empty directory of that serial, and the next one is newer than all that any center has used."""
    config = _settings(county, tmp_path)
    _remembers(county, load(config, intake_secret=SECRET), county.revoke(PARTY))
    county.file.unlink()
    _, out, _ = bus("doctor", "--config", config, "--json", "--lang", "en", BUS_INTAKE_SECRET=SECRET)
    (found,) = [one["found"] for one in json.loads(out) if one["check"] == "directory"]
    assert found.endswith("serial 3")
    desk = ("--operator", county.keys / "operator.keys.json", "--directory", county.file)
    assert bus("keys", "directory", "--serial", 3, *desk)[0] == 0
    assert bus("keys", "directory", "--serial", 3, *desk)[0] == 1
    assert directory.read_file(county.file, county.operator).with_keys([], NOW).serial == 4


WRONG: dict[str, Callable[[Path], tuple[Any, ...]]] = {
    "nothing": lambda _: (),
    "both": lambda f: ("--from", f, "--serial", 1),
    "no place": lambda f: ("--from", f),
    "a serial without an operator": lambda _: ("--serial", 1),
    "no word": lambda f: ("--from", f, "--config", f, "--older", "--reason", "two words"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_not_said_whole_is_not_done(name: str, county: County, tmp_path: Path) -> None:
    """Exit code 2, and nothing is written."""
    code, _, _ = bus("keys", "directory", *WRONG[name](county.file))
    assert (code, county.file.read_bytes()) == (2, county.first)


def test_the_operators_desk_takes_back_what_any_center_has(county: County, tmp_path: Path) -> None:
    """Its own file was lost; an older one does not replace a newer."""
    newest, kept = county.revoke(PARTY), tmp_path / "kept"
    kept.write_bytes(newest)
    county.file.unlink()
    words = ("keys", "directory", "--operator", county.keys / "operator.pub", "--directory", county.file, "--from")
    assert bus(*words, kept)[0] == 0
    kept.write_bytes(county.first)
    assert bus(*words, kept)[0] == 1
    assert county.file.read_bytes() == newest

"""Keys that root makes for the service's user: it can read and rotate them, and where it cannot the cure mends it."""

import json
import os
import pwd
import shutil
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from bus.security.keyring import fingerprint, read_keyring
from tests.unit.test_cli_run import SECRET, bus
from verification.services.privileges import need_root

ME = "media_center-150402"
SERVICE = "nobody"
"""A user that every machine has, with no rights of its own."""


class Machine:
    """A folder like ``/etc/bus`` that is root's, and one like ``/var/lib/bus`` that is the service's."""

    def __init__(self, folder: Path) -> None:
        self.etc, self.var = folder / "etc", folder / "var"
        self.user = pwd.getpwnam(SERVICE)
        for one, uid in ((self.etc, 0), (self.var, self.user.pw_uid)):
            one.mkdir()
            os.chown(one, uid, self.user.pw_gid)
            one.chmod(0o750)
        self.config = self.etc / f"{ME}.toml"
        self.keys = self.etc / "keys" / f"{ME}.keys.json"
        self.store_key = self.etc / "keys" / f"{ME}.store-key"

    def settle(self, keys: Path, store_key: Path) -> None:
        """Write the settings, as root does it: the service's group reads them."""
        self.config.write_text(
            f'center = "{ME}"\nstore = "sqlite:///{self.var}/media.db"\ndata = "{self.var}/data"\n'
            f'[backend]\nurl = "http://127.0.0.1:1"\n[at_rest]\nkey = "{store_key}"\n'
            f'[trust]\nkeys = "{keys}"\ndirectory = "{self.etc}/county.directory"\n'
            f'operator = "{self.etc}/operator.pub"\n',
            encoding="utf-8",
        )
        os.chown(self.config, 0, self.user.pw_gid)
        self.config.chmod(0o640)

    def list_key(self, keys: Path) -> None:
        """The operator's part, at root's desk: list the center's key and hand out the directory."""
        operator, asked = self.etc / "operator.keys.json", self.etc / "asked"
        must("keys", "new", "operator", "--file", operator)
        must("keys", "publish", "--file", operator, "--out", self.etc / "operator.pub")
        must("keys", "publish", "--file", keys, "--out", asked)
        heard = fingerprint(read_keyring(keys).keys[-1].public.sign)
        book = self.etc / "county.directory"
        must("keys", "trust", asked, "--operator", operator, "--directory", book, "--fingerprint", heard)

    def as_service(self, *words: object) -> tuple[int, str, str]:
        """A command as the service's user."""
        done = subprocess.run(
            [sys.executable, "-m", "tests.harness.as_user", str(self.user.pw_uid), str(self.user.pw_gid)]
            + [str(word) for word in words],
            env=os.environ | {"BUS_INTAKE_SECRET": SECRET, "BUS_LANG": "en", "PYTHONPATH": os.getcwd()},
            capture_output=True, text=True, check=False, timeout=300,
        )  # fmt: skip
        return done.returncode, done.stdout, done.stderr

    def barred(self, as_root: bool = False) -> list[dict[str, str]]:
        """What doctor says of permissions, run by the service's user or by root."""
        words: Sequence[Any] = ("doctor", "--config", self.config, "--json", "--lang", "en")
        _, out, said = bus(*words, BUS_INTAKE_SECRET=SECRET) if as_root else self.as_service(*words)
        assert out, said
        return [one for one in json.loads(out) if one["check"] == "permission"]


def must(*words: object) -> None:
    """A command of root's that does what it is asked."""
    code, _, said = bus(*words, "--lang", "en")
    assert code == 0, said


def whose(path: Path) -> tuple[str, str]:
    """Whom a file belongs to, and its mode."""
    told = path.stat()
    return pwd.getpwuid(told.st_uid).pw_name, f"{stat.S_IMODE(told.st_mode):04o}"


@pytest.fixture
def machine() -> Iterator[Machine]:
    """Outside of pytest's own folders, which root alone may enter; under root's usual or a careful umask."""
    need_root("Files of another user")
    folder = Path(tempfile.mkdtemp(prefix="bus-owners-"))
    folder.chmod(0o755)
    before = os.umask(0o077)
    try:
        yield Machine(folder)
    finally:
        os.umask(before)
        shutil.rmtree(folder)


def test_the_ceremony_ends_with_keys_that_the_service_reads_and_rotates(machine: Machine) -> None:
    """Root makes each with ``--owner``, the folder too; the service's user finds nothing wrong, and rotates."""
    must("keys", "new", ME, "--file", machine.keys, "--owner", SERVICE)
    must("keys", "master", "--file", machine.store_key, "--owner", f"{SERVICE}:{machine.user.pw_gid}")
    assert whose(machine.keys.parent) == (SERVICE, "0700")
    assert whose(machine.keys) == whose(machine.store_key) == (SERVICE, "0600")
    machine.list_key(machine.keys)
    machine.settle(machine.keys, machine.store_key)
    assert machine.barred() == machine.barred(as_root=True) == []
    code, _, said = machine.as_service("keys", "rotate", "--file", machine.keys)
    assert (code, said, len(read_keyring(machine.keys).keys)) == (0, "", 2)
    assert whose(machine.keys) == (SERVICE, "0600")


def test_the_service_rotates_a_key_in_a_folder_of_roots(machine: Machine) -> None:
    """There it may not put another file in the place of its own, so it writes on in the one that is there: the keys
    that count are its first bytes, before and after."""
    keys = machine.etc / "rm.keys.json"
    must("keys", "new", ME, "--file", keys, "--owner", SERVICE)
    (first,) = read_keyring(keys).keys
    code, _, said = machine.as_service("keys", "rotate", "--file", keys)
    assert (code, said) == (0, "")
    assert read_keyring(keys).keys[0] == first
    assert len(read_keyring(keys).keys) == 2
    assert whose(keys) == (SERVICE, "0600")
    assert sorted(machine.etc.iterdir()) == [keys]


def test_what_root_rotates_or_makes_in_the_services_folder_stays_the_services(machine: Machine) -> None:
    """Without ``--owner``: a file keeps its owner, and a new one takes that of its folder."""
    must("keys", "new", ME, "--file", machine.var / "rm.keys.json")
    must("keys", "rotate", "--file", machine.var / "rm.keys.json")
    must("pki", "authority", "150402", "--folder", machine.var / "pki")
    made = ("rm.keys.json", "pki", "pki/ca.key", "pki/ca.pem")
    assert {whose(machine.var / name)[0] for name in made} == {SERVICE}
    must("pki", "authority", "150402", "--folder", machine.etc / "pki")
    must("pki", "center", ME, "--folder", machine.etc / "pki", "--owner", SERVICE)
    assert whose(machine.etc / "pki" / f"{ME}.key") == (SERVICE, "0600")
    assert whose(machine.etc / "pki" / f"{ME}.pem") == (SERVICE, "0644")
    assert whose(machine.etc / "pki" / "ca.key") == ("root", "0600")


@pytest.mark.parametrize("as_root", [False, True])
def test_the_cure_of_a_permission_is_the_right_one(machine: Machine, as_root: bool) -> None:
    """Keys of root's: doctor names file, owner, mode and user, whoever runs it, and the printed commands mend all."""
    keys, store_key = machine.keys, machine.store_key  # in a folder that was made root's alone
    must("keys", "new", ME, "--file", keys)
    must("keys", "master", "--file", store_key)
    machine.list_key(keys)
    machine.settle(keys, store_key)
    (machine.etc / "county.directory").chmod(0o600)
    for _ in range(2):  # first the folder, which hides what lies in it
        found = machine.barred(as_root)
        assert found
        assert all(SERVICE in one["found"] and "belongs to root:" in one["found"] for one in found)
        for one in found:
            subprocess.run(["sh", "-c", one["cure"].rpartition("as root: ")[2]], check=True, timeout=60)
    assert [one for one in found if str(keys) in one["found"] and "mode 0600" in one["found"]]
    assert machine.barred(as_root) == []
    assert whose(keys) == whose(store_key) == (SERVICE, "0600")


def test_a_center_that_may_not_read_its_keys_says_permission(machine: Machine) -> None:
    """``bus run`` leaves with code 2 and the cure that fits, not with advice to make keys that are there."""
    keys, store_key = machine.etc / "rm.keys.json", machine.etc / "rm.store-key"
    must("keys", "new", ME, "--file", keys)
    must("keys", "master", "--file", store_key)
    machine.list_key(keys)
    machine.settle(keys, store_key)
    code, _, said = machine.as_service("run", "--config", machine.config)
    assert code == 2
    assert f"trust.keys: permission: {keys} belongs to root:root, mode 0600; the user {SERVICE} may not read it" in said
    assert f"chown {SERVICE} {store_key}" in said
    assert "keys new" not in said
    code, _, said = machine.as_service("keys", "publish", "--file", keys, "--out", machine.var / "asked")
    assert (code, f"chown {SERVICE} {keys}" in said) == (1, True)
    machine.config.chmod(0o600)
    code, _, said = machine.as_service("run", "--config", machine.config)
    assert (code, "permission" in said, f"chmod 640 {machine.config}" in said) == (2, True, True)


def test_what_the_service_may_not_do_is_told_with_the_cure(machine: Machine) -> None:
    """A folder that it may not write in, a file that it cannot give away, and a user that the machine does not have."""
    keys = machine.etc / "rm.keys.json"
    must("keys", "new", ME, "--file", keys, "--owner", SERVICE)
    code, _, said = machine.as_service("keys", "publish", "--file", keys, "--out", machine.etc / "asked")
    assert (code, f"the folder {machine.etc} belongs to root:" in said, "run this as root" in said) == (1, True, True)
    code, _, said = machine.as_service("keys", "master", "--file", machine.var / "key", "--owner", "root")
    assert (code, "only root may give a file" in said) == (1, True)
    assert list(machine.var.iterdir()) == []
    code, _, said = bus("keys", "master", "--file", machine.var / "key", "--owner", "no-such-user", "--lang", "en")
    assert (code, "no-such-user" in said) == (2, True)

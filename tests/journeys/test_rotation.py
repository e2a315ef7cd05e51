"""Keys change while cases go to and fro over a real broker: nothing is lost, and nobody has to be restarted."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import select

from bus.demo.local_county import LocalCounty
from bus.security.keyring import read_keyring
from bus.store import tables as t
from bus.store.encryption import encryption_of
from tests.conftest import Vhost
from tests.harness.county import Counties, logins
from tests.journeys.crowd import Crowd, seen
from tests.unit.test_cli_run import bus

HERE, THERE = "media_center-150402", "media_center-150403"
pytestmark = pytest.mark.broker


@contextmanager
def _traffic(county: LocalCounty) -> Iterator[list[str]]:
    """A resident every twentieth of a second; who has come so far."""
    over, came, crowd = threading.Event(), list[str](), Crowd()

    def residents() -> None:
        while not over.wait(0.05):
            text = f"村道积水 {len(came)}"
            form = {"client_name": "居民甲", "category": "道路交通", "text": text, "division": "150403003"}
            came.append(str(county.backend(HERE, "/residents/messages", crowd.speaks(form))["id"]))

    thread = threading.Thread(target=residents)
    thread.start()
    try:
        yield came
    finally:
        over.set()
        thread.join()


class Office:
    """The county's operator and the centers' IT, with the command line."""

    def __init__(self, county: LocalCounty) -> None:
        self.folder = county.folder / "keys"

    def file(self, center: str) -> Path:
        """A center's key file."""
        return self.folder / f"{center}.keys.json"

    def newest(self, center: str) -> str:
        """The name of its newest key."""
        return read_keyring(self.file(center)).keys[-1].public.kid

    def rotate(self, center: str) -> None:
        """A new key, applied for and listed."""
        application = self.folder / f"{center}.application"
        self._keys("rotate", "--file", self.file(center))
        self._keys("publish", "--file", self.file(center), "--out", application)
        self._operate("trust", application)

    def revoke(self, kid: str) -> None:
        """It counts no more, from now on."""
        self._operate("revoke", kid)

    def _operate(self, *words: object) -> None:
        operator = self.folder / "operator.keys.json"
        self._keys(*words, "--operator", operator, "--directory", self.folder / "county.directory")

    def _keys(self, *words: object) -> None:
        code, _, said = bus("keys", *words)
        assert code == 0, said


def _signers(county: LocalCounty, center: str) -> set[bytes]:
    """The beginnings of the signatures on what a center has heard: they name the keys."""
    with county.store(center).reading() as tx:
        a = t.archive.c
        heard = tx.execute(select(a.case_id, a.body).where(a.way == "heard")).all()
        bodies = encryption_of(tx).decrypted(tx, [(case_id, body) for case_id, body in heard])
        return {body.partition(b".")[0] for body in bodies}


def _answered(county: LocalCounty) -> int:
    return sum(bool(record["replies"]) for record in county.backend(HERE, "/records"))


def _more_answers(county: LocalCounty, count: int) -> None:
    before = _answered(county)
    county.until(f"{count} more answers", lambda: _answered(county) >= before + count)


def test_keys_are_rotated_and_revoked_in_mid_traffic(make_county: Counties, vhost: Vhost) -> None:
    """Both centers' keys are replaced, and the old ones revoked at once: every resident is answered, one custodian for
    each case, one effect for each message; parked is only what came signed with a revoked key, and it came again."""
    centers = (HERE, THERE)
    county = make_county(centers, routes={HERE: [{"to": THERE}]}, brokers=logins(vhost, centers))
    county.backends[THERE].autopilot = True
    office = Office(county)
    with _traffic(county) as came:
        for center in centers:
            old = office.newest(center)
            _more_answers(county, 5)
            office.rotate(center)
            _more_answers(county, 15)
            office.revoke(old)
        _more_answers(county, 15)
    county.until("all answered", lambda: _answered(county) == len(came), 300)
    county.until("nothing on its way", county.drained, 300)
    audit = county.audit()
    assert (audit.cases, audit.answered, audit.lost, audit.twice) == (len(came), len(came), 0, 0)
    assert _parked(county) <= {"revoked-key"}
    assert {center: len(_signers(county, center)) for center in centers} == dict.fromkeys(centers, 2)
    assert seen(county, vhost.node) == []


def _parked(county: LocalCounty) -> set[str]:
    codes: set[str] = set()
    for center in county.centers:
        with county.store(center).reading() as tx:
            codes |= set(tx.execute(select(t.parked.c.code)).scalars())
    return codes


def test_a_key_file_that_is_lost_does_not_stop_a_center_at_work(make_county: Counties, vhost: Vhost) -> None:
    """It goes on with the keys that it has in memory, and says what is wrong."""
    centers = (HERE, THERE)
    county = make_county(centers, routes={HERE: [{"to": THERE}]}, brokers=logins(vhost, centers))
    county.backends[THERE].autopilot = True
    Office(county).file(HERE).unlink()
    with _traffic(county) as came:
        time.sleep(0.5)
    county.until("all answered", lambda: _answered(county) == len(came), 300)
    assert county.process is not None
    assert "bus keys new" in county.process.centers[HERE].ready()["keys"]

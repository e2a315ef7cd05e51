"""The drills of trust: a center's key is revoked, and its certificate for the broker expires."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bus.security import pki
from bus.security.keyring import fingerprint, read_keyring
from bus.security.private_file import write_private
from tests.drills.conftest import SignIn
from tests.drills.stage import OURS, THEIRS, Stage, bus, stage
from verification.chaos.stage import SERVICES
from verification.services import RabbitNode
from verification.services.allocation import free_ports

pytestmark = [pytest.mark.timeout(3600), pytest.mark.whole, pytest.mark.broker]


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The county's authority, the broker's certificate, and that of our center."""
    folder = tmp_path_factory.mktemp("pki") / "authority"
    bus("pki", "authority", "150402", "--folder", str(folder))
    bus("pki", "broker", "localhost", "--folder", str(folder))
    bus("pki", "center", OURS, "--folder", str(folder))
    return folder


@pytest.fixture(scope="module")
def guarded(certificates: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """A county whose center ``OURS`` logs in to the broker with a certificate."""
    (port,) = free_ports(1)
    settings = [
        f"listeners.ssl.1 = 127.0.0.1:{port}",
        f"ssl_options.cacertfile = {certificates}/ca.pem",
        f"ssl_options.certfile = {certificates}/broker.pem",
        f"ssl_options.keyfile = {certificates}/broker.key",
        "ssl_options.verify = verify_peer",
        "ssl_options.fail_if_no_peer_cert = true",
        "ssl_cert_login_from = common_name",
        "auth_mechanisms.1 = EXTERNAL",
        "auth_mechanisms.2 = PLAIN",
    ]
    with RabbitNode(SERVICES, settings=settings) as node, stage(node, tmp_path_factory.mktemp("guarded")) as found:
        found.ours.settings["broker"] = f"amqps://{OURS}@localhost:{port}/{found.links.vhost}"
        found.ours.settings["tls"] = {
            "ca": str(certificates / "ca.pem"),
            "certificate": str(certificates / f"{OURS}.pem"),
            "key": str(certificates / f"{OURS}.key"),
        }
        for center in (OURS, THEIRS):
            _list(found, center)  # with what it reads, as every center is listed that has upgraded
        _restart(found)
        yield found
        assert found.judge() == []


def _list(on: Stage, center: str, *read_out: str) -> None:
    """The center publishes its newest key, and the operator lists it; ``read_out``: its fingerprint, by telephone."""
    ring, application = _ring(on, center), on.county.folder / "application"
    bus("keys", "publish", "--file", str(ring), "--out", str(application), "--url", on.county.door(center))
    said = [word for one in read_out for word in ("--fingerprint", one)]
    bus("keys", "trust", str(application), *said, *_directory(on))


def _ring(on: Stage, center: str) -> Path:
    return on.county.folder / "keys" / f"{center}.keys.json"


def _directory(on: Stage) -> tuple[str, ...]:
    keys = on.county.folder / "keys"
    return "--operator", str(keys / "operator.keys.json"), "--directory", str(keys / "county.directory")


def _restart(on: Stage) -> None:
    on.ours.end()
    on.ours.start()
    on.ours.await_door()


def test_key_revoked(guarded: Stage, sign_in: SignIn) -> None:
    """The county's operator revokes a center's key: it sends nothing, until a new one is listed."""
    desk, ring = sign_in(guarded), _ring(guarded, OURS)
    with guarded.residents():
        desk.strikes()
        bus("keys", "revoke", read_keyring(ring).keys[-1].public.kid, *_directory(guarded))
        desk.sees("process-keys")
        desk.tile(OURS, "fault")
        bus("keys", "rotate", "--file", str(ring))
        _list(guarded, OURS, fingerprint(read_keyring(ring).keys[-1].public.sign))  # the old key vouches no more
        desk.mended("key-revoked", THEIRS)


def test_certificate_expired(guarded: Stage, certificates: Path, sign_in: SignIn) -> None:
    """A center's certificate expires, and the broker lets it in no more: a new one is issued, and the center
    restarted."""
    desk = sign_in(guarded)
    with guarded.residents():
        desk.strikes()
        _expire(certificates)
        _restart(guarded)
        desk.sees("certificate-over")
        desk.sees("process-unconnected")
        desk.tile(OURS, "fault")
        bus("pki", "center", OURS, "--folder", str(certificates))
        _restart(guarded)
        desk.mended("certificate-expired", THEIRS)


def _expire(certificates: Path) -> None:
    """The center's certificate is one whose time is over, which is what it has become."""
    authority = pki.read_authority(certificates / "ca.pem", certificates / "ca.key")
    old = pki.for_center(authority, OURS, datetime.now(UTC) - timedelta(days=10), days=9)
    (certificates / f"{OURS}.pem").write_bytes(old.certificate)
    (certificates / f"{OURS}.key").unlink()
    write_private(certificates / f"{OURS}.key", old.key)

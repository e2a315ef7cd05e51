"""Certificates instead of passwords, over a real broker: who is let in, as whom, and who is not."""

import ssl
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bus.security import pki
from bus.security.private_file import write_private
from bus.settings import BadSettings, Tls
from bus.transports.port import Parcel, SendResult
from bus.transports.rabbitmq import tls
from bus.transports.rabbitmq.transport import RabbitTransport
from bus.transports.topology.apply import apply, plan
from bus.transports.topology.management_api import ManagementApi
from tests.broker.faults import eventually
from verification.services import RabbitNode
from verification.services.allocation import free_ports

A, B = "media_center-150402", "party_service-150402"
NOW = datetime.now(UTC)
pytestmark = pytest.mark.broker


@dataclass
class Guarded:
    """A broker that lets in only who has a certificate of the county's authority."""

    folder: Path
    port: int

    def url(self, center: str, host: str = "localhost") -> str:
        """Where a center logs in; no password stands in it."""
        return f"amqps://{center}@{host}:{self.port}/%2F"

    def of(self, stem: str) -> Tls:
        """The settings of whoever has this certificate."""
        return Tls(ca=self.folder / "ca.pem", certificate=self.folder / f"{stem}.pem", key=self.folder / f"{stem}.key")

    def save(self, stem: str, issued: pki.Issued) -> None:
        """As `bus pki` writes it."""
        (self.folder / f"{stem}.pem").write_bytes(issued.certificate)
        write_private(self.folder / f"{stem}.key", issued.key)

    def transport(self, center: str, with_: Tls, host: str = "localhost") -> RabbitTransport:
        """Open."""
        made = RabbitTransport(center, self.url(center, host), tls=tls.context(with_))
        made.open()
        return made


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Iterator[Guarded]:
    """The broker, the authority, and certificates: A's, B's, an expired one, and those of another authority."""
    folder = tmp_path_factory.mktemp("pki")
    (port,) = free_ports(1)
    made = Guarded(folder, port)
    ours, others = pki.new_authority("150402", NOW), pki.new_authority("150402", NOW)
    made.save("ca", ours.pem)
    made.save("other-ca", others.pem)
    made.save("broker", pki.for_broker(ours, ["localhost"], NOW))
    for center in (A, B):
        made.save(center, pki.for_center(ours, center, NOW))
    made.save("expired", pki.for_center(ours, A, NOW - timedelta(days=10), days=9))
    made.save("stranger", pki.for_center(others, A, NOW))
    made.save("as-a-broker", pki.for_broker(ours, [A], NOW))
    settings = [
        f"listeners.ssl.1 = 127.0.0.1:{port}",
        f"ssl_options.cacertfile = {folder}/ca.pem",
        f"ssl_options.certfile = {folder}/broker.pem",
        f"ssl_options.keyfile = {folder}/broker.key",
        "ssl_options.verify = verify_peer",
        "ssl_options.fail_if_no_peer_cert = true",
        "ssl_options.versions.1 = tlsv1.3",
        "ssl_options.versions.2 = tlsv1.2",
        "ssl_cert_login_from = common_name",
        "auth_mechanisms.1 = EXTERNAL",
    ]
    with RabbitNode(request.config.rootpath / ".local" / "services", settings=settings) as node:
        with ManagementApi(node.management_url, node.user, node.password, "/") as admin:
            apply(admin, plan((A, B)), {A: "unused-1", B: "unused-2"})
        yield made


def test_a_center_logs_in_with_its_certificate_and_hands_over(guarded: Guarded) -> None:
    """No password anywhere; the broker vouches for the sender by the certificate's name."""
    a, b = guarded.transport(A, guarded.of(A)), guarded.transport(B, guarded.of(B))
    try:
        eventually(lambda: a.state().connected and b.state().consuming, "both are there")
        assert a.send([Parcel("m-1", B, "case.offered", b"{}")], 10) == [SendResult.CONFIRMED]
        (delivery,) = b.receive(1, 10)
        assert (delivery.body, delivery.sender) == (b"{}", A)
        b.settle([delivery])
    finally:
        a.close(2)
        b.close(2)


WRONG: dict[str, Callable[[Guarded], Tls]] = {
    "no certificate": lambda g: Tls(ca=g.folder / "ca.pem"),
    "a certificate of another authority": lambda g: g.of("stranger"),
    "an expired certificate": lambda g: g.of("expired"),
    "a broker's certificate": lambda g: g.of("as-a-broker"),
    "a broker that another authority vouches for": lambda g: Tls(
        ca=g.folder / "other-ca.pem", certificate=g.folder / f"{A}.pem", key=g.folder / f"{A}.key"
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_who_has_no_right_certificate_is_not_let_in(name: str, guarded: Guarded) -> None:
    """The connection never stands, and the state says that it does not."""
    transport = guarded.transport(A, WRONG[name](guarded))
    try:
        eventually(lambda: transport.state().trouble, "it is told")
        assert not transport.state().connected
        assert transport.send([Parcel("m-1", B, "case.offered", b"{}")], 0.5) == [SendResult.UNKNOWN]
    finally:
        transport.close(1)


def test_a_broker_under_another_name_is_not_trusted(guarded: Guarded) -> None:
    """Its certificate is right, and for another host."""
    transport = guarded.transport(A, guarded.of(A), host="127.0.0.1")
    try:
        eventually(lambda: transport.state().trouble, "it is told")
        assert not transport.state().connected
    finally:
        transport.close(1)


def test_another_centers_certificate_is_that_centers_login(guarded: Guarded) -> None:
    """Whoever says A and shows B's certificate is B: he may neither read A's inbox nor speak through A's exchange."""
    transport = guarded.transport(A, guarded.of(B))
    try:
        eventually(lambda: transport.state().trouble, "it is told")
        assert not transport.state().consuming
        assert transport.send([Parcel("m-1", B, "case.offered", b"{}")], 1)[0] is not SendResult.CONFIRMED
    finally:
        transport.close(1)


def test_plain_text_does_not_get_through_the_tls_door(guarded: Guarded) -> None:
    """Nor does anything below TLS 1.2."""
    secured = tls.context(guarded.of(A))
    assert secured is not None
    assert secured.minimum_version is ssl.TLSVersion.TLSv1_2
    plain = RabbitTransport(A, f"amqp://{A}:unused-1@127.0.0.1:{guarded.port}/%2F")
    plain.open()
    try:
        eventually(lambda: plain.state().trouble, "it is told")
        assert not plain.state().connected
    finally:
        plain.close(1)


def test_certificates_that_cannot_be_used_are_told_by_name(guarded: Guarded, tmp_path: Path) -> None:
    """A missing file, a key of another certificate: what is wrong, and nothing of a key."""
    crossed = Tls(certificate=guarded.folder / f"{A}.pem", key=guarded.folder / f"{B}.key")
    for bad, where in ((Tls(ca=tmp_path / "none.pem"), "tls.ca"), (crossed, "tls.certificate")):
        with pytest.raises(BadSettings) as told:
            tls.context(bad)
        assert told.value.faults[0][0] == where
    with pytest.raises(ValueError, match="belong together"):
        Tls(certificate=guarded.folder / f"{A}.pem")

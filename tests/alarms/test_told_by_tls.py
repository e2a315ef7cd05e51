"""Receivers beyond this machine are told by TLS, and none whose certificate is not theirs gets a word or a password."""

import base64
import json
import ssl
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import pytest

from bus.alarms.mail import MailReceiver
from bus.alarms.receivers import NotTaken
from bus.alarms.settings import Mail
from bus.alarms.webhook import WebhookReceiver
from bus.security import pki
from bus.security.private_file import write_private
from bus.store.incidents import Notice
from tests.alarms.receivers import http_taker, mail_taker
from tests.alarms.test_telling import SECRET, _event

Security = Literal["starttls", "tls"]
PASSWORD = "geheim-7"


@dataclass
class Certified:
    """A server's certificates, and the authorities that a client may trust."""

    folder: Path

    @property
    def ours(self) -> Path:
        """Of the authority that has issued both."""
        return self.folder / "ours.pem"

    @property
    def others(self) -> Path:
        """Of one that has issued neither."""
        return self.folder / "others.pem"

    def context(self, stem: str = "server") -> ssl.SSLContext:
        """What a server says TLS with."""
        made = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        made.load_cert_chain(self.folder / f"{stem}.pem", self.folder / f"{stem}.key")
        return made

    def mail(self, port: int, security: Security, ca_file: Path | None, within: float = 10) -> MailReceiver:
        """A receiver that logs in."""
        settings = Mail(
            host="127.0.0.1",
            port=port,
            security=security,
            user="bus",
            password_file=self.folder / "unused",
            ca_file=ca_file,
            sender="bus@county.example",
            to=("duty@county.example",),
        )
        return MailReceiver(settings, PASSWORD, within)


@pytest.fixture(scope="module")
def certified(tmp_path_factory: pytest.TempPathFactory) -> Certified:
    """A certificate for 127.0.0.1, one for another host, and two authorities."""
    made, now = Certified(tmp_path_factory.mktemp("tls")), datetime.now(UTC)
    ours = pki.new_authority("150402", now)
    made.ours.write_bytes(ours.pem.certificate)
    made.others.write_bytes(pki.new_authority("150402", now).pem.certificate)
    for stem, host in (("server", "127.0.0.1"), ("elsewhere", "mail.example")):
        issued = pki.for_broker(ours, [host], now)
        (made.folder / f"{stem}.pem").write_bytes(issued.certificate)
        write_private(made.folder / f"{stem}.key", issued.key)
    return made


def _notice() -> Notice:
    return Notice("n", "mail", json.dumps([_event()]), 1, 1)


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_a_mail_and_its_password_go_by_tls(certified: Certified, security: Security) -> None:
    """The server whose certificate is good has the login and the message, both by TLS."""
    with mail_taker(certified.context(), tls_first=security == "tls") as server:
        certified.mail(server.port, security, certified.ours).send(_notice())
    given = base64.b64encode(f"\0bus\0{PASSWORD}".encode()).decode()
    assert server.logins == [(f"AUTH PLAIN {given}", True)]
    assert [recipients for _, recipients, _ in server.messages] == [["duty@county.example"]]


@pytest.mark.parametrize("security", ["starttls", "tls"])
@pytest.mark.parametrize(("stem", "trusts"), [("server", "others"), ("server", None), ("elsewhere", "ours")])
def test_a_mail_server_that_cannot_prove_itself_is_told_nothing(
    certified: Certified, security: Security, stem: str, trusts: str | None
) -> None:
    """A certificate of another authority, of none that the system trusts, or of another host."""
    ca_file = certified.folder / f"{trusts}.pem" if trusts else None
    with (
        mail_taker(certified.context(stem), tls_first=security == "tls") as server,
        pytest.raises(NotTaken, match="SSLCertVerificationError"),
    ):
        certified.mail(server.port, security, ca_file).send(_notice())
    assert (server.logins, server.messages) == ([], [])


def test_no_password_goes_in_clear_where_the_mail_server_offers_no_tls(certified: Certified) -> None:
    """As where somebody on the way has taken its offer out."""
    with mail_taker() as server, pytest.raises(NotTaken, match="SMTPException"):
        certified.mail(server.port, "starttls", certified.ours).send(_notice())
    assert (server.logins, server.messages) == ([], [])


def test_a_mail_server_that_drips_amid_the_handshake_is_given_up(certified: Certified) -> None:
    """The head of a long TLS record, then a byte now and then."""
    with mail_taker() as server:
        server.drips = b"\x16\x03\x03\x3f\xff"
        with pytest.raises(NotTaken, match="no answer in time"):
            certified.mail(server.port, "tls", certified.ours, within=1).send(_notice())


def test_a_webhook_is_told_by_the_authority_of_its_receiver(certified: Certified) -> None:
    """The receiver whose certificate the given file vouches for has the notice."""
    with http_taker(certified.context()) as taker:
        WebhookReceiver("pager", taker.url, SECRET, certified.ours).send(_notice())
    assert [headers["webhook-id"] for headers, _ in taker.requests] == ["n"]


@pytest.mark.parametrize(("stem", "trusts"), [("server", "others"), ("server", None), ("elsewhere", "ours")])
def test_a_webhook_that_cannot_prove_itself_is_told_nothing(
    certified: Certified, stem: str, trusts: str | None
) -> None:
    """A certificate of another authority, of none that the system trusts, or of another host."""
    ca_file = certified.folder / f"{trusts}.pem" if trusts else None
    with http_taker(certified.context(stem)) as taker, pytest.raises(NotTaken, match="ConnectError"):
        WebhookReceiver("pager", taker.url, SECRET, ca_file).send(_notice())
    assert taker.requests == []

"""`bus pki`: an authority, certificates for the broker and the centers, and what it refuses."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID
from cryptography.x509.verification import PolicyBuilder, Store, VerificationError

from bus.security import pki
from bus.security.errors import KeyUnusable
from tests.unit.test_cli_run import bus

A = "media_center-150402"


def _folder(tmp_path: Path) -> Path:
    folder = tmp_path / "pki"
    assert bus("pki", "authority", "150402", "--folder", folder)[0] == 0
    return folder


def test_the_broker_is_verified_against_the_authority(tmp_path: Path) -> None:
    """By an X.509 verifier that is not ours, for its names and for no other."""
    folder = _folder(tmp_path)
    code, out, _ = bus("pki", "broker", "rabbitmq.county.example", "10.0.0.5", "--folder", folder)
    assert (code, "fail_if_no_peer_cert = true" in out) == (0, True)
    ca = x509.load_pem_x509_certificate((folder / "ca.pem").read_bytes())
    leaf = x509.load_pem_x509_certificate((folder / "broker.pem").read_bytes())
    policy = PolicyBuilder().store(Store([ca])).time(datetime.now(UTC))
    assert policy.build_server_verifier(x509.DNSName("rabbitmq.county.example")).verify(leaf, []) == [leaf, ca]
    with pytest.raises(VerificationError):
        policy.build_server_verifier(x509.DNSName("other.county.example")).verify(leaf, [])


def test_a_centers_certificate_names_it_and_is_a_clients_alone(tmp_path: Path) -> None:
    """The broker reads the login from the common name; nobody can pass as the broker with it."""
    folder = _folder(tmp_path)
    assert bus("pki", "center", A, "--folder", folder)[0] == 0
    leaf = x509.load_pem_x509_certificate((folder / f"{A}.pem").read_bytes())
    assert leaf.subject.rfc4514_string() == f"CN={A}"
    uses = leaf.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert list(uses) == [ExtendedKeyUsageOID.CLIENT_AUTH]
    assert not leaf.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    leaf.verify_directly_issued_by(x509.load_pem_x509_certificate((folder / "ca.pem").read_bytes()))


def test_keys_are_for_their_owner_alone_and_an_authority_is_never_overwritten(tmp_path: Path) -> None:
    """Mode 0600, in a folder of mode 0700."""
    folder = _folder(tmp_path)
    bus("pki", "center", A, "--folder", folder)
    assert {path.stat().st_mode & 0o777 for path in folder.glob("*.key")} == {0o600}
    assert folder.stat().st_mode & 0o777 == 0o700
    before = (folder / "ca.key").read_bytes()
    code, _, said = bus("pki", "authority", "150402", "--folder", folder, "--lang", "en")
    assert (code, "has an authority already" in said) == (1, True)
    assert (folder / "ca.key").read_bytes() == before


def test_what_is_asked_wrongly_is_told_with_the_cure(tmp_path: Path) -> None:
    """A name that is no center's, no authority, a key of another one."""
    code, _, said = bus("pki", "center", "Media", "--folder", tmp_path)
    assert (code, "media_center-150402" in said) == (2, True)
    code, _, said = bus("pki", "center", A, "--folder", tmp_path)
    assert (code, "bus pki authority" in said) == (1, True)
    folder = _folder(tmp_path)
    (folder / "ca.key").write_bytes(pki.new_authority("x", datetime.now(UTC)).pem.key)
    code, _, said = bus("pki", "center", A, "--folder", folder)
    assert (code, "不是" in said) == (1, True)


def test_the_days_of_a_certificate_are_counted(tmp_path: Path) -> None:
    """So that somebody can be warned before a center cannot log in."""
    now = datetime.now(UTC)
    path = tmp_path / "c.pem"
    path.write_bytes(pki.for_center(pki.new_authority("x", now), A, now, days=30).certificate)
    assert pki.days_left(path, now) in (29, 30)
    assert pki.days_left(path, now + timedelta(days=31)) < 0
    path.write_text("nothing")
    with pytest.raises(KeyUnusable, match="no certificate"):
        pki.days_left(path, now)

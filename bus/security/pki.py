"""A small certificate authority for a county that has none: the broker's certificate, and one for each center.

ECDSA on P-256 (FIPS 186-5) and X.509 version 3 (RFC 5280), made with ``cryptography``. A center's certificate has the
center's name as its common name, by which RabbitMQ's mechanism EXTERNAL logs it in.
"""

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from bus.security.errors import KeyUnusable
from bus.security.permission import Readers, key_unreadable

AUTHORITY_DAYS = 3650
DAYS = 730
"""For how long a broker's or a center's certificate is good."""
EARLIER = timedelta(hours=1)
"""Certificates are good from a little before they were made: clocks of other machines may be late."""


@dataclass(frozen=True, slots=True)
class Issued:
    """A certificate and its private key, as PEM."""

    certificate: bytes
    key: bytes


@dataclass(frozen=True, slots=True)
class Authority:
    """Who issues certificates."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    @property
    def pem(self) -> Issued:
        """As it is kept."""
        return _issued(self.certificate, self.key)


def new_authority(county: str, now: datetime, days: int = AUTHORITY_DAYS) -> Authority:
    """A fresh authority, which may issue certificates for ends and for no further authority."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = _name(f"four-center-bus {county}")
    made = (
        _builder(name, name, key.public_key(), now, days)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs_certificates=True), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )
    return Authority(made.sign(key, hashes.SHA256()), key)


def for_center(authority: Authority, center: str, now: datetime, days: int = DAYS) -> Issued:
    """A center's certificate: it is a client, and nothing else."""
    return _end(authority, center, now, days, ExtendedKeyUsageOID.CLIENT_AUTH, ())


def for_broker(authority: Authority, hosts: Sequence[str], now: datetime, days: int = DAYS) -> Issued:
    """The broker's certificate, for the names and addresses by which centers reach it."""
    return _end(authority, hosts[0], now, days, ExtendedKeyUsageOID.SERVER_AUTH, hosts)


def read_authority(certificate: Path, key: Path) -> Authority:
    """The authority in two files. Raises ``KeyUnusable``."""
    try:
        read = x509.load_pem_x509_certificate(certificate.read_bytes())
        private = serialization.load_pem_private_key(key.read_bytes(), None)
    except (OSError, ValueError, TypeError):
        barred = key_unreadable(certificate, Readers.ALL) or key_unreadable(key, Readers.OWNER)
        raise barred or KeyUnusable(
            f"读不到证书机构 {certificate} 与 {key}；用 bus pki authority 生成",
            f"{certificate} and {key}: no authority; `bus pki authority` makes one",
        ) from None
    if not isinstance(private, ec.EllipticCurvePrivateKey) or read.public_key() != private.public_key():
        raise KeyUnusable(f"{key} 不是 {certificate} 的私钥", f"{key} is not the key of {certificate}")
    return Authority(read, private)


def good_until(certificate: Path) -> datetime:
    """Until when a certificate is good. Raises ``KeyUnusable``."""
    try:
        read = x509.load_pem_x509_certificate(certificate.read_bytes())
    except (OSError, ValueError):
        barred = key_unreadable(certificate, Readers.ALL)
        raise barred or KeyUnusable(f"{certificate} 不是证书", f"{certificate}: no certificate") from None
    return read.not_valid_after_utc


def days_left(certificate: Path, now: datetime) -> int:
    """Whole days until a certificate is no longer good; negative afterwards. Raises ``KeyUnusable``."""
    return (good_until(certificate) - now).days


def _end(
    authority: Authority, name: str, now: datetime, days: int, use: x509.ObjectIdentifier, hosts: Sequence[str]
) -> Issued:
    key = ec.generate_private_key(ec.SECP256R1())
    made = (
        _builder(_name(name), authority.certificate.subject, key.public_key(), now, days)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([use]), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(authority.key.public_key()), critical=False)
    )
    if hosts:
        made = made.add_extension(x509.SubjectAlternativeName([_host(host) for host in hosts]), critical=False)
    return _issued(made.sign(authority.key, hashes.SHA256()), key)


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, now: datetime, days: int
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - EARLIER)
        .not_valid_after(now + timedelta(days=days))
    )


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


def _host(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _issued(certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey) -> Issued:
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return Issued(certificate.public_bytes(serialization.Encoding.PEM), private)

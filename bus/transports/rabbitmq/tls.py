"""TLS to the broker: the trusted authorities, and the certificate for the login."""

import ssl

from bus.settings import BadSettings, Tls


def context(tls: Tls) -> ssl.SSLContext | None:
    """The TLS context; None for the system's own. TLS 1.2 at least, and the broker's name is checked. Raises
    ``BadSettings``."""
    if tls == Tls():
        return None
    try:
        made = ssl.create_default_context(cafile=None if tls.ca is None else str(tls.ca))
    except (OSError, ssl.SSLError):
        raise BadSettings([("tls.ca", f"读不到证书 {tls.ca}", f"{tls.ca}: no certificate that can be read")]) from None
    made.minimum_version = ssl.TLSVersion.TLSv1_2
    if tls.certificate is not None and tls.key is not None:
        try:
            made.load_cert_chain(tls.certificate, tls.key, password=_nothing)
        except (OSError, ssl.SSLError):
            fault = (
                "tls.certificate",
                "证书或私钥读不到，或两者不配",
                "they cannot be read, or do not fit together",
            )
            raise BadSettings([fault]) from None
    return made


def _nothing() -> str:
    """An empty passphrase, so that a protected key is refused: otherwise OpenSSL would ask at the terminal and wait."""
    return ""

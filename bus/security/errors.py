"""Exceptions for keys and signatures."""


class KeyUnusable(ValueError):
    """A key file or a directory cannot be used. Both texts say which and the cure, and hold no key."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(en)
        self.zh, self.en = zh, en


class RolledBack(KeyUnusable):
    """The directory is older than the newest that was in use, or another one of the same serial."""


class NoRecipientKey(KeyUnusable):
    """The recipient has no encryption key; other recipients are not affected."""


class Untrusted(Exception):
    """The message has no valid signature (``unsigned``, ``bad-signature``, ``unknown-key``, ``stale-key``,
    ``revoked-key``), or cannot be decrypted here (``sealed-for-another``, ``broken-seal``)."""

    def __init__(self, code: str, shown: bytes | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.shown = shown
        """All that can be kept of it for an operator; None: it itself."""

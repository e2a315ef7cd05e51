"""What can be wrong with keys and signatures."""


class KeyUnusable(ValueError):
    """A key file or a directory cannot be used. Both texts say which and the cure, and hold no key."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(en)
        self.zh, self.en = zh, en


class RolledBack(KeyUnusable):
    """The directory is older than the newest that was in use, or another one of the same serial."""


class NoRecipientKey(KeyUnusable):
    """There is no key to seal with for one center; for all others there is nothing wrong."""


class Untrusted(Exception):
    """Nobody who counts has signed this (``unsigned``, ``bad-signature``, ``unknown-key``, ``stale-key``,
    ``revoked-key``), or it cannot be opened here (``sealed-for-another``, ``broken-seal``)."""

    def __init__(self, code: str, shown: bytes | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.shown = shown
        """All that can be kept of it for an operator; None: it itself."""

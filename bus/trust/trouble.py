"""What can be wrong with keys and signatures."""


class KeyTrouble(ValueError):
    """A key file or a directory cannot be used. Both texts say which and the cure, and hold no key."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(en)
        self.zh, self.en = zh, en


class Unsigned(Exception):
    """Nobody who counts has signed this: ``unsigned``, ``bad-signature``, ``unknown-key``, ``stale-key`` or
    ``revoked-key``."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code

"""A signed file that people can read: signatures, one a line, an empty line, and the very bytes that are signed.

A message on the road is one too, with one signature. Every JSON document begins with a brace, every signature with
``e`` (the beginning of ``{"`` in base64), so a message is never taken for what it is not.
"""

from collections.abc import Sequence

MOST_BYTES = 4_000_000
BETWEEN = b"\n\n"
LONGEST = 600
"""Characters of a message's signature, its header included."""


def join(body: bytes, signatures: Sequence[str]) -> bytes:
    """The file."""
    return "\n".join(signatures).encode() + BETWEEN + body


def split(raw: bytes) -> tuple[list[str], bytes]:
    """Its signatures and its body. Raises ``ValueError`` for what is no such file."""
    head, found, body = raw[:MOST_BYTES].partition(BETWEEN)
    if not found or len(raw) > MOST_BYTES:
        raise ValueError("no empty line behind the signatures, or too long")
    return head.decode("ascii").splitlines(), body


def split_message(travelled: bytes) -> tuple[str | None, bytes]:
    """A message's signature, None without one, and its document."""
    if not travelled.startswith(b"e"):
        return None, travelled
    end = travelled.find(BETWEEN, 0, LONGEST + len(BETWEEN))
    return (None, travelled) if end < 0 else (travelled[:end].decode("latin-1"), travelled[end + len(BETWEEN) :])

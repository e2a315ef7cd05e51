"""A signed file that people can read: one signature a line, an empty line, and the exact bytes that are signed.

A message on the wire has the same form, with one signature. A JSON document begins with a brace and a signature with
``e`` (``{"`` in base64), so the two cannot be confused.
"""

from collections.abc import Sequence

MOST_BYTES = 4_000_000
BETWEEN = b"\n\n"
LONGEST = 600
"""Most characters of a message's signature, its header included."""


def join(body: bytes, signatures: Sequence[str]) -> bytes:
    """The signed file."""
    return "\n".join(signatures).encode() + BETWEEN + body


def split(raw: bytes) -> tuple[list[str], bytes]:
    """The signatures and the body. Raises ``ValueError`` if ``raw`` is not a signed file."""
    head, found, body = raw[:MOST_BYTES].partition(BETWEEN)
    if not found or len(raw) > MOST_BYTES:
        raise ValueError("no empty line behind the signatures, or too long")
    return head.decode("ascii").splitlines(), body


def split_message(travelled: bytes) -> tuple[str | None, bytes]:
    """A message's signature (None if unsigned) and its document."""
    if not travelled.startswith(b"e"):
        return None, travelled
    end = travelled.find(BETWEEN, 0, LONGEST + len(BETWEEN))
    return (None, travelled) if end < 0 else (travelled[:end].decode("latin-1"), travelled[end + len(BETWEEN) :])

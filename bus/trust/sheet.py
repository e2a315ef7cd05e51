"""A signed file that people can read: signatures, one a line, an empty line, and the very bytes that are signed."""

from collections.abc import Sequence

MOST_BYTES = 4_000_000


def joined(body: bytes, signatures: Sequence[str]) -> bytes:
    """The file."""
    return "\n".join(signatures).encode() + b"\n\n" + body


def parted(raw: bytes) -> tuple[list[str], bytes]:
    """Its signatures and its body. Raises ``ValueError`` for what is no such file."""
    head, found, body = raw[:MOST_BYTES].partition(b"\n\n")
    if not found or len(raw) > MOST_BYTES:
        raise ValueError("no empty line behind the signatures, or too long")
    return head.decode("ascii").splitlines(), body

"""Files that nobody but their owner may read, written as a whole."""

import os
import tempfile
from pathlib import Path

OWNERS_ALONE = 0o077
"""What of a file's mode must not be set: reading, writing or running by anybody but its owner."""


def write_private(path: Path, content: bytes) -> None:
    """Write it so that whoever reads it has the old or the new one, and nobody else can read it from its first byte on.

    Raises ``OSError``."""
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False) as file:
        try:  # mkstemp has made it for its owner alone
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
            Path(file.name).replace(path)
        except BaseException:
            Path(file.name).unlink(missing_ok=True)
            raise

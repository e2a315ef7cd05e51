"""TOML files as people's editors write them."""

import tomllib
from codecs import BOM_UTF8
from pathlib import Path
from typing import Any


def read_toml(path: Path) -> dict[str, Any]:
    """The contents, without the byte order mark of Windows' editor. Raises ``OSError``, and ``ValueError`` with the
    reason."""
    try:
        return tomllib.loads(path.read_bytes().removeprefix(BOM_UTF8).decode())
    except UnicodeDecodeError:
        raise ValueError("it is not in UTF-8: save it again as UTF-8 / 请另存为 UTF-8 编码") from None
    except RecursionError:
        raise ValueError("it is nested too deeply") from None

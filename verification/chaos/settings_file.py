"""The settings of one participant as a file, as the command line reads them."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

BUS = "from bus.cli import main; main()"
"""The command ``bus``, of whichever source tree is the working folder."""
_VALUES, _TABLES = ("center", "store", "broker", "data"), ("backend", "vendor", "http", "facts", "trust", "at_rest")


def settings_file(folder: Path, settings: Mapping[str, Any]) -> Path:
    """Write what the commands need, and no secret of an intake. A JSON string or number is a TOML one."""
    lines = [f"{name} = {json.dumps(settings[name])}" for name in _VALUES]
    for table in _TABLES:
        if table in settings:
            lines += [f"[{table}]", *(f"{name} = {json.dumps(value)}" for name, value in settings[table].items())]
    path = folder / f"{settings['center']}.toml"
    path.touch(0o600)
    path.write_text("\n".join([*lines, ""]), encoding="utf-8")
    return path

"""Settings read from one TOML file and the environment."""

from pathlib import Path
from typing import Any

from pydantic import ValidationError

from bus.settings.center import CenterSettings
from bus.settings.faults import BadSettings, told
from bus.settings.old_names import with_new_names
from bus.settings.toml_file import read_toml


def written_in(path: Path) -> dict[str, Any]:
    """What a file of settings says. Raises ``BadSettings``."""
    try:
        return read_toml(path)
    except OSError as error:
        raise BadSettings([(str(path), "读不到这个文件", error.strerror or "cannot be read")]) from None
    except ValueError as error:
        raise BadSettings([(str(path), f"不是正确的 TOML 文件：{error}", f"is not TOML: {error}")]) from None


def load(path: Path | None, **given: Any) -> CenterSettings:  # noqa: ANN401 - whatever the settings hold
    """Read settings from a TOML file, the environment and ``given``. Raises ``BadSettings`` with every fault. Old names
    are read with a ``FutureWarning``."""
    from_file = written_in(path) if path else {}
    try:
        return CenterSettings(**with_new_names(from_file | given))
    except ValidationError as error:
        raise BadSettings([told(item) for item in error.errors(include_input=False, include_url=False)]) from None

"""Commands with another name in 0.1: the old word works until 0.3, with a warning."""

import warnings
from collections.abc import Callable
from functools import wraps
from typing import Any

from bus.cli.recover import recover


def _by_old_word(old: str, new: str, command: Callable[..., None]) -> Callable[..., None]:
    @wraps(command)
    def run(*given: Any, **named: Any) -> None:  # noqa: ANN401 - whatever the command takes
        told = (
            f"bus {old} 已改名为 bus {new}，旧名到 0.3 版失效 / bus {old} is now bus {new}; the old word goes with 0.3"
        )
        warnings.warn(told, FutureWarning, stacklevel=2)
        command(*given, **named)

    return run


restored = _by_old_word("restored", "recover", recover)

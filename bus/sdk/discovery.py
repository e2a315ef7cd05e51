"""Finding an adapter: the package that a center's settings name."""

import importlib
from typing import Any

from bus.sdk.center import Center


def load_adapter(package: str) -> Center[Any]:
    """The center that an adapter package makes. Raises ImportError or AttributeError when there is none."""
    center: Center[Any] = importlib.import_module(f"{package}.handlers").center
    return center

"""四中心联动总线: the public names for adapters. Nothing else of ``bus`` is public.

The names stand in ``bus.sdk.public`` and are loaded on first use: a command that needs none of them answers at once.
"""

import importlib
import warnings
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bus.sdk.public import *  # noqa: F403 - the names of that module are those of this one
    from bus.sdk.public import __all__ as __all__

OLD_NAMES = {
    "Answer": "Commands",
    "Desk": "HandlerContext",
    "FrontDesk": "IntakeContext",
    "NotEver": "Reject",
    "NotNow": "RetryLater",
    "Vendor": "BackendClient",
    "Word": "Code",
}
"""Names that changed after 0.1: the old one works until 0.3, with a ``DeprecationWarning``."""

if not TYPE_CHECKING:  # otherwise a type checker would take every name for known

    def __getattr__(name: str) -> object:
        """A public name, also by its old one."""
        if name.startswith("_") and name != "__all__":  # Python itself asks every module for such names
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        public = importlib.import_module("bus.sdk.public")
        if name in OLD_NAMES:
            told = f"bus.{name} is now bus.{OLD_NAMES[name]}; the old name goes with 0.3"
            warnings.warn(told, DeprecationWarning, stacklevel=2)
            return getattr(public, OLD_NAMES[name])
        if name != "__all__" and name not in public.__all__:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        globals()[name] = found = getattr(public, name)
        return found

    def __dir__() -> list[str]:
        """The names that are loaded or can be loaded."""
        return sorted({*globals(), *importlib.import_module("bus.sdk.public").__all__})

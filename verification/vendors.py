"""The vendors' OpenAPI documents: what each adapter calls in its center's own system.

``python -m verification.vendors`` (``make vendors``) writes them: beside each shipped adapter, and beside the example.
"""

import importlib
import json
import sys
from pathlib import Path
from typing import Any

from verification.plug_ins import EXAMPLE, FIFTH, ROOT

FILE = "vendor.openapi.json"


def files() -> dict[str, Path]:
    """The package of each adapter → its document."""
    shipped = {
        f"adapters.{path.parent.name}": path.parent / FILE for path in sorted(ROOT.glob("adapters/*/center.toml"))
    }
    return {**shipped, EXAMPLE.name: EXAMPLE.parent / FILE}


def kind_of(package: str) -> str:
    """The kind of center that an adapter is for."""
    return FIFTH if package == EXAMPLE.name else package.rpartition(".")[2]


def document(package: str) -> dict[str, Any]:
    """What an adapter calls, as its simulator serves it now."""
    simulator = importlib.import_module(f"{package}.simulator").Simulator
    made: dict[str, Any] = simulator(kind_of(package)).vendor_document()
    return made


def text(package: str) -> str:
    """The same as it stands in its file."""
    return json.dumps(document(package), ensure_ascii=False, indent=1) + "\n"


def main() -> None:
    """Write them all."""
    sys.path.append(str(EXAMPLE.parent))
    for package, file in files().items():
        file.write_text(text(package), encoding="utf-8")
        sys.stdout.write(f"{file.relative_to(ROOT)}\n")


if __name__ == "__main__":
    main()

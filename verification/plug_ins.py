"""Plug-in adapters as pip would install them: a package with its ``dist-info`` beside it."""

import hashlib
import shutil
from base64 import urlsafe_b64encode
from pathlib import Path

ROOT = Path(__file__).parents[1]
EXAMPLE = ROOT / "examples" / "command_center" / "county_command"
"""The adapter that ``docs/adapter.md`` builds: a fifth kind of center."""
FIFTH = "command_center"


def install_example(folder: Path) -> Path:
    """Install the fifth kind's adapter into a folder, which must then be on the import path. Returns the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copytree(EXAMPLE, folder / EXAMPLE.name, ignore=shutil.ignore_patterns("__pycache__"))
    offer(folder, EXAMPLE.name, FIFTH, "1.0")
    return folder


def offer(folder: Path, package: str, kind: str, version: str = "1.2") -> None:
    """Write the ``dist-info`` of a package in the folder: it offers the package as the adapter of a kind of center."""
    info = folder / f"{package}-{version}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: {version}\n")
    (info / "entry_points.txt").write_text(f"[four_center_bus.centers]\n{kind} = {package}\n")
    (info / "top_level.txt").write_text(f"{package}\n")
    files = [path for path in (folder / package).rglob("*.py") if "__pycache__" not in path.parts]
    lines = [f"{path.relative_to(folder).as_posix()},{_hash(path)},{path.stat().st_size}" for path in sorted(files)]
    (info / "RECORD").write_text("\n".join([*lines, f"{info.name}/RECORD,,", ""]))


def _hash(path: Path) -> str:
    return f"sha256={urlsafe_b64encode(hashlib.sha256(path.read_bytes()).digest()).rstrip(b'=').decode()}"

"""Adapters from outside the tree, as pip would have installed them: a package with its ``dist-info`` beside it."""

import hashlib
import shutil
from base64 import urlsafe_b64encode
from pathlib import Path

ROOT = Path(__file__).parents[2]
SHIPPED = ROOT / "adapters" / "media_center"
KIND = "command_center"


def command_center(folder: Path, package: str = "county_command", *, kind: str = KIND, offered_for: str = KIND) -> Path:
    """Install an adapter for the command center: the media center's, under another name. Returns the package's folder.

    ``kind``: what its code says that it is for; ``offered_for``: what its entry point says."""
    home = folder / package
    shutil.copytree(SHIPPED, home, ignore=shutil.ignore_patterns("__pycache__"))
    for path in home.rglob("*"):
        if path.suffix in {".py", ".json", ".toml"}:
            text = path.read_text(encoding="utf-8").replace("adapters.media_center", package)
            path.write_text(text.replace("media_center", kind), encoding="utf-8")
    manifest = home / "center.toml"
    text = manifest.read_text(encoding="utf-8").replace("融媒体中心", "接诉即办指挥中心")
    manifest.write_text(text.replace("Media center", "Command center"), encoding="utf-8")
    offer(folder, package, offered_for)
    return home


def offer(folder: Path, package: str, kind: str, version: str = "1.2") -> None:
    """The ``dist-info`` of a package that lies in the folder: it offers it as the adapter of a kind of center."""
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

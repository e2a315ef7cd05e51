"""Adapters of every make from outside the tree, as pip would have installed them."""

import shutil
from pathlib import Path

from verification.plug_ins import ROOT, offer

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

"""The systemd unit keeps a center from what it does not need, as systemd itself counts it."""

import re
import shutil
import subprocess
from pathlib import Path

from verification.services import debian

UNIT = Path(__file__).parents[2] / "deploy/systemd/bus@.service"
MOST = 1.1
"""What is left is the network, the machine's own files to read, and /proc: the lease reads the boot id there."""


def exposure(text: str, folder: Path) -> float:
    """What ``systemd-analyze security`` says of a unit: 0 is shut in, 10 is open."""
    debian.ensure_packages()
    program = shutil.which("systemd-analyze")
    assert program is not None
    unit = folder / "bus@media_center-150402.service"
    unit.write_text(text, encoding="utf-8")
    told = subprocess.run(
        [program, "security", "--offline=true", "--no-pager", unit],
        capture_output=True, text=True, check=False, timeout=120, env={"LC_ALL": "C.UTF-8"},
    )  # fmt: skip
    found = re.search(r"Overall exposure level for \S+: ([\d.]+)", told.stdout)
    assert found is not None, told.stdout + told.stderr
    return float(found[1])


def test_the_unit_leaves_a_center_what_it_needs_and_no_more(tmp_path: Path) -> None:
    """At most 1.1; and each line counts: without one of them it is more."""
    text = UNIT.read_text(encoding="utf-8").replace("%i", "media_center-150402")
    assert exposure(text, tmp_path) <= MOST
    assert exposure(text.replace("PrivateUsers=yes\n", ""), tmp_path) > MOST

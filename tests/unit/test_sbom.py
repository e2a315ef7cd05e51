"""The list of what the product is made of, as `make sbom` writes it for whoever asks a county's operator."""

import json
import re
import subprocess
from functools import cache
from typing import Any

from tests.unit.test_docs import ROOT

PINNED = re.compile(r"^([a-z0-9._-]+)==([^ ;\\]+)", re.MULTILINE)


@cache
def bom() -> dict[str, Any]:
    """The document, made from the lock as it is now."""
    done = subprocess.run(
        ["make", "--no-print-directory", "sbom"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    document: dict[str, Any] = json.loads((ROOT / "build" / "sbom.cdx.json").read_text())
    return document


def pinned() -> dict[str, str]:
    """What the lock of the product pins."""
    return dict(PINNED.findall((ROOT / "requirements.lock").read_text()))


def test_it_names_every_package_of_the_lock_and_no_other() -> None:
    """Name and version, as a package URL that scanners read."""
    assert len(pinned()) > 40
    assert {one["name"]: one["version"] for one in bom()["components"]} == pinned()
    assert {one["purl"] for one in bom()["components"]} == {f"pkg:pypi/{n}@{v}" for n, v in pinned().items()}


def test_each_package_has_the_hashes_of_the_lock() -> None:
    """Whoever has a file can say whether it is one of ours."""
    lock = (ROOT / "requirements.lock").read_text()
    for one in bom()["components"]:
        hashes = {h["content"] for ref in one["externalReferences"] for h in ref.get("hashes", ())}
        assert hashes, one["name"]
        assert all(f"sha256:{digest}" in lock for digest in hashes), one["name"]


def test_it_is_a_document_of_the_standard_about_this_program() -> None:
    """CycloneDX 1.6; the tool has checked it against the schema."""
    assert (bom()["bomFormat"], bom()["specVersion"]) == ("CycloneDX", "1.6")
    assert bom()["metadata"]["component"]["name"] == "four-center-bus"

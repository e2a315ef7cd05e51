"""A person on duty in a county of two releases: looks into a new center and mends it, and is refused by an old one."""

import json
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from bus.sdk.simulator import Fault
from stories import play
from stories.stage import MEDIA, PARTY_COMMUNITY, Stage
from verification.mixed.county import PATIENCE, MixedCounty, PromiseBroken, run, tried

PERSON = "staff-mixed"
NEVER = "vendor-400"
"""Why an item is parked whose own system says never."""


def listed(county: MixedCounty) -> None:
    """The operator lists a person as an administrator; every center has the new directory at once."""
    keys, until = county.folder / "keys", datetime.now(UTC) + timedelta(days=300)
    public = keys / f"{PERSON}.pub"
    county.operate("keys", "new", PERSON, "--file", _key(county))
    told = county.operate("keys", "publish", "--file", _key(county), "--out", public)
    fingerprint = told.strip().splitlines()[-1].partition(" ")[2]
    operator = ("--operator", keys / "operator.keys.json", "--directory", keys / "county.directory")
    named = ("--role", "administrator", "--until", f"{until:%Y-%m-%d}", "--fingerprint", fingerprint)
    county.operate("keys", "staff", public, *named, *operator)


def mends(county: MixedCounty) -> None:
    """While a peer is paused its messages wait. An item that the own system refused is replayed: its set is frozen by
    a preview, and is carried out by the center. The story ends as if nothing had been."""
    listed(county)
    for center in (MEDIA, PARTY_COMMUNITY):
        county.local.until(f"the door of {center}", partial(_open, county, center), PATIENCE)
    _says(county, MEDIA, "pause", "--peer", PARTY_COMMUNITY, "--reason", "at-work")
    if [one["name"] for one in _says(county, MEDIA, "list")["paused"]] != [PARTY_COMMUNITY]:
        raise PromiseBroken(f"{MEDIA} does not say that {PARTY_COMMUNITY} is paused")
    with ThreadPoolExecutor(1) as pool:
        story = pool.submit(play.STORIES["S10"], Stage(county.local, "S10", patience=PATIENCE))
        county.local.until("what waits for the paused peer", partial(_waits, county), PATIENCE)
        county.local.backends[PARTY_COMMUNITY].order_fault(Fault(status=400))
        _says(county, MEDIA, "resume", "--peer", PARTY_COMMUNITY, "--reason", "at-work")
        county.local.until("the refused item", partial(_parked, county), PATIENCE)
        preview = _says(county, PARTY_COMMUNITY, "replay", "--code", NEVER, "--reason", "mended")["operation"]
        if (preview["state"], preview["size"]) != ("previewed", 1):
            raise PromiseBroken(f"a preview of one item is {preview['state']}, of {preview['size']}")
        _says(county, PARTY_COMMUNITY, "run", preview["id"], "--reason", "mended")
        county.local.until("the end of the operation", partial(_done, county, preview["id"]), PATIENCE)
        story.result()


def refused(county: MixedCounty) -> None:
    """A center of the release before has no such door. The command says so in plain words, and what to do."""
    for center in county.old:
        code, said = tried(_words(county, center, "list"))
        if code != 1 or "is older and has no door for operators: upgrade it" not in said:
            raise PromiseBroken(f"{center} was asked, and the command ended with {code}: {said[-500:]}")


def _key(county: MixedCounty) -> Path:
    return county.folder / "keys" / f"{PERSON}.json"


def _words(county: MixedCounty, center: str, *words: str) -> list[str]:
    where = ("--at", county.local.urls[center], "--center", center, "--key", str(_key(county)))
    return [str(Path(sys.executable).with_name("bus")), "operate", *where, "--lang", "en", "--json", *words]


def _says(county: MixedCounty, center: str, *words: str) -> dict[str, Any]:
    answer: dict[str, Any] = json.loads(run(_words(county, center, *words)))
    return answer


def _open(county: MixedCounty, center: str) -> bool:
    """Whether the center has read the directory that lists the person."""
    return tried(_words(county, center, "list"))[0] == 0


def _waits(county: MixedCounty) -> bool:
    return any(one["peer"] == PARTY_COMMUNITY for one in _says(county, MEDIA, "waiting")["waiting"])


def _parked(county: MixedCounty) -> bool:
    return bool(_says(county, PARTY_COMMUNITY, "list", "--code", NEVER)["items"])


def _done(county: MixedCounty, operation: str) -> bool:
    found = _says(county, PARTY_COMMUNITY, "show", operation)["operation"]
    if found["state"] != "done":
        return False
    if (found["done"], found["parked_again"], found["refused"]) != (1, 0, 0):
        raise PromiseBroken(f"of one replay {found['done']} are done, {found['again']} parked again")
    return True

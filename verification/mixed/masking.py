"""Masking in a county of two releases: one center that cannot read what it needs switches it off, and all say so."""

import json
from collections.abc import Iterable
from functools import partial

from sqlalchemy import select

from bus.store import tables as t
from bus.store.encryption import encryption_of
from stories.stage import CENTERS
from verification.mixed.county import PATIENCE, MixedCounty, PromiseBroken


def publish(county: MixedCounty, centers: Iterable[str]) -> None:
    """Each of these centers says what its program and its adapter read, and the operator lists it."""
    keys = county.folder / "keys"
    operator = ("--operator", keys / "operator.keys.json", "--directory", keys / "county.directory")
    for center in centers:
        application = keys / f"{center}.application"
        county.bus(center, "keys", "publish", "--file", keys / f"{center}.keys.json", "--out", application)
        county.operate("keys", "trust", application, *operator)


def offers(county: MixedCounty, *, masked: bool) -> int:
    """How many offers that were heard anywhere show a hint of the resident, or the whole."""
    found = 0
    for center in CENTERS:
        with county.local.store(center).reading() as tx:
            a = t.archive.c
            heard = tx.execute(select(a.case_id, a.body).where(a.way == "heard", a.kind == "case.offered")).all()
            for body in encryption_of(tx).decrypted(tx, [(case, body) for case, body in heard]):
                resident = json.loads(body.rpartition(b"\n\n")[2])["data"]["case"]["resident"]
                found += resident is not None and resident.get("masked", False) is masked
    return found


def switched_off(county: MixedCounty) -> None:
    """Every center that can read it publishes so, and one of the release before cannot: nobody masks. The log of each
    new center names the one that hinders it, and so does ``bus doctor``."""
    new = [center for center in CENTERS if center not in county.old]
    publish(county, new)
    for center in new:
        county.local.until(f"the warning of {center}", partial(_warns, county, center), PATIENCE)
    told = county.bus(new[0], "doctor", "--config", county.settings_file(new[0]), "--lang", "en")
    if any(f"case.handed: {old}" not in " ".join(told.split()) for old in county.old):
        raise PromiseBroken(f"bus doctor does not say which center hinders masking: {told[-1500:]}")


def _warns(county: MixedCounty, center: str) -> bool:
    """Whether the log of ``center`` names each old center as the reason why nobody is masked."""
    lines = (county.folder / f"{center}.jsonl").read_text(encoding="utf-8").splitlines()
    logged = [json.loads(line) for line in lines if '"masking-off"' in line]
    return county.old <= {name for line in logged for name in line["peer"].split(", ")}

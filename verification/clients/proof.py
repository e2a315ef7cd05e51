"""Starts centers, makes clients of their ``openapi.json``, compiles them, and lets them send: what came of it.

The road is the embedded one; between client and center everything is real: HTTP on loopback, signatures, the store.
"""

import json
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from uuid import UUID

import httpx

from bus.custody import Record
from bus.demo.local_county import LocalCounty
from verification.clients.languages import LANGUAGES, Language, words
from verification.clients.tools import ROOT, environment, generator

MADE = ROOT / "build" / "clients"
KINDS = sorted(path.parent.name for path in ROOT.glob("adapters/*/center.toml"))
MEDIA = "media_center-150402"
PHOTO = ROOT / "adapters/media_center/samples/photos/32461d5bd1773012acef0ba15636752949bd7c2ce50f9172159d9f56cf0dd9af"
TEXT = "楼道灯不亮 <二楼 & 三楼>"
SAID = r"""file image/jpeg true
taken (?P<number>MEDIACENTER-[\d-]+)
repeated (?P=number)
event taken
refused 422 invalid division
refused 401 \S+
"""
"""What every program says when all went as it must."""


def faults() -> Iterator[tuple[str, str]]:
    """Language by language, what is wrong; empty where its clients compile, send and read the answers.
    Raises ``ServiceUnavailable`` or ``CalledProcessError`` where the tools cannot be had."""
    shutil.rmtree(MADE, ignore_errors=True)
    county = LocalCounty(MADE / "county", [f"{kind}-150402" for kind in KINDS])
    county.open()
    try:
        _generate(_documents(county.urls))
        for name, language in LANGUAGES.items():
            yield name, _fault_of(name, language, county)
    finally:
        county.close()


def _documents(urls: Mapping[str, str]) -> dict[str, Path]:
    """What each center serves, in a file."""
    found = {}
    for center, url in urls.items():
        answer = httpx.get(f"{url}/openapi.json", trust_env=False).raise_for_status()
        found[center.partition("-")[0]] = MADE / f"{center}.json"
        found[center.partition("-")[0]].write_bytes(answer.content)
    return found


def _generate(documents: Mapping[str, Path]) -> None:
    """The clients of all centers in all languages, in one run of the generator. Raises ``CalledProcessError``."""
    files = []
    for name, language in LANGUAGES.items():
        folder = MADE / name
        for kind, document in documents.items():
            files.append(MADE / f"{name}.{kind}.json")
            files[-1].write_text(json.dumps(language.settings(folder, kind, document)))
        language.put_program(folder)
        (folder / "made").mkdir()
    command = ["java", "-jar", str(generator()), "batch", "--fail-fast", "--", *map(str, files)]
    with (MADE / "generator.log").open("wb") as log:
        subprocess.run(command, stdout=log, stderr=subprocess.STDOUT, check=True)


def _fault_of(name: str, language: Language, county: LocalCounty) -> str:
    folder = MADE / name
    around = {**environment(), **language.environment(folder)}
    for command in language.compile(folder):
        done = subprocess.run(command, cwd=folder, env=around, capture_output=True, text=True, check=False)
        said = done.stdout + done.stderr
        if done.returncode != 0 or said:
            return f"{words(command)} … : {said[-2000:] or done.returncode}"
    form = f"{name}-{MADE.stat().st_mtime_ns}"
    center = county.process.centers[MEDIA].settings if county.process is not None else None
    secret = center.intake_secret.get_secret_value() if center is not None else ""
    given = {"BUS_URL": county.urls[MEDIA], "BUS_INTAKE_SECRET": secret, "BUS_ID": form, "BUS_PHOTO": str(PHOTO)}
    command = language.run(folder)
    sent = subprocess.run(command, cwd=folder, env={**around, **given}, capture_output=True, check=False)
    return said_wrong(sent.stdout.decode(), sent.stderr.decode()) or _not_arrived(form, county.records(MEDIA))


def said_wrong(said: str, cried: str) -> str:
    """What a program should not have said; empty where all is right."""
    return "" if re.fullmatch(SAID, said) and not cried else f"it says {said!r} {cried[-2000:]}"


def _not_arrived(form: str, records: Mapping[UUID, Record]) -> str:
    """Whether the center has the form as it was sent, and its photo; empty where it does."""
    mine = [record.case for record in records.values() if record.case.source.record == form]
    if len(mine) != 1 or mine[0].text != TEXT or len(mine[0].attachments) != 1:
        return f"the center has of it {[(case.text, len(case.attachments)) for case in mine]}"
    return ""

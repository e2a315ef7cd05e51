"""Four thousand residents who would be known again: they take part in the journeys, and are looked for afterwards."""

import json
import threading
from pathlib import Path

from bus.demo.local_county import LocalCounty
from stories.stage import Json
from verification.checker.canaries import Canary, canaries
from verification.checker.columns import clean_columns
from verification.checker.leak_scan import Leak, Place, scan
from verification.services import RabbitNode

PEOPLE = canaries(seed=1013, n=4_000)


class Crowd:
    """Each form that is handed in is the next one's; handed in again, the same one's. Threads may share it."""

    def __init__(self) -> None:
        self._coming = iter(PEOPLE)
        self._came: dict[str, Canary] = {}
        self._one_by_one = threading.Lock()

    def speaks(self, body: Json) -> Json:
        """The form with this one's name, telephone and words in it."""
        said = json.dumps(body, sort_keys=True)
        with self._one_by_one:
            who = self._came.get(said) or self._came.setdefault(said, next(self._coming))
        return {key: _spoken(key, value, who) for key, value in body.items()}


def _spoken(key: str, value: object, who: Canary) -> object:
    if isinstance(value, list):
        return [_spoken(key, one, who) for one in value]
    if isinstance(value, dict):
        return {inner: _spoken(inner, one, who) for inner, one in value.items()}
    words = {"client_name": who.name, "caller": who.name, "phone": who.phone, "text": f"{value}{who.words}"}
    return words.get(key, value)


def seen(county: LocalCounty, rabbit: RabbitNode | None = None) -> list[Leak]:
    """Every mark of theirs in a file of the town or of its broker, or in a column of a store."""
    places: list[Place] = [("town", county.folder)]
    for center in county.centers:
        places += clean_columns(center, county.store(center), {})
    folder = getattr(rabbit.server, "folder", None) if rabbit is not None else None
    if isinstance(folder, Path):  # one in a container keeps its files there
        places.append(("the broker's files", folder))
    return scan(PEOPLE, places, {})

"""Leaders who claim every matter of one store, by the intake step itself: in threads, or as a process of their own.

``python -m tests.harness.claimants URL SEED LEADER …`` says that it is ready, waits for a line, then claims for these
leaders and prints who has won what.
"""

import json
import random
import subprocess
import sys
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from adapters.party_service import handlers as party
from bus.context import CenterContext
from bus.pipeline.intake import IntakeDeps, Reply, Submission, intake
from bus.store import Store, StoreUnavailable
from stories import s16
from stories.stage import PARTY, Json

ROOT = Path(__file__).parents[2]
AT_ONCE = 8
"""Forms in one commit."""
READY = "ready\n"


class NoRoutes:
    """Nobody is responsible for anything."""

    def find(self, category: str, division: str) -> str | None:
        """None."""
        return None


def take(store: Store, told: Sequence[tuple[str, Json]]) -> list[Reply]:
    """Hand forms in, in one commit; again where the store was busy, as their sender does."""
    context = CenterContext(PARTY, None)
    deps = IntakeDeps(context, NoRoutes(), lambda _tx, _sha256: None, party.center.forms)
    forms = [(party.center.forms[name], body) for name, body in told]
    batch = [Submission(form, form.model.model_validate(body, strict=False)) for form, body in forms]
    while True:
        try:
            return intake(store, deps, batch, datetime.now(UTC))
        except StoreUnavailable as busy:
            if not busy.passing:
                raise


def all_claims(store: Store, seed: int, leaders: Iterable[int], won: Callable[[int, int, Reply], None]) -> None:
    """Each leader claims each matter, in any order; ``won`` is told matter, leader and reply of each claim."""
    chance = random.Random(seed)  # noqa: S311 - an order, not a secret
    told = [(number, leader) for leader in leaders for number in range(s16.MATTERS)]
    chance.shuffle(told)
    for begin in range(0, len(told), AT_ONCE):
        some = told[begin : begin + AT_ONCE]
        replies = take(store, [("claim", s16.claim(number, leader)) for number, leader in some])
        for (number, leader), reply in zip(some, replies, strict=True):
            won(number, leader, reply)


def at_once(url: str, groups: Sequence[Sequence[int]]) -> list[Any]:
    """The same by groups of leaders, each in a process of its own; they begin when all are there. Returns what they
    print."""
    with ExitStack() as stack:
        all_of_them = [stack.enter_context(_process(url, seed, leaders)) for seed, leaders in enumerate(groups)]
        for process in all_of_them:
            assert process.stdout is not None
            assert process.stdout.readline() == READY
        for process in all_of_them:
            assert process.stdin is not None
            process.stdin.write(READY)
            process.stdin.flush()
        return [one for process in all_of_them for one in json.loads(process.communicate(timeout=240)[0])]


def _process(url: str, seed: int, leaders: Sequence[int]) -> "subprocess.Popen[str]":
    words = [sys.executable, "-m", "tests.harness.claimants", url, str(seed), *map(str, leaders)]
    return subprocess.Popen(words, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def main(url: str, seed: str, *leaders: str) -> None:
    """Claim, and print every claim with its answer."""
    said: list[Any] = []
    store = Store(url)
    sys.stdout.write(READY)
    sys.stdout.flush()
    sys.stdin.readline()
    all_claims(store, int(seed), map(int, leaders), lambda n, who, r: said.append((n, who, r.status, r.code, r.cure)))
    store.close()
    sys.stdout.write(json.dumps(said))


if __name__ == "__main__":
    main(*sys.argv[1:])

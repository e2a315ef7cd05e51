"""``make fuzz SECONDS=…``: coverage-guided fuzzing (Atheris) of decode, and of accept down to the store.

The inputs that libFuzzer starts from are a good message of every kind, and the corpus's quarrels about custody. What
makes it stop is any exception that is no verdict, a code outside the closed list, or a verdict that cannot be.
"""

import argparse
import sys
from pathlib import Path
from typing import Any

import atheris

with atheris.instrument_imports(include=["bus"]):
    from sqlalchemy import delete, select

    from bus.context import CenterContext
    from bus.contract.codec import CODES, Undecodable, decode, encode
    from bus.pipeline.receive import receive
    from bus.store import Store, schema
    from bus.store import tables as t
    from bus.transports.port import Delivery

from verification.corpus import wire_custody, wire_receipts
from verification.corpus.documents import RULES, good
from verification.corpus.items import ME, NOW, PEER, SEED, Dealer, raw

FRESH = 500
"""After so many inputs the store is emptied, so that it does not grow and a case may begin anew."""


def read(data: bytes) -> None:
    """Decode: a message that survives the road, or a code of the closed list."""
    try:
        message = decode(data)
    except Undecodable as no:
        if no.code not in CODES:
            raise AssertionError(no.code) from None
        return
    if decode(encode(message)) != message:
        raise AssertionError("what was decoded does not survive the road")


class Taken:
    """Accept: whatever comes, it is dealt with and nothing is called ``internal`` or ``poison``."""

    def __init__(self, folder: Path) -> None:
        self.store = Store(f"sqlite:///{folder}/fuzz.db")
        schema.upgrade(self.store)
        self.rules = CenterContext(ME)
        self.inputs = 0

    def __call__(self, data: bytes) -> None:
        if self.inputs % FRESH == 0:
            self.store.write(_empty)
        self.inputs += 1
        receive(self.store, self.rules, [Delivery(data, PEER, None)], NOW)
        with self.store.reading() as tx:
            wrong = tx.execute(select(t.parked.c.hint).where(t.parked.c.code.in_(("internal", "poison")))).scalar()
        if wrong is not None:
            raise AssertionError(wrong)


def _empty(tx: Any) -> None:  # a connection
    for table in (t.parked, t.receipts, t.errors, t.held, t.work, t.journal, t.applied, t.lanes, t.cases):
        tx.execute(delete(table))


def seeds(folder: Path) -> None:
    """What libFuzzer starts from."""
    deal = Dealer(SEED)
    said = [*wire_custody.items(deal), *wire_receipts.items(deal)]
    first = {item.kind: item.body for item in reversed(said)}
    bodies = [raw(good(rule, deal)) for rule in RULES] + [body for body in first.values() if len(body) < 8192]
    for number, body in enumerate(bodies):
        (folder / f"{number:04d}").write_bytes(body)


def main() -> None:
    """Fuzz one target for so many seconds; libFuzzer ends the process, with 77 where something was found."""
    options = argparse.ArgumentParser()
    options.add_argument("target", choices=("decode", "receive"))
    options.add_argument("seconds", type=int)
    options.add_argument("--seed", type=int, default=SEED)
    options.add_argument(
        "--folder", type=Path, default=Path(".local/fuzz"), help="what is found, and learnt, stays here"
    )
    given = options.parse_args()
    folder = given.folder / given.target
    (folder / "inputs").mkdir(parents=True, exist_ok=True)
    seeds(folder / "inputs")
    target = read if given.target == "decode" else Taken(folder)
    # an input over 50 ms would be found by `make corpus`; here the watchdog is for what does not come back at all
    words = [f"-max_total_time={given.seconds}", f"-seed={given.seed}", "-max_len=16384", "-timeout=10",
             "-rss_limit_mb=2048", f"-artifact_prefix={folder}/found-", "-print_final_stats=1"]  # fmt: skip
    atheris.Setup([sys.argv[0], *words, str(folder / "inputs")], target)
    atheris.Fuzz()


if __name__ == "__main__":
    main()

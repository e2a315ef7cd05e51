"""``make fuzz SECONDS=…``: coverage-guided fuzzing (Atheris) of five targets.

The targets are decode; receive, with the store and the page of a log; a recovering center; key requests; and
directories. libFuzzer starts from inputs of the corpus: a good message of every kind and the conflicts about custody,
logs, and key files. It stops at any exception that is not a verdict, at a code outside the closed list, or at an
impossible verdict.
"""

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import atheris

with atheris.instrument_imports(include=["bus"]):
    from sqlalchemy import delete, select

    from bus.context import CenterContext
    from bus.contract import signed_document
    from bus.contract.codec import CODES, Undecodable, decode, encode
    from bus.contract.epochs import MAX_EPOCHS_AHEAD
    from bus.pipeline.receive import receive
    from bus.pipeline.relay import claim
    from bus.security import directory, key_request
    from bus.security.cipher_suite import APPLICATION, DIRECTORY
    from bus.security.errors import KeyUnusable
    from bus.store import Store, recovery, schema
    from bus.store import tables as t
    from bus.store.timestamps import ms
    from bus.transports.port import Delivery

from verification.corpus import key_items, log_items, wire_custody, wire_receipts
from verification.corpus.documents import RULES, good
from verification.corpus.items import ME, NOW, PEER, SEED, Dealer, raw
from verification.corpus.key_items import APPLICATION_FILE, DIRECTORY_FILE, Hands
from verification.corpus.log_items import RECOVERY

FRESH = 500
"""After this many inputs the store is emptied, so that it does not grow and a case may begin anew."""


def read(data: bytes) -> None:
    """Decode: a message that survives re-encoding, or a code of the closed list."""
    try:
        message = decode(data)
    except Undecodable as no:
        if no.code not in CODES:
            raise AssertionError(no.code) from None
        return
    if decode(encode(message)) != message:
        raise AssertionError("what was decoded does not survive the road")


class Taken:
    """Receive: every input is settled, and none as ``internal`` or ``poison``."""

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
            owed = tx.execute(select(t.pages_owed.c.peer)).first()
        if wrong is not None:
            raise AssertionError(wrong)
        if owed is not None:
            claim(self.store, self.rules, NOW)  # the page of the log is made here
            self.store.write(lambda tx: tx.execute(delete(t.pages_owed)))


def _empty(tx: Any) -> None:  # a connection
    for table in (t.parked, t.receipts, t.errors, t.held, t.work, t.journal, t.applied, t.lanes, t.cases):
        tx.execute(delete(table))


class Recovered:
    """A recovering center takes any log from its peer, and then completes its recovery."""

    def __init__(self, _folder: Path) -> None:
        self.store = Store("sqlite:///file:recover?mode=memory&uri=true")  # begun anew for each input
        schema.upgrade(self.store)
        self.rules = CenterContext(ME)

    def __call__(self, data: bytes) -> None:
        self.store.write(_begun)
        receive(self.store, self.rules, [Delivery(data, PEER, None)], NOW)
        with self.store.reading() as tx:
            asked, era = [one.peer for one in recovery.peers(tx)], recovery.epoch(tx).number
            wrong = tx.execute(select(t.parked.c.hint).where(t.parked.c.code.in_(("internal", "poison")))).scalar()
        if wrong is not None or era > MAX_EPOCHS_AHEAD:
            raise AssertionError(wrong or f"era {era}")
        self.store.write(lambda tx: [recovery.excuse(tx, peer) for peer in asked])
        claim(self.store, self.rules, NOW)
        with self.store.reading() as tx:
            if recovery.epoch(tx).recovery is not None:
                raise AssertionError("the recovery does not end")


def _begun(tx: Any) -> None:  # a connection
    for table in reversed(t.metadata.sorted_tables):
        tx.execute(delete(table))
    recovery.begin(tx, str(RECOVERY), 1, [PEER], ms(NOW))


class Keys:
    """Key files: usable, or reported as unusable; each input as it is, and signed with the right key."""

    def __init__(self, reads: str) -> None:
        self.hands = Hands(Dealer(SEED))
        self.reads = reads

    def __call__(self, data: bytes) -> None:
        signer = self.hands.operator if self.reads == DIRECTORY_FILE else self.hands.center
        purpose = DIRECTORY if self.reads == DIRECTORY_FILE else APPLICATION
        self._read(data)
        self._read(signed_document.join(data, [signer.signed(data, purpose)]))

    def _read(self, file: bytes) -> None:
        try:
            if self.reads == DIRECTORY_FILE:
                directory.read(file, self.hands.operator.public)
            else:
                key_request.read(file)
        except KeyUnusable:
            return


def _messages(deal: Dealer) -> list[bytes]:
    said = [*wire_custody.items(deal), *wire_receipts.items(deal)]
    first = {item.kind: item.body for item in reversed(said)}
    asked = [item.body for item in log_items.items(deal) if not item.recovers]
    return [raw(good(rule, deal)) for rule in RULES] + list(first.values()) + asked


def _told(deal: Dealer) -> list[bytes]:
    return list({(item.kind, item.name[:12]): item.body for item in log_items.items(deal) if item.recovers}.values())


def _documents(deal: Dealer, reads: str) -> list[bytes]:
    hands = Hands(deal)
    found = [item.file for item in key_items.items(deal, hands) if item.reads == reads]
    return [file.partition(signed_document.BETWEEN)[2] or file for file in found]


MOST = 8192
"""Most bytes of a starting input."""


def seeds(folder: Path, target: str) -> None:
    """Write the inputs that libFuzzer starts from."""
    deal = Dealer(SEED)
    if target in (APPLICATION_FILE, DIRECTORY_FILE):
        bodies = _documents(deal, target)
    else:
        bodies = _told(deal) if target == "recover" else _messages(deal)
    for number, body in enumerate(body for body in bodies if len(body) < MOST):
        (folder / f"{number:04d}").write_bytes(body)


TARGETS: dict[str, Callable[[Path], Callable[[bytes], None]]] = {
    "decode": lambda _folder: read,
    "receive": Taken,
    "recover": Recovered,
    APPLICATION_FILE: lambda _folder: Keys(APPLICATION_FILE),
    DIRECTORY_FILE: lambda _folder: Keys(DIRECTORY_FILE),
}
"""The targets."""


def main() -> None:
    """Fuzz one target for the given seconds; libFuzzer ends the process, with 77 if something was found."""
    options = argparse.ArgumentParser()
    options.add_argument("target", choices=TARGETS)
    options.add_argument("seconds", type=int)
    options.add_argument("--seed", type=int, default=SEED)
    options.add_argument(
        "--folder", type=Path, default=Path(".local/fuzz"), help="what is found, and learnt, stays here"
    )
    given = options.parse_args()
    folder = given.folder / given.target
    (folder / "inputs").mkdir(parents=True, exist_ok=True)
    seeds(folder / "inputs", given.target)
    target = TARGETS[given.target](folder)
    # `make corpus` finds inputs over 50 ms; this watchdog is for inputs that never return
    words = [f"-max_total_time={given.seconds}", f"-seed={given.seed}", "-max_len=16384", "-timeout=10",
             "-rss_limit_mb=2048", f"-artifact_prefix={folder}/found-", "-print_final_stats=1"]  # fmt: skip
    atheris.Setup([sys.argv[0], *words, str(folder / "inputs")], target)
    atheris.Fuzz()


if __name__ == "__main__":
    main()

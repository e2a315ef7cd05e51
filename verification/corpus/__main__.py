"""``make corpus``: runs every item alone, with its verdict, time and memory; exit code 1 if one is wrong.

``python -m verification.corpus [SEED]``; the seed of CI is the default.
"""

import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

from bus.runtime.process import tune_garbage_collector
from bus.sdk import discovery
from bus.testing.adapter_harness import AdapterHarness
from verification.corpus import corpus, file_items, http_items, key_items, log_items, settings_items
from verification.corpus.http_items import ADAPTERS
from verification.corpus.items import SEED, Dealer, WireItem
from verification.corpus.judge_files import judge, judge_keys, judge_settings, load_settings, read, read_keys
from verification.corpus.judge_http import judge as judge_http
from verification.corpus.judge_http import send
from verification.corpus.judge_logs import LogJudge
from verification.corpus.judge_wire import WireJudge
from verification.corpus.meter import LARGEST_MIB, LONGEST_MS, Act, Meter

WINDOW = 400


def main(seed: int) -> int:
    """Run everything and print the table. Returns the exit code."""
    os.environ.pop("BUS_INTAKE_SECRET", None)  # it would make deliberately wrong settings valid
    meter, faults = Meter(), []
    with tempfile.TemporaryDirectory() as folder:
        for part in (_wire, _logs, _http, _files, _keys):
            faults += list(part(seed, Path(folder), meter))
    faults += meter.faults()
    lines = [*meter.table(), *faults[:200]]
    kinds = len({one.kind for one in meter.seen})
    lines.append(f"seed {seed}: {len(meter.seen)} items of {kinds} kinds, {len(faults)} not as they must be "
                 f"(bounds: {LONGEST_MS:.0f} ms where an item has no other, {LARGEST_MIB:.0f} MiB)")  # fmt: skip
    sys.stdout.write("\n".join([*lines, ""]))
    return 1 if faults else 0


def _wire(seed: int, folder: Path, meter: Meter) -> Iterator[str]:
    items = corpus.wire(seed)
    judged = WireJudge(folder)
    tune_garbage_collector()  # as a center does: its long-lived heap, here with the corpus, is not scanned at each item
    for window in corpus.windows(items, WINDOW):
        yield from judged.judge(window, partial(_one_by_one, folder, judged, meter))
    judged.close()


def _one_by_one(folder: Path, judged: WireJudge, meter: Meter, items: Sequence[WireItem]) -> None:
    for item in items:
        meter.measure(item.kind, item.name, partial(judged.hand_in, [item]), anew=partial(_elsewhere, folder, item))


def _elsewhere(folder: Path, item: WireItem) -> Act:
    """The same item on a store that has not seen it: a repeat would cost less."""
    other = WireJudge(Path(tempfile.mkdtemp(dir=folder)))
    other.prepare([item])
    return partial(other.hand_in, [item])


def _logs(seed: int, folder: Path, meter: Meter) -> Iterator[str]:
    judged = LogJudge(folder)
    for item in log_items.items(Dealer(seed)):
        judged.prepare(item)
        meter.measure(item.kind, item.name, partial(judged.hand_in, item))
        yield from judged.judge([item])
    judged.close()


def _http(seed: int, folder: Path, meter: Meter) -> Iterator[str]:
    for number, adapter in enumerate(ADAPTERS):
        harness = AdapterHarness(discovery.find(adapter).package, folder / adapter).start()
        try:
            items = list(http_items.items(Dealer(seed + number), harness.samples))
            for item in items:
                act = partial(send, harness, item)
                meter.measure(item.kind, f"{adapter}: {item.name}", act, longest_ms=item.longest_ms)
            yield from judge_http(harness, items)
        finally:
            harness.stop()


def _files(seed: int, folder: Path, meter: Meter) -> Iterator[str]:
    for item in file_items.items(Dealer(seed)):
        act = partial(read, folder, item)
        meter.measure(item.kind, item.name, act, longest_ms=item.longest_ms)
        yield from judge(folder, [item])
    for one in settings_items.items(Dealer(seed)):
        load_one = partial(load_settings, folder, one)
        meter.measure(one.kind, one.name, load_one)
        yield from judge_settings(folder, [one])


def _keys(seed: int, _folder: Path, meter: Meter) -> Iterator[str]:
    deal = Dealer(seed)
    hands = key_items.Hands(deal)
    operator = hands.operator.public
    for item in key_items.items(deal, hands):
        meter.measure(item.kind, item.name, partial(read_keys, operator, item))
        yield from judge_keys(operator, [item])


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else SEED))

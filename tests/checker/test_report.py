"""The report, and the eye on memory and descriptors."""

import io
import json
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from tests.checker.conftest import Clean
from tests.checker.county import MEDIA, PARTY, County, with_books
from verification.checker import Finding, Leak, Sampler, When, check, report, tally
from verification.checker.__main__ import main
from verification.checker.invariants import RULES
from verification.checker.resource_trends import Sample, trend

BROKEN = Finding("nothing-left", MEDIA, "case-1", "3 receipts or errors are owed")
EXCUSED = Finding("nothing-left", MEDIA, "case-2", "case.offered is waiting in the outbox", "gone")


@pytest.mark.parametrize("english", [False, True])
def test_a_report_names_every_rule_in_both_languages(clean: Clean, english: bool) -> None:
    """All promises stand in the table, and a clean county is said to be clean."""
    out = io.StringIO()
    assert report(check(clean.end, When.DRAINED), counts=tally(clean.end), masks=True, english=english, stream=out)
    told = out.getvalue()
    for rule in RULES:
        assert rule.name in told
        assert (rule.words.en if english else rule.words.zh) in told
    assert ("every promise was kept" if english else "全部承诺兑现") in told


@pytest.mark.parametrize("english", [False, True])
def test_a_report_shows_what_is_broken_and_counts_what_is_excused(english: bool) -> None:
    """A breach is shown with its case; an excused one is counted with its reason and breaks nothing."""
    out = io.StringIO()
    assert not report([BROKEN, EXCUSED], english=english, stream=out)
    assert "case-1" in out.getvalue()
    assert "case-2" not in out.getvalue()
    assert ("waits on a center that is gone: 1" if english else "对方已撤出: 1") in out.getvalue()
    assert report([EXCUSED], english=english, stream=io.StringIO())


def test_the_count_tells_what_there_was_to_judge(clean: Clean) -> None:
    """Eight cases: six were handed over, two of them once more; submitted is open and closed together."""
    counts = tally(clean.end)
    assert (counts.submitted, counts.open, counts.closed, counts.handovers) == (8, 0, 8, 8)
    assert counts.said == counts.applied + counts.superseded + counts.refused > 0
    assert counts.refused == counts.parked == 0
    assert counts.effects == sum(len(center.effects) for center in clean.end.seats.values()) > 0
    early = tally(clean.midway)
    assert early.submitted == early.open == 8


def test_a_canary_breaks_the_promise() -> None:
    """One mark in one log is enough, and the report names its place."""
    out = io.StringIO()
    assert not report([], hits=[Leak("rm.log", 7, "phone", "plain")], stream=out)
    assert "rm.log" in out.getvalue()


def test_json_tells_everything_in_one_document(clean: Clean) -> None:
    """Scripts get findings, rules, canaries and trends."""
    out = io.StringIO()
    dirty = check(with_books(clean.end, PARTY, owed=3), When.DRAINED)
    trends = {"rm": trend([Sample(at, 50.0, 9) for at in range(4)])}
    assert not report(dirty, hits=[Leak("log", 1, "name", "gbk")], trends=trends, as_json=True, stream=out)
    told = json.loads(out.getvalue())
    assert told["kept"] is False
    assert told["rules"] == [rule.name for rule in RULES if not rule.of_masking]
    assert [finding["rule"] for finding in told["findings"]] == ["nothing-left"]
    assert told["canaries"][0]["spelling"] == "gbk"
    assert told["trends"]["rm"]["memory_per_hour"] == 0


def test_stores_are_judged_from_the_command_line(county: County, capsys: pytest.CaptureFixture[str]) -> None:
    """Stores of a running county, named one by one: 0 for kept, 1 for broken, 2 for one that cannot be read."""
    county.hand_in("pass 1")
    county.carry(2)
    stores = [f"{name}={bare.store.url}" for name, bare in county.bare.items()]
    assert main([*stores, "--when", "still", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["when"], told["kept"], told["counts"]["submitted"]) == ("still", True, 1)
    assert main([*stores, "--when", "drained", "--lang", "en"]) == 1
    assert "nothing left on the way" in capsys.readouterr().out
    missing = Path(county.bare[MEDIA].store.url.database or "").with_name("missing.db")
    assert main([f"{MEDIA}=sqlite:///{missing}"]) == 2
    assert not missing.exists()
    assert main([f"{MEDIA}=no address"]) == 2
    assert "its store cannot be read" in capsys.readouterr().err


def test_masking_is_judged_where_it_is_said_to_be_on(county: County, capsys: pytest.CaptureFixture[str]) -> None:
    """A county that masks nobody is well, and breaks the promise of masking where somebody says that it makes it; a
    running county is not judged by it."""
    county.hand_in("decline 1")
    county.drain()
    stores = [f"{name}={bare.store.url}" for name, bare in county.bare.items()]
    assert main([*stores, "--when", "drained", "--json"]) == 0
    assert "only-holders-know-the-resident" not in json.loads(capsys.readouterr().out)["rules"]
    assert main([*stores, "--when", "drained", "--masks", "--json"]) == 1
    told = json.loads(capsys.readouterr().out)
    assert {(one["rule"], one["center"]) for one in told["findings"]} == {("only-holders-know-the-resident", PARTY)}
    with pytest.raises(SystemExit, match="2"):
        main([*stores, "--masks"])
    assert "--when still" in capsys.readouterr().err


def test_a_trend_passes_over_the_beginning() -> None:
    """Growth while warming up is no leak; growth afterwards is, in MiB and descriptors an hour."""
    warm = [Sample(at * 36, 50 + min(at, 10), 20) for at in range(40)]
    assert trend(warm).memory_per_hour == pytest.approx(0)
    leak = [Sample(at * 36, 50 + at, 20 + 2 * at) for at in range(40)]  # a hundredth of an hour each
    assert trend(leak).memory_per_hour == pytest.approx(100)
    assert trend(leak).files_per_hour == pytest.approx(200)
    assert (trend(leak).memory, trend(leak).files, trend(leak).samples) == (89, 98, 40)


GROWS = """
import sys
kept, files = [], []
for line in sys.stdin:
    kept.append(b"x" * 4_000_000)
    files.append(open(sys.argv[1]))
    print("grown", flush=True)
"""


def test_a_sampler_sees_a_process_grow(tmp_path: Path) -> None:
    """Memory and descriptors of a real process are seen; one that ends is passed over; a new life begins anew."""
    (tmp_path / "file").touch()
    command = [sys.executable, "-c", GROWS, str(tmp_path / "file")]
    pids: dict[str, int] = {"ours": os.getpid()}
    sampler = Sampler(lambda: pids)
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        pids["child"] = child.pid
        for _ in range(6):
            child.stdin.write("grow\n")
            child.stdin.flush()
            child.stdout.readline()
            sampler.look()
        child.stdin.close()
    sampler.look()
    told = sampler.stop()
    assert told["child"].samples == 6
    assert told["child"].memory_per_hour > 0
    assert told["child"].files_per_hour > 0
    assert told["ours"].samples == 7
    pids["child"] = os.getpid()
    for _ in range(4):
        sampler.look()
    assert sampler.stop()["child"].samples == 4


def test_a_sampler_looks_by_itself() -> None:
    """On its thread it looks again and again, and ends when it is told."""
    asked, enough = 0, threading.Event()

    def pids() -> dict[str, int]:
        nonlocal asked
        asked += 1
        if asked > 5:
            enough.set()
        return {"ours": os.getpid()}

    sampler = Sampler(pids, interval=0.005).start()
    assert enough.wait(30)
    told = sampler.stop()["ours"]
    assert told.samples >= 5
    assert told.files > 0

"""The hunt: every mark in every spelling is found, and nothing else is."""

import base64
import json
import random
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import insert

from bus.contract.case import Person
from bus.store import tables as t
from tests.checker.county import MEDIA, County
from verification.checker import canaries, scan
from verification.checker.columns import HOLD_RESIDENTS, clean_columns
from verification.checker.leak_scan import CHUNK

BIRDS = canaries(7)
SPELLINGS: dict[str, Callable[[str], bytes]] = {
    "utf-8": lambda mark: mark.encode(),
    "gbk": lambda mark: mark.encode("gbk"),
    "json": lambda mark: json.dumps(mark).encode(),
    "json in json": lambda mark: json.dumps(json.dumps(mark)).encode(),
    "url": lambda mark: quote(mark).encode(),
    "url, lower case": lambda mark: quote(mark).lower().encode() if not mark.isascii() else mark.encode(),
    "url, twice": lambda mark: quote(quote(mark)).encode(),
    "url of gbk": lambda mark: quote(mark.encode("gbk")).encode(),
    "repr of bytes": lambda mark: repr(mark.encode()).encode(),
    "base64": lambda mark: base64.b64encode(mark.encode()),
    "base64, within": lambda mark: base64.b64encode(f"x{mark}yz".encode()),
    "base64, within, shifted": lambda mark: base64.urlsafe_b64encode(f"?>{mark}~".encode()),
}


def test_canaries_are_two_thousand_and_none_shares_a_mark() -> None:
    """Each mark tells one canary; the same seed gives the same ones; every model takes them."""
    marks = [mark for bird in BIRDS for mark in bird.marks.values()]
    assert (len(BIRDS), len(marks), len(set(marks))) == (2000, 10_000, 10_000)
    assert canaries(7) == BIRDS
    assert canaries(8) != BIRDS
    for bird in BIRDS[:100]:
        assert Person.model_validate_json(bird.person().model_dump_json()) == bird.person()


@pytest.mark.parametrize("spelling", SPELLINGS)
@pytest.mark.parametrize("mark", ["name", "address", "words", "phone", "id_card"])
def test_every_mark_is_found_in_every_spelling(mark: str, spelling: str) -> None:
    """However a mark is written down, the hunt tells whose it is and which."""
    for number in (0, 999, 1999):
        text = b'{"level": "info", "code": "' + SPELLINGS[spelling](BIRDS[number].marks[mark]) + b'"}\n'
        hits = scan(BIRDS, [("log", text)])
        assert {(hit.place, hit.canary, hit.mark) for hit in hits} == {("log", number, mark)}


@given(before=st.binary(max_size=40), after=st.binary(max_size=40), data=st.data())
@settings(max_examples=200, deadline=None)
def test_neighbours_hide_nothing(before: bytes, after: bytes, data: st.DataObject) -> None:
    """Whatever bytes stand around a mark, and wherever it begins in base64, it is found."""
    number = data.draw(st.integers(0, len(BIRDS) - 1))
    mark = data.draw(st.sampled_from(sorted(BIRDS[number].marks)))
    plain = before + BIRDS[number].marks[mark].encode() + after
    for content in (plain, base64.b64encode(plain)):
        assert (number, mark) in {(hit.canary, hit.mark) for hit in scan(BIRDS, [("", content)])}


def test_ordinary_bytes_hold_no_canary() -> None:
    """Noise, figures, and residents' and places' ordinary names are no canaries."""
    chance = random.Random(1)  # noqa: S311 - noise that is the same in every run
    ordinary = "居民甲、居民乙在鸟笼街，电话 10090, 1009000000, 00990019000101 ".encode() * 50
    figures = " ".join(str(chance.randrange(10**20)) for _ in range(20_000)).encode()
    ours = {mark for bird in BIRDS for mark in bird.marks.values()}
    others = " ".join(mark for bird in canaries(8, 500) for mark in bird.marks.values() if mark not in ours).encode()
    places: list[tuple[str, bytes]] = [("noise", chance.randbytes(1 << 20)), ("words", ordinary), ("n", figures)]
    assert scan(BIRDS, [*places, ("64", base64.b64encode(chance.randbytes(1 << 19))), ("others", others)]) == []


def test_a_folder_is_searched_through_and_stores_are_passed_over(tmp_path: Path) -> None:
    """Files, files in folders, and names of files; a mark across two chunks; but not the store itself."""
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "core").write_bytes(b"\0" * (CHUNK - 5) + BIRDS[1].name.encode())
    (tmp_path / f"{BIRDS[2].phone}.tmp").write_bytes(b"")
    (tmp_path / "center.db-wal").write_bytes(BIRDS[3].name.encode())
    (tmp_path / "center.log").write_bytes(BIRDS[4].id_card.encode())
    hits = scan(BIRDS, [("temp", tmp_path), ("gone", tmp_path / "gone")])
    assert {(hit.canary, hit.mark) for hit in hits} == {(1, "name"), (2, "phone"), (4, "id_card")}
    assert {hit.canary for hit in scan(BIRDS, [("temp", tmp_path)], except_for={})} == {1, 2, 3, 4}


def test_a_store_is_clean_but_for_the_columns_that_are_named(county: County) -> None:
    """Real work leaves marks in no column that must be clean; one planted in a hint, a note or a reason is found."""
    county.hand_in(f"pass {BIRDS[0].words} {BIRDS[0].phone}")
    county.carry(3)
    store = county.bare[MEDIA].store
    assert scan(BIRDS, clean_columns(MEDIA, store)) == []
    line = {
        "case_id": "x", "at_ms": 1, "way": "did", "kind": "x", "peer": MEDIA,
        "holder": MEDIA, "version": 0, "note": BIRDS[1].phone,
    }  # fmt: skip
    store.write(lambda tx: tx.execute(insert(t.journal), [line]))
    assert [(hit.place, hit.canary) for hit in scan(BIRDS, clean_columns(MEDIA, store))] == [
        (f"{MEDIA} journal.note", 1)
    ]


def test_columns_that_hold_residents_exist_or_will() -> None:
    """The list of exceptions names bodies, records and file names, and nothing that has become something else."""
    known = {f"{table.name}.{column.name}" for table in t.metadata.sorted_tables for column in table.c}
    assert {"cases.record", "outbox.body", "held.body", "work.body", "parked.body"} <= set(HOLD_RESIDENTS) & known
    assert all(name.endswith((".body", ".record", ".name", ".partial")) for name in HOLD_RESIDENTS)

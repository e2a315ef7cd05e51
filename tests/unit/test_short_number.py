"""The short number of a case: what is heard wrong is caught, and what is heard right is found again by the commands."""

import json
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from bus.contract.messages import Outcome
from bus.contract.short_number import Misheard, WrongShortNumber, id_ending, short_number
from bus.custody.commands import Close, Register, Resolve
from bus.store import access_log
from tests.harness.step import MEDIA, NOW, BareCenter, a_case
from tests.unit.test_cli_run import bus

ID = UUID("0198a1b2-c3d4-7e5f-8a6b-7c8d9ead0a1f")
SHORT = "246-221-3432"
IDS = st.uuids(allow_nil=True)
PLACES = st.integers(min_value=0, max_value=9)


def digits_of(case_id: UUID) -> str:
    """The short number without its dashes."""
    return short_number(case_id).replace("-", "")


def test_it_is_ten_digits_of_the_end_of_the_id() -> None:
    """The same for ever, and at every center: people have written it down."""
    assert short_number(ID) == SHORT
    assert short_number(UUID(int=0)) == "000-000-0000"
    assert short_number(UUID(int=2**128 - 1)).startswith("268-435-455")


@given(IDS)
def test_it_leads_back_to_its_id(case_id: UUID) -> None:
    """To all ids that end as this one does."""
    end = id_ending(short_number(case_id))
    assert end is not None
    assert str(case_id).endswith(end)
    assert len(end) == 7


@given(IDS, PLACES, PLACES)
def test_one_wrong_digit_is_caught(case_id: UUID, place: int, other: int) -> None:
    """Each of the ten, the check digit among them, by each of the nine others."""
    right = digits_of(case_id)
    assume(right[place] != str(other))
    with pytest.raises(WrongShortNumber) as wrong:
        id_ending(right[:place] + str(other) + right[place + 1 :])
    assert wrong.value.fault is Misheard.CHECK_DIGIT


@given(IDS, st.integers(min_value=0, max_value=8))
def test_two_neighbours_swapped_are_caught(case_id: UUID, place: int) -> None:
    """Wherever they stand, in one group or in two."""
    right = digits_of(case_id)
    first, second = right[place], right[place + 1]
    assume(first != second)
    with pytest.raises(WrongShortNumber) as wrong:
        id_ending(right[:place] + second + first + right[place + 2 :])
    assert wrong.value.fault is Misheard.CHECK_DIGIT


@given(IDS, PLACES, PLACES)
def test_a_digit_missing_or_too_many_is_told_as_that(case_id: UUID, place: int, more: int) -> None:
    """It says so, and not that a digit is wrong."""
    right = digits_of(case_id)
    for heard in (right[:place] + right[place + 1 :], right[:place] + str(more) + right[place:]):
        with pytest.raises(WrongShortNumber) as wrong:
            id_ending(heard)
        assert wrong.value.fault is Misheard.LENGTH


@pytest.mark.parametrize(
    "heard",
    [SHORT, "2462213432", "246 221 3432", " 246-2213-432 ", "２４６－２２１－３４３２", "246\u2013221\u20143432"],
)
def test_it_is_read_however_it_is_written(heard: str) -> None:
    """With other groups, with none, in full-width digits, with the dashes of a word processor."""
    assert id_ending(heard) == "ead0a1f"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "-",
        "MEDIACENTER-150402-20261129-00001",
        "N-1",
        "12345678",
        "123456789012",
        "二二二一〇四〇九五四",
        "²²²1040954x",
    ],
)
def test_other_numbers_are_not_taken_for_one(text: str) -> None:
    """A case's own number, and whatever else is typed: it is looked up as it stands."""
    assert id_ending(text) is None


def test_more_than_an_end_can_be_is_caught() -> None:
    """Its check digit fits, but no id ends so."""
    with pytest.raises(WrongShortNumber):
        id_ending("2684354564")


TWIN = UUID(int=ID.int ^ 1 << 64)
"""Another id with the same end."""


@pytest.fixture
def center(tmp_path: Path) -> Iterator[tuple[BareCenter, Path]]:
    """A center with one case, closed, and its settings."""
    config = tmp_path / "here.toml"
    config.write_text(
        f'center = "{MEDIA}"\nstore = "sqlite:///{tmp_path}/{MEDIA}.db"\n[backend]\nurl = "http://127.0.0.1:1"\n'
    )
    here = BareCenter(MEDIA, tmp_path)
    here.execute(Register(case=a_case(MEDIA, case_id=ID, number="N-1")))
    here.execute(Resolve(case_id=ID, outcome=Outcome.DONE, public_reply="已办。"))
    here.execute(Close(case_id=ID, replied_at=NOW))
    yield here, config
    here.close()


def test_each_command_that_takes_a_case_finds_it(center: tuple[BareCenter, Path], tmp_path: Path) -> None:
    """Where a UUID is taken, and with the same outcome."""
    here, config = center
    here.store.write(lambda tx: access_log.note(tx, at_ms=1, who="someone", what="case", case_id=str(ID), why="a call"))
    for words in (("trace",), ("access", "list", "--case")):
        by_id, by_short = (bus(*words, one, "--config", config, "--json") for one in (ID, SHORT))
        assert by_short == by_id
        assert by_short[0] == 0
        assert str(ID) in by_short[1]
    out = tmp_path / "proof.json"
    assert "没有签过名的回执" in bus("proof", "export", SHORT, "--out", out, "--config", config)[2]
    assert "还有报文或任务未了" in bus("erase", SHORT, "--reason", "asked", "--config", config)[2]


def test_it_is_shown_where_cases_are(center: tuple[BareCenter, Path]) -> None:
    """In the list of cases and in the trace, for people and for scripts."""
    _, config = center
    assert json.loads(bus("cases", "--config", config, "--json")[1])[0]["short_number"] == SHORT
    assert bus("cases", "--config", config)[1].splitlines()[1].split("\t")[:2] == [SHORT, "N-1"]
    assert f"short_number\t{SHORT}" in bus("trace", "N-1", "--config", config)[1].splitlines()


@pytest.mark.parametrize(
    ("heard", "said"),
    [
        ("246-221-3433", "wrong check digit"),
        ("246-212-3432", "wrong check digit"),
        ("246-221-343", "a short number has ten digits"),
    ],
)
def test_what_was_misheard_is_told(center: tuple[BareCenter, Path], heard: str, said: str) -> None:
    """Exit code 2, what is wrong, and that the caller should be asked again; never another case."""
    _, config = center
    for words in (("trace", heard), ("erase", heard, "--reason", "asked"), ("access", "list", "--case", heard)):
        code, out, err = bus(*words, "--config", config, "--lang", "en")
        assert (code, out) == (2, "")
        assert said in err
        assert "ask for the number again" in err
    assert "请对方重读一遍" in bus("trace", heard, "--config", config)[2]


def test_two_cases_that_share_it_are_both_named(center: tuple[BareCenter, Path]) -> None:
    """Nobody is given the one for the other."""
    here, config = center
    here.execute(Register(case=a_case(MEDIA, case_id=TWIN, number="N-2")))
    code, out, err = bus("trace", SHORT, "--config", config)
    assert (code, out) == (2, "")
    assert "2 件案件" in err
    assert "N-2、N-1" in err
    assert bus("trace", "N-2", "--config", config, "--json")[0] == 0


def test_a_number_that_looks_like_one_is_found_first(center: tuple[BareCenter, Path]) -> None:
    """Another center numbers its cases with ten digits: its number is taken for what it is."""
    here, config = center
    for number in ("2462213433", SHORT):
        case = a_case(MEDIA, number=number)
        here.execute(Register(case=case))
        told = json.loads(bus("trace", number, "--config", config, "--json")[1])
        assert told["case"]["case"] == str(case.case_id)


def test_a_right_number_of_no_case_here_is_no_case(center: tuple[BareCenter, Path]) -> None:
    """Another center has it, perhaps."""
    _, config = center
    code, _, err = bus("trace", "000-000-0000", "--config", config, "--lang", "en")
    assert code == 1
    assert "no such case here" in err

"""案件: lists, filters, and what leads to one case."""

import re
from uuid import UUID

import pytest

from bus.store import cases
from bus.store.rows import LinkRow
from tests.console.test_mending import signed_in
from tests.harness.consoled import ConsoledCenter
from tests.harness.step import PARTY


def _named(desk: ConsoledCenter, number: str) -> UUID:
    (found,) = desk.process.console.scope.named(number)
    return found


def _listed(page: str) -> list[str]:
    return re.findall(r"<td>(N-\d)</td>", page)


@pytest.mark.parametrize(
    ("query", "numbers"),
    [
        ("", ["N-3", "N-2", "N-1", "N-0"]),
        ("category=housing", ["N-1"]),
        ("street=150402006", ["N-3", "N-2", "N-1", "N-0"]),
        ("street=150402999", []),
        (f"peer={PARTY}", ["N-3", "N-2"]),
        ("status=closed", ["N-3"]),
        ("from=2099-01-01", []),
        ("to=2020-01-01", []),
        ("list=silent&days=1", ["N-0", "N-1", "N-2"]),
        ("list=silent&days=9999", []),
        ("list=offered", []),
        ("list=nothing-of-the-kind", ["N-3", "N-2", "N-1", "N-0"]),
    ],
)
def test_each_list_and_filter(desk: ConsoledCenter, query: str, numbers: list[str]) -> None:
    """The page lists what is asked for, and no more."""
    with signed_in(desk, "wang") as client:
        answer = client.get(f"/cases?{query}")
    assert (answer.status_code, _listed(answer.text)) == (200, numbers)


def test_what_is_known_of_a_case_leads_to_it(desk: ConsoledCenter) -> None:
    """Its number, its id, and its number in the center's own system."""
    case_id = _named(desk, "N-1")
    desk.center.store.write(lambda tx: cases.link(tx, [LinkRow("order", "WO-77", str(case_id))]))
    with signed_in(desk, "wang") as client:
        for text in ("N-1", str(case_id), "WO-77"):
            answer = client.get("/cases", params={"q": text})
            assert (answer.status_code, answer.headers["location"]) == (303, f"/cases/{case_id}")


def test_a_number_of_two_cases_lists_both(desk: ConsoledCenter) -> None:
    """Two systems may count alike."""
    links = [LinkRow("order", "77", str(_named(desk, "N-1"))), LinkRow("ticket", "77", str(_named(desk, "N-2")))]
    desk.center.store.write(lambda tx: cases.link(tx, links))
    with signed_in(desk, "wang") as client:
        assert set(_listed(client.get("/cases", params={"q": "77"}).text)) == {"N-1", "N-2"}


@pytest.mark.parametrize(
    ("text", "told"),
    [("N-99", "没有这个编号"), ("123-456-7891", "请对方重读一遍"), ("048217", "没有这个编号")],
)
def test_a_number_that_leads_nowhere_says_why(desk: ConsoledCenter, text: str, told: str) -> None:
    """A short number that was misheard is told as such."""
    with signed_in(desk, "wang") as client:
        assert told in client.get("/cases", params={"q": text}).text


def test_a_day_that_is_none_is_told(desk: ConsoledCenter) -> None:
    """With an example of one."""
    with signed_in(desk, "wang") as client:
        assert "2026-07-01" in client.get("/cases?from=soon").text


def test_the_journal_speaks_the_persons_language(desk: ConsoledCenter) -> None:
    """And not the store's."""
    case_id = _named(desk, "N-2")
    with signed_in(desk, "wang") as client:
        chinese = client.get(f"/cases/{case_id}").text
        client.cookies.set("lang", "en")
        english = client.get(f"/cases/{case_id}").text
    assert "<td>本中心</td>" in chinese
    assert "<td>done here</td>" in english

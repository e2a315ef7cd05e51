"""The page of one case: its way through several centers, and what persons do with it there."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import expect

from bus.cli.lookups import context_of
from bus.console import people
from bus.contract.rules import BY_KIND
from bus.demo.local_county import LocalCounty
from bus.runtime.operating import Operating
from bus.security.staff import Role
from bus.settings import CenterSettings
from bus.store import operations
from stories import play, s10
from stories.stage import GOVERNMENT, MEDIA, PARTY_COMMUNITY, PARTY_STREET, Stage
from tests.console.conftest import Visit
from tests.console.test_mending import signed_in
from tests.harness import signing_county
from tests.harness.consoled import PASSWORD, ConsoledCenter, OfCounty, consoled
from tests.harness.county import Counties
from tests.harness.duty import CLOSED, LEDGER, Duty

S10_CENTERS = (MEDIA, GOVERNMENT, PARTY_STREET, PARTY_COMMUNITY)
OPEN, DONE = "awaits-second", "done"
PARTY = signing_county.PARTY


# -- S10 ---------------------------------------------------------------------------------------------------------------


@pytest.fixture
def county(make_county: Counties) -> LocalCounty:
    """The centers of S10 at work, and a ledger that they tell."""
    return make_county(S10_CENTERS, routes=play.ROUTES, ledger=LEDGER)


def _of(county: LocalCounty, center: str) -> OfCounty:
    store = county.store(center)
    return OfCounty(context_of(CenterSettings(**county.settings_of(center)), store), store)


@pytest.fixture
def desk(county: LocalCounty, tmp_path: Path) -> Iterator[ConsoledCenter]:
    """The console of the center that the resident has told."""
    (tmp_path / "console").mkdir()
    with consoled(_of(county, MEDIA), tmp_path / "console") as found:
        yield found


def test_s10_is_followed_on_its_page(visit: Visit, desk: ConsoledCenter, county: LocalCounty, tmp_path: Path) -> None:
    """From message to publication: who has it, its lanes with custody, the journal; the same at the ledger, where every
    center has a lane and nothing of the resident stands."""
    case_id = s10.one(Stage(county, "S10"), "居民丙")
    county.until("nothing on its way", county.drained, 120)
    page = visit("li")
    page.goto(f"{desk.url}/cases/{case_id}")
    expect(page.locator(".sentence")).to_contain_text("已答复居民")
    lanes = page.locator("svg.lanes")
    for center in (MEDIA, PARTY_COMMUNITY):
        expect(lanes.locator("text.name", has_text=center)).to_have_count(1)
    assert lanes.locator("line.custody").count() > 3
    y = {str(one.get_attribute("y1")) for one in lanes.locator("line.custody").all()}
    assert len(y) == 2, "it lay at the media center, then at the community"
    expect(page.locator("tbody tr", has_text=BY_KIND["case.offered"].zh)).to_have_count(1)
    with consoled(_of(county, LEDGER), tmp_path) as told, signed_in(told, "wang") as client:
        county.until("all facts told", lambda: told_by(client, str(case_id)) >= {*S10_CENTERS}, 60)
        shown = client.get(f"/cases/{case_id}").text
        listed = client.get("/cases").text
    assert str(case_id) in listed
    assert "已答复居民" in shown
    assert {center for center in S10_CENTERS if f'class="name">{center}</text>' in shown} == {*S10_CENTERS}
    assert not any(words in shown + listed for words in ("居民丙", "0476-5550103", "种菜", "车棚"))


def told_by(client: httpx.Client, case_id: str) -> set[str]:
    """The centers that the ledger's page names as tellers."""
    return {*re.findall(r'<tr><td class="name">([a-z_0-9-]+)</td>', client.get(f"/cases/{case_id}").text)}


# -- acts --------------------------------------------------------------------------------------------------------------


@dataclass
class Ruling:
    """A center that rules, its console with two administrators, and one of its cases."""

    duty: Duty
    desk: ConsoledCenter
    case_id: str

    def sent(self, name: str, page: str, path: str, **more: str) -> httpx.Response:
        """A form of this page, filled in and sent by this person."""
        with signed_in(self.desk, name) as client:
            forms = client.get(page).text.split("<form")[1:]
            form = next(one for one in forms if f'action="{path}"' in one)
            hidden = dict(re.findall(r'type="hidden" name="([a-z]+)" value="([^"]*)"', form))
            return client.post(path, data=hidden | more)

    def on_case(self, name: str, act: str, **more: str) -> httpx.Response:
        """An act of the case's page."""
        return self.sent(name, f"/cases/{self.case_id}", f"/cases/{self.case_id}/{act}", **more)

    def worked_off(self) -> operations.Operation:
        """The newest operation, after the center's process has done what runs."""
        center = self.duty.center
        Operating(center.store, center.context, lambda: datetime.now(UTC), lambda: None).round()
        with center.store.reading() as tx:
            return operations.listed(tx, 10)[0]


@pytest.fixture
def ruling(tmp_path: Path) -> Iterator[Ruling]:
    """The media center is its own arbiter, and has offered a case to the party service."""
    duty = Duty(tmp_path / "center", MEDIA)
    case_id = duty.offered(PARTY)
    with consoled(duty.center, tmp_path) as desk:
        people.keep(desk.own, "qian", Role.ADMINISTRATOR, PASSWORD, datetime.now(UTC))
        yield Ruling(duty, desk, case_id)
    duty.close()


def test_a_case_is_urged_with_a_reason(ruling: Ruling) -> None:
    """Once, though the form is sent twice; the operation's page says whom and why."""
    with signed_in(ruling.desk, "li") as client:
        page = client.get(f"/cases/{ruling.case_id}").text.split("/urge")[1]
        hidden = dict(re.findall(r'type="hidden" name="([a-z]+)" value="([^"]*)"', page.split("</form>")[0]))
        asked = hidden | {"why": "asked-again"}
        places = {client.post(f"/cases/{ruling.case_id}/urge", data=asked).headers["location"] for _ in range(2)}
    assert len(places) == 1
    done = ruling.worked_off()
    assert (done.act, done.why, done.state, done.refused) == ("urge", "asked-again", DONE, 0)


def test_the_arbiter_is_asked_and_says_why_not(ruling: Ruling) -> None:
    """Custody decides: what it refuses stands on the operation's page with its code, and nothing is done."""
    place = ruling.on_case("li", "ask-arbiter", ground="silent", why="nobody-answers").headers["location"]
    done = ruling.worked_off()
    with signed_in(ruling.desk, "li") as client:
        page = client.get(place).text
    assert (done.act, done.done, done.state) == ("ask-arbiter", 1, DONE)
    assert ("被拒" in page) is bool(done.refused)
    assert "nobody-answers" in page
    wrong = ruling.on_case("li", "ask-arbiter", ground="because")
    assert (wrong.status_code, "内容不全" in wrong.text) == (422, True)


def test_a_ruling_needs_a_second_person_on_the_operations_page(ruling: Ruling) -> None:
    """Not an operator, not the same person; then it is carried out, and the case has its new holder."""
    place = ruling.on_case("zhao", "reclaim", to=PARTY, why="ruled-by-two").headers["location"]
    path = f"{place}/approve"
    with signed_in(ruling.desk, "zhao") as client:
        page = client.get(place).text
    assert ("待第二人批准" in page, PARTY in page) == (True, True)
    same = ruling.sent("zhao", place, path, why="seen")
    assert (same.status_code, "另一人批准" in same.text) == (409, True)
    with signed_in(ruling.desk, "li") as client:
        token = re.search(r'name="token" value="([^"]+)"', client.get("/").text)
        assert token is not None
        assert client.post(path, data={"token": token[1]}).status_code == 403
        assert "/approve" not in client.get(place).text
    assert ruling.worked_off().state == OPEN
    assert ruling.sent("qian", place, path, why="seen").headers["location"] == place
    done = ruling.worked_off()
    assert (done.state, done.made_by, done.run_by) == (DONE, f"staff-zhao.{'0' * 16}", f"staff-qian.{'0' * 16}")
    with signed_in(ruling.desk, "li") as client:
        assert f"由 {PARTY} 承办" in client.get(f"/cases/{ruling.case_id}").text


def test_only_what_goes_to_a_closed_center_is_turned(ruling: Ruling) -> None:
    """A center that is there keeps what waits for it; of a closed one all its cases are previewed, then run."""
    there = ruling.on_case("zhao", "redirect", peer=PARTY, to=signing_county.GOVERNMENT)
    assert (there.status_code, "未撤并" in there.text) == (409, True)
    ruling.case_id = ruling.duty.offered(CLOSED)
    place = ruling.on_case("zhao", "redirect", peer=CLOSED, to=PARTY, why="merged").headers["location"]
    assert ruling.sent("qian", place, f"{place}/run").status_code == 303
    done = ruling.worked_off()
    assert (done.state, done.size, done.refused) == (DONE, 1, 0)
    with signed_in(ruling.desk, "li") as client:
        assert f"等 {PARTY} 答复转办" in client.get(f"/cases/{ruling.case_id}").text


def test_nobody_acts_on_a_case_beyond_the_role(ruling: Ruling) -> None:
    """A viewer sees no act, an operator no ruling; each is refused in words where it is sent all the same."""
    for name, shown, hidden in (("wang", (), ("urge", "reclaim")), ("li", ("urge",), ("redirect", "reclaim"))):
        with signed_in(ruling.desk, name) as client:
            page = client.get(f"/cases/{ruling.case_id}").text
            token = re.findall(r'name="token" value="([^"]+)"', page)[0]
            assert [act for act in shown if f"/{act}" not in page] == []
            for act in hidden:
                assert f"/{act}" not in page
                answer = client.post(f"/cases/{ruling.case_id}/{act}", data={"token": token, "to": PARTY})
                assert (answer.status_code, "没有这项权限" in answer.text) == (403, True)

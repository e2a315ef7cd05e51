"""Defects of the console, found in its pages."""

import json
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import Select, false

from bus.bilingual import Bilingual
from bus.console import app, county_seen, doors, sessions, tiles
from bus.console.people import Person
from bus.console.proxy_login import ProxyLogin
from bus.console.sessions import SignedIn
from bus.console.visit import Visit
from bus.operations import door, views
from bus.security.staff import OnDuty, Role
from bus.store import access_log, case_search
from bus.store.case_search import Place, Wanted
from bus.store.database import Store
from verification.mutants.defect import tested

MENDING = "tests/console/test_mending.py"
COUNTY = "tests/console/test_county_pages.py"
VOUCHED = "tests/unit/test_vouched_commands.py"
PROXY = "tests/console/test_proxy_login.py"
RECORD = "tests/console/test_operation_log.py"
SEARCH = "tests/unit/test_case_search.py"
LOOKS = "tests/console/test_looks.py"
BY = Bilingual("控制台的测试", "the tests of the console")
WHY = Bilingual("仿真中没有控制台", "the simulation has no console")


@tested(
    "页面不看角色", "takes anybody who is signed in for an administrator",
    f"{MENDING}::test_each_page_asks_for_its_role", by=BY, why=WHY,
)  # fmt: skip
def page_without_role(patch: pytest.MonkeyPatch) -> None:
    plain = sessions.signed_in

    def signed_in(store: Store, token: str, now: datetime) -> SignedIn | None:
        found = plain(store, token, now)
        return found._replace(person=Person(found.person.name, Role.ADMINISTRATOR)) if found else None

    patch.setattr(sessions, "signed_in", signed_in)


@tested(
    "别处的表单照办", "takes forms that come from elsewhere",
    f"{MENDING}::test_a_form_of_elsewhere_does_nothing", by=BY, why=WHY,
)  # fmt: skip
def form_of_elsewhere(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(sessions, "is_own_form", lambda *_: True)


@tested(
    "点两次就办两次", "begins an operation for each click",
    f"{MENDING}::test_a_form_sent_twice_begins_one_operation", by=BY, why=WHY,
)  # fmt: skip
def a_command_a_click(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Visit, "command_id", property(lambda _: uuid4()))


@tested(
    "猜密码不用等", "lets anybody guess as often as they like",
    f"{MENDING}::test_who_guesses_must_wait", by=BY, why=WHY,
)  # fmt: skip
def guesses_are_free(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(sessions, "FREE", {"name": 10**9, "address": 10**9})


@tested(
    "别的主机名也应答", "answers under any host's name",
    f"{MENDING}::test_a_form_of_elsewhere_does_nothing", by=BY, why=WHY,
)  # fmt: skip
def any_host(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(app, "_of_host", lambda inner, _origin: inner)


@tested(
    "一好就变绿", "turns green at the first good look",
    f"{LOOKS}::test_a_tile_turns_bad_at_once_and_well_after_two_looks", by=BY, why=WHY,
)  # fmt: skip
def heals_at_once(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(tiles, "LOOKS_TO_HEAL", 1)


@tested(
    "全县页面显示报文内容", "shows what parked bytes say on a page of the county",
    f"{COUNTY}::test_no_page_of_the_county_has_a_title_or_a_text", by=BY, why=WHY,
)  # fmt: skip
def county_shows_text(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(views, "redacted", json.loads)


@tested(
    "重发时另签一份", "signs anew what is sent again, so that the center refuses its id",
    f"{COUNTY}::test_where_no_answer_came_the_same_is_sent_again", by=BY, why=WHY,
)  # fmt: skip
def signed_anew(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(doors, "SAME_FOR", timedelta())


@tested(
    "只看密钥的角色", "asks for the right of the console's key alone, and not for the person's",
    f"{VOUCHED}::test_both_the_key_and_the_person_need_the_right[administrator-operator-True]", by=BY, why=WHY,
)  # fmt: skip
def key_counts_alone(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(door, "on_behalf", lambda who, _person: who)


@tested(
    "同一控制台算两个人", "takes two who sit at one console for two persons",
    f"{VOUCHED}::test_a_console_is_one_person_and_so_is_whom_it_vouches_for", by=BY, why=WHY,
)  # fmt: skip
def console_is_two_persons(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(OnDuty, "persons", property(lambda who: frozenset({f"staff-{who.person}"})))


@tested(
    "不应答也算正常", "takes a center that does not answer for well",
    "tests/console/test_county.py::test_a_center_that_hangs_is_silent_and_the_others_are_fresh", by=BY, why=WHY,
)  # fmt: skip
def silence_is_well(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(county_seen.CenterSeen, "is_silent", lambda _self, _now_ms: False)


@tested(
    "谁写请求头都算数", "believes the proxy's header from any address",
    f"{PROXY}::test_the_header_from_elsewhere_is_ignored[192.0.2.7]", by=BY, why=WHY,
)  # fmt: skip
def header_of_anybody(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(ProxyLogin, "comes_from_it", lambda *_: True)


@tested(
    "截去末尾看不出来", "does not ask whether the newest entry of before is still there",
    f"{RECORD}::test_an_end_that_was_cut_off_is_seen", by=BY, why=WHY,
)  # fmt: skip
def end_may_be_cut_off(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(access_log, "stands", lambda *_: True)


@tested(
    "翻到底就算没有了", "ends a list where one page has looked at all it may",
    f"{SEARCH}::test_a_page_looks_at_so_many_cases_and_says_where_it_stopped", by=BY, why=WHY,
)  # fmt: skip
def list_ends_early(patch: pytest.MonkeyPatch) -> None:
    plain = case_search.last_of

    def last_of(wanted: Wanted, after: Place | None) -> Select[Any]:
        return plain(wanted, after).where(false())

    patch.setattr(case_search, "last_of", last_of)

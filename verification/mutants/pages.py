"""Defects of the console, found in its pages."""

from datetime import datetime
from uuid import uuid4

import pytest

from bus.bilingual import Bilingual
from bus.console import app, sessions, tiles
from bus.console.pages import stuck_pages
from bus.console.people import Person
from bus.console.sessions import SignedIn
from bus.security.staff import Role
from bus.store.database import Store
from verification.mutants.defect import tested

MENDING = "tests/console/test_mending.py"
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
    patch.setattr(stuck_pages, "_uuid", lambda _: uuid4())


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

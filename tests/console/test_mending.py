"""What persons do on the console's pages: once, by their role, from their own pages alone."""

import re
from uuid import uuid4

import httpx
from playwright.sync_api import expect

from bus.console.app import PAGES
from bus.console.app import Page as ConsolePage
from bus.console.pages.sign_in_pages import COOKIE
from bus.runtime.operating import Operating
from bus.store import operations, parked
from tests.console.conftest import Visit
from tests.harness.consoled import PASSWORD, PEOPLE, ConsoledCenter
from tests.harness.step import MEDIA, PARTY

WRONG = 403


def _work_off(desk: ConsoledCenter) -> None:
    """The center's own process carries out what is running."""
    center = desk.center
    Operating(center.store, center.context, lambda: center.now, lambda: None).round()


def test_a_group_is_looked_at_frozen_and_done_once(visit: Visit, desk: ConsoledCenter) -> None:
    """Two persons have the same preview open, and both let it run: it runs once, and what came since is not in it."""
    desk.renew()
    page = visit("li")
    page.goto(f"{desk.url}/stuck")
    page.click("text=打开")
    page.click("text=全部放弃：先预览")
    expect(page.locator("main")).to_contain_text("已预览，未执行")
    desk.center.store.write(
        lambda tx: parked.park(
            tx, [parked.row("wire", "internal", "", known_by=b"later", owner=MEDIA, now_ms=1, peer=PARTY)]
        )
    )
    other = visit("zhao")
    other.goto(page.url)
    for one in (page, other):
        one.on("dialog", lambda dialog: dialog.accept())
        expect(one.locator("text=执行：就这 2 件")).to_be_visible()
    page.click("text=执行：就这 2 件")
    expect(page.locator("main")).to_contain_text("执行中")
    other.click("text=执行：就这 2 件")
    expect(other.locator("main")).to_contain_text("执行中")
    _work_off(desk)
    expect(page.locator("main")).to_contain_text("已办 2 / 共 2")
    with desk.center.store.reading() as tx:
        (operation,) = operations.listed(tx, 10)
        assert (operation.done, operation.size, operation.run_by) == (2, 2, f"staff-li.{'0' * 16}")
        assert parked.figures(tx)["wire"] == 1


def test_what_is_ticked_is_frozen_alone(desk: ConsoledCenter) -> None:
    """And with nothing ticked nothing is begun."""
    with signed_in(desk, "li") as client:
        page = client.get("/stuck/group", params={"place": "wire", "code": "internal", "peer": PARTY}).text
        form = {"token": page.split('name="token" value="')[1].split('"')[0], "act": "replay", "command": str(uuid4())}
        assert client.post("/stuck/preview?chosen=1", data=form).status_code == 400
        client.post("/stuck/preview?chosen=1", data=form | {"item-2": "1"})
    with desk.center.store.reading() as tx:
        (operation,) = operations.listed(tx, 10)
        assert (operation.state, operation.size) == ("previewed", 1)
        assert operations.items(tx, operation.id, 5)[0].item == "2"


def test_a_form_sent_twice_begins_one_operation(visit: Visit, desk: ConsoledCenter) -> None:
    """A second click, or the same form from a second window, finds the first one's operation."""
    page = visit("li")
    page.goto(f"{desk.url}/stuck/item/1")
    form = page.evaluate(
        "Object.fromEntries([...document.querySelector('form.acts').elements].filter(e => e.name && e.name !== 'act')"
        ".map(e => [e.name, e.value]))"
    )
    cookies = {COOKIE: next(one["value"] for one in page.context.cookies() if one["name"] == COOKIE)}
    places = set()
    for _ in range(2):
        answer = httpx.post(
            f"{desk.url}/stuck/act", data=form | {"act": "hold"}, headers={"Origin": desk.url}, cookies=cookies
        )
        places.add(answer.headers["location"])
    assert len(places) == 1


def test_each_page_asks_for_its_role(desk: ConsoledCenter) -> None:
    """Without a session one is sent to sign in; beyond one's role nothing is shown and nothing is done."""
    for page in PAGES:
        answer = httpx.request(page.method, f"{desk.url}{_path(page)}", headers={"Origin": desk.url})
        if page.role is None:
            assert answer.status_code in (200, WRONG), page
        else:
            assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in"), page
    for name, own in PEOPLE.items():
        with signed_in(desk, name) as client:
            token = _token(client)
            for page in sorted(PAGES, key=lambda one: one.path == "/sign-out"):
                if page.role is None:
                    continue
                data = {"token": token} if page.method == "POST" else None
                answer = client.request(page.method, _path(page), data=data)
                refused = answer.status_code == WRONG and "没有这项权限" in answer.text
                assert refused is not own.covers(page.role), (name, page)


def _path(page: ConsolePage) -> str:
    """Its path, with something that is not there."""
    return re.sub(r"\{[a-z]+\}", str(uuid4()), page.path)


def _token(client: httpx.Client) -> str:
    """What the forms of this session send along."""
    found = re.search(r'name="token" value="([^"]+)"', client.get("/").text)
    assert found is not None
    return found[1]


def test_a_form_of_elsewhere_does_nothing(desk: ConsoledCenter) -> None:
    """Neither from another site's page, nor without the session's token, nor under another host's name."""
    with signed_in(desk, "zhao") as client:
        given = {"peer": PARTY, "act": "pause"}
        assert client.post("/paused", data=given).status_code == WRONG
        assert client.post("/paused", data=given, headers={"Origin": "https://evil.example"}).status_code == WRONG
        assert client.get("/", headers={"Host": "evil.example"}).status_code == 421
    desk.renew()
    assert desk.process.console.watch.seen is not None
    store = desk.process.console.watch.seen.look.store
    assert store is not None
    assert store.paused == []


def test_who_guesses_must_wait(desk: ConsoledCenter) -> None:
    """After five wrong passwords even the right one waits; a name that nobody has is answered like a wrong password."""
    tries = [_sign_in(desk, "li", "wrong") for _ in range(5)]
    assert {answer.status_code for answer in tries} == {WRONG}
    assert _sign_in(desk, "nobody", "wrong").text == tries[0].text
    assert _sign_in(desk, "li", PASSWORD).status_code == 429
    assert _sign_in(desk, "zhao", PASSWORD).status_code == 303


def test_signing_out_ends_the_session(desk: ConsoledCenter) -> None:
    """The cookie that somebody has copied is worth nothing afterwards."""
    with signed_in(desk, "wang") as client:
        copied = dict(client.cookies)
        client.post("/sign-out", data={"token": _token(client)})
    assert httpx.get(f"{desk.url}/", cookies=copied).headers["location"] == "/sign-in"


def _sign_in(desk: ConsoledCenter, name: str, password: str) -> httpx.Response:
    return httpx.post(f"{desk.url}/sign-in", data={"name": name, "password": password}, headers={"Origin": desk.url})


def signed_in(desk: ConsoledCenter, name: str) -> httpx.Client:
    """A client with the session of this person."""
    answer = _sign_in(desk, name, PASSWORD)
    cookies = {COOKIE: answer.cookies[COOKIE]}
    return httpx.Client(base_url=desk.url, headers={"Origin": desk.url}, cookies=cookies)

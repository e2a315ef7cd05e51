"""A reverse proxy says who a person is: from its own address alone, and of persons whom the console knows."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import typer

from bus.cli.console import proxy_login
from bus.cli.output import Lang, Output
from bus.console.pages.sign_in_pages import COOKIE
from bus.console.proxy_login import ProxyLogin
from tests.console.test_operation_log import _field
from tests.harness.consoled import ConsoledCenter, consoled
from tests.harness.step import MEDIA, BareCenter

HEADER = "X-Remote-User"
REFUSED, ELSEWHERE = 403, 303


@pytest.fixture(params=["127.0.0.1", "192.0.2.7"])
def behind(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[ConsoledCenter]:
    """A console behind a proxy at this address. Tests come from 127.0.0.1."""
    here = BareCenter(MEDIA, tmp_path)
    with consoled(here, tmp_path, proxy=ProxyLogin.of(HEADER, [request.param])) as found:
        yield found
    here.close()


at_the_proxy = pytest.mark.parametrize("behind", ["127.0.0.1"], indirect=True)
from_elsewhere = pytest.mark.parametrize("behind", ["192.0.2.7"], indirect=True)


def _client(console: ConsoledCenter, *names: str, cookie: str = "") -> httpx.Client:
    headers = [("Origin", console.url), *((HEADER, name) for name in names)]
    return httpx.Client(base_url=console.url, headers=headers, cookies={COOKIE: cookie} if cookie else None)


@at_the_proxy
def test_the_proxy_names_the_person_and_the_console_the_role(behind: ConsoledCenter) -> None:
    """The page is that of the person, with a session of its own, whose forms are taken."""
    with _client(behind, "wang") as client:
        answer = client.get("/")
        assert (answer.status_code, "wang · 只读" in answer.text) == (200, True)
    with _client(behind, "wang", cookie=answer.cookies[COOKIE]) as client:
        assert COOKIE not in client.get("/").cookies
    with _client(behind, "zhao") as client:
        first = client.get("/system")
    form = {"token": _field(first.text, "token"), "peer": "party_service-150402", "why": "maintenance", "act": "pause"}
    with _client(behind, "zhao", cookie=first.cookies[COOKIE]) as client:
        paused = client.post("/paused", data=form)
    assert (paused.status_code, paused.headers["location"]) == (ELSEWHERE, "/system")


@at_the_proxy
@pytest.mark.parametrize("names", [(), ("nobody",), ("wang", "zhao"), ("",)], ids=str)
def test_a_person_whom_nobody_knows_is_refused(behind: ConsoledCenter, names: tuple[str, ...]) -> None:
    """So is a request in which the proxy has not said who it is, or in which two are named."""
    with _client(behind, *names) as client:
        assert client.get("/").status_code == REFUSED


@at_the_proxy
def test_another_persons_cookie_does_not_count(behind: ConsoledCenter) -> None:
    """Who it is, the proxy says."""
    with _client(behind, "zhao") as client:
        cookie = client.get("/").cookies[COOKIE]
    with _client(behind, "wang", cookie=cookie) as client:
        assert "wang · 只读" in client.get("/").text
    with _client(behind, cookie=cookie) as client:
        assert client.get("/").status_code == REFUSED


@from_elsewhere
def test_the_header_from_elsewhere_is_ignored(behind: ConsoledCenter) -> None:
    """Whoever goes round the proxy signs in with a password."""
    with _client(behind, "zhao") as client:
        answer = client.get("/")
    assert (answer.status_code, answer.headers["location"]) == (ELSEWHERE, "/sign-in")
    assert COOKIE not in answer.cookies


def test_without_the_option_the_header_means_nothing(desk: ConsoledCenter) -> None:
    """Also from the same machine."""
    with _client(desk, "zhao") as client:
        assert client.get("/").headers["location"] == "/sign-in"


@pytest.mark.parametrize(
    ("address", "comes"),
    [("10.1.2.3", True), ("::ffff:10.1.2.3", True), ("10.2.0.1", False), ("fd00::5", True), ("", False), ("x", False)],
)
def test_the_proxys_addresses_are_single_ones_or_networks(address: str, comes: bool) -> None:
    """Of both versions of the protocol."""
    assert ProxyLogin.of(HEADER, ["10.1.0.0/16", "fd00::/8"]).comes_from_it(address) is comes


@pytest.mark.parametrize(
    ("header", "addresses"), [("", ["10.0.0.2"]), ("X Remote", None), (HEADER, ["proxy.county.example"])]
)
def test_options_that_cannot_be_meant_are_refused(
    header: str, addresses: list[str] | None, capsys: pytest.CaptureFixture[str]
) -> None:
    """With an example of what is: a console that believes nobody is better than one that believes anybody."""
    with pytest.raises(typer.Exit):
        proxy_login(Output(Lang.EN), header, addresses)
    assert "10.0.0.0/24" in capsys.readouterr().err


def test_without_an_address_the_proxy_is_on_this_machine() -> None:
    """Loopback alone."""
    login = proxy_login(Output(Lang.EN), HEADER, None)
    assert login is not None
    assert [login.comes_from_it(one) for one in ("127.0.0.1", "::1", "127.0.0.2")] == [True, True, False]
    assert proxy_login(Output(Lang.EN), "", None) is None

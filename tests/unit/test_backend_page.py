"""``docs/backend.md``: its code speaks with a system of the kind that the page describes."""

import ast
import runpy
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import pytest
from fastapi import Body, Header, HTTPException, Response

from bus import BackendClient, Reject, RetryLater
from bus.pipeline.circuit_breaker import RetryPolicy
from bus.sdk.answers import BUSY, DENIED, LONGEST_ANSWER, LONGEST_PAUSE
from bus.sdk.look_first import SETTLES
from bus.sdk.recent_calls import KEPT
from bus.sdk.simulator import BackendSimulator, Fault
from bus.settings import Backend
from tests.unit.test_docs import ROOT, fenced

PAGES = [ROOT / "docs" / name for name in ("backend.md", "backend.zh-CN.md")]


class Office(BackendSimulator):
    """It answers 200 to everything but a wrong token, knows no keys, and has one page of XML."""

    def __init__(self) -> None:
        super().__init__("office")
        self.url = ""
        self.logins = 0
        self.said: list[dict[str, Any]] = []
        """The envelopes of the next orders, in place of the usual one."""
        self.app.post("/login")(self.log_in)
        self.app.post("/orders")(self.add)
        self.app.get("/orders")(self.find)
        self.app.get("/teams.xml")(self.teams)

    def log_in(self, form: Annotated[bytes, Body()]) -> dict[str, Any]:
        """A token that holds until the next one is made."""
        if form != b"user=bus&password=p%26w":
            raise HTTPException(403)
        self.logins += 1
        return {"code": 0, "data": {"token": f"t-{self.logins}"}}

    def _known(self, authorization: str) -> None:
        if authorization != f"Bearer t-{self.logins}":
            raise HTTPException(401)

    def add(self, order: dict[str, Any], authorization: Annotated[str, Header()] = "") -> dict[str, Any]:
        """One more with every call."""
        self._known(authorization)
        if self.said:
            return self.said.pop(0)
        order_no = f"OA-{len(self.records) + 1}"
        self.records[order_no] = {**order, "order_no": order_no}
        return {"code": "200", "data": {"order_no": order_no}}

    def find(self, outer_no: str, authorization: Annotated[str, Header()] = "") -> dict[str, Any]:
        """Those of one outer number."""
        self._known(authorization)
        return {"code": 0, "data": [one for one in self.records.values() if one["outer_no"] == outer_no]}

    def teams(self, authorization: Annotated[str, Header()] = "") -> Response:
        """In GBK."""
        self._known(authorization)
        told = "<teams><team>一队</team><team>二队</team></teams>"
        return Response(told.encode("gbk"), media_type="text/xml; charset=gbk")


@pytest.fixture
def office() -> Iterator[Office]:
    """The office's system."""
    made = Office()
    made.url = made.start()
    yield made
    made.stop()


@pytest.fixture
def platform(office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """What the page's code makes of a client."""
    (code,) = fenced(PAGES[0], "python")
    file = tmp_path / "office.py"
    file.write_text(code, encoding="utf-8")
    made = runpy.run_path(str(file))["Office"]
    monkeypatch.setenv("OFFICE_PASSWORD", "p&w")
    with BackendClient(office.url, timeout=5) as client:
        yield made(client)


def test_a_token_is_got_and_an_order_is_opened_once(office: Office, platform: Any) -> None:
    """Also where the answer is lost after the order was made, and where the token ends in between."""
    order_no = platform.open_order({"title": "楼道灯不亮"}, key="m-1")
    office.logins += 1
    assert platform.open_order({"title": "楼道灯不亮"}, key="m-1") == order_no == "OA-1"
    assert office.logins == 3
    assert platform.open_order({"title": "楼道灯不亮"}, key="m-2") == "OA-2"
    assert len(office.records) == 2


def test_what_the_envelope_says_is_what_becomes_of_it(office: Office, platform: Any) -> None:
    """Busy waits until the system has settled; any other code is a refusal, without the system's words."""
    office.said = [{"code": "BUSY", "msg": "稍后"}, {"code": 500, "msg": "居民电话 13800138000"}]
    with pytest.raises(RetryLater) as later:
        platform.open_order({}, key="m-1")
    assert (later.value.code, later.value.after) == ("vendor-code-BUSY", SETTLES)
    with pytest.raises(Reject) as never:
        platform.open_order({}, key="m-1")
    assert never.value.code == "vendor-code-500"
    assert "138" not in never.value.cure
    assert office.records == {}


def test_an_odd_body_is_read_by_the_adapter(office: Office, platform: Any) -> None:
    """In its charset; what is no such page is garbage."""
    assert platform.teams() == ["一队", "二队"]
    office.order_fault(Fault(status=200))
    with pytest.raises(RetryLater, match="vendor-garbage"):
        platform.teams()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_its_figures_are_those_of_the_code(page: Any) -> None:
    """Limits, pauses, and the statuses that mean busy or a wrong token."""
    text = page.read_text(encoding="utf-8").replace("、", ", ")
    limit = Backend.model_fields["timeout"]
    assert str(int(limit.default)) in text
    assert any(getattr(one, "le", None) == 60 for one in limit.metadata)
    assert LONGEST_ANSWER == 1024**2
    assert "1 MiB" in text
    for statuses in (BUSY, DENIED):
        assert f"| {', '.join(map(str, sorted(statuses)))} | `RetryLater` |" in text
    for figure in (RetryPolicy().attempts, int(LONGEST_PAUSE), int(SETTLES), KEPT):
        assert str(figure) in text


def test_both_pages_show_the_same_code() -> None:
    """Word for word, and it is Python that a reader may copy."""
    english, chinese = (fenced(page, "python") for page in PAGES)
    assert english == chinese
    ast.parse(english[0])

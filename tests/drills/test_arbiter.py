"""The drill of the stuck arbiter: it is asked, its term ends, and it has not ruled."""

import json
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from bus.contract.working_days import CHINA
from bus.store import tables as t
from tests.drills.conftest import SignIn
from tests.drills.stage import OURS, THEIRS, Stage, stage, until
from verification.services import RabbitNode

pytestmark = [pytest.mark.timeout(3600), pytest.mark.whole]


@pytest.fixture(scope="module")
def court(rabbit: RabbitNode, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """A county in which ``THEIRS`` is the arbiter and has a minute for a ruling, by day and night."""
    today = datetime.now(UTC).astimezone(CHINA).date()
    clocks = {
        "enabled": True, "fixed": {"ruling": "1min"}, "office_hours": ["00:00-23:59"],
        "days": {str(today + timedelta(days=days)): True for days in (0, 1)},
    }  # fmt: skip
    more = {"clocks": clocks, "arbiter": THEIRS}
    with stage(rabbit, tmp_path_factory.mktemp("court"), more=more) as found:
        yield found
        assert found.judge() == []


def test_stuck_arbiter(court: Stage, sign_in: SignIn) -> None:
    """Nobody at the arbiter's sees to the question: the asker's page says so when the term has ended, and is green
    again when the arbiter has ruled."""
    desk = sign_in(court)
    desk.strikes()
    form = {
        "message_id": "M1",
        "client_name": "居民甲",
        "text": "楼道灯不亮",
        "division": "150402",
        "handled_here": True,
    }
    (case,) = court.hand_in(OURS, "message", form)
    _ours(court, "ask", {"action": "ask-arbiter"})
    desk.sees("ruling-late", about=THEIRS)
    desk.tile(THEIRS, "fault")
    until(lambda: _asked(court), lambda: "the question at the arbiter's own system")
    ruling = {"action": "rule", "holder": OURS, "text": "由融媒体中心办理。"}
    court.hand_in(
        THEIRS, "order-event", {"event_id": "E1", "matter_no": _asked(court), "case_id": case, "event": ruling}
    )
    desk.mended("stuck-arbiter", THEIRS)
    _ours(court, "resolve", {"action": "resolve", "reply": "已修好。"})
    until(lambda: _status(court, case) == "closed", lambda: _status(court, case))


def _ours(on: Stage, event_id: str, event: dict[str, str]) -> None:
    """What our center's people do with the resident's message."""
    on.hand_in(OURS, "message-event", {"event_id": event_id, "message_id": "M1", "event": event})


def _asked(on: Stage) -> str:
    """The matter that the arbiter's own system has made of the question."""
    lines = (on.county.folder / "effects.jsonl").read_text(encoding="utf-8").splitlines()
    asked = [line["record"] for line in map(json.loads, lines) if line["what"] == "open-arbitrate"]
    return asked[0] if asked else ""


def _status(on: Stage, case: str) -> str:
    """Of a case at its origin."""
    with closing(on.county.store(OURS)) as store, store.reading() as tx:
        return str(tx.execute(select(t.cases.c.status).where(t.cases.c.case_id == case)).scalar_one())

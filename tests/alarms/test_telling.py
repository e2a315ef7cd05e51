"""What receivers are told: signed, once by its id, again until it is taken, and never at the cost of the others."""

import email.policy
import json
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email import message_from_bytes
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError
from standardwebhooks import Webhook

from bus.alarms import delivery
from bus.alarms.incidents import Rules, Trouble
from bus.alarms.looking import Picture
from bus.alarms.mail import MailReceiver
from bus.alarms.notices import Teller, Words
from bus.alarms.receivers import NotTaken, Receiver
from bus.alarms.settings import AlarmSettings, Mail
from bus.alarms.webhook import WebhookReceiver
from bus.backoff import Backoff
from bus.bilingual import Bilingual
from bus.cli.console_alarms import load_alarms, receivers_of
from bus.runtime.alarming import Alarming
from bus.settings import BadSettings, fresh_secret
from bus.store import Store, incidents, schema
from bus.store.incidents import Incident, Notice
from tests.alarms.receivers import DRIP, HANG, HttpTaker, http_taker, mail_taker
from tests.harness.step import NOW

SECRET = "whsec_" + "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
TROUBLE = Trouble("own-unread", "media_center-150402", "", "", "", "broker", 3, 4, 0)
ASKED = ("console", "broker", "process", "store")
QUICK = Rules(0, 0, 3_600_000)


def words(_incident: Incident) -> Words:
    """The words of any incident."""
    return Words(Bilingual("本中心没有接收报文", "the center receives nothing"), Bilingual("启动", "start it"), "fault")


TELLER = Teller("media_center-150402", "https://console.example/alarms", words)


@dataclass
class Desk:
    """A console's own store, and what the next look shows."""

    store: Store
    receivers: Sequence[Receiver] = ()
    troubles: list[Trouble] = field(default_factory=lambda: [TROUBLE])
    now: datetime = NOW
    alarming: Alarming | None = None

    def starts(self) -> None:
        """Begin, or begin again after a kill."""
        self.alarming = Alarming(
            self.store, lambda _now: Picture(self.troubles, ASKED), TELLER, QUICK, self.receivers, lambda: self.now
        )

    def looks(self, times: int = 1) -> None:
        """Go round, three seconds apart."""
        if self.alarming is None:
            self.starts()
        assert self.alarming is not None
        for _ in range(times):
            self.now += timedelta(seconds=3)
            self.alarming.round()

    def waiting(self) -> dict[str, int]:
        """Notices that are still to be taken, by receiver."""
        with self.store.reading() as tx:
            return {one.receiver: one.size for one in incidents.untold(tx)}


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """A desk with a new store."""
    store = Store(f"sqlite:///{tmp_path / 'console.db'}")
    schema.upgrade(store)
    yield Desk(store)
    store.close()


@pytest.fixture
def taker() -> Iterator[HttpTaker]:
    """A receiver of webhooks."""
    with http_taker() as made:
        yield made


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A failed try is repeated at the next round."""
    monkeypatch.setattr(delivery, "BACKOFF", Backoff(0.001, 0.001))


def _verified(request: tuple[dict[str, str], bytes]) -> dict[str, Any]:
    headers, body = request
    found: dict[str, Any] = Webhook(SECRET).verify(body, headers)
    return found


def test_a_webhook_is_signed_and_tells_labels_alone(desk: Desk, taker: HttpTaker) -> None:
    """The library that receivers use verifies it; it has codes, names of centers, counts, times, and words."""
    desk.receivers = [WebhookReceiver("pager", taker.url, SECRET)]
    desk.looks(2)
    desk.troubles = []
    desk.looks(2)
    opened, cleared = map(_verified, taker.requests)
    assert (opened["type"], cleared["type"]) == ("incident.opened", "incident.cleared")
    data = opened["data"]
    assert data["incident"] == cleared["data"]["incident"]
    assert (data["code"], data["about"], data["count"], data["severity"]) == (TROUBLE.code, TROUBLE.about, 4, "fault")
    assert data["title"] == {"zh": "本中心没有接收报文", "en": "the center receives nothing"}
    assert data["page"] == f"{TELLER.page}#{data['incident']}"
    assert set(data) == {
        "incident", "scope", "state", "code", "about", "place", "cause", "severity", "count", "since", "opened",
        "cleared", "acknowledged_by", "title", "cure", "page",
    }  # fmt: skip
    assert desk.waiting() == {}


@pytest.mark.parametrize("answer", [500, 302, HANG, DRIP])
def test_a_notice_is_sent_again_under_its_id(desk: Desk, taker: HttpTaker, answer: int | str) -> None:
    """Until the receiver takes it, which knows a repeated one by its id."""
    taker.answers += [answer, answer]
    desk.receivers = [WebhookReceiver("pager", taker.url, SECRET, within=0.5)]
    began = time.monotonic()
    desk.looks(2)
    assert desk.waiting() == {"pager": 1}
    desk.looks(2)
    assert desk.waiting() == {}
    assert time.monotonic() - began < 20
    assert len({headers["webhook-id"] for headers, _ in taker.requests}) == 1
    assert len({body for _, body in taker.requests}) == 1
    assert len(taker.requests) == 3


def test_a_dead_receiver_keeps_no_other_waiting(desk: Desk, taker: HttpTaker) -> None:
    """The other one is told in the same round."""
    dead = WebhookReceiver("dead", "http://127.0.0.1:9/", SECRET)
    desk.receivers = [dead, WebhookReceiver("pager", taker.url, SECRET)]
    desk.looks(2)
    assert len(taker.requests) == 1
    assert desk.waiting() == {"dead": 1}
    with desk.store.reading() as tx:
        assert incidents.untold(tx)[0].trouble == "ConnectError"


class _Killed(BaseException):
    """The process is killed at this point."""


def test_a_kill_between_change_and_sending_loses_nothing(
    desk: Desk, taker: HttpTaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The notice is written with the change: the next process sends it, and opens no second incident."""
    pager = WebhookReceiver("pager", taker.url, SECRET)
    desk.receivers = [pager]
    with monkeypatch.context() as patch:
        patch.setattr(pager, "send", lambda _notice: (_ for _ in ()).throw(_Killed))
        with suppress(_Killed):
            desk.looks(2)
    assert taker.requests == []
    desk.starts()
    desk.looks(3)
    assert [_verified(one)["type"] for one in taker.requests] == ["incident.opened"]


def test_a_kill_between_sending_and_noting_repeats_the_id(
    desk: Desk, taker: HttpTaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The receiver sees the same notice twice, and can tell."""
    desk.receivers = [WebhookReceiver("pager", taker.url, SECRET)]
    with monkeypatch.context() as patch:
        patch.setattr(incidents, "taken", lambda *_: (_ for _ in ()).throw(_Killed))
        with suppress(_Killed):
            desk.looks(2)
    desk.starts()
    desk.looks(2)
    assert len(taker.requests) == 2
    assert len({headers["webhook-id"] for headers, _ in taker.requests}) == 1


def test_notices_are_bounded_in_number_and_age(desk: Desk) -> None:
    """Of a receiver that is dead for long the newest stay, and none for longer than a day."""
    old = [Notice(f"n-{number}", "dead", "{}", 1000, 1000) for number in range(5)]
    new = [Notice(f"m-{number}", "dead", "{}", 9000, 9000) for number in range(5)]
    desk.store.write(lambda tx: incidents.enqueue(tx, [*old, *new]))
    assert desk.store.write(lambda tx: incidents.expire(tx, 0, 7)) == 3
    assert desk.store.write(lambda tx: incidents.expire(tx, 5000, 7)) == 2
    with desk.store.reading() as tx:
        assert [one.notice_id for one in incidents.due(tx, "dead", 9000, 10_000, 99)] == [one.notice_id for one in new]


def test_a_clock_that_is_set_back_delays_no_notice(desk: Desk) -> None:
    """A try that was planned beyond every backoff is due now."""
    planned = Notice("n", "pager", "{}", 1000, 90_000_000)
    desk.store.write(lambda tx: incidents.enqueue(tx, [planned]))
    with desk.store.reading() as tx:
        assert incidents.due(tx, "pager", 1000, 1000 + delivery.NEVER_LATER_MS, 9) == [planned]
        assert incidents.due(tx, "pager", 89_999_000, 89_999_000 + delivery.NEVER_LATER_MS, 9) == []


def test_who_has_taken_it_is_told(desk: Desk, taker: HttpTaker) -> None:
    """The first person has it; the second changes nothing, and receivers are told once."""
    desk.receivers = [WebhookReceiver("pager", taker.url, SECRET)]
    desk.looks(2)
    (incident_id,) = {_verified(one)["data"]["incident"] for one in taker.requests}
    assert desk.store.write(lambda tx: incidents.acknowledge(tx, incident_id, "li", 5))
    assert not desk.store.write(lambda tx: incidents.acknowledge(tx, incident_id, "zhao", 6))
    desk.looks(2)
    assert [(one["type"], one["data"]["acknowledged_by"]) for one in map(_verified, taker.requests)] == [
        ("incident.opened", ""), ("incident.acknowledged", "li"),
    ]  # fmt: skip


def _mail(port: int) -> Mail:
    return Mail(host="127.0.0.1", port=port, security="none", sender="bus@county.example", to=("duty@county.example",))


def test_a_look_is_told_in_one_mail(desk: Desk) -> None:
    """Two findings of one look come together, with words in both languages; a name cannot add a header."""
    desk.troubles = [TROUBLE, TROUBLE._replace(about="x\r\nBcc: evil@example.org")]
    with mail_taker() as server:
        desk.receivers = [MailReceiver(_mail(server.port), "")]
        desk.looks(2)
        ((sender, recipients, content),) = server.messages
    message = message_from_bytes(content, policy=email.policy.default)
    assert (sender, recipients) == ("bus@county.example", ["duty@county.example"])
    assert "本中心没有接收报文" in message["Subject"]
    assert message["Bcc"] is None
    text = message.get_content()
    assert text.count("the center receives nothing") == 2
    assert TELLER.page in text


def test_a_mail_that_is_refused_is_sent_again(desk: Desk) -> None:
    """Under the same Message-ID."""
    with mail_taker() as server:
        desk.receivers = [MailReceiver(_mail(server.port), "")]
        server.refuses = True
        desk.looks(2)
        (notice,) = _due(desk)
        server.refuses = False
        desk.looks(1)
        assert f"<{notice.notice_id}@" in server.messages[0][2].decode()
    assert desk.waiting() == {}


def _due(desk: Desk) -> list[Notice]:
    with desk.store.reading() as tx:
        return incidents.due(tx, "mail", 2**62, 2**62, 9)


def test_a_mail_server_that_drips_is_given_up() -> None:
    """Each single read is quick; the whole is not."""
    notice = Notice("n", "mail", json.dumps([_event()]), 1, 1)
    with mail_taker() as server:
        server.drips = b""
        began = time.monotonic()
        with pytest.raises(NotTaken):
            MailReceiver(_mail(server.port), "", within=0.5).send(notice)
        assert time.monotonic() - began < 10


def _event() -> dict[str, Any]:
    told = {"zh": "某", "en": "some"}
    data = dict.fromkeys(("scope", "code", "place", "cause", "about", "since", "acknowledged_by", "page"), "x")
    return {"type": "incident.opened", "data": {**data, "count": 1, "severity": "fault", "title": told, "cure": told}}


WRONG = [
    {"webhooks": [{"name": "a", "url": "http://far.example/", "secret_file": "s"}]},
    {"webhooks": [{"name": "a", "url": "https://a.example/", "secret_file": "s"}] * 2},
    {"webhooks": [{"name": "mail", "url": "https://a.example/", "secret_file": "s"}]},
    {"mail": {"host": "far.example", "security": "none", "sender": "a@b", "to": ["c@d"]}},
    {"mail": {"host": "far.example", "sender": "a@b", "to": []}},
    {"mail": {"host": "far.example", "sender": "a@b\r\nBcc: c@d", "to": ["c@d"]}},
    {"mail": {"host": "far.example", "user": "u", "sender": "a@b", "to": ["c@d"]}},
    {"open_after_seconds": 0},
    {"unknown": 1},
]


@pytest.mark.parametrize("given", WRONG, ids=str)
def test_settings_that_are_wrong_are_refused(given: dict[str, Any]) -> None:
    """Neither in clear beyond this machine, nor half, nor with a name twice."""
    with pytest.raises(ValidationError):
        AlarmSettings(**given)


def test_settings_and_secrets_come_from_files(tmp_path: Path) -> None:
    """A secret that all may read, or that is none, is refused with its file; its content is never quoted."""
    (tmp_path / "pager.secret").write_text(f"{SECRET}\n")
    (tmp_path / "alarms.toml").write_text(
        f'[[webhooks]]\nname = "pager"\nurl = "https://pager.example/"\nsecret_file = "{tmp_path}/pager.secret"\n'
        f'[mail]\nhost = "mail.example"\nuser = "bus"\npassword_file = "{tmp_path}/pager.secret"\n'
        'sender = "bus@county.example"\nto = ["duty@county.example"]\n'
    )
    settings = load_alarms(tmp_path / "alarms.toml")
    assert [one.name for one in receivers_of(settings)] == ["pager", "mail"]
    (tmp_path / "pager.secret").write_text("whsec_" + "no base 64, " + fresh_secret())
    with pytest.raises(BadSettings) as found:
        receivers_of(settings)
    assert "base" not in str(found.value)
    assert load_alarms(None) == AlarmSettings()

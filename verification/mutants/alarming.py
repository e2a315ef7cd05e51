"""Defects of alarms, found by their table tests and by their receivers."""

from email.message import EmailMessage
from typing import Any

import aiosmtplib
import pytest

import bus.alarms.looking
from bus.alarms import incidents as machine
from bus.alarms.delivery import Delivery
from bus.alarms.incidents import Change, Rules
from bus.alarms.webhook import WebhookReceiver
from bus.bilingual import Bilingual
from bus.contract.ids import new_id
from bus.store import incidents
from bus.store.incidents import Incident, Notice, State
from verification.mutants.defect import tested

TABLE, TELLING = "tests/alarms/test_incidents.py", "tests/alarms/test_telling.py"
BY_TLS = "tests/alarms/test_told_by_tls.py"
BY = Bilingual("告警的表格测试与真实接收方", "the table tests of alarms, and their receivers")
WHY = Bilingual("仿真中没有控制台", "there is no console in the simulation")


@tested(
    "问题一消失就算恢复", "clears an incident at the first look without its finding",
    f"{TABLE}::test_a_finding_that_comes_and_goes_is_one_incident", by=BY, why=WHY,
)  # fmt: skip
def alarm_flaps(patch: pytest.MonkeyPatch) -> None:
    plain = machine.is_gone

    def at_once(before: Incident, now_ms: int, rules: Rules) -> Incident | None:
        return plain(before._replace(gone_ms=before.gone_ms or now_ms), now_ms, rules._replace(clear_after_ms=0))

    patch.setattr(bus.alarms.looking, "is_gone", at_once)


@tested(
    "问不到就算没有", "takes no answer for no finding",
    f"{TABLE}::test_no_answer_is_no_absence", by=BY, why=WHY,
)  # fmt: skip
def no_answer_is_absence(patch: pytest.MonkeyPatch) -> None:
    plain = bus.alarms.looking._step
    asked = ("console", "broker", "process", "store")
    patch.setattr(
        bus.alarms.looking, "_step", lambda before, found, _, now_ms, rules: plain(before, found, asked, now_ms, rules)
    )


@tested(
    "有人处理仍然提醒", "reminds of an incident that a person has taken",
    f"{TABLE}::test_a_taken_incident_is_told_once_and_not_reminded", by=BY, why=WHY,
)  # fmt: skip
def taken_is_reminded(patch: pytest.MonkeyPatch) -> None:
    plain = machine.owed

    def owed(incident: Incident, now_ms: int, rules: Rules) -> Change | None:
        late = now_ms - incident.told_ms >= rules.remind_after_ms
        taken = incident.state is State.ACKNOWLEDGED
        return plain(incident, now_ms, rules) or (Change.REMINDED if taken and late else None)

    patch.setattr(bus.alarms.looking, "owed", owed)


@tested(
    "重发换新编号", "gives a notice a new id at every try",
    f"{TELLING}::test_a_notice_is_sent_again_under_its_id[500]", by=BY, why=WHY,
)  # fmt: skip
def notice_has_a_new_id(patch: pytest.MonkeyPatch) -> None:
    plain = WebhookReceiver.send

    def send(self: WebhookReceiver, notice: Notice) -> None:
        plain(self, notice._replace(notice_id=str(new_id())))

    patch.setattr(WebhookReceiver, "send", send)


@tested(
    "先记已通知，再尽力发送", "notes a notice as sent before it is",
    f"{TELLING}::test_a_kill_between_change_and_sending_loses_nothing",
    f"{TELLING}::test_a_notice_is_sent_again_under_its_id[500]", by=BY, why=WHY,
)  # fmt: skip
def told_before_sending(patch: pytest.MonkeyPatch) -> None:
    plain = Delivery._sent

    def sent(self: Delivery, notice: Notice, now_ms: int) -> bool:
        self._store.write(lambda tx: incidents.taken(tx, notice))
        return plain(self, notice, now_ms)

    patch.setattr(Delivery, "_sent", sent)


@tested(
    "不核对邮件服务器的证书", "tells any mail server, whatever its certificate",
    f"{BY_TLS}::test_a_mail_server_that_cannot_prove_itself_is_told_nothing[server-others-starttls]",
    f"{BY_TLS}::test_a_mail_server_that_cannot_prove_itself_is_told_nothing[elsewhere-ours-tls]", by=BY, why=WHY,
)  # fmt: skip
def any_mail_server_is_told(patch: pytest.MonkeyPatch) -> None:
    _mails_with(patch, tls_context=None, validate_certs=False)


@tested(
    "邮件服务器不提供 TLS 就明文登录", "logs in in clear where the mail server offers no TLS",
    f"{BY_TLS}::test_no_password_goes_in_clear_where_the_mail_server_offers_no_tls", by=BY, why=WHY,
)  # fmt: skip
def mail_password_goes_in_clear(patch: pytest.MonkeyPatch) -> None:
    _mails_with(patch, start_tls=None)


def _mails_with(patch: pytest.MonkeyPatch, **others: Any) -> None:
    plain = aiosmtplib.send

    async def send(message: EmailMessage, **how: Any) -> object:
        return await plain(message, **how | others)

    patch.setattr(aiosmtplib, "send", send)

"""The invariants: every rule that the reading allows, over one county's evidence."""

from collections.abc import Callable, Collection, Iterator, Sequence
from typing import NamedTuple

from bus.bilingual import Bilingual
from verification.checker import content, custody, delivery, handling, intake, residents, storage
from verification.checker.evidence import EXCUSES, Breach, Evidence, Finding, When


class Rule(NamedTuple):
    """One promise, and its check."""

    judge: Callable[[Evidence], Iterator[Breach]]
    since: When
    """The earliest reading at which it can be judged."""
    words: Bilingual
    of_masking: bool = False
    """Whether it holds only where residents were masked the whole time."""

    @property
    def name(self) -> str:
        """Its name in findings."""
        return self.judge.__name__.replace("_", "-")


RULES: tuple[Rule, ...] = (
    Rule(custody.one_custodian, When.LIVE, Bilingual("每案每版仅一承办", "one custodian for each case and version")),
    Rule(custody.versions_never_fall, When.LIVE, Bilingual("版本从不倒退", "versions never fall")),
    Rule(
        custody.record_as_in_journal, When.LIVE, Bilingual("案件与流水一致", "the record is what the journal last said")
    ),
    Rule(delivery.applied_once, When.LIVE, Bilingual("报文只生效一次", "each message applied once")),
    Rule(delivery.lanes_in_order, When.LIVE, Bilingual("逐案按序生效", "each lane applied in order, without a gap")),
    Rule(delivery.inbox_as_in_journal, When.LIVE, Bilingual("收件与流水一致", "the inbox is as in the journal")),
    Rule(delivery.outbox_as_in_journal, When.LIVE, Bilingual("发件与流水一致", "the outbox is as in the journal")),
    Rule(delivery.said_has_its_deed, When.LIVE, Bilingual("言必有行", "nothing said that was not done")),
    Rule(delivery.trouble_is_seen, When.LIVE, Bilingual("问题有人看见", "whatever waits for an operator is seen")),
    Rule(handling.heard_is_worked, When.LIVE, Bilingual("件件有人办", "nothing is lost at the desk")),
    Rule(handling.done_once, When.LIVE, Bilingual("任务只完成一次", "each task finished once")),
    Rule(handling.effects_have_a_cause, When.LIVE, Bilingual("办理结果皆有来由", "no effect without its message")),
    Rule(handling.effects_once, When.LIVE, Bilingual("业务系统只生效一次", "each effect once")),
    Rule(handling.effects_in_order, When.LIVE, Bilingual("业务系统逐案按序", "effects in order for each case")),
    Rule(intake.told_is_kept, When.LIVE, Bilingual("已收即已存", "what was told taken is kept")),
    Rule(intake.told_no_is_no, When.LIVE, Bilingual("超时不报失败", "what was told refused was not taken")),
    Rule(content.matter_unaltered, When.LIVE, Bilingual("诉求各处一致", "the same matter everywhere")),
    Rule(content.matter_as_submitted, When.LIVE, Bilingual("诉求如其所交", "the matter as it was handed in")),
    Rule(content.result_unaltered, When.LIVE, Bilingual("答复各处一致", "the same result everywhere")),
    Rule(content.bytes_unaltered, When.LIVE, Bilingual("报文未被改动", "no message altered on the way")),
    Rule(
        residents.known_resident_is_kept,
        When.LIVE,
        Bilingual("居民信息不减", "who the resident is, nobody forgets"),
    ),
    Rule(storage.stored_reads_back, When.LIVE, Bilingual("所存皆可读回", "all that is stored can be read again")),
    Rule(storage.cases_are_counted, When.LIVE, Bilingual("案件计数无误", "the count of cases is how many there are")),
    Rule(custody.version_has_its_commit, When.STILL, Bilingual("承办权有据", "every version has its commit point")),
    Rule(delivery.said_is_kept, When.STILL, Bilingual("途中无丢失", "nothing lost on the way")),
    Rule(delivery.applied_was_said, When.STILL, Bilingual("来文皆有所出", "no message invented")),
    Rule(delivery.refused_was_refused, When.STILL, Bilingual("超时不作拒收", "no timeout called a refusal")),
    Rule(handling.done_left_its_effect, When.STILL, Bilingual("办结必有结果", "done only with its effect")),
    Rule(intake.taken_was_submitted, When.STILL, Bilingual("收件皆有来人", "no case invented")),
    Rule(
        intake.submitted_is_open_plus_closed, When.STILL, Bilingual("受理 = 在办 + 办结", "submitted = open + closed")
    ),
    Rule(
        residents.only_holders_know_the_resident,
        When.STILL,
        Bilingual("接案前不知居民", "who the resident is, only holders know"),
        of_masking=True,
    ),
    Rule(custody.holder_knows, When.DRAINED, Bilingual("承办者自知", "one holder, and it knows")),
    Rule(custody.holders_agree, When.DRAINED, Bilingual("经办者看法一致", "all on the path agree")),
    Rule(custody.no_leg_dangles, When.DRAINED, Bilingual("转办两端相符", "every offer has two ends")),
    Rule(custody.every_case_answered, When.DRAINED, Bilingual("件件有回音", "every request answered")),
    Rule(
        residents.holder_knows_the_resident,
        When.DRAINED,
        Bilingual("承办者知居民", "who the resident is, the holder knows"),
        of_masking=True,
    ),
    Rule(delivery.nothing_left, When.DRAINED, Bilingual("途中已空", "nothing left on the way")),
    Rule(
        storage.somebody_is_waited_for,
        When.DRAINED,
        Bilingual("不等子虚乌有的中心", "nobody waits for a center that never was"),
    ),
)
"""Every promise, in the order of the report."""


def judged(when: When, *, masks: bool, rules: Sequence[Rule] = RULES) -> list[Rule]:
    """The rules that this reading allows. ``masks``: see ``Evidence.masks``."""
    return [rule for rule in rules if rule.since <= when and (masks or not rule.of_masking)]


def check(evidence: Evidence, when: When, rules: Sequence[Rule] = RULES) -> list[Finding]:
    """All findings, in the order of the rules. Excused ones are among them: see ``wrong``."""
    allowed = judged(when, masks=evidence.masks, rules=rules)
    return [Finding(rule.name, *breach) for rule in allowed for breach in sorted(rule.judge(evidence))]


def wrong(findings: Sequence[Finding], excuses: Collection[str] = EXCUSES) -> list[Finding]:
    """The findings without an excuse: a promise is broken. ``excuses``: those that may count. None may if no center was
    removed, restored or refused anything."""
    return [finding for finding in findings if finding.excuse not in excuses]

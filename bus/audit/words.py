"""What operators read of a finding, in both languages: what it is, and what to do."""

from bus.audit.finding import Code, Finding
from bus.bilingual import Bilingual

_WHAT: dict[Code, tuple[str, str]] = {
    Code.TWO_HOLDERS: ("案件 {subject} 有两个承办中心（{detail}）", "case {subject} has two holders ({detail})"),
    Code.NO_HOLDER: (
        "案件 {subject} 的承办中心 {center} 不知自己承办",
        "{center} does not know that it holds {subject}",
    ),
    Code.LEG_WITHOUT_END: (
        "案件 {subject} 的转办在 {center} 一端没有下文（{detail}）",
        "an offer of case {subject} has no end at {center} ({detail})",
    ),
    Code.PING_PONG: ("案件 {subject} 在两个中心之间来回转办：{detail}", "case {subject} goes back and forth: {detail}"),
    Code.OVERDUE_RECEIPT: ("{center} 没有收到报文 {detail}", "{center} has not heard message {detail}"),
    Code.STUCK_OFFER: (
        "案件 {subject} 的转办过了签收时限，{center} 未答复",
        "{center} has not signed for {subject} in time",
    ),
    Code.UNANSWERED: (
        "案件 {subject} 请 {center} 的事（{detail}）没有答复",
        "{center} has not answered what was asked of it in {subject} ({detail})",
    ),
    Code.SILENT_CENTER: ("{center} 没有动静，别的中心在等它", "{center} is silent, and others wait for it"),
    Code.LABEL_WITHOUT_FACT: (
        "{center} 发出报文 {subject}，却没有告知",
        "{center} sent message {subject} and tells nothing of it",
    ),
    Code.FACT_WITHOUT_LABEL: (
        "{center} 告知发出报文 {subject}，消息服务器没有见到",
        "{center} tells of message {subject}, which the broker never carried",
    ),
    Code.CLOCKS_APART: ("时钟不一致：{subject}，前者快", "clocks differ: {subject}, the first is ahead"),
    Code.SET_BACK: (
        "{center} 忘了自己告知过的事，却没有说明库已恢复到备份",
        "{center} has forgotten what it told, and does not say that its store was put back",
    ),
    Code.MANY_FINDINGS: (
        "{subject} 之间问题过多：除逐条列出的以外，另发现 {more} 次",
        "too much is wrong between {subject}: beside what is listed, {more} more were found",
    ),
}
_CURE: dict[Code, tuple[str, str]] = {
    Code.TWO_HOLDERS: (
        "在双方运行 bus trace {subject}；一方未收到报文则 bus parked list，仍不一致请仲裁中心裁定",
        "run `bus trace {subject}` at both; see `bus parked list` there; if they go on to differ, ask the arbiter",
    ),
    Code.NO_HOLDER: (
        "在 {center} 运行 bus parked list；库恢复过备份的，运行 bus recover",
        "at {center} run `bus parked list`; if its store was put back, `bus recover`",
    ),
    Code.LEG_WITHOUT_END: (
        "在 {center} 运行 bus trace {subject}，电话询问对方；需要时请仲裁中心裁定",
        "at {center} run `bus trace {subject}` and ring up the other end; if need be ask the arbiter",
    ),
    Code.PING_PONG: (
        "用 bus trace {subject} 看退回理由，请仲裁中心指定承办中心",
        "read the reasons with `bus trace {subject}`; let the arbiter name the holder",
    ),
    Code.OVERDUE_RECEIPT: (
        "在 {center} 运行 bus parked list 与 bus queues；在发出一方运行 bus waiting",
        "at {center} run `bus parked list` and `bus queues`; at the sender `bus waiting`",
    ),
    Code.STUCK_OFFER: (
        "电话催 {center} 签收，或用 bus trace {subject} 后改派",
        "ring up {center}, or withdraw the offer after `bus trace {subject}`",
    ),
    Code.UNANSWERED: (
        "电话催 {center}；在提出的一方用 bus trace {subject} 核对",
        "ring up {center}; at the center that has asked run `bus trace {subject}`",
    ),
    Code.SILENT_CENTER: (
        "在 {center} 查看服务是否运行，再运行 bus doctor",
        "at {center} see whether the service runs, then run `bus doctor`",
    ),
    Code.LABEL_WITHOUT_FACT: (
        "核对 {center} 的密钥与程序版本：运行 bus doctor 和 bus ledger reconcile",
        "check keys and version of {center}: run `bus doctor` there, then `bus ledger reconcile`",
    ),
    Code.FACT_WITHOUT_LABEL: (
        "在 {center} 运行 bus waiting：报文可能还没有发出；再运行 bus ledger reconcile",
        "at {center} run `bus waiting`: it may not have left; then run `bus ledger reconcile`",
    ),
    Code.CLOCKS_APART: (
        "在两个中心核对时间同步：chronyc tracking，再 bus doctor",
        "check the time at both: `chronyc tracking`, then `bus doctor`",
    ),
    Code.MANY_FINDINGS: (
        "用 bus ledger findings 看是谁的说法；说谎或失常的中心，用 bus keys revoke 移出名录",
        "see by `bus ledger findings` whose word it is; take who lies out of the directory with `bus keys revoke`",
    ),
    Code.SET_BACK: (
        "停下 {center}，运行 bus recover",
        "stop {center}, and run `bus recover` there",
    ),
}


def what(finding: Finding) -> Bilingual:
    """What the finding is, in a sentence."""
    return _filled(_WHAT, finding)


def cure(finding: Finding) -> Bilingual:
    """What to do: a command, and where."""
    return _filled(_CURE, finding)


def _filled(texts: dict[Code, tuple[str, str]], finding: Finding) -> Bilingual:
    given = {name: getattr(finding, name) for name in ("subject", "center", "detail", "more")}
    return Bilingual(*(text.format_map(given) for text in texts[finding.code]))

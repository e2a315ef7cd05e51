"""The words of each finding: what it means, and what mends it. The one table of it: pages, alarms and
``docs/operate.md`` read the same."""

from collections.abc import Mapping
from typing import NamedTuple

from bus.bilingual import Bilingual


class Cause(NamedTuple):
    """The words of one finding."""

    title: Bilingual
    cure: Bilingual
    command: str = ""
    """What to run where the cure is a command."""


def _cause(zh: str, en: str, cure_zh: str, cure_en: str, command: str = "") -> Cause:
    return Cause(Bilingual(zh, en), Bilingual(cure_zh, cure_en), command)


CAUSES: Mapping[str, Cause] = {
    "store-away": _cause(
        "数据库无应答",
        "the store does not answer",
        "检查数据库进程、磁盘空间与权限；恢复后各环节自行继续",
        "look at the database, its disk and its permissions; all goes on by itself afterwards",
        "bus doctor",
    ),
    "broker-away": _cause(
        "消息服务器无应答",
        "the broker does not answer",
        "检查 RabbitMQ 与其管理插件、网络与密码；报文都在各中心的库里，不会丢",
        "look at RabbitMQ, its management plug-in, "
        "the network and the password; messages lie safely in the centers' stores",
        "bus topology verify",
    ),
    "process-away": _cause(
        "本中心的总线程序未运行",
        "the center's own process does not answer",
        "启动它；起不来时看日志",
        "start it; where it does not start, its log says why",
        "systemctl status bus@CENTER",
    ),
    "look-stale": _cause(
        "控制台已停止查看",
        "the console does not look any more",
        "看控制台的日志，重启控制台",
        "see the console's log, and restart it",
    ),
    "process-unconnected": _cause(
        "本中心连不上消息服务器",
        "the center has no connection to the broker",
        "检查地址、证书与密码",
        "look at the address, the certificate and the password",
        "bus doctor",
    ),
    "process-blocked": _cause(
        "消息服务器让发送方暂停",
        "the broker asks its senders to wait",
        "消息服务器内存或磁盘告警：先腾出空间",
        "it is short of memory or disk: free some",
        "rabbitmq-diagnostics alarms",
    ),
    "process-keys": _cause(
        "密钥或名录不能用",
        "keys or directory cannot be used",
        "按 bus doctor 的提示处理",
        "do what `bus doctor` says",
        "bus doctor",
    ),
    "process-marks": _cause(
        "名录失去了原有标记",
        "the directory has lost marks",
        "核对名录是否被换成旧的",
        "see whether an older directory was put in place",
        "bus doctor",
    ),
    "process-masking": _cause(
        "居民信息暂不能屏蔽",
        "masking waits for a center",
        "请尚未升级的中心升级",
        "have the centers upgrade that have not yet",
        "bus doctor",
    ),
    "process-clocks": _cause(
        "系统时间被改动，提醒已暂停",
        "the system's time was set: nobody is reminded",
        "校准时间；确认无误后恢复",
        "set the time right; where it is, say go",
        "bus clocks go",
    ),
    "process-recovering": _cause(
        "正在从各中心找回案件",
        "the center is being rebuilt from its peers",
        "等待；卡住时看还缺哪个中心的应答",
        "wait; where it lasts, see which center has not answered",
        "bus recover --status",
    ),
    "certificate-over": _cause(
        "登录消息服务器的证书已过期",
        "the certificate for the broker has expired",
        "请运维者重新签发，换上后重启本中心的程序",
        "have the operator issue a new one, put it in place, and restart the center",
        "bus pki center CENTER",
    ),
    "set-back": _cause(
        "本中心的数据库似乎被恢复到了旧备份",
        "the center's store looks put back to an old backup",
        "停止本中心，运行 bus recover，再启动；请业务系统补报其间的表单，最后放弃被拒的报文",
        "stop the center, run `bus recover`, start it; have its system send the forms since again, "
        "then discard what was refused",
        "bus recover",
    ),
    "process-store": _cause(
        "本中心写不进数据库",
        "the center cannot write to its store",
        "检查磁盘空间与权限",
        "look at its disk and its permissions",
        "bus doctor",
    ),
    "loop-stands": _cause(
        "程序的一个环节停住",
        "a loop of the program stands still",
        "看日志，重启本中心的程序",
        "see its log, and restart the center",
        "systemctl restart bus@CENTER",
    ),
    "backend-away": _cause(
        "本中心的业务系统连不上",
        "the center's own system is away",
        "报文在排队，恢复后自行继续；联系业务系统的厂商",
        "messages wait, and go on by themselves; ring up its vendor",
    ),
    "queue-missing": _cause(
        "消息服务器上缺少队列",
        "a queue is missing",
        "按全县的配置补建",
        "make it, by the county's file",
        "bus topology apply",
    ),
    "queue-down": _cause(
        "队列不在运行",
        "a queue does not run",
        "看消息服务器日志；节点恢复后队列自行恢复",
        "see the broker's log; it comes back with its nodes",
        "rabbitmq-diagnostics cluster_status",
    ),
    "own-unread": _cause(
        "本中心没有接收报文",
        "the center receives nothing",
        "启动本中心的程序；已运行时重启",
        "start its process; where it runs, restart it",
        "systemctl restart bus@CENTER",
    ),
    "peer-unread": _cause(
        "对方中心没有接收报文",
        "another center receives nothing",
        "报文在队列里等待；请对方运维启动其程序",
        "messages wait in its queue; have its operator start it",
    ),
    "dead-letters": _cause(
        "有死信",
        "there are dead letters",
        "看收件中心的日志；发件方会重发，死信可以清空",
        "see the log of the center they were for; their senders send them again",
        "bus queues",
    ),
    "node-down": _cause(
        "消息服务器的一个节点停了",
        "a node of the broker is down",
        "启动该节点",
        "start it",
        "rabbitmq-diagnostics cluster_status",
    ),
    "memory-alarm": _cause(
        "消息服务器内存告警",
        "the broker is short of memory",
        "查看积压最多的队列",
        "see which queue is longest",
        "rabbitmq-diagnostics alarms",
    ),
    "disk-alarm": _cause(
        "消息服务器磁盘告警",
        "the broker is short of disk",
        "清理磁盘或扩容；其间不收新报文",
        "free or add disk; meanwhile it takes no messages",
        "rabbitmq-diagnostics alarms",
    ),
    "disk-low": _cause(
        "消息服务器磁盘不足 5 GiB", "a broker's disk has less than 5 GiB", "清理磁盘或扩容", "free or add disk"
    ),
    "inbox-late": _cause(
        "报文迟迟没有进入业务系统",
        "messages wait for the center's own system",
        "看业务系统是否正常",
        "see whether that system is well",
        "bus waiting",
    ),
    "held-late": _cause(
        "报文在等前一件",
        "messages wait for an earlier one",
        "前一件在发件方的库里：看该中心是否在运行",
        "the earlier one lies in its sender's store: see whether that center runs",
        "bus waiting",
    ),
    "early-late": _cause(
        "表单在等案件登记",
        "forms wait for their case",
        "请业务系统补报案件",
        "have the center's system report the case",
        "bus waiting",
    ),
    "overdue": _cause(
        "案件已过期限",
        "cases are past their date",
        "催办；办不了的改派",
        "urge the center that has them, or have them handed on",
    ),
    "ruling-late": _cause(
        "裁定中心未按时裁定",
        "the arbiter has not ruled in its term",
        "总线已催办；打电话请裁定中心裁定，并核对其程序与业务系统是否正常",
        "it has been urged; ring it up and have it rule, and see whether its process and its own system are well",
        "bus waiting",
    ),
    "routed-to-nobody": _cause(
        "路由指向名录外的中心",
        "a route leads to a center that nobody knows",
        "更正路由或名录，再改派案件",
        "correct the route or the directory, then hand the cases on",
    ),
    "door-silent": _cause(
        "中心没有应答",
        "a center does not answer",
        "看它的程序、值班入口的地址与网络；它恢复后自行继续",
        "look at its process, the address of its operators' door, and the network; it goes on by itself afterwards",
        "bus doctor",
    ),
    "door-refuses": _cause(
        "中心不让控制台查看",
        "a center does not let the console look",
        "看控制台的值班密钥是否在名录中、是否到期，该中心的时钟与配置",
        "see whether the directory lists the console's key and whether it has ended, that center's clock and settings",
        "bus keys staff",
    ),
    "audited": _cause("稽核发现问题", "the auditor has found something", "逐条处理", "each finding has its cure"),
    "key-ends": _cause(
        "密钥即将到期",
        "a key ends soon",
        "请它的主人生成新密钥并申请登记，运维者更新名录",
        "have its owner make a new one and apply with it; the operator lists it in the directory",
        "bus keys publish",
    ),
    "certificate-ends": _cause(
        "证书即将到期",
        "a certificate ends soon",
        "重新签发，换上后重启本中心的程序",
        "issue a new one, put it in place, and restart the center",
        "bus pki center",
    ),
    "topology-differs": _cause(
        "消息服务器与全县的配置不一致",
        "the broker differs from the county's file",
        "在“系统”页逐项核对；补建缺少的、更正可更正的",
        "the system page lists each difference; create what is missing, correct what can be",
        "bus topology apply",
    ),
    "backup-old": _cause(
        "两天没有新的备份",
        "there is no backup of the last two days",
        "查看备份任务的日志，补做一次",
        "see the log of the backup job, and make one now",
    ),
    "ledger-late": _cause(
        "总账迟迟没有收到本中心的变动",
        "the county's ledger is behind with this center",
        "变动都存着，不会丢；查看总账是否在运行",
        "all changes are kept; see whether the ledger runs",
        "bus ledger status",
    ),
    "record-broken": _cause(
        "操作记录被改动或有缺失",
        "the record of operations was altered, or lacks entries",
        "在“操作记录”页查看断在哪里，与另存的末值和备份核对；查明后由管理人员确认",
        "the page of the record says where; compare with heads kept elsewhere and with backups; "
        "an administrator confirms what was explained",
        "bus access verify",
    ),
    "paused": _cause(
        "有人暂停了收发", "a person has paused it", "原因消除后恢复", "end the pause when its reason is gone"
    ),
}
"""Code of a finding → its words. What is stuck has those of its own code (``bus/operations/hints.py``)."""

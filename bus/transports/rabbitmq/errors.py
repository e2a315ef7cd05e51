"""Errors between a center and the broker, as texts for operators: Chinese, English, and the cure."""

from pika.exceptions import (
    AMQPHeartbeatTimeout,
    ChannelClosedByBroker,
    ConnectionBlockedTimeout,
    ConnectionClosedByBroker,
    ProbableAccessDeniedError,
    ProbableAuthenticationError,
)

_REFUSED, _MISSING, _PRECONDITION = 403, 404, 406


class NoAnswerError(Exception):
    """The broker gave no answer in time; the text says to what."""


class StarvedError(Exception):
    """Messages are ready, and the broker delivers none."""


def of_connection(error: BaseException | None, where: str) -> str:  # noqa: PLR0911 - a list of causes, one return each
    """The reason why there is no connection. ``where`` is host:port and vhost, never user or password."""
    match error:
        case ProbableAuthenticationError():
            return _both(
                f"{where} 拒绝登录：请核对用户名和口令，或运行 `bus topology apply` 重建用户",
                f"{where} refuses the login: check user and password, or make the user with `bus topology apply`",
            )
        case ConnectionClosedByBroker(reply_code=code) if code in (_REFUSED, 530):
            return _no_vhost(where)
        case ProbableAccessDeniedError():
            return _no_vhost(where)
        case ConnectionBlockedTimeout():
            return _both(
                f"{where} 长时间停收报文：请在消息服务器上腾出内存或磁盘",
                f"{where} has taken no messages for too long: free memory or disk on the broker",
            )
        case StarvedError():
            return _both(
                f"{where} 有待收报文却不投递，正在重连：消息服务器可能刚经历网络分区，若反复出现请检查集群",
                f"{where} has messages for us and hands out none, reconnecting: it may have been partitioned; "
                "if this comes again look at the cluster",
            )
        case AMQPHeartbeatTimeout() | NoAnswerError():
            missing = error if isinstance(error, NoAnswerError) else "no heartbeat"
            return _both(
                f"{where} 没有应答（{missing}），正在重连：请检查消息服务器主机和网络",
                f"{where} does not answer ({missing}), reconnecting: look at the broker's machine and the network",
            )
        case _:
            return _both(
                f"无法连接 {where}，正在重试（{_kind(error)}）：请检查消息服务器是否在运行、地址和网络",
                f"no connection to {where}, trying again ({_kind(error)}): is it up, address and network right?",
            )


def of_publishing(error: BaseException | None, exchange: str) -> str:
    """The reason why the publishing channel was closed."""
    match error:
        case ChannelClosedByBroker(reply_code=code, reply_text=text) if code == _PRECONDITION and "user_id" in text:
            return _both(
                "消息服务器拒绝了报文里的 user_id：登录用户必须与中心同名",
                "the broker refuses our user_id: the user we log in as must carry the center's name",
            )
        case ChannelClosedByBroker(reply_code=code) if code == _REFUSED:
            return _both(
                f"无权写入交换器 {exchange}：请运行 `bus topology apply`",
                f"no right to write exchange {exchange}: run `bus topology apply`",
            )
        case ChannelClosedByBroker(reply_code=code) if code == _MISSING:
            return _both(
                f"交换器 {exchange} 不存在：请运行 `bus topology apply`",
                f"exchange {exchange} is missing: run `bus topology apply`",
            )
        case _:
            return _closed(error, exchange)


def of_consuming(error: BaseException | None, queue: str) -> str:
    """The reason why nothing is consumed."""
    match error:
        case ChannelClosedByBroker(reply_code=code) if code == _REFUSED:
            return _both(
                f"无权读取队列 {queue}：请运行 `bus topology apply`",
                f"no right to read queue {queue}: run `bus topology apply`",
            )
        case ChannelClosedByBroker(reply_code=code) if code == _MISSING:
            return _both(
                f"队列 {queue} 不存在：请运行 `bus topology apply`",
                f"queue {queue} is missing: run `bus topology apply`",
            )
        case ChannelClosedByBroker(reply_code=code, reply_text=text) if code == _PRECONDITION and "timeout" in text:
            return _both(
                f"队列 {queue} 的报文太久没有确认，消息服务器已收回：请检查数据库是否卡住",
                f"deliveries of {queue} were not settled in time, the broker took them back: is the database stuck?",
            )
        case _:
            return _closed(error, queue)


def cancelled(queue: str) -> str:
    """The text for a consumer that the broker has ended."""
    return _both(
        f"消息服务器取消了队列 {queue} 的订阅（队列被删除或转移），正在重新订阅；若持续请运行 `bus topology verify`",
        f"the broker cancelled our consumer of {queue} (deleted or moved), subscribing again; "
        "if it stays so run `bus topology verify`",
    )


def nacked(exchange: str) -> str:
    """The text for parcels that the broker has nacked."""
    return _both(
        f"消息服务器拒收经 {exchange} 发出的报文，稍后重发：收件队列可能已满，或其主节点不可用",
        f"the broker refuses parcels from {exchange}, to be sent again: is an inbox full or without a leader?",
    )


def blocked() -> str:
    """The text for a memory or disk alarm."""
    return _both(
        "消息服务器因内存或磁盘告警暂停收件：请在消息服务器上腾出内存或磁盘",
        "the broker takes no messages (memory or disk alarm): free memory or disk on it",
    )


def unsendable() -> str:
    """The text for a parcel whose headers or size are beyond AMQP."""
    return _both(
        "有报文的标识、类型过长或正文过大，未发送：请检查生成该报文的程序",
        "a parcel's id or kind is too long or its body too large, it was not sent: look at what made it",
    )


def broken(where: str) -> str:
    """The text for a fault of this program or of pika in the I/O thread."""
    return _both(
        f"连接 {where} 时内部出错，正在重连：请把日志交给开发人员",
        f"an internal error on the line to {where}, reconnecting: hand the log to the developers",
    )


def _no_vhost(where: str) -> str:
    return _both(
        f"{where} 拒绝访问该虚拟主机：请核对地址，或运行 `bus topology apply` 授权",
        f"{where} denies the vhost: check the URL, or grant it with `bus topology apply`",
    )


def _closed(error: BaseException | None, name: str) -> str:
    code = getattr(error, "reply_code", None)
    said = _kind(error) if code is None else f"{code} {getattr(error, 'reply_text', '')}"[:200]
    return _both(f"{name} 的信道被关闭({said}),正在重开", f"the channel for {name} was closed ({said}), reopening")


def _kind(error: BaseException | None) -> str:
    return type(error).__name__


def _both(chinese: str, english: str) -> str:
    return f"{chinese} / {english}"

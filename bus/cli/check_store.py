"""``bus doctor`` on the store: reachable, of our version, durable, with room on a local disk."""

import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

from bus import recovery
from bus.bilingual import Bilingual
from bus.cli.checks import Check, doubtful, well, wrong
from bus.operations.marks_watch import lost_marks
from bus.runtime.bootstrap import store_of
from bus.security.directory import marks_text
from bus.security.errors import KeyUnusable
from bus.security.keyed_security import security_of
from bus.security.permission import this_user, whose
from bus.settings import CenterSettings
from bus.store import parked, put_off, schema
from bus.store import recovery as store_recovery
from bus.store.database import DriverError, Store, StoreUnavailable, StoreUnfit

DISK_FREE = 1 << 30
"""Bytes that should be free where the store and the attachments lie."""
A_DAY = 86_400
REMOTE_FILESYSTEMS = ("nfs", "cifs", "smb", "fuse.sshfs", "9p", "afs", "glusterfs", "ceph")


def store(settings: CenterSettings) -> Iterator[Check]:
    """Reachable, of our version, durable, with room on a local disk."""
    try:
        opened = store_of(settings)
    except KeyUnusable as trouble:
        yield wrong(
            "store key", "库的主密钥不可用", "the store's master key cannot be used", Bilingual(trouble.zh, trouble.en)
        )
        return
    except DriverError as error:
        cure = Bilingual("改正 store 的地址", "mend the URL of `store`")
        yield wrong("store", f"地址不对（{type(error).__name__}）", f"its URL is wrong ({type(error).__name__})", cure)
        return
    except StoreUnfit as unfit:
        yield _unfit(unfit)
        return
    try:
        if opened.on_sqlite:
            folder = Path(opened.url.database or ".").resolve().parent
            yield from room("store", folder)
            if not Path(opened.url.database or "").exists():
                yield well("store", "尚未建立，bus run 会建立", "not there yet: `bus run` makes it")
                return
        yield from _inside(opened, settings)
    finally:
        opened.close()


def _unfit(unfit: StoreUnfit) -> Check:
    found_zh, _, cure_zh = unfit.words.zh.partition("；")
    found_en, _, cure_en = unfit.words.en.partition("; ")
    return wrong("store", found_zh, found_en, Bilingual(cure_zh, cure_en))


def _inside(opened: Store, settings: CenterSettings) -> Iterator[Check]:
    try:
        opened.require_fit()
        found, newest = schema.current(opened), schema.newest()
        durable, read_only = _durable(opened), opened.unwritable()
    except StoreUnfit as unfit:
        yield _unfit(unfit)
        return
    except StoreUnavailable as trouble:
        cure = Bilingual(
            "数据库是否在运行、地址和口令是否正确、目录是否可写", "does it run, are URL, password and rights right?"
        )
        yield wrong("store", "打不开", str(trouble), cure)
        return
    if found in (newest, None):
        yield well("store", f"版本 {found or '空'}", f"version {found or 'empty'}")
    elif not schema.known(found):
        cure = Bilingual("运行那个新版本，或恢复升级前的备份后运行 bus recover", schema.TOO_NEW.partition(": ")[2])
        zh, en = f"版本 {found} 比程序新（{newest}）", f"is at {found}, newer than the program ({newest})"
        yield wrong("store", zh, en, cure)
    else:
        cure = Bilingual("用同一版本的 bus run 升级", "`bus run` of the same version brings it up to date")
        yield doubtful("store", f"版本 {found}，程序为 {newest}", f"is at {found}, the program at {newest}", cure)
    if found == newest:
        yield from _set_back(opened)
        yield from _marks(opened, settings)
    if read_only:
        cure = Bilingual(
            "等待切换结束；若不恢复，请让 store 指向可写的主库，或取消 default_transaction_read_only",
            "wait for the failover; else name the server that writes, or set default_transaction_read_only = off",
        )
        yield wrong("store", "数据库现在只读（备库，或正在切换）", "is read-only now (a standby, or a failover)", cure)
    if durable:
        yield wrong("store durability", durable, durable, Bilingual("恢复默认设置", "set it back to its default"))


def _set_back(opened: Store) -> Iterator[Check]:
    """Whether the store looks put back to a backup, and whether somebody has said so."""
    status = recovery.status(opened)
    waited = ", ".join(peer for peer, state in status.peers.items() if state == "asked")
    if status.going_on:
        cure = Bilingual("等待；或 bus recover --without CENTER", "wait, or `bus recover --without CENTER`")
        yield doubtful("recovery", f"恢复中，等待：{waited}", f"recovers, waits for: {waited}", cure)
        return
    with opened.reading() as tx:
        wild = store_recovery.wild_epoch(tx)
        reused = parked.count(tx, parked.PEER, "sequence-reused")
    yield from _quotas(opened)
    if wild is not None:
        cure = Bilingual(
            "停中心，运行 bus recover，再启动：改用各中心都接受的纪元",
            "stop the center, `bus recover`, start it: it takes an era in which all hear it",
        )
        yield wrong("recovery", f"纪元 {wild} 过高，无人受理", f"speaks in era {wild}, in which nobody hears it", cure)
    if reused:
        cure = Bilingual("停止本中心，运行 bus recover，再启动", "stop the center, run `bus recover`, start it again")
        zh, en = (
            f"似乎被恢复到了旧备份（{reused} 件报文被拒）",
            f"looks put back to an old backup ({reused} messages refused)",
        )
        yield wrong("recovery", zh, en, cure)


def _quotas(opened: Store) -> Iterator[Check]:
    """Neighbours of whom more came than is taken at once, and such as take no more of ours."""
    since_ms = int((time.time() - A_DAY) * 1000)
    with opened.reading() as tx:
        over, ours = put_off.listed(tx, since_ms), parked.count(tx, parked.PEER, parked.QUOTA)
    for one in over:
        cure = Bilingual(
            "问该中心为何送来这么多；确属需要时调高 [quotas]",
            "ask that center why it sends so much; raise [quotas] where it must",
        )
        what = f"{one['peer']} {one['quota']}"
        yield doubtful(
            "quota", f"{what}：已推迟 {one['times']} 件报文", f"{what}: {one['times']} messages put off", cure
        )
    if ours:
        cure = Bilingual(
            "用 bus parked list 查看是哪个中心；报文会自动重发，也可与其运维联系",
            "`bus parked list` names it; all is sent again by itself, or talk to its operator",
        )
        yield doubtful("quota", "有中心暂缓接收本中心的报文", "a center takes no more of ours at once", cure)


def _marks(opened: Store, settings: CenterSettings) -> Iterator[Check]:
    """Whether the directory lacks marks that an earlier one had."""
    try:
        known = security_of(settings.trust).current_directory()
    except KeyUnusable:
        return  # which is told where the keys are looked at
    if known is None:
        return
    with opened.reading() as tx:
        lost = lost_marks(tx, known)
    if lost:
        cure = Bilingual(
            "请运维者升级 bus，用 bus keys mark 重新标记，再发新名录",
            "have the operator upgrade its `bus`, set them again with `bus keys mark`, and hand out the directory",
        )
        words = marks_text(lost)
        yield doubtful("marks", f"marks-lost：名录丢了标记 {words}", f"marks-lost: the directory lacks {words}", cure)


def _durable(opened: Store) -> str:
    """Which setting would let a commit be lost at a power cut; empty when none."""
    with opened.reading() as tx:
        if opened.on_sqlite:
            mode = tx.exec_driver_sql("PRAGMA journal_mode").scalar()
            synchronous = tx.exec_driver_sql("PRAGMA synchronous").scalar()
            return "" if mode == "wal" and synchronous == 2 else f"journal_mode={mode} synchronous={synchronous}"
        wanted = {"fsync": ("on",), "synchronous_commit": ("on", "local", "remote_write", "remote_apply")}
        found = {name: tx.exec_driver_sql(f"SHOW {name}").scalar() for name in wanted}
        return ", ".join(f"{name}={value}" for name, value in found.items() if value not in wanted[name])


def room(what: str, folder: Path) -> Iterator[Check]:
    """The folder, or the nearest one above it that is there, may be written, has room, and lies on a local disk."""
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    if not os.access(folder, os.W_OK):
        cure = Bilingual("以服务用户运行，或改其权限", "run as the service's user, or grant it")
        me, (zh, en) = this_user().name, whose(folder)
        zh, en = f"{zh}，用户 {me} 写不了（permission）", f"{en}; the user {me} has no permission"
        yield wrong(what, f"{folder} 不可写：{zh}", f"{folder} cannot be written: it {en}", cure)
    free = shutil.disk_usage(folder).free
    if free < DISK_FREE:
        cure = Bilingual("腾出磁盘空间", "make room on the disk")
        yield doubtful(f"{what} disk", f"仅余 {free >> 20} MiB", f"{free >> 20} MiB left", cure)
    kind = filesystem(folder)
    if kind.startswith(REMOTE_FILESYSTEMS):
        cure = Bilingual("移到本机磁盘：网络盘的锁不可靠", "move it to a local disk: locks over a network do not hold")
        yield wrong(f"{what} disk", f"在网络文件系统 {kind} 上", f"lies on the network file system {kind}", cure)


def filesystem(folder: Path, mounts: Path = Path("/proc/self/mounts")) -> str:
    """The type of file system that ``folder`` lies on; empty where the system does not tell."""
    try:
        rows = [line.split() for line in mounts.read_text(encoding="utf-8", errors="replace").splitlines()]
    except OSError:
        return ""
    at = folder.resolve()
    over = [(row[1], row[2]) for row in rows if len(row) > 2 and at.is_relative_to(row[1].replace("\\040", " "))]
    return max(over, key=lambda pair: len(pair[0]), default=("", ""))[1]

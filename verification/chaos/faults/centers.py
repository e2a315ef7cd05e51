"""Faults of the centers' processes and of their own systems."""

import os
import signal
import sqlite3
import time
from contextlib import closing, suppress

from verification.chaos.centers import CenterProcess
from verification.chaos.county import ChaosCounty
from verification.chaos.faults.fault import Needs, fault
from verification.chaos.scene import Scene


@fault("kill9-center", "强杀一个中心，停 0.2–5 秒", "SIGKILL to a center, down for 0.2 to 5 s", heals="it starts again")
def kill9_center(scene: Scene) -> None:
    center = scene.center()
    center.kill9()
    scene.last(center.name, 0.2, 5)
    center.start()
    center.await_door()
    scene.hold(0.5, 3)


@fault(
    "kill9-relay",
    "在中心正在发送时强杀它",
    "SIGKILL to a center in the moment when its relay publishes",
    heals="it starts again",
)
def kill9_relay(scene: Scene) -> None:
    center = scene.center()
    _await_publishing(scene.county, center, min(5.0, scene.left))
    center.kill9()
    scene.hold(0.1, 2)
    center.start()
    center.await_door()
    scene.hold(0.5, 2)


def _await_publishing(county: ChaosCounty, center: CenterProcess, timeout: float) -> None:
    """Return when rows of the outbox are claimed and not yet marked as sent: the relay is publishing them."""
    url = county.store_url(center.name)
    if not url.startswith("sqlite:///"):
        return  # PostgreSQL is not polled a thousand times a second: any moment is as good there
    deadline = time.monotonic() + timeout
    query = "SELECT 1 FROM outbox WHERE attempts = 0 AND state = 'waiting' AND next_ms > ? LIMIT 1"
    with closing(sqlite3.connect(f"file:{url.removeprefix('sqlite:///')}?mode=ro", uri=True)) as eye:
        while time.monotonic() < deadline:
            with suppress(sqlite3.OperationalError):
                if eye.execute(query, (int(time.time() * 1000) + 5_000,)).fetchone():
                    return
            time.sleep(0.001)


@fault(
    "kill9-commanded",
    "值班处置正在执行时强杀中心",
    "SIGKILL to a center in the moment when a person on duty gives it a command",
    heals="it starts again, and the command is given again",
)
def kill9_commanded(scene: Scene) -> None:
    center = scene.center()
    if scene.duty is not None:
        scene.duty.await_command(center.name, min(5.0, scene.left))
    time.sleep(scene.rng.uniform(0, 0.05))  # somewhere between its coming and its answer
    center.kill9()
    scene.hold(0.1, 2)
    center.start()
    center.await_door()
    scene.hold(0.5, 2)


@fault("stop-center", "冻结一个中心 1–60 秒", "SIGSTOP to a center for 1 to 60 s", heals="SIGCONT")
def stop_center(scene: Scene) -> None:
    center = scene.center()
    center.freeze()
    try:
        scene.last(center.name, 1, 60)
    finally:
        center.thaw()
    scene.hold(0.5, 3)


@fault("stop-vendor", "冻结各中心自有系统 1–60 秒", "SIGSTOP to the vendors' systems for 1 to 60 s", heals="SIGCONT")
def stop_vendor(scene: Scene) -> None:
    assert scene.county.vendors is not None
    pid = scene.county.vendors.pid
    os.kill(pid, signal.SIGSTOP)
    try:
        scene.hold(1, 60)
    finally:
        os.kill(pid, signal.SIGCONT)
    scene.hold(1, 4)


@fault(
    "rolling-restart-centers",
    "逐个正常重启各中心",
    "the centers are stopped in good order and started again, one after the other",
    heals="they start again",
)
def rolling_restart_centers(scene: Scene) -> None:
    for name in scene.targets:
        center = scene.county.centers[name]
        center.end()
        center.start()
        center.await_door()
        scene.hold(0.5, 1.5)


@fault(
    "crash-loop",
    "一个中心刚启动即被杀，连续五次",
    "a center dies five times in a row, each 0.2 to 2 s after its start",
    heals="it is left alive",
)
def crash_loop(scene: Scene) -> None:
    center = scene.center()
    for _ in range(5):
        center.kill9()
        center.start()
        scene.hold(0.2, 2)
    center.await_door()
    scene.hold(1, 3)


@fault(
    "two-relays",
    "同一中心再启动一个进程（同一存储）：被拒绝；随后强杀前一个，立即接替",
    "a second process of a center starts beside the first, again and again, and is refused; then the first is killed",
    heals="the next one has the store at once",
)
def two_relays(scene: Scene) -> None:
    center = scene.center()
    for _ in range(3):
        center.start_beside()
        scene.hold(0.5, 3)
    center.kill9()
    center.start()
    center.await_door()


@fault(
    "previous-version",
    "一个中心运行上一版本，10–40 秒后升级",
    "a center runs the previous version beside the others, and is brought up to the present one after 10 to 40 s",
    heals="the present version on the same store",
    needs=(Needs.OLD_CODE,),
)
def previous_version(scene: Scene) -> None:
    scene.hold(10, 40)
    for name in scene.targets:
        center = scene.county.centers[name]
        if center.code != scene.county.code:
            center.end()
            center.code = scene.county.code
            center.start()
            center.await_door()
    scene.hold(3, 60)


@fault(
    "overload",
    "十倍负载 1–3 秒，随后半负载",
    "ten times the load for 1 to 3 s",
    heals="half the load for 12 to 20 s",
)
def overload(scene: Scene) -> None:
    usual = scene.load.rate
    scene.load.rate = usual * 10
    try:
        scene.hold(1, 3)
        scene.load.rate = usual / 2
        scene.hold(12, 20)
    finally:
        scene.load.rate = usual

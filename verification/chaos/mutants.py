"""Planted damage that cannot heal, so that a run must find it: a checker that never fails proves nothing."""

import json
import os
import signal
import sqlite3
from contextlib import closing

from verification.chaos.faults.fault import Fault, Needs, fault
from verification.chaos.scene import Scene


@fault(
    "planted-loss", "从一个中心的存储中删去三个案件", "three cases are deleted from a center's store",
    heals="nothing heals it", needs=(Needs.SQLITE,),
)  # fmt: skip
def planted_loss(scene: Scene) -> None:
    scene.hold(5, 10)
    center = scene.center()
    center.kill9()
    with closing(sqlite3.connect(scene.county.store_url(center.name).removeprefix("sqlite:///"))) as store:
        store.execute("DELETE FROM cases WHERE case_id IN (SELECT case_id FROM cases ORDER BY case_id LIMIT 3)")
        store.commit()
    center.start()
    center.await_door()
    scene.hold(60, 60)


@fault("planted-death", "一个中心自行退出", "a center ends by itself", heals="nothing heals it")
def planted_death(scene: Scene) -> None:
    scene.hold(5, 10)
    os.kill(scene.center().pids[0], signal.SIGKILL)  # without the harness's knowledge
    scene.hold(60, 60)


@fault("planted-leak", "居民电话写入日志", "a resident's telephone number in a log", heals="nothing heals it")
def planted_leak(scene: Scene) -> None:
    scene.hold(5, 10)
    with scene.center().log.open("a", encoding="utf-8") as log:
        log.write(json.dumps({"event": "planted", "phone": scene.load.residents[0].phone}) + "\n")
    scene.hold(60, 60)


@fault(
    "planted-twice", "同一工单办理两次", "what was done at a vendor's for one message is done once more",
    heals="nothing heals it",
)  # fmt: skip
def planted_twice(scene: Scene) -> None:
    scene.hold(5, 10)
    path = scene.county.folder / "effects.jsonl"
    done = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if '"open-handle"' in line]
    with path.open("a", encoding="utf-8") as effects:
        effects.write(json.dumps({**done[0], "record": "once-more"}) + "\n")
    scene.hold(60, 60)


PLANTED: dict[str, Fault] = {one.name: one for one in (planted_loss, planted_death, planted_leak, planted_twice)}
FOUND_AS = {
    "planted-loss": "told-is-kept",
    "planted-death": "died by itself",
    "planted-leak": "leak: ",
    "planted-twice": "effects-once",
}
"""The prefix of the expected finding."""

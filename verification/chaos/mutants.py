"""Planted damage that cannot heal, so that a run must find it: a checker that never fails proves nothing."""

import json
import os
import signal
import sqlite3
from contextlib import closing

from verification.chaos.faults.fault import Fault, Needs, fault
from verification.chaos.over import OVER
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


@fault(
    "planted-command-twice", "一条值班指令执行了两次", "what a person on duty wants of an item is done once more",
    heals="nothing heals it", needs=(Needs.SQLITE,),
)  # fmt: skip
def planted_command_twice(scene: Scene) -> None:
    columns = "case_id, at_ms, way, kind, peer, message_id, holder, version, note"
    again = f"INSERT INTO journal ({columns}) SELECT {columns} FROM journal WHERE way = 'operated' LIMIT 1"  # noqa: S608
    while not _changed(scene, scene.center().name, again):
        OVER.wait(1)
    scene.hold(60, 60)


@fault(
    "planted-figure", "总账的合计多出一件", "a sum of the ledger counts one case too many",
    heals="nothing heals it", needs=(Needs.SQLITE, Needs.LEDGER),
)  # fmt: skip
def planted_figure(scene: Scene) -> None:
    assert scene.county.ledger is not None
    one_more = "UPDATE ledger_cells SET cases = cases + 1 WHERE part = 'registered' AND cases > 0"
    while not _changed(scene, scene.county.ledger.name, one_more):
        OVER.wait(1)
    scene.hold(60, 60)


def _changed(scene: Scene, name: str, statement: str) -> int:
    """Change the store of a participant that runs. Returns how many rows it were."""
    path = scene.county.store_url(name).removeprefix("sqlite:///")
    with closing(sqlite3.connect(path, timeout=30)) as store, store:
        return store.execute(statement).rowcount


PLANTED: dict[str, Fault] = {
    one.name: one
    for one in (planted_loss, planted_death, planted_leak, planted_twice, planted_command_twice, planted_figure)
}
FOUND_AS = {
    "planted-loss": "told-is-kept",
    "planted-death": "died by itself",
    "planted-leak": "leak: ",
    "planted-twice": "effects-once",
    "planted-command-twice": "operation ",
    "planted-figure": "figure registered",
}
"""The prefix of the expected finding."""

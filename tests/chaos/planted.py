"""Harm that nobody could heal, so that a run is seen to find something: a checker that is never red proves nothing."""

import sqlite3
from contextlib import closing

from tests.chaos.faults.fault import Needs, fault
from tests.chaos.scene import Scene


@fault(
    "planted-loss", "从一个中心的存储中删去三个案件", "three cases are deleted from a center's store",
    heals="nothing heals it", needs=(Needs.SQLITE,),
)  # fmt: skip
def planted_loss(scene: Scene) -> None:
    scene.hold(5, 10)
    center = scene.center()
    center.kill9()
    with closing(sqlite3.connect(scene.town.store_url(center.name).removeprefix("sqlite:///"))) as store:
        store.execute("DELETE FROM cases WHERE case_id IN (SELECT case_id FROM cases ORDER BY case_id LIMIT 3)")
        store.commit()
    center.start()
    center.await_door()
    scene.hold(60, 60)

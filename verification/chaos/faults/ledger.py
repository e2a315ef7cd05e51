"""Faults of the county's ledger: they must harm no center, and the ledger knows everything afterwards."""

from verification.chaos.centers import CenterProcess
from verification.chaos.faults.fault import Needs, fault
from verification.chaos.scene import Scene
from verification.faults import StoreIntruder


def _ledger(scene: Scene) -> CenterProcess:
    assert scene.county.ledger is not None
    return scene.county.ledger


@fault(
    "kill9-ledger", "强杀总账，停 0.2–15 秒", "SIGKILL to the ledger, down for 0.2 to 15 s",
    heals="it starts again", needs=(Needs.LEDGER,),
)  # fmt: skip
def kill9_ledger(scene: Scene) -> None:
    ledger = _ledger(scene)
    ledger.kill9()
    scene.hold(0.2, 15)
    ledger.start()
    ledger.await_door()
    scene.hold(1, 5)


@fault("stop-ledger", "冻结总账 1–60 秒", "SIGSTOP to the ledger for 1 to 60 s", heals="SIGCONT", needs=(Needs.LEDGER,))
def stop_ledger(scene: Scene) -> None:
    ledger = _ledger(scene)
    ledger.freeze()
    try:
        scene.hold(1, 60)
    finally:
        ledger.thaw()
    scene.hold(0.5, 3)


@fault(
    "ledger-store-locked", "外来程序锁住总账的存储 1–20 秒",
    "another program holds a lock on the ledger's store for 1 to 20 s",
    heals="it lets go", needs=(Needs.LEDGER,),
)  # fmt: skip
def ledger_store_locked(scene: Scene) -> None:
    with StoreIntruder(scene.county.store_url(_ledger(scene).name)):
        scene.hold(1, 20)
    scene.hold(1, 4)

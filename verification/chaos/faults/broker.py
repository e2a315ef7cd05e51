"""Faults of the broker as a whole."""

from verification.chaos.faults.fault import Needs, fault
from verification.chaos.scene import Scene
from verification.faults import disk_alarm, memory_alarm


@fault(
    "kill9-broker", "强杀消息服务器（集群：一个节点），停 0.5–5 秒", "SIGKILL to a node of the broker, down 0.5 to 5 s",
    heals="it starts again with its data", whole=True,
)  # fmt: skip
def kill9_broker(scene: Scene) -> None:
    node = scene.rng.choice(scene.links.nodes)
    node.kill9()
    scene.hold(0.5, 5)
    node.start()
    scene.hold(1, 4)


@fault(
    "kill9-leader", "强杀收件队列的主节点", "SIGKILL to the node that leads a center's inbox, down for 0.5 to 8 s",
    heals="it starts again with its data", needs=(Needs.CLUSTER,), whole=True,
)  # fmt: skip
def kill9_leader(scene: Scene) -> None:
    node = scene.links.leader(scene.center().name)
    node.kill9()
    scene.hold(0.5, 8)
    node.start()
    scene.cluster.await_whole()
    scene.hold(1, 3)


@fault(
    "stop-broker", "冻结消息服务器（集群：一个节点）1–60 秒", "SIGSTOP to a node of the broker for 1 to 60 s",
    heals="SIGCONT", whole=True,
)  # fmt: skip
def stop_broker(scene: Scene) -> None:
    node = scene.rng.choice(scene.links.nodes)
    node.pause()
    try:
        scene.hold(1, 60)
    finally:
        node.resume()
    scene.hold(1, 4)


@fault(
    "rolling-restart", "逐个重启消息服务器节点", "the broker's nodes are restarted in good order, one after the other",
    heals="they start again", whole=True,
)  # fmt: skip
def rolling_restart(scene: Scene) -> None:
    if len(scene.links.nodes) == 1:
        scene.links.nodes[0].restart()
    else:
        scene.cluster.rolling_restart()
    scene.hold(2, 5)


@fault(
    "memory-alarm", "内存告警 1–15 秒", "the broker's memory alarm for 1 to 15 s: it takes no messages",
    heals="the alarm ends", whole=True,
)  # fmt: skip
def memory_alarm_(scene: Scene) -> None:
    with memory_alarm(scene.rng.choice(scene.links.nodes)):
        scene.hold(1, 15)
    scene.hold(1, 4)


@fault(
    "disk-full-broker", "消息服务器磁盘告警 1–15 秒", "the broker's disk is full for 1 to 15 s: it takes no messages",
    heals="room on the disk", whole=True,
)  # fmt: skip
def disk_full_broker(scene: Scene) -> None:
    with disk_alarm(scene.rng.choice(scene.links.nodes)):
        scene.hold(1, 15)
    scene.hold(1, 4)

"""Faults of the links between a center and the broker, and between the broker's nodes."""

from collections.abc import Callable

from verification.chaos.faults.fault import Fault, Needs, fault
from verification.chaos.scene import Scene
from verification.faults import LinkProfile, Stream, both_ways


def _link_fault(
    name: str,
    zh: str,
    en: str,
    profile: Callable[[Scene], LinkProfile],
    most: float = 15,
    excuses: tuple[str, ...] = (),
) -> Fault:
    """A fault of the proxy between one center and the broker, for 1 to ``most`` seconds."""

    def strike(scene: Scene) -> None:
        center = scene.center().name
        proxies, now = scene.links.proxies[center], profile(scene)
        for proxy in proxies:
            proxy.profile = now
        try:
            scene.last(center, 1, most)
        finally:
            for proxy in proxies:
                proxy.heal()
        scene.hold(0.5, 3)

    made = fault(name, zh, f"{en}, for 1 to {most:g} s", heals="fair weather", needs=(Needs.PROXY,), excuses=excuses)
    return made(strike)


resets = _link_fault(
    "resets", "每 50–250 毫秒重置连接", "all connections of a center are reset every 50 to 250 ms",
    lambda _: LinkProfile(reset_every=(0.05, 0.25)),
)  # fmt: skip
delay = _link_fault(
    "delay", "连接延迟 20–500 毫秒", "every byte of a center is late by 20 to 500 ms",
    lambda scene: both_ways(Stream(delay=scene.rng.uniform(0.02, 0.25), jitter=0.25)),
)  # fmt: skip
truncate = _link_fault(
    "truncate", "传输 1–50 KB 后截断", "every connection of a center is cut after 1 to 50 KB",
    lambda _: both_ways(Stream(truncate_after=(1_000, 50_000))),
)  # fmt: skip
corrupt = _link_fault(
    "corrupt", "随机翻转传输字节中的位", "bits on a center's connection are flipped, one in 10,000 to 100,000 bytes",
    lambda scene: both_ways(Stream(corrupt=scene.rng.choice((1e-4, 1e-5)))), excuses=("parked",),
)  # fmt: skip
silent = _link_fault(
    "silent", "中心与消息服务器之间双向静默 1–30 秒", "nothing passes between center and broker, and nobody is told",
    lambda _: both_ways(Stream(silent=True)), 30,
)  # fmt: skip
silent_one_way = _link_fault(
    "silent-one-way", "中心与消息服务器之间单向静默 1–30 秒", "one direction between a center and the broker is silent",
    lambda scene: scene.rng.choice((LinkProfile(up=Stream(silent=True)), LinkProfile(down=Stream(silent=True)))), 30,
)  # fmt: skip


@fault(
    "partition", "集群网络分区：一个节点与另两个断开 2–30 秒", "one node is cut off from the two others for 2 to 30 s",
    heals="the network is whole", needs=(Needs.CLUSTER, Needs.NETWORK), whole=True,
)  # fmt: skip
def partition(scene: Scene) -> None:
    assert scene.network is not None
    alone, *others = scene.rng.sample([scene.cluster.namespace_of(node) for node in scene.links.nodes], 3)
    with scene.network.parted([alone], others):
        scene.hold(2, 30)
    scene.cluster.await_whole()
    scene.hold(1, 4)


@fault(
    "partition-one-way", "集群单向分区 2–30 秒", "what one node sends to the two others is lost for 2 to 30 s",
    heals="the network is whole", needs=(Needs.CLUSTER, Needs.NETWORK), whole=True,
)  # fmt: skip
def partition_one_way(scene: Scene) -> None:
    assert scene.network is not None
    mute, *others = scene.rng.sample([scene.cluster.namespace_of(node) for node in scene.links.nodes], 3)
    try:
        for other in others:
            scene.network.cut_one_way(mute, other)
        scene.hold(2, 30)
    finally:
        scene.network.heal()
    scene.cluster.await_whole()
    scene.hold(1, 4)

"""CPU cost of a hand-over, at both centers and in the broker, by step and by layer; and its disk space."""

from collections.abc import Callable

from benchmarks.county import county
from benchmarks.figures import Figure, Results, alternating
from benchmarks.ground import Ground
from benchmarks.process import busy_seconds, process

COUNT, WINDOWS = 12_000, 40
GIVER, TAKER, BROKER = "the giving center's process", "the taking center's process", "the broker's process"


def run(ground: Ground, rounds: int, *, quick: bool, say: Callable[[str], None]) -> Results:
    """Measure the cost: the totals from the operating system, the steps and layers from samples of the steps alone."""
    whole = [Figure("CPU", name, "us each") for name in (GIVER, TAKER, BROKER)]
    count, windows = (COUNT // 4, WINDOWS // 4) if quick else (COUNT, WINDOWS)
    for number in range(1, rounds + 1):
        with county(ground) as both:
            pids = ([both.giver.pid], [both.taker.pid], ground.node.server.pids)
            before = [busy_seconds(one) for one in pids]
            both.hand_over(count)
            for figure, one, started in zip(whole, pids, before, strict=True):
                figure.rounds.append((busy_seconds(one) - started) / count * 1e6)
        say(f"CPU {number}/{rounds}  " + ", ".join(f"{f.name} {f.rounds[-1]:.0f} us" for f in whole))
    parts: dict[str, Figure] = {}

    def sampled(_: Figure) -> float:
        with process("sampled", windows) as steps:
            told = steps.hear("ended")
        for name, took in told["parts"].items():
            parts.setdefault(name, Figure("CPU", name, "us each")).rounds.append(took)
        for who, kept in told["disk"].items():
            name = f"kept by the {who}"
            parts.setdefault(name, Figure("CPU", name, "bytes each")).rounds.append(kept)
        return float(told["all"])

    every = Figure("CPU", "steps, all", "us each")
    alternating(rounds, [every], sampled, say)
    return Results([*whole, every, *sorted(parts.values(), key=lambda figure: figure.name)], [])

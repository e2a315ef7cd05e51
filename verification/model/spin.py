"""Spin, run as from a shell: the model becomes a C program, which visits every state within the bounds."""

import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

MODELS = Path(__file__).parent
PATIENCE = 900
"""Seconds for one program; each needs a few on an idle core."""
COMMON = ("-w", "-DNOREDUCE", "-DCOLLAPSE", "-DVECTORSZ=4096", "-DMEMLIM=2048")
"""No partial-order reduction: every state is checked, since any step may break an invariant. COLLAPSE only stores
states more compactly; hashing that forgets states (-DBITSTATE, -DHC) is never used."""


@dataclass(frozen=True, slots=True)
class Explored:
    """The result of one exhaustive search."""

    errors: int
    states: int
    seconds: float
    where: str
    """The source line of the model that failed; empty without an error, or if the error is a cycle."""
    said: str
    """The program's whole output."""


def explore(
    folder: Path, model: str, bounds: str, *, large: bool = False, cycles: bool = False, claim: str = ""
) -> Explored:
    """Visit every state of ``model`` within ``bounds`` ("N=3 OFFERS=2 …"), working in the empty ``folder``.

    ``large``: worth the compiler's optimisation, which takes longer than most searches. ``cycles``: look for a run
    without end instead of failing assertions. ``claim``: the LTL formula to check, with weak fairness. Fails the test
    if Spin is missing or the search was not exhaustive."""
    flags = [f"-D{bound}" for bound in bounds.split()]
    _run(folder, "spin", "-a", *flags, str(MODELS / model))
    kind, asked = _mode(cycles=cycles, claim=claim)
    _run(folder, "gcc", *COMMON, *kind, "-O1" if large else "-O0", "-o", "pan", "pan.c")
    said = _run(folder, "./pan", "-m3000000", "-w22", *asked)
    errors = _number(r"errors: (\d+)", said)
    for bad in ("max search depth too small", "out of memory", "MEMLIM", "Bit statespace"):
        assert bad not in said, f"the search was not exhaustive: {said}"
    assert errors or "Search not completed" not in said, said
    where = _failed_line(folder, model, flags) if errors and not (cycles or claim) else ""
    return Explored(errors, _number(r"(\d+) states, stored", said), _seconds(said), where, said)


def _mode(*, cycles: bool, claim: str) -> tuple[list[str], list[str]]:
    if cycles:
        return ["-DNP"], ["-l"]
    if claim:
        return ["-DNFAIR=8"], ["-a", "-f", "-N", claim]
    return ["-DSAFETY", "-DNOCLAIM"], []


def _run(folder: Path, *words: str) -> str:
    program = words[0]
    found = folder / program if program.startswith("./") else shutil.which(program)
    assert found, f"{program} is missing: run `make services`, or as root: apt-get install spin gcc libc6-dev"
    done = subprocess.run(
        [str(found), *words[1:]], cwd=folder, capture_output=True, text=True, check=False, timeout=PATIENCE
    )
    said = done.stdout + done.stderr
    assert done.returncode == 0, f"{' '.join(words)} failed:\n{said[-3000:]}"
    return said


def _number(pattern: str, said: str) -> int:
    found = re.search(pattern, said)
    assert found, f"{pattern} is not in what the program printed:\n{said[-3000:]}"
    return int(found[1])


def _seconds(said: str) -> float:
    found = re.search(r"elapsed time ([\d.]+) seconds", said)
    return float(found[1]) if found else 0.0


def _failed_line(folder: Path, model: str, flags: list[str]) -> str:
    """Replay the counterexample and return the line of the model whose assertion failed."""
    told = _run(folder, "spin", "-t", *flags, "-k", f"{model}.trail", str(MODELS / model))
    found = re.search(r"([\w./-]+\.pml):(\d+), Error: assertion violated", told)
    assert found, told[-3000:]
    return (MODELS / Path(found[1]).name).read_text().splitlines()[int(found[2]) - 1].strip()

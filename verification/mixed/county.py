"""A county whose centers each run the previous or the present release, over one RabbitMQ.

It has the six centers of the stories. A center's program may change while the county works.
"""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Self

from bus.contract.messages import LATER_KINDS
from bus.demo.county_keys import keys_of_county
from bus.demo.county_process import Program
from bus.demo.local_county import Audit, LocalCounty
from bus.store import put_off
from stories import play
from stories.stage import CENTERS, Stage
from verification.checker import CenterEvidence, Evidence, Finding, When, check, effects_of, read, wrong
from verification.checker.snapshot import Snapshot
from verification.mixed.dialect import as_toml, for_v0_1_0
from verification.mixed.release import Installed, clean_environment

MakeKeys = Callable[[Path, Mapping[str, str | None]], tuple[Mapping[str, Any], Mapping[str, Any]]]
CLOCKS: Mapping[str, Any] = {"clocks": {"enabled": True}}
LEDGER = "ledger-150402"
OLD, NEW = "old", "new"
"""The names of the two processes, when the centers of one program share one."""
PATIENCE = 300
"""Seconds that any wait may take: a center that starts beside five others takes a while on a small machine."""


class PromiseBroken(AssertionError):
    """A promise was broken where both releases were at work. The text says which, and where."""


def run(command: Sequence[str | Path], folder: Path | None = None) -> str:
    """The output of a command of either program. Raises ``PromiseBroken`` with the output if it fails."""
    done = _ran(command, folder)
    if done.returncode:
        said = f"{done.stdout}{done.stderr}"[-1500:]
        raise PromiseBroken(f"{' '.join(map(str, command[:4]))} … ended with {done.returncode}: {said}")
    return done.stdout


def tried(command: Sequence[str | Path]) -> tuple[int, str]:
    """The exit code of a command that may fail, and all that it has said."""
    done = _ran(command, None)
    return done.returncode, f"{done.stdout}{done.stderr}"


def _ran(command: Sequence[str | Path], folder: Path | None) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        command, check=False, cwd=folder, env=clean_environment(), capture_output=True, text=True, timeout=600
    )


def program_of(before: Installed) -> Program:
    """The old program, as a county starts it."""
    return Program(str(before.python), before.release.county, before.folder, for_v0_1_0)


def keys_by(before: Installed, folder: Path, urls: Mapping[str, str | None]) -> tuple[Any, Any]:
    """The keys and the directory of a county that was set up with the old program."""
    script = f"""
import json, pathlib, sys
from {before.release.keys} import county_keys, store_keys
folder, urls = pathlib.Path(sys.argv[1]), json.loads(sys.argv[2])
print(json.dumps([county_keys(folder, urls), store_keys(folder, urls)]))
"""
    asked = [str(before.python), "-c", script, str(folder), json.dumps(dict(urls))]
    trust, at_rest = json.loads(run(asked, before.folder))
    return trust, at_rest


@dataclass(slots=True)
class MixedCounty:
    """A mixed county: ``open`` it with some centers on the old program, play stories, ``settle``, check, ``close``."""

    folder: Path
    brokers: Mapping[str, str]
    """Center → its URL of the broker."""
    before: Installed
    """The previous release."""
    old: set[str] = field(default_factory=set)
    """The centers that run it."""
    keys_by_old: bool = False
    """Whether the old program makes the keys and the directory."""
    all_on: bool = False
    """Whether all is on that wants every center's present program: the clocks, and masking by the directory."""
    ledger: str | None = None
    """The county's ledger, on the present program."""
    shared: bool = False
    """Whether all old centers share one process and all new ones another: it starts sooner, but none can be stopped
    singly."""
    forgotten: dict[str, list[Snapshot]] = field(default_factory=dict)
    """Center → its snapshots right before a backup was restored."""
    _local: LocalCounty | None = None

    @property
    def local(self) -> LocalCounty:
        """The centers and the simulators. Raises RuntimeError before ``open``."""
        if self._local is None:
            raise RuntimeError("open the county first")
        return self._local

    def __enter__(self) -> Self:
        try:
            self.open()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def open(self) -> None:
        """Start the simulators, then the centers."""
        self._local = LocalCounty(
            self.folder,
            CENTERS,
            routes=play.ROUTES,
            arbiter=play.ARBITER,
            brokers=self.brokers,
            processes="each",
            more={**play.SETTINGS, **(CLOCKS if self.all_on else {})},
            shared={one: OLD if one in self.old else NEW for one in CENTERS} if self.shared else {},
            programs=dict.fromkeys({*self.old, OLD}, program_of(self.before)),
            make_keys=self._keys(),
            ledger=self.ledger,
        )
        self._local.open()

    def _keys(self) -> MakeKeys | None:
        if self.all_on:
            return partial(keys_of_county, arbiter=play.ARBITER, reads=tuple(sorted(LATER_KINDS)))
        return partial(keys_by, self.before) if self.keys_by_old else None

    def close(self) -> None:
        """End everything that was started."""
        if self._local is not None:
            self._local.close()

    # -- people ------------------------------------------------------------------------------------------------------

    def play(self, *names: str) -> list[Stage]:
        """Play stories one after the other."""
        stages = [Stage(self.local, name, patience=PATIENCE) for name in names]
        for stage in stages:
            play.STORIES[stage.story](stage)
        return stages

    # -- what the operators do ---------------------------------------------------------------------------------------

    def stop(self, center: str) -> None:
        """Stop a center in good order."""
        self.local.stop(center)

    def start(self, center: str, *, old: bool | None = None) -> None:
        """Start a center again on the same store, with the other program if given."""
        if old is not None:
            (self.old.add if old else self.old.discard)(center)
        if center in self.old:
            self.local.programs[center] = program_of(self.before)
        else:
            self.local.programs.pop(center, None)
        self.local.start_centers()

    def bus(self, center: str, *words: object) -> str:
        """The output of ``bus WORDS``, run with the center's own program."""
        command = self.before.bus if center in self.old else Path(sys.executable).with_name("bus")
        return run([str(command), *map(str, words)], self.before.folder if center in self.old else None)

    def operate(self, *words: object) -> str:
        """The output of ``bus WORDS`` at the operator's machine, which is upgraded first."""
        return run([str(Path(sys.executable).with_name("bus")), *map(str, words)])

    def settings_file(self, center: str) -> Path:
        """The center's settings as a file, with its program's names."""
        path = self.folder / f"{center}.toml"
        path.touch(0o600)
        path.write_text(as_toml(self.local.plan_of(center).centers[0]), encoding="utf-8")
        return path

    def back_up(self, center: str, to: Path) -> None:
        """Copy the store of a stopped center."""
        to.mkdir(parents=True)
        for path in self._files(center):
            shutil.copy2(path, to / path.name)

    def put_back(self, center: str, backup: Path) -> None:
        """Restore a copy as the store of a stopped center."""
        self.forgotten.setdefault(center, []).append(read(self.local.store(center)))
        self.local.close_store(center)
        for path in self._files(center):
            path.unlink()
        for path in backup.iterdir():
            shutil.copy2(path, self.folder / path.name)

    def _files(self, center: str) -> Collection[Path]:
        return sorted(self.folder.glob(f"{center}.db*"))

    # -- looking -----------------------------------------------------------------------------------------------------

    def settle(self) -> Audit:
        """Wait until nothing is pending, and judge. Raises ``PromiseBroken`` with what was not kept."""
        self.local.until("nothing on its way", self.local.drained, PATIENCE)
        audit = self.local.audit()
        if (audit.answered, audit.lost, audit.twice, audit.parked) != (audit.cases, 0, 0, 0) or not audit.cases:
            raise PromiseBroken(f"{audit}")
        self._judge()
        self._nobody_put_off()
        return audit

    def _judge(self) -> None:
        """Run the checker on the stores of all centers; receipts that are still owed get a moment to leave."""
        findings: list[Finding] = []
        excuses = ("restored",) if self.forgotten else ()  # its journal does not show what it relearned

        def none() -> bool:
            findings[:] = wrong(check(self.evidence(), When.DRAINED), excuses)
            return not findings

        try:
            self.local.until("no finding of the checker", none, 120)
        except TimeoutError:
            raise PromiseBroken("; ".join(map(str, findings[:10]))) from None

    def _nobody_put_off(self) -> None:
        """Check that no honest center meets a quota. Raises ``PromiseBroken``."""
        for center in set(CENTERS) - self.old:
            with self.local.store(center).reading() as tx:
                over = put_off.listed(tx, 0)
            if over:
                raise PromiseBroken(f"{center} put off {over[0]['peer']}: {over[0]['quota']}")

    def evidence(self) -> Evidence:
        """The evidence of the county so far."""
        effects = {center: effects_of(self.local.backends[center].effects) for center in CENTERS}
        seats = {
            center: CenterEvidence(
                center,
                read(self.local.store(center)),
                effects[center],
                forgotten=self.forgotten.get(center, ()),
                recovered=center in self.forgotten,
            )
            for center in CENTERS
        }
        return Evidence(seats, masks=self.all_on)

"""A past release: its commit id in ``releases.toml``, and its program, built from the history, in its own venv."""

import fcntl
import os
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
"""The checkout."""
BUILT = ROOT / ".local" / "releases"
"""The folder of the built old programs, which stay for the next run."""


class NoRelease(RuntimeError):
    """The program of a release cannot be built. The text says why and the cure, in Chinese and in English."""


@dataclass(frozen=True, slots=True)
class Release:
    """One release, as ``releases.toml`` lists it."""

    version: str
    commit: str
    county: str
    """The module that runs a plan."""
    keys: str
    """The module that makes the keys of a county."""

    @property
    def name(self) -> str:
        """The name of its folder."""
        return f"{self.version}-{self.commit[:7]}"


@dataclass(frozen=True, slots=True)
class Installed:
    """The program of a release: its source tree with a venv in it."""

    release: Release
    folder: Path

    @property
    def python(self) -> Path:
        """The Python that imports it."""
        return self.folder / ".venv" / "bin" / "python"

    @property
    def bus(self) -> Path:
        """The command."""
        return self.folder / ".venv" / "bin" / "bus"


def releases(root: Path = ROOT) -> dict[str, Release]:
    """Every release by its version, the oldest first."""
    listed = tomllib.loads((root / "releases.toml").read_text(encoding="utf-8"))["release"]
    return {one["version"]: Release(**one) for one in listed}


def previous(root: Path = ROOT) -> Release:
    """The newest release: the one that a county upgrades from."""
    return list(releases(root).values())[-1]


def installed(release: Release, root: Path = ROOT, built: Path = BUILT) -> Installed:
    """The program of a release, built if missing. Several processes may ask at once: one builds, the others wait.
    Raises ``NoRelease``."""
    found = Installed(release, built / release.name)
    built.mkdir(parents=True, exist_ok=True)
    with _alone(built / f"{release.name}.lock"):
        if not (found.folder / ".ci").is_dir():
            _unpack(release, root, found.folder)
        _furnish(found)
    return found


@contextmanager
def _alone(lock: Path) -> Iterator[None]:
    with lock.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _unpack(release: Release, root: Path, folder: Path) -> None:
    """Unpack the source tree into its folder: whole or not at all."""
    _need_history(release, root)
    beside = folder.with_name(f"{folder.name}.new")
    shutil.rmtree(beside, ignore_errors=True)
    beside.mkdir()
    if not unpack(release.commit, beside, root):
        raise NoRelease(_no_history(release, "git fetch origin main"))
    shutil.rmtree(folder, ignore_errors=True)
    beside.rename(folder)


def unpack(commit: str, folder: Path, root: Path = ROOT) -> bool:
    """Unpack the source tree of a commit into a folder. False if the history here does not have it."""
    archive = _git(root, "archive", commit)
    if archive.returncode == 0:
        subprocess.run(["tar", "-x", "-C", str(folder)], check=True, input=archive.stdout)
    return archive.returncode == 0


def _need_history(release: Release, root: Path) -> None:
    if _git(root, "cat-file", "-e", f"{release.commit}^{{commit}}").returncode == 0:
        return
    shallow = _git(root, "rev-parse", "--is-shallow-repository")
    if shallow.returncode:
        raise NoRelease(_no_history(release, "git clone"))
    cure = "git fetch --unshallow" if shallow.stdout.strip() == b"true" else "git fetch origin main"
    raise NoRelease(_no_history(release, cure))


def _no_history(release: Release, cure: str) -> str:
    what = f"v{release.version} ({release.commit[:12]})"
    if cure == "git clone":
        return (
            f"此处没有 git 历史，取不到 {what} 的程序：请安装 git，并用 git clone 取得完整仓库。 / "
            f"There is no git history here to take the program of {what} from: install git, and get the repository "
            "with git clone."
        )
    return (
        f"历史中没有 {what} 的提交：请运行 {cure}。 / "
        f"The history here does not reach back to the commit of {what}: run {cure}."
    )


def _git(root: Path, *words: str) -> "subprocess.CompletedProcess[bytes]":
    # the checkout may belong to another user, as it often does in CI's containers
    command = ["git", "-c", "safe.directory=*", "-C", str(root), *words]
    try:
        return subprocess.run(command, check=False, capture_output=True)
    except FileNotFoundError:
        return subprocess.CompletedProcess(command, 127, b"", b"")


def _furnish(found: Installed) -> None:
    """Make the venv with that release's own script and locks, if it is missing."""
    environment = clean_environment()
    environment.setdefault("PYTHON", sys.executable)
    if not environment["PYTHON"]:
        environment["PYTHON"] = sys.executable
    done = subprocess.run(
        [".ci/venv", "runtime"], check=False, cwd=found.folder, env=environment, capture_output=True, text=True
    )
    if done.returncode:
        raise NoRelease(
            f"v{found.release.version} 的虚拟环境未能建成 / the venv of v{found.release.version} could not be made "
            f"(.ci/venv runtime):\n{(done.stdout + done.stderr)[-2000:]}"
        )


def clean_environment() -> dict[str, str]:
    """Our environment without variables that would make another Python import from here."""
    return {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "PYTHONHOME")}

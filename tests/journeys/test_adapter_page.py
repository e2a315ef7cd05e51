"""``docs/adapter.md``: it shows the adapter that lies in ``examples``, and its commands do what it says."""

import os
import re
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from tests.unit.test_docs import ROOT, fenced

PAGE = ROOT / "docs" / "adapter.md"
CHINESE = PAGE.with_name("adapter.zh-CN.md")
EXAMPLE = ROOT / "examples" / "command_center"
SHOWN = re.compile(r"^\[`([^`]+)`\]\(\.\./examples/command_center/\1\)\n\n```\w+\n(.*?)^```$", re.DOTALL | re.MULTILINE)

VERDICT = r"demo: (\d+) cases, \1 answered, 0 lost, 0 applied twice, 0 parked"


def environment(folder: Path) -> dict[str, str]:
    """A virtual environment over this one, into which the page may install."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
    where = sysconfig.get_path("purelib", vars={"base": str(folder), "platbase": str(folder)})
    below = sysconfig.get_path("purelib")
    Path(where, "below.pth").write_text(f"import site; site.addsitedir({below!r})\n", encoding="utf-8")
    command = folder / "bin" / "bus"
    command.write_text(f'#!/bin/sh\nexec {folder}/bin/python -m bus "$@"\n', encoding="utf-8")
    command.chmod(0o755)
    path = os.pathsep.join([str(folder / "bin"), os.environ["PATH"]])
    return {**os.environ, "PATH": path, "PIP_DISABLE_PIP_VERSION_CHECK": "1"}


@pytest.mark.parametrize("page", [PAGE, CHINESE], ids=lambda page: page.name)
def test_what_it_shows_is_what_lies_there(page: Path) -> None:
    """Each file of the adapter is shown whole, and word for word; the commands are the same in both languages."""
    assert fenced(page, "sh") == fenced(PAGE, "sh")
    shown = dict(SHOWN.findall(page.read_text(encoding="utf-8")))
    package = {path.relative_to(EXAMPLE).as_posix() for path in EXAMPLE.glob("county_command/*.*")}
    assert shown.keys() >= package - {"county_command/__init__.py"}
    for name, text in shown.items():
        assert text == (EXAMPLE / name).read_text(encoding="utf-8"), name


def test_its_commands_do_what_it_says(tmp_path: Path) -> None:
    """From the package to the demo: installed, judged by the suite, found, in a story, and looked at by doctor."""
    home = tmp_path / "home"
    home.mkdir()
    for name in ("examples", "pyproject.toml", "stories"):
        (home / name).symlink_to(ROOT / name)
    told = []
    env = environment(tmp_path / "venv")
    for script in fenced(PAGE, "sh"):
        done = subprocess.run(
            ["/bin/sh", "-e", "-c", script], cwd=home, env=env, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, f"{script}\n{done.stdout[-6000:]}\n{done.stderr[-2000:]}"
        told.append(done.stdout)
    suite, demo, doctor = told
    assert re.search(r"\b18 passed", suite), suite
    assert "command_center  county_command" in demo or "county_command" in demo, demo[:600]
    assert "Command center, Hongshan District" in demo
    assert sorted({*re.findall(r"^(S\d\d) ", demo, re.MULTILINE)}) == [f"S{number:02}" for number in range(1, 23)]
    assert re.fullmatch(VERDICT, demo.splitlines()[-1])
    assert "every 5 s its system is asked: New tickets and acts (events)" in doctor
    assert "Command center: county_command (county-command 1.0)" in doctor

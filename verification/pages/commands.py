"""The commands of a page: its code blocks, section by section, cut into what a person enters at once."""

import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

BLOCK = re.compile(r"^```sh\n(.*?)^```$", re.DOTALL | re.MULTILINE)
HEREDOC = re.compile(r"<<'?(\w+)'?")
WORDS_OF_A_LOOP = re.compile(r"(for .* in .*|do|done|then|fi)?")


@dataclass(frozen=True, slots=True)
class Section:
    """One heading of the second level, and the commands below it."""

    heading: str
    commands: tuple[str, ...]


def sections(page: Path) -> list[Section]:
    """The sections of a page that have commands, in order."""
    parts = re.split(r"^## ", page.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]
    found = [
        (part.partition("\n")[0], [one for block in BLOCK.findall(part) for one in entered(block)]) for part in parts
    ]
    return [Section(heading, tuple(commands)) for heading, commands in found if commands]


def entered(block: str) -> Iterator[str]:
    """What of a block is entered at once: a line, or several where one alone is not whole (a here-document, a loop)."""
    waiting = ""
    for line in block.splitlines():
        waiting += f"{line}\n"
        if not waiting.strip() or waiting.lstrip().startswith("#"):
            waiting = ""
        elif _whole(waiting):
            yield waiting.rstrip("\n")
            waiting = ""
    assert not waiting, f"a block ends in the middle of a command: {waiting}"


def _whole(text: str) -> bool:
    """Whether the shell has all that it waits for."""
    if text.endswith("\\\n"):
        return False
    asked = subprocess.run(["bash", "-n"], input=text, capture_output=True, text=True, check=False)
    return asked.returncode == 0 and not asked.stderr  # a here-document without its end is only warned of


def count(command: str) -> int:
    """How many commands a person gives with it: each of those joined by ``&&`` or ``;``, and each of a loop."""
    lines, inside = [], ""
    for line in command.splitlines():
        if inside:
            inside = "" if line == inside else inside
            continue
        lines.append(line)
        inside = found[1] if (found := HEREDOC.search(line)) else ""
    text = re.sub(r"'[^']*'|\"[^\"]*\"|\$\(.*?\)", "…", "\n".join(lines).replace("\\\n", " "))
    parts = [part.strip() for part in re.split(r"&&|;|\n|&(?= |$)", text)]
    return len([part for part in parts if not WORDS_OF_A_LOOP.fullmatch(part)])

"""``python -m verification.examples``: runs the pages' examples in languages that the tests do not install.

Of ``docs/signing.md`` the code for Node, PHP and Java, against the page's own vector; then clients in TypeScript, Go
and Java, generated from the ``openapi.json`` of running centers.
"""

import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from subprocess import CalledProcessError

from verification.clients.proof import faults
from verification.clients.tools import ensure_tools
from verification.services import ServiceUnavailable

PAGE = Path(__file__).resolve().parents[1] / "docs" / "signing.md"
RUNS: dict[str, tuple[str, Callable[[str], list[str]]]] = {
    "js": ("signing.js", lambda file: ["node", file]),
    "php": ("signing.php", lambda file: ["php", file]),
    "java": ("Signing.java", lambda file: ["java", "-Dfile.encoding=UTF-8", file]),
}
"""Language of the page → its file, its command."""


def vector(page: str) -> list[str]:
    """The test vector: secret, id, timestamp, body, and the expected signature."""
    return re.findall(r"^\|[^|]*\| `(.*)` \|$", page, re.MULTILINE)[-5:]


def fault_of(language: str, page: str) -> str:
    """What is wrong with the code of one language; empty where it signs as the vector says."""
    name, command = RUNS[language]
    (code,) = re.findall(rf"^```{language}\n(.*?)^```$", page, re.DOTALL | re.MULTILINE)
    *parts, wanted = vector(page)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, name)
        file.write_text(code, encoding="utf-8")
        done = subprocess.run([*command(str(file)), *parts], capture_output=True, text=True, check=False)
    got = done.stdout.strip()
    return "" if got == wanted else f"signs {got or done.stderr[-300:]}, not {wanted}"


def main() -> int:
    """Try each; 1 where one is wrong, 2 where the tools cannot be had."""
    wrong = 0
    try:
        for what, fault in _all():
            wrong += bool(fault)
            print(f"{what:18} {fault or 'ok'}", flush=True)  # noqa: T201 - a command
    except (ServiceUnavailable, CalledProcessError) as error:
        print(error, file=sys.stderr)  # noqa: T201 - a command
        return 2
    return int(wrong > 0)


def _all() -> Iterator[tuple[str, str]]:
    ensure_tools()
    page = PAGE.read_text(encoding="utf-8")
    for language in RUNS:
        yield f"signing.md {language}", fault_of(language, page)
    for language, fault in faults():
        yield f"client {language}", fault


if __name__ == "__main__":
    sys.exit(main())

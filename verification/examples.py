"""``python -m verification.examples``: runs the pages' examples in languages that the tests do not install.

Of ``docs/signing.md`` it runs the code for Node, PHP and Java, against the page's own test vector.
"""

import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

PAGE = Path(__file__).resolve().parents[1] / "docs" / "signing.md"
CURES = {"node": "nodejs", "php": "php-cli", "java": "openjdk-17-jdk-headless"}
"""The Debian package of each program."""
RUNS: dict[str, tuple[str, str, Callable[[str], list[str]]]] = {
    "js": ("node", "signing.js", lambda file: ["node", file]),
    "php": ("php", "signing.php", lambda file: ["php", file]),
    "java": ("java", "Signing.java", lambda file: ["java", "-Dfile.encoding=UTF-8", file]),
}
"""Language of the page → its program, file name and command."""


def vector(page: str) -> list[str]:
    """The test vector: secret, id, timestamp, body, and the expected signature."""
    return re.findall(r"^\|[^|]*\| `(.*)` \|$", page, re.MULTILINE)[-5:]


def fault_of(language: str, page: str) -> str:
    """The fault in the code of one language; empty if it signs as the vector expects."""
    program, name, command = RUNS[language]
    if shutil.which(program) is None:
        return f"{program} is missing: apt-get install {CURES[program]}"
    (code,) = re.findall(rf"^```{language}\n(.*?)^```$", page, re.DOTALL | re.MULTILINE)
    *parts, wanted = vector(page)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, name)
        file.write_text(code, encoding="utf-8")
        done = subprocess.run([*command(str(file)), *parts], capture_output=True, text=True, check=False)
    got = done.stdout.strip()
    return "" if got == wanted else f"signs {got or done.stderr[-300:]}, not {wanted}"


def main() -> int:
    """Run each language; 1 if one is wrong or cannot be run."""
    page, wrong = PAGE.read_text(encoding="utf-8"), 0
    for language in RUNS:
        fault = fault_of(language, page)
        wrong += bool(fault)
        print(f"{language:5} {fault or 'ok'}")  # noqa: T201 - a command
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main())

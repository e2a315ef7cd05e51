"""A unit and its environment files, read as systemd reads them."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

FOLDERS = (Path("/etc/systemd/system"), Path("/lib/systemd/system"))
STATE = Path("/run/systemd-stand-in")
IGNORED = re.compile(
    r"Ambient\w+|Capability\w+|Device\w+|IPAddress\w+|KeyringMode|Lock\w+|Memory\w+|NoNewPrivileges|OOMScoreAdjust|Private\w+|"
    r"Proc\w+|Protect\w+|Read\w+Paths|RemoveIPC|Restrict\w+|Socket\w+|StandardError|SyslogIdentifier|SystemCall\w+|Tasks\w+"
)
DONE = re.compile(
    r"Environment(File)?|ExecSt(art|op)|Group|Limit(CORE|NOFILE)|NotifyAccess|Restart(Sec)?|StandardOutput|StateDirectory(Mode)?|"
    r"Timeout(Start|Stop)Sec|Type|UMask|User|WatchdogSec|WorkingDirectory"
)
"""The keys that are heeded. ``ExecStop`` is not run: a signal ends each of these services as well."""
_QUOTED = r"""'[^']*'|"(?:[^"\\]|\\.)*\""""
LINE = re.compile(rf"^[ \t]*([A-Za-z_]\w*)[ \t]*=[ \t]*((?:{_QUOTED})*)((?:\\.|[^\\\n])*)$", re.MULTILINE | re.DOTALL)
"""The name, what stands in quotes, and the rest of the line, in which a quote is a letter as any other."""
UNITS_OF_TIME = {"": 1.0, "s": 1.0, "sec": 1.0, "ms": 0.001, "min": 60.0, "h": 3600.0}


class Refused(Exception):
    """What is told to whoever called, with exit code 1."""


class Unit:
    """One service, as its files say at the last ``daemon-reload``."""

    def __init__(self, name: str) -> None:
        self.name = name.removesuffix(".service")
        self.template, _, self.instance = self.name.partition("@")
        self.folder = STATE / self.name
        self.folder.mkdir(parents=True, exist_ok=True)
        loaded = self.folder / "loaded"
        if not loaded.exists():
            loaded.write_text("\n".join(file.read_text(encoding="utf-8") for file in self._files()), encoding="utf-8")
        self.service: dict[str, list[str]] = {}
        for key, value in _lines(loaded.read_text(encoding="utf-8"), "Service"):
            if not (DONE.fullmatch(key) or IGNORED.fullmatch(key)):
                raise Refused(f"{self.name}: the stand-in for systemd knows no {key}=")
            given = self.service.setdefault(key, [])
            given.append(self._filled(value)) if value else given.clear()

    def one(self, key: str, otherwise: str = "") -> str:
        """The last value of a key."""
        return self.service.get(key, [otherwise])[-1] if self.service.get(key) else otherwise

    def seconds(self, key: str, otherwise: float) -> float:
        """A span of time."""
        found = re.fullmatch(r"([\d.]+) *([a-z]*)", self.one(key))
        return float(found[1]) * UNITS_OF_TIME[found[2]] if found else otherwise

    def state(self) -> dict[str, object]:
        """What its supervisor has noted."""
        try:
            told: dict[str, object] = json.loads((self.folder / "state").read_text())
        except (OSError, ValueError):
            return {"active": "inactive", "main": 0, "restarts": 0}
        return told

    def _files(self) -> Iterator[Path]:
        names = [f"{self.name}.service"] + ([f"{self.template}@.service"] if self.instance else [])
        found = next((folder / one for one in names for folder in FOLDERS if (folder / one).exists()), None)
        if found is None:
            raise Refused(f"Unit {self.name}.service not found.")
        yield found
        for one in reversed(names):
            yield from sorted((FOLDERS[0] / f"{one}.d").glob("*.conf"))

    def _filled(self, value: str) -> str:
        values = {"i": self.instance, "n": f"{self.name}.service", "p": self.template, "%": "%"}
        return re.sub("%(.)", lambda found: values[found[1]], value)


def _lines(text: str, section: str) -> Iterator[tuple[str, str]]:
    at = ""
    for line in text.replace("\\\n", " ").splitlines():
        if heading := re.fullmatch(r"\[(.*)\]", line.strip()):
            at = heading[1]
        elif at == section and line.strip() and line.lstrip()[0] not in "#;":
            key, _, value = line.partition("=")
            yield key.strip(), value.strip()


def environment_file(text: str) -> dict[str, str]:
    """What ``EnvironmentFile`` reads, by systemd.exec(5).

    Quotes are taken off. In single ones all stands for itself; in double ones a backslash stands for itself but before
    a quote, a backquote, ``$`` and another; outside of them a backslash goes.
    """
    found = {}
    for name, quoted, bare in LINE.findall(text):
        parts = [_plain(part) for part in re.findall(_QUOTED, quoted, re.DOTALL)]
        found[name] = "".join(
            [*parts, re.sub(r"\\(.)", lambda one: one[1].strip("\n"), bare.rstrip(), flags=re.DOTALL)]
        )
    return found


def _plain(quoted: str) -> str:
    inside = quoted[1:-1]
    if quoted[0] == "'":
        return inside
    return re.sub(r"\\([\n\"\\`$])", lambda one: one[1].strip("\n"), inside)

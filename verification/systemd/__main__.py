"""``systemctl`` and ``journalctl``, as far as our pages use them."""

import os
import signal
import sys
import time
from collections.abc import Callable

from verification.systemd.supervisor import Supervisor
from verification.systemd.unit import STATE, Refused, Unit


def _wait_for(unit: Unit, done: Callable[[str], bool], seconds: float) -> str:
    end = time.monotonic() + seconds
    while not done(str(unit.state()["active"])) and time.monotonic() < end:
        time.sleep(0.05)
    return str(unit.state()["active"])


def begin(unit: Unit) -> None:
    """``systemctl start``: returns when the service says that it is ready. Raises ``Refused`` where it has failed."""
    if unit.state()["active"] in {"active", "activating"}:
        return
    (unit.folder / "state").unlink(missing_ok=True)
    if os.fork() == 0:
        os.setsid()
        with open(os.devnull, "r+b") as nothing:
            for stream in range(3):
                os.dup2(nothing.fileno(), stream)
        Supervisor(unit).run()
        os._exit(0)
    if _wait_for(unit, {"active", "failed"}.__contains__, unit.seconds("TimeoutStartSec", 90)) != "active":
        log = (unit.folder / "log").read_text(errors="replace") if (unit.folder / "log").exists() else ""
        raise Refused(f"Job for {unit.name}.service failed.\n{log[-3000:]}")


def end(unit: Unit) -> None:
    """``systemctl stop``: returns when the process has ended."""
    if unit.state()["active"] in {"active", "activating"}:
        os.kill(int((unit.folder / "supervisor").read_text()), signal.SIGTERM)
        _wait_for(unit, {"inactive", "failed"}.__contains__, unit.seconds("TimeoutStopSec", 90) + 10)


def systemctl(words: list[str]) -> int:
    """The exit code of ``systemctl WORDS``."""
    options = [word for word in words if word.startswith("-")]
    verb, *names = [word for word in words if not word.startswith("-")]
    if verb == "daemon-reload":
        for loaded in STATE.glob("*/loaded"):
            loaded.unlink()
        return 0
    for unit in map(Unit, names):
        if verb in {"stop", "restart", "disable"} and (verb != "disable" or "--now" in options):
            end(unit)
        if verb in {"start", "restart", "enable"} and (verb != "enable" or "--now" in options):
            begin(unit)
        if verb == "is-active":
            _say(unit.state()["active"])
        if verb == "show":
            told = unit.state()
            known = {"NRestarts": told["restarts"], "MainPID": told["main"], "ActiveState": told["active"]}
            _say("\n".join(f"{key}={value}" for key, value in known.items() if f"--property={key}" in options))
    if verb not in {"start", "stop", "restart", "enable", "disable", "is-active", "show"}:
        raise Refused(f"the stand-in for systemd knows no systemctl {verb}")
    return 0


def journalctl(words: list[str]) -> int:
    """What a unit has written: ``journalctl -u UNIT [-n LINES] [-o cat]``."""
    given = dict(zip(words[::2], words[1::2], strict=True))
    if given.keys() - {"-u", "-n", "-o"}:
        raise Refused(f"the stand-in for systemd knows no journalctl {' '.join(words)}")
    log = Unit(given["-u"]).folder / "log"
    lines = log.read_text(errors="replace").splitlines() if log.exists() else []
    _say("\n".join(lines[-int(given.get("-n", "1000")) :]))
    return 0


def _say(text: object) -> None:
    sys.stdout.write(f"{text}\n")


if __name__ == "__main__":
    try:
        sys.exit({"systemctl": systemctl, "journalctl": journalctl}[sys.argv[1]](sys.argv[2:]))
    except Refused as why:
        sys.stderr.write(f"{why}\n")
        sys.exit(1)

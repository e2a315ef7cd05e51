"""What systemd is to one service: it starts it, hears it, ends it, and starts it again."""

import grp
import json
import os
import pwd
import resource
import shlex
import signal
import socket
import struct
import subprocess
import time
from pathlib import Path

from verification.systemd.unit import Refused, Unit, environment_file

PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin"


class Supervisor:
    """What systemd is to one service: it starts it, hears it, ends it, starts it again."""

    def __init__(self, unit: Unit) -> None:
        self.unit, self.restarts, self.stopping, self.told = unit, 0, False, False
        self.process: subprocess.Popen[bytes] | None = None
        path = unit.folder / "notify"
        path.unlink(missing_ok=True)
        self.line = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.line.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
        self.line.bind(str(path))
        path.chmod(0o666)
        self.line.settimeout(0.1)
        for name in (signal.SIGTERM, signal.SIGUSR1):
            signal.signal(name, self._stop)

    def run(self) -> None:
        """Until it is stopped, or has ended and is not to be started again."""
        (self.unit.folder / "supervisor").write_text(str(os.getpid()))
        try:
            while self._once() and not self.stopping:
                self.restarts += 1
                self._note("activating")
                self._sleep(self.unit.seconds("RestartSec", 0.1))
        except Exception as trouble:  # whatever it is, whoever waits for the start is to hear of it
            self._log(f"{self.unit.name}: {type(trouble).__name__}: {trouble}")
            self._note("failed")
            return
        self._note("inactive" if self.stopping else "failed")

    def _once(self) -> bool:
        """One life of the process; whether it is to be started again."""
        unit, self.told = self.unit, unit_is_simple(self.unit)
        self.process = start(unit, str(unit.folder / "notify"))
        self._note("active" if self.told else "activating")
        begun = heard = time.monotonic()
        watchdog = unit.seconds("WatchdogSec", 0)
        while self.process.poll() is None:
            if self.stopping:
                self._end()
                break
            if self._heard():
                heard = time.monotonic()
            late = watchdog and self.told and time.monotonic() - heard > watchdog
            if late or (not self.told and time.monotonic() - begun > unit.seconds("TimeoutStartSec", 90)):
                self._log(f"{unit.name}: {'watchdog' if late else 'start'} timeout, SIGABRT")
                os.killpg(self.process.pid, signal.SIGABRT)
                self._kill_after(5)
        code = self.process.wait()
        self._log(f"{unit.name}: main process exited, {code}")
        again = unit.one("Restart", "no")
        return again == "always" or (again == "on-failure" and code != 0)

    def _heard(self) -> bool:
        """Whether the process has said anything that counts, within a tenth of a second."""
        try:
            words, credentials, _, _ = self.line.recvmsg(4096, socket.CMSG_SPACE(12))
        except TimeoutError:
            return False
        pid = struct.unpack("3i", credentials[0][2])[0]
        assert self.process is not None
        if self.unit.one("NotifyAccess", "main") == "main" and pid != self.process.pid:
            return False
        if b"READY=1" in words.split(b"\n"):
            self.told = True
            self._note("active")
        return True

    def _end(self) -> None:
        assert self.process is not None
        os.killpg(self.process.pid, signal.SIGTERM)
        self._kill_after(self.unit.seconds("TimeoutStopSec", 90))

    def _kill_after(self, seconds: float) -> None:
        assert self.process is not None
        try:
            self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self._log(f"{self.unit.name}: SIGKILL after {seconds:g} s")
            os.killpg(self.process.pid, signal.SIGKILL)

    def _stop(self, *_: object) -> None:
        self.stopping = True

    def _sleep(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        while not self.stopping and time.monotonic() < end:
            time.sleep(0.05)

    def _note(self, active: str) -> None:
        main = self.process.pid if self.process and self.process.returncode is None else 0
        told = {"active": active, "main": main, "restarts": self.restarts}
        (self.unit.folder / "state.new").write_text(json.dumps(told))
        (self.unit.folder / "state.new").replace(self.unit.folder / "state")

    def _log(self, line: str) -> None:
        with (self.unit.folder / "log").open("a") as log:
            log.write(f"{line}\n")


def unit_is_simple(unit: Unit) -> bool:
    """Whether it counts as up once its process runs."""
    kind = unit.one("Type", "simple")
    if kind not in {"simple", "exec", "notify"}:
        raise Refused(f"{unit.name}: the stand-in for systemd knows no Type={kind}")
    return kind != "notify"


def start(unit: Unit, notify: str) -> subprocess.Popen[bytes]:
    """Start its program as the unit says. Raises ``Refused``, ``OSError`` and ``KeyError`` as systemd would fail."""
    user = pwd.getpwnam(unit.one("User", "root"))
    group = grp.getgrnam(unit.one("Group")).gr_gid if unit.one("Group") else user.pw_gid
    for name in unit.one("StateDirectory").split():
        folder = Path("/var/lib", name)
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(int(unit.one("StateDirectoryMode", "0755"), 8))
        os.chown(folder, user.pw_uid, group)
    env = {"PATH": PATH, "LANG": "C.UTF-8", "USER": user.pw_name, "HOME": user.pw_dir, "NOTIFY_SOCKET": notify}
    env |= dict(part.split("=", 1) for line in unit.service.get("Environment", []) for part in shlex.split(line))
    if watchdog := unit.seconds("WatchdogSec", 0):
        env["WATCHDOG_USEC"] = str(int(watchdog * 1e6))
    for file in unit.service.get("EnvironmentFile", []):
        if file.startswith("-") and not Path(file[1:]).exists():
            continue
        env |= environment_file(Path(file.removeprefix("-")).read_text(encoding="utf-8"))
    command = shlex.split(unit.one("ExecStart"))
    if not command or command[0][0] in "-@+!:" or any("$" in word for word in command):
        raise Refused(f"{unit.name}: the stand-in for systemd cannot run ExecStart={unit.one('ExecStart')}")
    _limit(unit)
    output = unit.one("StandardOutput").removeprefix("append:") or str(unit.folder / "log")
    with open(output, "ab") as log:
        return subprocess.Popen(
            command,
            env=env,
            cwd=unit.one("WorkingDirectory", "/"),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            user=user.pw_uid,
            group=group,
            extra_groups=os.getgrouplist(user.pw_name, group),
            umask=int(unit.one("UMask", "0022"), 8),
        )


def _limit(unit: Unit) -> None:
    """Set the unit's limits for this process, and so for what it starts; never above what it may."""
    for name, kind in (("LimitCORE", resource.RLIMIT_CORE), ("LimitNOFILE", resource.RLIMIT_NOFILE)):
        if wanted := unit.one(name):
            most = resource.getrlimit(kind)[1]
            bound = int(wanted) if most == resource.RLIM_INFINITY else min(int(wanted), most)
            resource.setrlimit(kind, (bound, bound))

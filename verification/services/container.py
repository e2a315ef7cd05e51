"""A server in a container, for machines where a Docker daemon answers. Needs the package testcontainers."""

import functools
import importlib.util
import os
import socket
import sys
from collections.abc import Mapping
from typing import Any

from verification.services.allocation import LOOPBACK, ServiceUnavailable

CHOICE = "BUS_TEST_SERVICES"


@functools.cache
def containers_wanted() -> bool:
    """Whether servers are containers: BUS_TEST_SERVICES decides, else whether a Docker daemon answers."""
    choice = os.environ.get(CHOICE, "auto")
    if choice not in {"auto", "private", "container"}:
        raise ServiceUnavailable(
            f"{CHOICE}={choice} 无效：请设为 auto、private 或 container。\n"
            f"{CHOICE}={choice} is unknown: set it to auto, private or container."
        )
    if choice != "auto":
        return choice == "container"
    return _docker_answers()


def _docker_answers() -> bool:
    """Whether the package testcontainers is installed and the daemon at DOCKER_HOST answers OK.

    Only unix sockets and plain TCP are asked; for a daemon behind TLS or SSH set BUS_TEST_SERVICES=container."""
    scheme, _, place = os.environ.get("DOCKER_HOST", "unix:///var/run/docker.sock").partition("://")
    if importlib.util.find_spec("testcontainers") is None or scheme not in {"unix", "tcp"}:
        return False
    host, _, port = place.partition(":")
    # by hand: both docker's client and httpx leave their socket open when a unix socket refuses them
    with socket.socket(socket.AF_UNIX if scheme == "unix" else socket.AF_INET) as line:
        line.settimeout(3)
        try:
            line.connect(place if scheme == "unix" else (host, int(port or 2375)))
            line.sendall(b"GET /_ping HTTP/1.0\r\nHost: docker\r\n\r\n")
            return b" 200 " in line.recv(64)
        except OSError:
            return False


class Container:
    """One container whose ports stay the same across a kill and restart."""

    def __init__(self, image: str, *, env: Mapping[str, str], ports: Mapping[int, int], command: str = "") -> None:
        """``ports`` maps ports inside to ports on loopback outside."""
        self._image, self._env, self._ports, self._command = image, env, ports, command
        self._container: Any = None

    @property
    def running(self) -> bool:
        if self._container is None:
            return False
        wrapped = self._container.get_wrapped_container()
        wrapped.reload()
        return bool(wrapped.status == "running")

    @property
    def pids(self) -> list[int]:
        """Empty: the processes belong to the Docker daemon."""
        return []

    def start(self) -> None:
        if self._container is not None:
            self._container.get_wrapped_container().start()
            return
        from testcontainers.core.container import (  # noqa: PLC0415 - only this flavour needs it; a center's machine does not have it
            DockerContainer,
        )

        container = DockerContainer(self._image).with_envs(**self._env)
        container.with_kwargs(ports={f"{inside}/tcp": (LOOPBACK, outside) for inside, outside in self._ports.items()})
        if self._command:
            container.with_command(self._command)
        sys.stderr.write(f"Starting a container of {self._image}\n")
        self._container = container.start()

    def terminate(self) -> None:
        self._container.get_wrapped_container().stop()

    def abort(self) -> None:
        """SIGQUIT: PostgreSQL's immediate shutdown."""
        self._container.get_wrapped_container().kill(signal="SIGQUIT")
        self._container.get_wrapped_container().wait(timeout=60)

    def kill9(self) -> None:
        if self.running:
            self._container.get_wrapped_container().kill()

    def freeze(self) -> None:
        self._container.get_wrapped_container().pause()

    def thaw(self) -> None:
        self._container.get_wrapped_container().unpause()

    def remove(self) -> None:
        if self._container is not None:
            self._container.stop()
            self._container = None

    def ctl(self, tool: str, *arguments: str, timeout: float) -> str:
        """The output of a program inside; raises RuntimeError if it fails. ``timeout`` in seconds, enforced inside."""
        code, said = self._container.exec(["timeout", f"{timeout:g}", tool, *arguments])
        if code != 0:
            raise RuntimeError(f"{tool} {arguments[0]} failed ({code}):\n{said.decode(errors='replace')}")
        return str(said.decode(errors="replace"))

    def last_words(self) -> str:
        """The end of the server's output, for the error text."""
        return str(self._container.get_wrapped_container().logs(tail=30).decode(errors="replace"))

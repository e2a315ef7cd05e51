"""What makes and compiles the clients: Debian's packages, the generator of ``.venv-clients``, npm's compiler.

Everything that is fetched is pinned by its hash: by ``requirements-clients.lock`` and ``programs/package-lock.json``.
"""

import os
import shutil
import subprocess
from pathlib import Path

from verification.services.allocation import ServiceUnavailable
from verification.services.debian import install_packages

ROOT = Path(__file__).parents[2]
PROGRAMS = Path(__file__).with_name("programs")
FETCHED = ROOT / ".local" / "clients"
"""Where tools and their caches lie."""
ANNOTATIONS = Path("/usr/share/java/jakarta-annotation-api.jar")
GO_LIBRARIES = Path("/usr/share/gocode")
NEEDED = {
    "nodejs": lambda: shutil.which("node"),
    "npm": lambda: shutil.which("npm"),
    "php-cli": lambda: shutil.which("php"),
    "openjdk-17-jdk-headless": lambda: shutil.which("javac"),
    "libjakarta-annotation-api-java": ANNOTATIONS.exists,
    "golang-go": lambda: shutil.which("go"),
    "golang-gopkg-validator.v2-dev": (GO_LIBRARIES / "src/gopkg.in/validator.v2").exists,
}
"""Debian's package → whether what we want of it is here."""


def ensure_tools() -> None:
    """Install what is missing. Raises ``ServiceUnavailable`` with the cure."""
    install_packages(lambda: [package for package, is_here in NEEDED.items() if not is_here()])
    compiler = FETCHED / "npm"
    compiler.mkdir(parents=True, exist_ok=True)
    for name in ("package.json", "package-lock.json"):
        shutil.copy(PROGRAMS / name, compiler / name)
    quiet = ["--silent", "--ignore-scripts", "--no-audit", "--no-fund"]
    done = subprocess.run(["npm", "ci", *quiet, "--cache", str(FETCHED / "cache")], cwd=compiler, check=False)
    if done.returncode != 0:
        raise ServiceUnavailable(
            "TypeScript 编译器安装失败（见上方输出）：请检查网络与 npm 源后重试。"
            " / the TypeScript compiler cannot be had, see above: look at the network and at npm, then try again"
        )


def generator() -> Path:
    """The generator's archive, which also holds the JSON library of the clients in Java."""
    (jar,) = (ROOT / ".venv-clients").glob("lib/python3.*/site-packages/openapi_generator_cli/openapi-generator.jar")
    return jar


def environment() -> dict[str, str]:
    """Of the compilers: they fetch nothing, and keep their caches in this checkout."""
    ours = {"GO111MODULE": "off", "GOPROXY": "off", "GOFLAGS": "", "GOCACHE": str(FETCHED / "go"), "CGO_ENABLED": "0"}
    return {**os.environ, **ours}

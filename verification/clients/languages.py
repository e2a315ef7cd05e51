"""The languages: what the generator is told, how everything is compiled as strictly as it can be, what then sends."""

import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from verification.clients.tools import ANNOTATIONS, FETCHED, GO_LIBRARIES, PROGRAMS, generator

Command = list[str]
Environment = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Language:
    """One language, in a folder of its own in which the clients of all centers lie."""

    generator: str
    """Its name among the generator's."""
    options: Mapping[str, str]
    """Of the generator; ``{kind}`` stands for the kind of center."""
    client: str
    """Where in the folder the client of a kind lies."""
    program: str
    """What sends, and where in the folder it lies."""
    place: str
    environment: Callable[[Path], Environment]
    compile: Callable[[Path], Iterator[Command]]
    """Commands, run in the folder; each must say nothing and end with 0."""
    run: Callable[[Path], Command]

    def settings(self, folder: Path, kind: str, document: Path) -> dict[str, object]:
        """What the generator reads to make the client of one kind of center."""
        return {
            "generatorName": self.generator,
            "inputSpec": str(document),
            "outputDir": str(folder / self.client.format(kind=kind)),
            "additionalProperties": {name: value.format(kind=kind) for name, value in self.options.items()},
            "globalProperties": {"apis": "", "models": "", "supportingFiles": "", **_NO_EXTRAS},
        }

    def put_program(self, folder: Path) -> None:
        """Lay the program that sends beside the clients."""
        target = folder / self.place
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(PROGRAMS / self.program, target)


_NO_EXTRAS = dict.fromkeys(("apiTests", "modelTests", "apiDocs", "modelDocs"), "false")


def _nothing(_: Path) -> Environment:
    return {}


def _typescript(folder: Path) -> Iterator[Command]:
    npm = FETCHED / "npm" / "node_modules"
    target = ["--target", "es2022", "--module", "commonjs", "--moduleResolution", "node10", "--lib", "es2022,dom"]
    types = ["--typeRoots", str(npm / "@types"), "--types", "node"]
    strict = ["--strict", "--noImplicitReturns", "--noFallthroughCasesInSwitch"]
    sources = ["send.ts", *(str(one.relative_to(folder)) for one in sorted(folder.glob("*/index.ts")))]
    yield [str(npm / ".bin" / "tsc"), *target, *types, *strict, "--outDir", "made", *sources]


def _go_path(folder: Path) -> Environment:
    return {"GOPATH": f"{folder}:{GO_LIBRARIES}"}


def _go(folder: Path) -> Iterator[Command]:
    packages = sorted(one.name for one in (folder / "src").iterdir())
    yield ["go", "vet", *packages]
    yield ["go", "build", *packages]
    yield ["go", "build", "-o", "made/send", "send"]


def _class_path(folder: Path) -> str:
    return f"{folder / 'made'}:{generator()}:{ANNOTATIONS}"


def _java(folder: Path) -> Iterator[Command]:
    sources = map(str, sorted(folder.glob("**/*.java")))
    # the generated code itself lacks serial numbers, and calls what its JSON library calls old
    strict = [
        "-Xlint:all,-serial,-deprecation,-path",
        "-Werror",
        "-XDsuppressNotes",
        "-proc:none",
        "-encoding",
        "UTF-8",
    ]
    yield ["javac", *strict, "-cp", _class_path(folder), "-d", "made", *sources]


LANGUAGES: Mapping[str, Language] = {
    "TypeScript": Language(
        "typescript-fetch",
        {},
        "{kind}",
        "send.ts",
        "send.ts",
        _nothing,
        _typescript,
        lambda _: ["node", "made/send.js"],
    ),
    "Go": Language(
        "go",
        {"packageName": "{kind}", "withGoMod": "false"},
        "src/{kind}",
        "send.go",
        "src/send/send.go",
        _go_path,
        _go,
        lambda _: ["made/send"],
    ),
    "Java": Language(
        "java",
        {
            "library": "native",
            "openApiNullable": "false",
            "useJakartaEe": "true",
            "hideGenerationTimestamp": "true",
            "invokerPackage": "{kind}",
            "apiPackage": "{kind}.api",
            "modelPackage": "{kind}.model",
        },
        "{kind}",
        "Send.java",
        "Send.java",
        _nothing,
        _java,
        lambda folder: ["java", "-Dfile.encoding=UTF-8", "-cp", _class_path(folder), "Send"],
    ),
}


def words(command: Sequence[str]) -> str:
    """A command as a person reads it, shortened."""
    return " ".join(Path(command[0]).name if not n else word for n, word in enumerate(command[:3]))

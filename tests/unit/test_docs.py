"""What the documents say is there: links, functions, commands, settings; and both languages say the same."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

import pytest
import typer
from typer.core import TyperGroup

from bus.audit import Code, Finding, cure, what
from bus.cli import app
from bus.cli.county_file import load_county
from bus.cli.lazy import LazyCommand
from bus.cli.run import secret_faults
from bus.runtime.watch import GRACE, LOOK_EVERY
from bus.settings import load
from tests.harness.exported_metrics import names as names_of_metrics
from tests.harness.exported_metrics import page_of_a_center
from verification.systemd.unit import environment_file

ROOT = Path(__file__).parents[2]
NOT_OURS = {
    ".pytest_cache", ".venv", ".venv-bench", ".venv-supply", ".local", ".git", "demo-data", "build", "node_modules",
}  # fmt: skip
DOCUMENTS = sorted(p for p in ROOT.rglob("*.md") if not NOT_OURS & set(p.relative_to(ROOT).parts))
PAIRS = sorted(p for p in DOCUMENTS if p.with_name(f"{p.stem}.zh-CN.md").exists())
MADE_OF = ("adapters", "benchmarks", "bus", "deploy", "docs", "examples", "schemas", "stories", "tests", "verification")
"""The folders whose files the documents may name by their path."""

LINK = re.compile(r"\[(?P<text>[^\]]*)\]\((?P<target>[^)\s]+)\)")
FENCE = re.compile(r"^```.*?^```$", re.DOTALL | re.MULTILINE)
IN_CODE = re.compile(r"`([^`\n]+)`")


def name_of(document: Path) -> str:
    """How a document is called in the test's name."""
    return str(document.relative_to(ROOT))


def links(document: Path) -> Iterator[tuple[str, str]]:
    """(text, target) of every link that leads to a file of ours or to a heading."""
    for found in LINK.finditer(FENCE.sub("", document.read_text(encoding="utf-8"))):
        if not re.match(r"[a-z]+:", found["target"]):
            yield found["text"], unquote(found["target"])


def headings(document: Path) -> list[str]:
    """The headings, with their signs."""
    return re.findall(r"^#+ .*$", FENCE.sub("", document.read_text(encoding="utf-8")), re.MULTILINE)


def anchor(heading: str) -> str:
    """The anchor that forges make of a heading."""
    return re.sub(r"[^\w\- ]", "", heading.lstrip("#").strip().lower()).replace(" ", "-")


def defines(file: Path, dotted: str) -> bool:
    """Whether a Python file defines this function, class, method or name."""
    body: list[ast.stmt] = ast.parse(file.read_text(encoding="utf-8")).body
    for part in dotted.split("."):
        found = next((node for node in body if part in names(node)), None)
        if found is None:
            return False
        body = getattr(found, "body", [])
    return True


def names(node: ast.stmt) -> set[str]:
    """What a statement gives a name to."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return {node.name}
    targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
    return {target.id for target in targets if isinstance(target, ast.Name)}


def fenced(document: Path, language: str) -> list[str]:
    """The code blocks of one language; of none, those without a name."""
    blocks = re.findall(r"^```(.*?)\n(.*?)^```$", document.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
    return [block for named, block in blocks if named == language]


@pytest.mark.parametrize("document", DOCUMENTS, ids=name_of)
def test_links_lead_somewhere(document: Path) -> None:
    """Every relative link names a file that is there, and a heading that it has."""
    for text, target in links(document):
        path, _, heading = target.partition("#")
        file = (document.parent / path).resolve() if path else document
        assert file.exists(), f"[{text}]({target})"
        if heading:
            assert heading in {anchor(h) for h in headings(file)}, f"[{text}]({target})"


@pytest.mark.parametrize("document", DOCUMENTS, ids=name_of)
def test_functions_named_in_links_are_there(document: Path) -> None:
    """A link whose text is `path:function` leads to that path, and the file defines the function."""
    for text, target in links(document):
        named = re.fullmatch(r"`([\w/.-]+\.py):([\w.]+)`", text)
        if named:
            assert (document.parent / target).resolve() == ROOT / named[1], f"[{text}]({target})"
            assert defines(ROOT / named[1], named[2]), text


@pytest.mark.parametrize("document", DOCUMENTS, ids=name_of)
def test_paths_in_code_signs_are_there(document: Path) -> None:
    """A path in code signs that begins with a folder of ours is there, from the root or from beside the document."""
    for code in IN_CODE.findall(FENCE.sub("", document.read_text(encoding="utf-8"))):
        path = code.partition(":")[0]
        if re.fullmatch(rf"({'|'.join(MADE_OF)})/[\w/.@-]+", path):
            assert (ROOT / path).exists() or (document.parent / path).exists(), code


@pytest.mark.parametrize("document", PAIRS, ids=name_of)
def test_both_languages_have_the_same_shape(document: Path) -> None:
    """The Chinese text has the same headings by level, the same commands, and links to the same functions."""
    chinese = document.with_name(f"{document.stem}.zh-CN.md")
    assert [h.split()[0] for h in headings(chinese)] == [h.split()[0] for h in headings(document)]
    assert fenced(chinese, "") == fenced(document, "")
    functions = [sorted({text for text, _ in links(page) if ".py:" in text}) for page in (chinese, document)]
    assert functions[0] == functions[1]


@pytest.mark.parametrize("name", ["walk.md", "walk.zh-CN.md"])
def test_the_walk_follows_a_case_through_few_places(name: str) -> None:
    """Whoever reads it sees the whole way of a case at fifteen places of the product and its adapters, or fewer."""
    places = {text for text, _ in links(ROOT / "docs" / name) if re.fullmatch(r"`(bus|adapters)/[\w/.]+:[\w.]+`", text)}
    assert 10 <= len(places) <= 15, sorted(places)


@pytest.mark.parametrize("document", DOCUMENTS, ids=name_of)
def test_make_knows_every_target_that_is_named(document: Path) -> None:
    """`make word`, in code signs or in a code block, is a target of the Makefile."""
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    text = document.read_text(encoding="utf-8")
    code = "\n".join([*IN_CODE.findall(FENCE.sub("", text)), *FENCE.findall(text)])
    assert set(re.findall(r"(?:^|&& |; )make ([a-z-]+)", code, re.MULTILINE)) <= targets


@pytest.mark.parametrize("document", DOCUMENTS, ids=name_of)
def test_bus_knows_every_command_that_is_named(document: Path) -> None:
    """`bus word`, in code signs or in a code block, is a command, and what follows are its own commands and options."""
    text = document.read_text(encoding="utf-8")
    code = "\n".join([*IN_CODE.findall(FENCE.sub("", text)), *FENCE.findall(text)])
    for line in re.findall(r"(?:^|[ /])bus ([a-z].*)", code, re.MULTILINE):
        words = re.split(r"\s+#| \|", line)[0].split()
        command = typer.main.get_command(app)
        while isinstance(command, TyperGroup) and words and re.fullmatch(r"[a-z]+", words[0]):
            assert words[0] in command.commands, line
            named = command.commands[words.pop(0)]
            command = named.loaded if isinstance(named, LazyCommand) else named
        known = {option for parameter in command.params for option in parameter.opts}
        assert {word.partition("=")[0] for word in words if word.startswith("--")} <= known, line


@pytest.mark.parametrize("document", DOCUMENTS, ids=name_of)
def test_no_folder_of_somebodys_machine_is_named(document: Path) -> None:
    """Documents name folders of a deployment (/opt, /etc, /var/lib), never those of whoever wrote them."""
    text = document.read_text(encoding="utf-8")
    assert re.findall(r"(?<![\w./<])/(?:home|root|work|Users|mnt|tmp|workspace)(?=/|\b)", text) == []


def test_the_readme_names_the_two_commands() -> None:
    """`make demo` and `make test` stand in code blocks of their own."""
    assert {"make demo\n", "make test\n"} <= set(fenced(ROOT / "README.md", ""))


def test_the_settings_of_the_manual_are_right(monkeypatch: pytest.MonkeyPatch) -> None:
    """The example files, with the environment that the manual of deployment shows, are taken as they stand."""
    examples = ROOT / "deploy/examples"
    assert load_county(examples / "county.toml").topology().lines()
    manual = (ROOT / "docs/deploy.md").read_text(encoding="utf-8")
    (written,) = re.findall(r"/media_center-150402\.env <<'END'\n(.*?)^END$", manual, re.DOTALL | re.MULTILINE)
    for name, value in environment_file(written).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("BUS_INTAKE_SECRET", f"whsec_{'REPLACE' * 4}HERE")  # the manual draws one
    read = load(examples / "media_center-150402.toml")
    assert secret_faults(read.intake_secret.get_secret_value()) == []
    assert read.backend.token.get_secret_value() == 'to"ken $1 #2 \\3 %i'
    assert read.find("environment", "150402006006") == "party_service-150402"
    assert read.find("volunteer", "150402006006") == "civilization_center-150402"


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("code", list(Code))
def test_the_manual_has_the_words_and_the_cure_of_each_finding(code: Code, lang: str) -> None:
    """The operators' manual says of each finding what the command says."""
    subject = "MESSAGE" if code in (Code.LABEL_WITHOUT_FACT, Code.FACT_WITHOUT_LABEL) else "CASE"
    found = Finding(1, code, subject, "…", "CENTER", 0, 0, None, ())
    page = ROOT / "docs" / ("operate.md" if lang == "en" else "operate.zh-CN.md")
    row = f"| `{code}` | {getattr(what(found), lang)} | {getattr(cure(found), lang)} |"
    assert row in page.read_text(encoding="utf-8").splitlines()


def test_the_figures_of_the_manual_are_those_of_a_center(tmp_path: Path) -> None:
    """The operators' manual lists exactly the figures that a center gives to Prometheus."""
    manual = (ROOT / "docs/operate.md").read_text(encoding="utf-8")
    assert set(re.findall(r"`(bus_[a-z_]+)`", manual)) == names_of_metrics(page_of_a_center(tmp_path))


def test_the_unit_and_the_manual_speak_of_the_same_folders() -> None:
    """The systemd unit reads the files and runs the program that the manual puts there."""
    unit = (ROOT / "deploy/systemd/bus@.service").read_text(encoding="utf-8")
    manual = (ROOT / "docs/deploy.md").read_text(encoding="utf-8")
    for place in re.findall(r"/(?:etc|opt|var)/[\w./%@-]*", unit):
        assert place.replace("%i", "media_center-150402") in manual or place.startswith("/opt/four-center-bus/docs")
    assert "ExecStart=/opt/four-center-bus/.venv/bin/bus run --config" in unit


def test_the_unit_listens_to_what_a_center_tells() -> None:
    """A center says when it is ready and that it lives; the unit waits for the one and asks for the other. A process
    that is ended for its silence leaves no picture of its memory behind: residents stand in it."""
    unit = (ROOT / "deploy/systemd/bus@.service").read_text(encoding="utf-8").splitlines()
    assert {"Type=notify", "NotifyAccess=main", "Restart=always", "LimitCORE=0"} <= set(unit)
    (seconds,) = (int(line.partition("=")[2]) for line in unit if line.startswith("WatchdogSec="))
    assert seconds > LOOK_EVERY * 10
    assert seconds > GRACE  # a stuck loop is told of, and ends the process itself, before its manager does


def test_each_decision_is_in_the_index() -> None:
    """The index of decisions lists every page once, in order, and nothing else."""
    folder = ROOT / "docs/decisions"
    listed = [target for _, target in links(folder / "README.md")]
    assert listed == sorted(p.name for p in folder.glob("[0-9]*.md"))

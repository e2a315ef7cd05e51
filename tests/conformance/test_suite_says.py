"""What the center suite says of a fault: where, what was expected, what was got; each fault once."""

import logging
import os
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bus.sdk.center import Center
from bus.testing import check_backend, check_circumstances, check_privacy, check_samples
from bus.testing.captured_output import captured_output
from bus.testing.center_suite import CHECKS, Check, failures
from bus.testing.difference import differences
from tests.conformance.candidate import Spoil, candidate, rewrite


def says(folder: Path, check: Check, *spoils: Spoil, plant: Callable[[Center[Any]], Center[Any]] | None = None) -> str:
    """What one check says of a spoiled candidate; it must fail."""
    with candidate(folder, *spoils, plant=plant) as harness, pytest.raises(AssertionError) as told:
        check(harness)
    return str(told.value)


def handlers(change: Callable[[Any, Any, Any], Any]) -> Callable[[Center[Any]], Center[Any]]:
    """``change(handler, context, message)`` stands in for every handler."""

    def plant(center: Center[Any]) -> Center[Any]:
        changed: dict[str, Any] = {
            name: (lambda context, message, plain=plain: change(plain, context, message))
            for name, plain in center.handlers.items()
        }
        return Center(center.kind, center.connect, dict(center.forms), changed)

    return plant


def test_one_wrong_sample_is_one_fault(tmp_path: Path) -> None:
    """Of three wrong samples each is told once, by the first check that sees it, and all other checks are green."""
    spoils = (
        rewrite("in/message.s10.expect.json", lambda doc: doc["commands"][0]["case"].update(title="绿地被种花")),
        rewrite("out/case.urged.effect.json", lambda doc: doc["effects"][0]["record"].update(status="asleep")),
        rewrite("out/case.rated.effect.json", lambda doc: doc["effects"][0].update(what="praise")),
    )
    with candidate(tmp_path, *spoils) as harness:
        told = failures(harness)
    assert list(told) == ["turns_forms_into_commands", "has_the_effect_of_every_kind"]
    files = re.findall(r"^(?:in|out)/\S+(?=: )", "\n".join(told.values()), re.MULTILINE)
    assert sorted(files) == ["in/message.s10.expect.json", "out/case.rated.effect.json", "out/case.urged.effect.json"]
    assert max(map(len, (said.strip().splitlines() for said in told.values()))) <= 10


def test_a_wrong_command_is_told_by_path_and_values(tmp_path: Path) -> None:
    """The field's path, both its values, and the character from which they differ."""
    spoil = rewrite("in/message.s10.expect.json", lambda doc: doc["commands"][0]["case"].update(title="绿地被种花"))
    told = says(tmp_path, check_samples.turns_forms_into_commands, spoil)
    assert "in/message.s10.expect.json: " in told
    assert "path:       commands[0].case.title" in told
    assert 'expected:   "绿地被种花"' in told
    assert 'got:        "绿地被种菜、车棚被占用上锁"' in told
    assert 'differs from character 5 on: "花" ≠ "菜、车棚被占用上锁"' in told


def test_a_wrong_record_is_told_by_path_and_values(tmp_path: Path) -> None:
    """Of the vendor's records the one is compared that is most alike, field by field."""
    spoil = rewrite("out/case.urged.effect.json", lambda doc: doc["effects"][0]["record"].update(status="asleep"))
    told = says(tmp_path, check_samples.has_the_effect_of_every_kind, spoil)
    assert "path:       effects[0].record.status" in told
    assert 'expected:   "asleep"' in told
    assert 'got:        "urged"' in told


def test_a_missing_effect_is_named(tmp_path: Path) -> None:
    """Which effects are missing, which are too many, and under which code the message was parked."""
    dropped = handlers(lambda plain, c, m: [] if m.data.kind == "case.urged" else plain(c, m))
    told = says(tmp_path, check_samples.has_the_effect_of_every_kind, plant=dropped)
    assert told.count("path:") == 1
    assert "out/case.urged.effect.json" in told
    assert "missing: ['\"note\"']; 多出 / too many: []" in told


@pytest.mark.parametrize(
    ("file", "change", "said"),
    [
        ("in/message.s10.expect.json", lambda doc: doc["commands"][0].update(kind="Regster"), "commands[0].kind"),
        ("in/message.s10.expect.json", lambda doc: doc["commands"][0]["case"].update(titel=""), "case.titel"),
        ("out/case.urged.json", lambda doc: doc.update(version="one"), "path:       version"),
        ("out/case.urged.effect.json", lambda doc: doc.update(effects=[]), "names no effect"),
        ("out/case.urged.effect.json", lambda doc: doc.update(effects=["note"]), "path:       effects[0]"),
    ],
)  # fmt: skip
def test_a_sample_that_is_wrong_by_itself_is_told_first(
    file: str, change: Callable[[Any], object], said: str, tmp_path: Path
) -> None:
    """A word that the contract does not know is told as such, before anything is played."""
    assert CHECKS[0] is check_samples.has_a_sample_of_everything
    told = says(tmp_path, CHECKS[0], rewrite(file, change))
    assert said in told
    assert file.partition(".")[0] in told


@pytest.mark.parametrize("content", ["{", "[]", ""])
def test_a_sample_that_cannot_be_read_is_one_fault(content: str, tmp_path: Path) -> None:
    """A broken file is told by its name; the kind that it stood for is not told as missing besides."""
    told = says(tmp_path, CHECKS[0], lambda home: (home / "samples/out/case.urged.json").write_text(content))
    assert told.strip().splitlines() == [told.strip()]
    assert told.strip().startswith("out/case.urged.json: ")


def _nobody_is_anonymous(home: Path) -> None:
    for path in (home / "samples/in").glob("message.anonymous-open*"):
        path.unlink()


def test_no_anonymous_sample_is_told(tmp_path: Path) -> None:
    """Without a sample of an anonymous resident the check is no success; the manifest may say why there is none."""
    assert "no anonymous sample" in says(tmp_path, check_privacy.shows_nobody_who_is_anonymous, _nobody_is_anonymous)

    def reasoned(home: Path) -> None:
        with (home / "center.toml").open("a", encoding="utf-8") as file:
            file.write('[samples.without]\nanonymous = "the app knows everybody"\n')

    (tmp_path / "reasoned").mkdir()
    with candidate(tmp_path / "reasoned", _nobody_is_anonymous, reasoned) as harness:
        check_privacy.shows_nobody_who_is_anonymous(harness)


def test_no_sample_that_orders_is_told(tmp_path: Path) -> None:
    """The check of the order does not pass for want of samples."""

    def without(home: Path) -> None:
        for kind in check_backend.ORDERED:
            for path in (home / "samples/out").glob(f"{kind}*"):
                path.unlink()

    assert "no sample of a kind that may follow" in says(tmp_path, check_backend.keeps_the_order_of_a_case, without)


def test_a_check_does_not_pass_where_every_sample_is_wrong(tmp_path: Path) -> None:
    """When nothing can be played, each check says so and what to do first."""
    with candidate(tmp_path) as harness:
        for form in harness.samples.ins:
            harness.sound.found_wrong(form)
        for message in harness.samples.outs:
            harness.sound.found_wrong(message)
        told = failures(harness)
    silent = {"has_a_sample_of_everything", "declares_what_it_does"}
    silent.add("reads_what_its_system_tells")  # the candidate's system calls by itself
    assert {check.__name__ for check in CHECKS} - told.keys() == silent
    assert all("correct them first" in said for said in told.values())


def _by_print(text: str) -> None:
    print(text)  # noqa: T201 - what an adapter must not do


def _by_handler(text: str) -> None:
    logger = logging.getLogger("candidate")
    logger.handlers = logger.handlers or [logging.StreamHandler()]
    logger.propagate = False
    logger.warning(text)


WAYS: dict[str, Callable[[str], object]] = {
    "print": _by_print,
    "standard error": lambda text: print(text, file=sys.stderr),  # noqa: T201 - as above
    "past Python": lambda text: os.write(2, text.encode()),
    "a handler of its own": _by_handler,
}


@pytest.mark.parametrize("way", WAYS)
def test_a_resident_on_an_output_is_found(way: str, tmp_path: Path) -> None:
    """Whatever way a handler writes a resident to standard output or error, it is found there."""

    def tell(plain: Any, context: Any, message: Any) -> Any:
        case = getattr(message.data, "case", None)
        WAYS[way](str(case.resident.name) if case is not None and case.resident else "nobody")
        return plain(context, message)

    told = says(tmp_path, check_privacy.keeps_the_resident_to_itself, plant=handlers(tell))
    assert "standard output or error" in told
    assert check_privacy.CANARY["name"] in told


def test_what_was_caught_is_written_where_it_belonged(capfd: pytest.CaptureFixture[str]) -> None:
    """Nothing that is printed meanwhile is lost, and afterwards the outputs are as they were."""
    before = sys.stdout, sys.stderr
    with captured_output() as printed:
        _by_print("through Python")
        os.write(1, b"past it")
        assert "through Python" in printed()
        assert "past it" in printed()
    assert (sys.stdout, sys.stderr) == before
    assert "through Python" in capfd.readouterr().err


@pytest.mark.parametrize(
    ("what", "test"),
    [
        ("category", lambda case: case.category not in ("environment", "property", "other")),
        ("urgency", lambda case: case.urgency == "emergency"),
        ("division", lambda case: case.place.division.startswith("659")),
        ("resident", lambda case: case.resident is None),
    ],
)  # fmt: skip
def test_what_no_sample_shows_is_played(what: str, test: Callable[[Any], bool], tmp_path: Path) -> None:
    """An adapter that knows the cases of its samples only is told which change of a case it does not stand."""

    def narrow(plain: Any, context: Any, message: Any) -> Any:
        case = getattr(message.data, "case", None)
        if case is not None and test(case):
            raise KeyError(what)
        return plain(context, message)

    told = says(tmp_path, check_circumstances.takes_what_no_sample_shows, plant=handlers(narrow))
    assert f'outside the samples: case {{"{what}": ' in told
    assert "handler-fault-KeyError" in told


@pytest.mark.parametrize(
    ("got", "expected", "path", "detail"),
    [
        ({"a": [1, {"b": 2}]}, {"a": [1, {"b": 3}]}, "a[1].b", "another value"),
        ({"a": 1}, {"b": 1}, "b", "b is missing"),
        ([{"kind": "Offer"}], [{"kind": "Offer"}, {"kind": "Link"}], "", "missing: ['Link']"),
        ({"a": "1"}, {"a": 1}, "a", "int is expected, it is str"),
        ({"a": None}, {"a": {}}, "a", "dict is expected, it is NoneType"),
    ],
)  # fmt: skip
def test_a_difference_has_a_path(got: Any, expected: Any, path: str, detail: str) -> None:
    """Each difference says where it is and what it is."""
    (found,) = differences(got, expected)
    assert found.path == path
    assert detail in found.detail


def test_what_is_more_is_no_difference() -> None:
    """A field that the sample does not name may be there; one moment may be written in two ways."""
    assert list(differences({"a": 1, "b": 2}, {"a": 1})) == []
    assert list(differences({"at": "2026-11-23T09:00:00Z"}, {"at": "2026-11-23T17:00:00+08:00"})) == []

"""The schemas folder: true to the models, never changed once published, and read by tools that are not ours."""

import copy
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from asyncapi3 import AsyncAPI3  # type: ignore[import-untyped]  # 0.0.2 ships no py.typed
from cloudevents.core.base import BaseCloudEvent
from cloudevents.core.exceptions import CloudEventValidationError
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent
from jsonschema import Draft202012Validator

from bus.contract.codec import Undecodable, decode
from bus.contract.export import PUBLISHED, compatibility, drift, generate, publish, write
from bus.contract.export.compatibility import ADDITIONS
from bus.contract.export.json_schema import schema_name
from bus.contract.facts import FactsAsked, FactsTold
from bus.contract.messages import BY_NAME, IN_LANES, KINDS, LATER_KINDS
from bus.contract.operations import OperationAsked, OperationTold
from bus.contract.rules import CONTRACT, Rule

FOLDER = Path(__file__).parents[2] / "schemas"
RULES = [pytest.param(rule, id=rule.kind) for rule in CONTRACT]
FILES = generate()


def schema(rule: Rule) -> Any:
    """The generated JSON Schema of this kind."""
    return json.loads(FILES[schema_name(rule)])


def instance(rule: Rule) -> Any:
    """The generated example of this kind."""
    return json.loads(FILES[f"examples/{schema_name(rule)}"])


def is_valid(rule: Rule, document: object) -> bool:
    """What jsonschema says of the document."""
    return bool(Draft202012Validator(schema(rule)).is_valid(document))


def test_the_committed_folder_is_what_the_models_say() -> None:
    """Whoever changes a model sees here which files people in other languages read must change with it."""
    assert drift(FOLDER) == []


SINCE_THE_RELEASE = (
    *("Person/properties/masked", "Person/properties/phone_tail"),
    *("Offered/properties/sign_by", "Ruled/properties/due"),
    *("Progressed/properties/at", "Progressed/properties/term"),
    *("Urged/properties/clock", "Urged/properties/due", "Urged/properties/level"),
)
"""Fields that v0.1.0 did not have."""


def test_every_schema_is_published_and_the_lock_names_no_other() -> None:
    """A published schema is a promise: its bytes stand in published.json and stay.

    A new kind, a new field or a new major version is locked by ``bus.contract.export.publish`` when it is released, and
    not before; nothing locked is ever taken out or rewritten (docs/wire.md, A new major version)."""
    locked = set(json.loads((FOLDER / PUBLISHED).read_bytes()))
    additions = {f"{name}#{place}" for name, places in ADDITIONS.items() for place in places}
    new = {*LATER_KINDS, *(kind.kind for kind in (FactsTold, FactsAsked, OperationAsked, OperationTold))}
    later = {schema_name(rule) for rule in CONTRACT if rule.kind in new}
    later |= {one for one in additions if one.endswith(SINCE_THE_RELEASE)}
    assert locked == ({schema_name(rule) for rule in CONTRACT} | additions) - later


def test_generate_gives_the_same_bytes_every_time() -> None:
    """Without that, drift would cry for nothing."""
    assert generate() == FILES


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder as it stands after a release."""
    write(tmp_path)
    publish(tmp_path)
    return tmp_path


def test_a_fresh_folder_has_no_drift(folder: Path) -> None:
    """What write writes, drift finds in order."""
    assert drift(folder) == []


def test_drift_names_what_is_missing_changed_and_left_over_with_the_cure(folder: Path) -> None:
    """Each finding is one sentence that tells the person what to run; write then heals all of them."""
    (folder / "case.lost.v1.json").unlink()
    (folder / "contract.json").write_text("{}")
    (folder / "examples" / "case.eaten.v1.json").write_text("{}")
    assert sorted(drift(folder)) == [
        "case.lost.v1.json is missing: run bus schemas",
        "contract.json is not what the models say: run bus schemas",
        "examples/case.eaten.v1.json belongs to no kind: run bus schemas",
    ]
    write(folder)
    assert drift(folder) == []


def test_an_empty_folder_is_all_missing(tmp_path: Path) -> None:
    """Nothing there is not the same as nothing wrong."""
    assert len(drift(tmp_path)) == len(FILES)


def test_a_published_schema_that_changes_is_a_finding_that_write_cannot_heal(folder: Path) -> None:
    """The lock holds against the models too: only taking the change back, or a v2, helps."""
    locked = json.loads((folder / PUBLISHED).read_bytes())
    locked["case.lost.v1.json"] = "0" * 64
    (folder / PUBLISHED).write_text(json.dumps(locked))
    write(folder)
    (finding,) = drift(folder)
    assert "case.lost.v1.json is published and would change" in finding
    assert "new major version" in finding
    assert publish(folder) == []
    assert drift(folder) == [finding]


SCHEMA: dict[str, Any] = {
    "properties": {"old": {"type": "string"}, "new": {"type": "integer"}},
    "required": ["old"],
    "$defs": {"Item": {"properties": {"a": {}, "b": {"type": "null"}}, "required": ["a", "b"]}},
}


def test_a_published_schema_without_what_was_added_is_what_was_published(monkeypatch: pytest.MonkeyPatch) -> None:
    """An optional field may come, at any depth; it is locked from then on, and one that is required is named."""
    monkeypatch.setitem(ADDITIONS, "x", ("properties/new", "$defs/Item/properties/b"))
    before = compatibility.without("x", SCHEMA)
    assert before["properties"] == {"old": {"type": "string"}}
    assert before["$defs"]["Item"]["properties"] == {"a": {}}
    assert dict(compatibility.added("x", SCHEMA))["properties/new"] == {"type": "integer"}
    assert compatibility.demanded("x", SCHEMA) == ["$defs/Item/properties/b"]
    assert list(SCHEMA["properties"]) == ["old", "new"]


def test_an_addition_that_is_not_named_is_a_change(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The list of additions is the only door."""
    monkeypatch.delitem(ADDITIONS, "receipt.v1.json")
    assert [finding for finding in drift(folder) if "receipt.v1.json is published and would change" in finding]
    assert [finding for finding in drift(folder) if "digest is published and must stay" in finding]


def test_a_published_schema_cannot_go_and_a_new_one_is_added(folder: Path) -> None:
    """Kinds may come; none that was published may leave."""
    locked = json.loads((folder / PUBLISHED).read_bytes())
    del locked["case.lost.v1.json"]
    locked["case.eaten.v1.json"] = "0" * 64
    (folder / PUBLISHED).write_text(json.dumps(locked))
    (finding,) = drift(folder)
    assert "case.eaten.v1.json is published and must stay" in finding
    assert publish(folder) == ["case.lost.v1.json"]


@pytest.mark.parametrize("rule", RULES)
def test_each_schema_is_a_schema_and_takes_its_example(rule: Rule) -> None:
    """The schema is right by its own dialect; the example passes it and our reader."""
    Draft202012Validator.check_schema(schema(rule))
    Draft202012Validator(schema(rule)).validate(instance(rule))
    message = decode(FILES[f"examples/{schema_name(rule)}"])
    assert message.type == f"{rule.kind}.v{rule.major}"
    assert type(message.data) in KINDS


@pytest.mark.parametrize("rule", RULES)
def test_each_schema_takes_the_example_of_its_kind_only(rule: Rule) -> None:
    """Twenty schemas that took everything would be worth nothing."""
    taken = [other.kind for other in CONTRACT if is_valid(rule, instance(other))]
    assert taken == [rule.kind]
    assert ("subject" in schema(rule)["properties"]) is issubclass(BY_NAME[rule.kind], IN_LANES)


def nodes(node: object) -> Iterator[dict[str, Any]]:
    """Every object in a JSON document."""
    if isinstance(node, dict):
        yield node
        for value in node.values():
            yield from nodes(value)
    elif isinstance(node, list):
        for value in node:
            yield from nodes(value)


@pytest.mark.parametrize("rule", RULES)
def test_everything_in_a_schema_is_bounded(rule: Rule) -> None:
    """Each text has a pattern with an end or a length, each list a length, each number a range."""
    bounded = {
        "string": {"maxLength", "pattern", "enum", "const"},
        "array": {"maxItems"},
        "integer": {"maximum"},
        "number": {"maximum"},
    }
    for node in nodes(schema(rule)):
        needs = bounded.get(node.get("type", "")) if isinstance(node.get("type"), str) else None
        if needs is not None:
            assert needs & set(node), f"without a bound: {node}"


@pytest.mark.parametrize("rule", RULES)
def test_every_pattern_is_a_regular_expression_of_ecma_and_python(rule: Rule) -> None:
    """Only what both understand in the same way stands in a pattern, and each is anchored at both ends."""
    for node in nodes(schema(rule)):
        pattern = node.get("pattern")
        if isinstance(pattern, str):
            re.compile(pattern)
            assert pattern.startswith("^")
            assert pattern.endswith("$")
            for alien in (r"\A", r"\Z", r"\z", "(?", "[[:", r"\p", r"\x{", r"\u{", "\x00"):
                assert alien not in pattern


SPOILT: dict[str, tuple[str, Callable[[Any], object]]] = {
    "no id": ("case.offered", lambda m: m.pop("id")),
    "an id that is none": ("case.offered", lambda m: m.update(id="17")),
    "no subject": ("case.lost", lambda m: m.pop("subject")),
    "null subject": ("case.lost", lambda m: m.update(subject=None)),
    "sequence 0 about a case": ("case.lost", lambda m: m.update(sequence=0)),
    "a receipt in the order": ("receipt", lambda m: m.update(sequence=3)),
    "time without an offset": ("case.lost", lambda m: m.update(time="2026-11-23T09:00:00")),
    "another major version": ("case.lost", lambda m: m.update(type="case.lost.v2")),
    "another specversion": ("case.lost", lambda m: m.update(specversion="0.3")),
    "a dot in a center's name": ("case.lost", lambda m: m.update(recipient="media.center-150402")),
    "no case": ("case.offered", lambda m: m["data"].pop("case")),
    "a NUL in the title": ("case.offered", lambda m: m["data"]["case"].update(title="a\x00b")),
    "a bidi override in the text": ("case.offered", lambda m: m["data"]["case"].update(text="a\u202eb")),
    "a text too long": ("case.urged", lambda m: m["data"].update(text="催" * 8001)),
    "an empty text": ("case.urged", lambda m: m["data"].update(text="")),
    "a reason of one's own": ("case.declined", lambda m: m["data"].update(reason="lazy")),
    "a sixth grade": ("case.rated", lambda m: m["data"].update(grade=6)),
    "a division of five digits": ("case.offered", lambda m: m["data"]["case"]["place"].update(division="15040")),
    "longitude 181": ("case.offered", lambda m: m["data"]["case"]["place"].update(longitude=181)),
    "an empty receipt": ("receipt", lambda m: m["data"].update(items=[])),
    "an id card of 17 signs": ("case.offered", lambda m: m["data"]["case"]["resident"].update(id_card="1" * 17)),
}


FOR_WRITERS_ONLY = {"sequence 0 about a case", "a receipt in the order"}
"""What the reader leaves to those who keep the order."""


@pytest.mark.parametrize("fault", SPOILT)
def test_each_schema_refuses_what_our_reader_refuses(fault: str) -> None:
    """The bounds stand in the schema, so that a writer in another language meets them at home."""
    kind, spoil = SPOILT[fault]
    rule = next(rule for rule in CONTRACT if rule.kind == kind)
    document = instance(rule)
    spoil(document)
    assert not is_valid(rule, document)
    if fault not in FOR_WRITERS_ONLY:
        with pytest.raises(Undecodable):
            decode(json.dumps(document).encode())


@pytest.mark.parametrize("rule", RULES)
def test_additions_pass_the_schema_as_they_pass_the_reader(rule: Rule) -> None:
    """Within a major version fields may be added: no schema is closed."""
    document = instance(rule)
    document["extra"] = "x"
    document["data"]["extra"] = {"more": [1]}
    assert is_valid(rule, document)
    decode(json.dumps(document).encode())


def through_sdk(document: object) -> BaseCloudEvent:
    """What the CloudEvents SDK makes of it."""
    return JSONFormat().read(CloudEvent, json.dumps(document).encode())


@pytest.mark.parametrize("rule", RULES)
def test_the_cloudevents_sdk_reads_every_example(rule: Rule) -> None:
    """An independent reader of CloudEvents finds our attributes where the specification has them."""
    document = instance(rule)
    event = through_sdk(document)
    assert event.get_id() == document["id"]
    assert event.get_type() == document["type"]
    assert event.get_source() == document["source"]
    assert event.get_subject() == document.get("subject")
    assert event.get_extension("sequence") == document["sequence"]
    assert event.get_data() == document["data"]


@pytest.mark.parametrize("rule", RULES)
def test_our_reader_takes_what_the_cloudevents_sdk_writes(rule: Rule) -> None:
    """Read and written again by another implementation it is still the same message."""
    again = JSONFormat().write(through_sdk(instance(rule)))
    assert decode(again) == decode(FILES[f"examples/{schema_name(rule)}"])


@pytest.mark.parametrize(
    "spoil",
    [
        pytest.param(lambda e: e.update(id=""), id="empty id"),
        pytest.param(lambda e: e.pop("source"), id="no source"),
        pytest.param(lambda e: e.pop("type"), id="no type"),
        pytest.param(lambda e: e.update(specversion="0.9"), id="wrong specversion"),
        pytest.param(lambda e: e.update(time="2026-11-23T09:00:00"), id="naive time"),
        pytest.param(lambda e: e.update(subject=None), id="null subject"),
        pytest.param(lambda e: e.update(cause_id="x"), id="extension name with an underscore"),
    ],
)
def test_the_cloudevents_sdk_refuses_a_broken_event(spoil: Callable[[Any], object]) -> None:
    """The judge above can say no."""
    document = instance(CONTRACT[0])
    spoil(document)
    with pytest.raises(CloudEventValidationError):
        through_sdk(document)


def asyncapi() -> Any:
    """The generated AsyncAPI document."""
    return yaml.safe_load(FILES["asyncapi.yaml"])


def dangling(document: Any) -> list[str]:
    """References that lead nowhere; those to files must lead to a file that is generated too."""
    lost = []
    for node in nodes(document):
        target = node.get("$ref")
        if target is None:
            continue
        if target.startswith("./"):
            found: Any = FILES.get(target.removeprefix("./"))
        else:
            found = document
            for step in target.removeprefix("#/").split("/"):
                found = found.get(step) if isinstance(found, dict) else None
        if found is None:
            lost.append(target)
    return lost


def test_the_asyncapi_document_is_right_by_an_independent_model_and_leads_nowhere_astray() -> None:
    """The asyncapi3 package, which holds the specification's own rules and the AMQP bindings, takes it."""
    document = asyncapi()
    AsyncAPI3.model_validate(document)
    assert dangling(document) == []
    for channel in document["channels"].values():
        assert set(re.findall(r"\{(\w+)\}", channel["address"])) == set(channel["parameters"])


@pytest.mark.parametrize(
    "spoil",
    [
        pytest.param(lambda d: d.pop("info"), id="no info"),
        pytest.param(lambda d: d.update(asyncapi="2.6.0"), id="version 2"),
        pytest.param(lambda d: d["operations"]["send"].update(action="shout"), id="unknown action"),
        pytest.param(lambda d: d["operations"]["send"].pop("channel"), id="operation without channel"),
        pytest.param(
            lambda d: d["channels"]["inbox"]["bindings"]["amqp"].pop("queue"), id="queue binding without queue"
        ),
        pytest.param(
            lambda d: d["channels"]["out"]["bindings"]["amqp"]["exchange"].update(type="tropic"), id="exchange"
        ),
        pytest.param(lambda d: d["components"]["messages"]["receipt"].update(contentTyp="x"), id="misspelt field"),
    ],
)
def test_the_asyncapi_judge_refuses_a_broken_document(spoil: Callable[[Any], object]) -> None:
    """The judge above can say no."""
    document = copy.deepcopy(asyncapi())
    spoil(document)
    with pytest.raises(ValueError, match="AsyncAPI3"):
        AsyncAPI3.model_validate(document)


def test_a_dangling_reference_is_found() -> None:
    """The package does not follow references; our own check does, and can say no."""
    document = asyncapi()
    document["operations"]["send"]["channel"]["$ref"] = "#/channels/none"
    document["components"]["messages"]["receipt"]["payload"]["schema"]["$ref"] = "./receipt.v9.json"
    assert dangling(document) == ["#/channels/none", "./receipt.v9.json"]


def test_asyncapi_tells_of_every_kind_in_both_directions() -> None:
    """Every kind can be sent and received, as the one content type."""
    document = asyncapi()
    assert [m["name"] for m in document["components"]["messages"].values()] == [f"{k.kind}.v{k.major}" for k in KINDS]
    for name in ("out", "inbox"):
        assert set(document["channels"][name]["messages"]) == set(document["components"]["messages"])
    for name in ("send", "receive"):
        assert len(document["operations"][name]["messages"]) == len(KINDS)
    assert {m["contentType"] for m in document["components"]["messages"].values()} == {"application/cloudevents+json"}


def test_no_real_looking_person_stands_in_the_examples() -> None:
    """Residents are called 居民甲; no identity card, no phone number that could ring."""
    for rule in CONTRACT:
        for node in nodes(instance(rule)):
            assert node.get("id_card") is None
            assert node.get("name") in (None, "居民甲", "占用绿地.jpg")
            assert not re.search(r"1[3-9][0-9]{9}", node.get("phone") or "")

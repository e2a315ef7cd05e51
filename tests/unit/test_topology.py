"""The planned topology, its comparison with a broker, and the admin client: all without a broker."""

import json
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import httpx
import pytest

from bus.transports.topology.apply import QueueLimits, Topology, check_center_name, definitions, plan, routing_key
from bus.transports.topology.drift import compare
from bus.transports.topology.findings import Drift, Finding, Severity, Snapshot
from bus.transports.topology.management_api import Features, ManagementApi, ManagementApiRefused
from bus.transports.topology.passwords import SHA256, password_hash, password_matches
from bus.transports.topology.plan import exactly

A, B = "media_center-150402", "party_service-150402006"
OPERATOR = {"name": "operator", "tags": ["administrator"]}


def standing(topology: Topology) -> Snapshot:
    """A broker on which the plan stands exactly."""
    made = definitions(topology, secrets={user.name: "secret" for user in topology.users})
    return Snapshot(
        vhost="/",
        exchanges=made["exchanges"],
        queues=[{**row, "type": row["arguments"]["x-queue-type"]} for row in made["queues"]],
        bindings=made["bindings"],
        policies=made["policies"],
        users=[*made["users"], OPERATOR],
        permissions=[*made["permissions"], right("operator", ".*", ".*", ".*")],
        topic_permissions=[],
        user_limits={row["name"]: row["limits"] for row in made["users"]},
        listeners=[{"protocol": "amqp", "ip_address": "127.0.0.1"}],
        features=Features(quorum_queues=True, streams=True, user_limits=True),
    )


def right(user: str, configure: str, write: str, read: str, vhost: str = "/") -> dict[str, str]:
    """One user's rights as the broker lists them."""
    return {"user": user, "vhost": vhost, "configure": configure, "write": write, "read": read}


def bound(source: str, destination: str, key: str, kind: str = "queue") -> dict[str, Any]:
    """One binding as the broker lists it."""
    return {"source": source, "destination": destination, "destination_type": kind, "routing_key": key}


def brief(findings: list[Finding]) -> set[tuple[str, str, str]]:
    """What was found, without the words."""
    return {(finding.drift.value, finding.kind, finding.name) for finding in findings}


# -- plan ------------------------------------------------------------------------------------------------------


def test_every_center_has_one_door_out_and_one_box_in() -> None:
    """Each center gets its own exchange joined to `cases`, and a quorum inbox bound with its own first word."""
    topology = plan([A, B])
    assert {(item.name, item.type) for item in topology.exchanges} == {
        ("dead", "fanout"),
        ("cases", "topic"),
        (f"out.{A}", "topic"),
        (f"out.{B}", "topic"),
    }
    assert {(item.name, item.type) for item in topology.queues} == {
        ("dead-letters", "quorum"),
        ("journal", "stream"),
        (f"inbox.{A}", "quorum"),
        (f"inbox.{B}", "quorum"),
    }
    names = {item.name for item in topology.bindings}
    assert names == {
        "dead -> dead-letters []",
        f"cases -> inbox.{A} [{A}.#]",
        f"cases -> inbox.{B} [{B}.#]",
        f"cases -> journal [{A}.#]",
        f"cases -> journal [{B}.#]",
        f"out.{A} -> cases [#]",
        f"out.{B} -> cases [#]",
    }


def test_nothing_listens_to_everything() -> None:
    """No queue is bound with a wildcard as first word: it would take what is for nobody, and so swallow the return."""
    keys = [item.key for item in plan([A, B]).bindings if not item.to_exchange and item.source == "cases"]
    assert keys
    assert all(check_center_name(key.split(".")[0]) for key in keys)


def test_an_inbox_is_bound_before_the_journal_listens_in() -> None:
    """In the order of the plan there is no moment in which only the journal takes a center's messages."""
    topology = plan([A, B])
    order = [item.destination.split(".")[0] for item in topology.bindings if item.destination != "dead-letters"]
    assert order == ["inbox", "inbox", "journal", "journal", "cases", "cases"]
    assert topology.queues[0].name == "dead-letters"


def test_rights_name_one_exchange_and_one_queue_exactly() -> None:
    """Patterns are anchored at both ends and dots are escaped: no look-alike name is granted."""
    user = next(user for user in plan([A, B]).users if user.name == A)
    assert (user.configure, user.write, user.read) == ("^$", rf"^out\.{A}$", rf"^inbox\.{A}$")
    for pattern, prefix in ((user.write, "out."), (user.read, "inbox.")):
        assert re.search(pattern, prefix + A)
        for other in (prefix + B, f"x{prefix}{A}", f"{prefix}{A}2", f"{prefix}{A}.x", prefix.replace(".", "-") + A):
            assert not re.search(pattern, other), other


def test_special_characters_are_escaped() -> None:
    """`exactly` grants the text itself, whatever it means in a regular expression."""
    assert re.search(exactly("a.b+c(d)-e"), "a.b+c(d)-e")
    assert not re.search(exactly("a.b"), "axb")


def test_the_auditor_reads_the_journal_and_nothing_else() -> None:
    """The auditor may not write, declare, or read an inbox; and may be left out."""
    auditor = plan([A]).users[-1]
    assert (auditor.name, auditor.configure, auditor.write, auditor.read) == ("auditor", "^$", "^$", "^journal$")
    assert [user.name for user in plan([A], auditor=None).users] == [A]


def test_a_ledger_reads_its_inbox_and_the_journal() -> None:
    """As no center does; and it writes its own exchange alone."""
    users = {user.name: user for user in plan([A, "ledger-150402"]).users}
    ledger = users["ledger-150402"]
    assert (ledger.write, ledger.configure) == (r"^out\.ledger-150402$", "^$")
    for name, allowed in (
        ("inbox.ledger-150402", 1),
        ("journal", 1),
        ("journal2", 0),
        (f"inbox.{A}", 0),
        ("xjournal", 0),
    ):
        assert bool(re.search(ledger.read, name)) is bool(allowed), name
    assert not re.search(users[A].read, "journal")


def test_dead_letters_are_kept_at_least_once() -> None:
    """The inbox policy names a limit, a target, and the one overflow under which at-least-once is true."""
    policy = next(
        policy
        for policy in plan([A], bounds=QueueLimits(delivery_limit=7, inbox_bytes=99)).policies
        if policy.name == "inbox"
    )
    assert re.search(policy.pattern, f"inbox.{A}")
    assert not re.search(policy.pattern, f"xinbox.{A}")
    assert policy.definition == {
        "delivery-limit": 7,
        "dead-letter-exchange": "dead",
        "dead-letter-strategy": "at-least-once",
        "overflow": "reject-publish",
        "max-length-bytes": 99,
    }


def test_no_exchange_has_an_alternate() -> None:
    """An alternate exchange would swallow the return that tells a sender that nobody is there."""
    text = json.dumps(definitions(plan([A, B])))
    assert "alternate" not in text


@pytest.mark.parametrize(
    "name",
    ["", "media", "media-15040", "media-1504021", "Media-150402", "1media-150402", "me.dia-150402",
     "media-１５０４０２",
     "media-150402\n", "media#-150402", f"{'m' * 41}-150402", "auditor"],
)  # fmt: skip
def test_a_name_that_is_no_center_is_refused(name: str) -> None:
    """Only <kind>-<division> becomes part of names, keys and patterns on the broker."""
    with pytest.raises(ValueError, match="media_center-150402"):
        plan([name])


def test_a_center_named_twice_and_an_auditor_named_like_a_center_are_refused() -> None:
    """Both would give one broker user two meanings."""
    with pytest.raises(ValueError, match="twice"):
        plan([A, A])
    with pytest.raises(ValueError, match="auditor"):
        plan([A], auditor=B)


def test_the_first_word_of_a_routing_key_is_the_recipient() -> None:
    """What is sent to a center matches that center's binding and no other's."""
    assert routing_key(A, "case.offered") == f"{A}.case.offered"


def test_the_plan_can_be_read() -> None:
    """`bus topology plan` has a line for every part, with limits where there are any."""
    lines = list(plan([A], bounds=QueueLimits(max_connections=4)).lines())
    assert f"queue inbox.{A} (quorum)" in lines
    assert any(line.startswith(f"user {A} ") and line.endswith("max-connections=4") for line in lines)
    assert len(lines) == 3 + 3 + 3 + 4 + 2


# -- definitions and passwords ---------------------------------------------------------------------------------


def test_definitions_carry_no_password_and_leave_out_users_without_one() -> None:
    """Hashes instead of passwords; a user whose password we don't know is not touched by an import."""
    made = definitions(plan([A, B]), secrets={A: "open sesame"}, vhost="town")
    assert "open sesame" not in json.dumps(made)
    assert [row["name"] for row in made["users"]] == [A]
    assert [row["user"] for row in made["permissions"]] == [A]
    assert password_matches("open sesame", made["users"][0]["password_hash"], SHA256)
    placed = [row for part in ("permissions", "policies", "exchanges", "queues", "bindings") for row in made[part]]
    assert {row["vhost"] for row in placed} == {"town"}


def test_password_hashes_are_salted_and_checked() -> None:
    """RabbitMQ's published example is accepted; each hash has its own salt; everything else is refused."""
    assert password_matches("test12", "kI3GCqW5JLMJa4iX1lo7X4D6XbYqlLgxIs30+P6tENUV2POR", SHA256)
    assert password_hash("one") != password_hash("one")
    assert password_matches("one", password_hash("one"), SHA256)
    assert not password_matches("two", password_hash("one"), SHA256)
    assert not password_matches("one", "no base64!", SHA256)
    assert not password_matches("one", password_hash("one"), "rabbit_password_hashing_md5")


def test_no_password_stays_no_password() -> None:
    """An empty secret makes a user who can log in only by certificate, and never matches a real one."""
    assert password_hash("") == ""
    assert password_matches("", "", SHA256)
    assert not password_matches("", password_hash("one"), SHA256)
    assert not password_matches("one", "", SHA256)


# -- comparing -------------------------------------------------------------------------------------------------


def test_a_broker_that_stands_as_planned_has_no_findings() -> None:
    """The comparison is quiet where there is nothing to say."""
    topology = plan([A, B], bounds=QueueLimits(max_connections=4))
    assert compare(topology, standing(topology)) == []


def test_an_empty_broker_lacks_everything_in_the_order_of_the_plan() -> None:
    """Missing parts come in the order in which they may be made."""
    topology = plan([A, B])
    full = standing(topology)
    empty = replace(full, exchanges=[], queues=[], bindings=[], policies=[], users=[OPERATOR], permissions=[])
    findings = compare(topology, empty)
    assert all(finding.drift is Drift.MISSING and finding.severity is Severity.ERROR for finding in findings)
    order = [finding.item for finding in findings if finding.kind not in ("permissions", "limit")]
    assert order == [*topology.exchanges, *topology.policies, *topology.queues, *topology.bindings, *topology.users]


def with_binding(source: str, destination: str, key: str) -> Callable[[Snapshot], Snapshot]:
    """Plant one binding."""
    return lambda broker: replace(broker, bindings=[*broker.bindings, bound(source, destination, key)])


def with_policy(**policy: Any) -> Callable[[Snapshot], Snapshot]:
    """Plant one policy."""
    row = {"name": "foreign", "priority": 0, "apply-to": "all", "definition": {}, **policy}
    return lambda broker: replace(broker, policies=[*broker.policies, row])


def with_user(name: str, configure: str, write: str, read: str, tags: str = "") -> Callable[[Snapshot], Snapshot]:
    """Plant one user."""
    return lambda broker: replace(
        broker,
        users=[*broker.users, {"name": name, "tags": tags}],
        permissions=[*broker.permissions, right(name, configure, write, read)],
    )


def without_queue(name: str) -> Callable[[Snapshot], Snapshot]:
    """Take one queue away, with its bindings, as the broker does."""
    return lambda broker: replace(
        broker,
        queues=[row for row in broker.queues if row["name"] != name],
        bindings=[row for row in broker.bindings if row["destination"] != name],
    )


def with_argument(queue: str, **arguments: Any) -> Callable[[Snapshot], Snapshot]:
    """Give one queue arguments of its own."""
    named = {key.replace("_", "-"): value for key, value in arguments.items()}
    return lambda broker: replace(
        broker,
        queues=[
            {**row, "arguments": {**row["arguments"], **named}} if row["name"] == queue else row
            for row in broker.queues
        ],
    )


def with_operator_policy(pattern: str, **definition: Any) -> Callable[[Snapshot], Snapshot]:
    """Plant an operator policy."""
    named = {key.replace("_", "-"): value for key, value in definition.items()}
    row = {"name": "house-rule", "pattern": pattern, "apply-to": "queues", "priority": 0, "definition": named}
    return lambda broker: replace(broker, operator_policies=[row])


def with_reader(user: str, connection: str | None, queue: str = f"inbox.{A}") -> Callable[[Snapshot], Snapshot]:
    """Somebody reads a queue, by a connection that its client has named or not."""
    told = {"user": user, "connection_name": "127.0.0.1:4 -> 127.0.0.1:5", "peer_host": "127.0.0.1"}
    known = {"name": told["connection_name"]} | ({"user_provided_name": connection} if connection else {})
    row = {"queue": {"name": queue, "vhost": "/"}, "channel_details": told}
    return lambda broker: replace(broker, consumers=[row], connections=[known])


def with_limit(name: str, value: int) -> Callable[[Snapshot], Snapshot]:
    """Plant a limit of the vhost."""
    return lambda broker: replace(broker, vhost_limits={name: value})


def open_to_the_net(broker: Snapshot) -> Snapshot:
    """A broker listening everywhere, guest alive."""
    return replace(
        broker,
        listeners=[{"protocol": "amqp", "ip_address": "::"}],
        users=[*broker.users, {"name": "guest", "tags": "administrator"}],
    )


@pytest.mark.parametrize(
    ("plant", "severity", "expected"),
    [
        (with_binding("cases", "tap", "#"), "error", ("surplus", "binding", "cases -> tap [#]")),
        (with_binding("cases", "journal", "#"), "error", ("surplus", "binding", "cases -> journal [#]")),
        (with_binding(f"out.{A}", "tap", "*.case.offered"), "error",
         ("surplus", "binding", f"out.{A} -> tap [*.case.offered]")),
        (with_binding("cases", "journal", "gone-150402.#"), "error",
         ("surplus", "binding", "cases -> journal [gone-150402.#]")),
        (with_binding("cases", "tap", f"{A}.#"), "warning", ("surplus", "binding", f"cases -> tap [{A}.#]")),
        (with_binding("amq.topic", f"inbox.{A}", "x"), "error", ("surplus", "binding", f"amq.topic -> inbox.{A} [x]")),
        (with_policy(pattern="^inbox", priority=50), "error", ("surplus", "policy", "foreign")),
        (with_policy(pattern="(?<unreadable", priority=99), "error", ("surplus", "policy", "foreign")),
        (with_policy(pattern="cases", definition={"alternate-exchange": "x"}), "error",
         ("surplus", "policy", "foreign")),
        (with_user("tap", "^$", "cases", "^$"), "error", ("surplus", "user", "tap")),
        (with_user("tap", "^$", "^$", ".*", tags="monitoring"), "error", ("surplus", "user", "tap")),
        (with_user("gone-150402", "^$", r"^out\.gone-150402$", "^$"), "warning", ("surplus", "user", "gone-150402")),
        (lambda broker: replace(broker, permissions=[*broker.permissions, right(A, "", "", "", "other")]), "warning",
         ("surplus", "permissions", A)),
        (without_queue("dead-letters"), "error", ("missing", "queue", "dead-letters")),
        (with_argument(f"inbox.{A}", x_delivery_limit=3), "error", ("conflict", "queue", f"inbox.{A}")),
        (with_argument(f"inbox.{A}", x_queue_type="classic"), "error", ("conflict", "queue", f"inbox.{A}")),
        (lambda broker: replace(broker, topic_permissions=[right(A, "", "^$", "^$")]), "error",
         ("different", "topic-permissions", A)),
        (lambda broker: replace(broker, user_limits={}), "error", ("missing", "limit", A)),
        (lambda broker: replace(broker, user_limits={A: {"max-connections": 9}}), "error", ("different", "limit", A)),
        (lambda broker: replace(broker, features=Features(True, False, True)), "error",
         ("risk", "feature", "stream_queue")),
        (open_to_the_net, "warning", ("risk", "user", "guest")),
        (with_limit("max-queues", 3), "error", ("risk", "vhost-limit", "max-queues")),
        (with_limit("max-queues", 4), "warning", ("risk", "vhost-limit", "max-queues")),
        (with_limit("max-connections", 3), "error", ("risk", "vhost-limit", "max-connections")),
        (with_operator_policy("^inbox", message_ttl=1000), "error", ("risk", "operator-policy", "house-rule")),
        (with_operator_policy("^inbox", expires=1000), "error", ("risk", "operator-policy", "house-rule")),
        (with_operator_policy(".*", max_length=9), "error", ("risk", "operator-policy", "house-rule")),
        (with_operator_policy("^inbox", max_length=9), "warning", ("risk", "operator-policy", "house-rule")),
        (with_operator_policy("^inbox", delivery_limit=2), "error", ("risk", "operator-policy", "house-rule")),
        (with_reader("tap", "tap"), "error", ("surplus", "consumer", f"inbox.{A}")),
        (with_reader(A, "a script"), "error", ("surplus", "consumer", f"inbox.{A}")),
        (with_reader(A, None), "error", ("surplus", "consumer", f"inbox.{A}")),
    ],
)  # fmt: skip
def test_drift_is_found(plant: Callable[[Snapshot], Snapshot], severity: str, expected: tuple[str, str, str]) -> None:
    """Each planted drift is found, with its weight and a cure in both languages."""
    topology = plan([A, B], bounds=QueueLimits(max_connections=4))
    findings = compare(topology, plant(standing(topology)))
    found = [finding for finding in findings if brief([finding]) == {expected}]
    assert [finding.severity.value for finding in found] == [severity], findings
    assert all(finding.cure.zh and finding.cure.en and finding.detail.zh and finding.detail.en for finding in findings)


@pytest.mark.parametrize(
    "plant",
    [
        with_policy(pattern="^inbox", priority=0),
        with_policy(pattern="^other", priority=99),
        with_policy(pattern="cases", priority=99, **{"apply-to": "exchanges"}),
        with_argument(f"inbox.{A}", x_quorum_initial_group_size=3),
        with_user("watcher", "^$", "^$", "^$", tags="monitoring"),
        with_user("chief", ".*", ".*", ".*", tags="administrator"),
        with_binding("", "tap", "tap"),
        with_binding("amq.topic", "tap", "#"),
        with_limit("max-queues", -1),
        with_operator_policy("^other", message_ttl=1000),
        with_operator_policy("^inbox", max_length_bytes=1 << 40, target_group_size=3),
        with_reader(A, f"{A} consume"),
        with_reader("auditor", "audit", "journal"),
    ],
)
def test_what_does_us_no_harm_is_not_reported(plant: Callable[[Snapshot], Snapshot]) -> None:
    """Others may use the same broker: weaker policies, foreign bindings, operators, placement of replicas."""
    topology = plan([A, B])
    assert compare(topology, plant(standing(topology))) == []


def test_a_removed_center_is_reported_and_never_fixed() -> None:
    """With fewer centers planned the old ones' parts are surplus: warnings, and nothing for `apply` to do."""
    findings = compare(plan([A]), standing(plan([A, B])))
    assert brief(findings) == {
        ("surplus", "exchange", f"out.{B}"),
        ("surplus", "queue", f"inbox.{B}"),
        ("surplus", "binding", f"cases -> inbox.{B} [{B}.#]"),
        ("surplus", "binding", f"cases -> journal [{B}.#]"),
        ("surplus", "binding", f"out.{B} -> cases [#]"),
        ("surplus", "user", B),
    }
    assert all(finding.item is None and finding.severity is Severity.WARNING for finding in findings)


# -- admin client ----------------------------------------------------------------------------------------------


def admin_answering(handler: Callable[[httpx.Request], httpx.Response]) -> ManagementApi:
    """An admin whose broker is a function."""
    return ManagementApi(
        "http://broker.test:15672", "operator", "s3cret-pw", "/", transport=httpx.MockTransport(handler)
    )


def unreachable(request: httpx.Request) -> httpx.Response:
    """Nobody there."""
    raise httpx.ConnectError("refused", request=request)


@pytest.mark.parametrize(
    ("handler", "cure"),
    [
        (unreachable, "rabbitmq_management"),
        (lambda _: httpx.Response(401, json={"reason": "Login failed"}), "administrator"),
        (lambda _: httpx.Response(404, json={}), "vhost"),
        (lambda _: httpx.Response(200, text="<html>"), "RabbitMQ"),
        (lambda _: httpx.Response(400, json={"reason": "inequivalent arg"}), "inequivalent arg"),
        (lambda _: httpx.Response(302, headers={"location": "http://elsewhere.test/"}), "302"),
    ],
)
def test_refusals_name_the_cure_and_no_password(handler: Callable[[httpx.Request], httpx.Response], cure: str) -> None:
    """Whatever goes wrong, the operator reads what to do, and the password stands nowhere."""
    with admin_answering(handler) as admin, pytest.raises(ManagementApiRefused, match=cure) as refused:
        admin.exchanges()
    assert "s3cret-pw" not in f"{refused.value!r} {admin!r} {refused.value.__cause__!r}"


def test_a_refused_user_is_not_quoted() -> None:
    """The broker's words about a user may hold what was sent, so they are not repeated."""
    handler = lambda request: httpx.Response(400, content=request.content)  # noqa: E731 - one line says it
    with admin_answering(handler) as admin, pytest.raises(ManagementApiRefused) as refused:
        admin.put_user(A, "the-hash")
    assert "the-hash" not in str(refused.value)


@pytest.mark.parametrize(
    "url", ["http://chief:geheim@127.0.0.1:1", "http://chief:ge/heim@127.0.0.1:1", "http://h:heim"]
)
def test_a_management_url_with_a_login_is_refused_and_not_shown(url: str) -> None:
    """User and password are settings of their own, also where a stroke hides them; no piece of them is repeated."""
    with pytest.raises(ValueError, match="management URL") as refused:
        ManagementApi(url, "chief", "geheim")
    assert "heim" not in str(refused.value)


def test_names_are_quoted_in_paths() -> None:
    """A vhost or name with a slash stays one step of the path."""
    seen: list[str] = []

    def handler(request: httpx.Request) -> httpx.Response:
        seen.append(request.url.raw_path.decode())
        return httpx.Response(404)

    with admin_answering(handler) as admin:
        assert admin.queue("a/b") is None
        assert admin.delete_queue("a b") is False
    assert seen == ["/api/queues/%2F/a%2Fb", "/api/queues/%2F/a%20b"]


def test_a_password_in_the_url_is_refused_without_repeating_it() -> None:
    """URLs end up in logs; passwords have settings of their own."""
    with pytest.raises(ValueError, match="must not carry") as refused:
        ManagementApi("http://operator:s3cret-pw@broker.test", "operator", "x")
    assert "s3cret-pw" not in str(refused.value)


def test_tags_and_features_are_read_in_old_and_new_shapes() -> None:
    """Tags as string or list, features by asking: unlisted flags are part of the broker, 404 means no such thing."""
    answers = {
        "/api/whoami": {"name": "operator", "tags": "administrator,monitoring"},
        "/api/feature-flags": [
            {"name": "quorum_queue", "state": "enabled"},
            {"name": "stream_queue", "state": "disabled"},
        ],
    }

    def handler(request: httpx.Request) -> httpx.Response:
        path = request.url.path
        return httpx.Response(200, json=answers[path]) if path in answers else httpx.Response(404)

    with admin_answering(handler) as admin:
        assert admin.whoami() == ("operator", frozenset({"administrator", "monitoring"}))
        assert admin.features() == Features(quorum_queues=True, streams=False, user_limits=False)

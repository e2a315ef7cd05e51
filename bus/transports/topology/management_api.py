"""A small client of RabbitMQ's management HTTP API: what an operator's tools ask and change, and nothing else.

The shapes are the ones RabbitMQ documents at ``/api/index.html`` of the running broker; the same from 3.10 to 4.x.
What differs between versions is found out by asking for it (``features``), never by comparing version numbers.
"""

import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote

import httpx
from httpx import Response

from bus.transports.topology.passwords import SHA256
from bus.transports.topology.queue_figures import QueueFigures, figures_of

Json = dict[str, Any]


class ManagementApiRefused(Exception):
    """The management API could not be reached or said no. The text names the cure and never holds a password."""

    def __init__(self, text: str, status: int | None = None) -> None:
        super().__init__(text)
        self.status = status
        """HTTP status, ``None`` when nobody answered."""


@dataclass(frozen=True, slots=True)
class Features:
    """What this broker can do, found by asking."""

    quorum_queues: bool
    streams: bool
    """Also what at-least-once dead-lettering stands on in 3.10."""
    user_limits: bool


def _path(*parts: str) -> str:
    return "/".join(quote(part, safe="") for part in parts)


class ManagementApi:
    """One operator's session on one vhost. Raises ``ManagementApiRefused``; safe to use from one thread at a time."""

    def __init__(
        self, management_url: str, user: str, password: str, vhost: str = "/", *, timeout: float = 10.0,
        ca_file: str | None = None, transport: httpx.BaseTransport | None = None,
    ) -> None:  # fmt: skip
        """``management_url`` like ``http://127.0.0.1:15672``; ``timeout`` in seconds, for each step of a request;
        ``ca_file`` a PEM file when the broker's certificate comes from the county's own authority."""
        if "@" in management_url:  # not urlsplit's user: a password with a stroke in it is none to urlsplit
            raise ValueError("the management URL must not carry user and password: give them as settings of their own")
        self.url = management_url.rstrip("/")
        self.user = user
        self.vhost = vhost
        try:
            base = httpx.URL(self.url + "/api/")
        except httpx.InvalidURL:  # it repeats what it took for a port
            raise ValueError("the management URL cannot be read: http://HOST:15672 is needed") from None
        self._http = httpx.Client(
            base_url=base,
            auth=httpx.BasicAuth(user, password),
            timeout=httpx.Timeout(timeout),
            trust_env=False,
            verify=ssl.create_default_context(cafile=ca_file),
            transport=transport,
        )

    def __repr__(self) -> str:
        return f"Admin({self.url!r}, user={self.user!r}, vhost={self.vhost!r})"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Give the connections back. Idempotent."""
        self._http.close()

    def _ask(self, method: str, *parts: str, body: Mapping[str, Any] | None = None, may_lack: bool = False) -> Response:
        """An answer of success; of 404 too where that is an answer."""
        what = f"{method} {self.url}/api/{_path(*parts)}"
        try:
            answer = self._http.request(method, _path(*parts), json=body)
        except httpx.TransportError as error:
            raise ManagementApiRefused(
                f"{what}: no answer ({type(error).__name__}). Is the broker up, its plugin rabbitmq_management "
                "enabled, and the management URL right (port 15672 by default)?"
            ) from None
        if answer.is_success or (may_lack and answer.status_code == httpx.codes.NOT_FOUND):
            return answer
        raise ManagementApiRefused(f"{what}: {self._cure(answer, parts)}", answer.status_code)

    def _cure(self, answer: Response, parts: tuple[str, ...]) -> str:
        if answer.status_code == httpx.codes.UNAUTHORIZED:
            return (
                f"401, user {self.user!r} is refused. Check name and password; the user needs the tag administrator, "
                "and guest may log in only from the broker's own machine."
            )
        if answer.status_code == httpx.codes.NOT_FOUND:
            return f"404, not there. Does the vhost {self.vhost!r} exist (rabbitmqctl add_vhost)?"
        # what the broker says about a user may quote what was sent: a password hash
        said = "" if parts[0] in ("users", "definitions") else " " + answer.text[:300]
        return f"{answer.status_code}, the broker refuses it.{said} Compare with `bus topology verify`."

    def _get(self, *parts: str) -> Any:  # noqa: ANN401 - JSON of any shape
        """``None`` when it is not there."""
        answer = self._ask("GET", *parts, may_lack=True)
        if not answer.is_success:
            return None
        try:
            return answer.json()
        except ValueError:
            raise ManagementApiRefused(
                f"GET {self.url}: the answer is no JSON. Is this really a RabbitMQ broker?"
            ) from None

    def _must(self, *parts: str) -> Any:  # noqa: ANN401 - JSON of any shape
        found = self._get(*parts)
        if found is None:
            raise ManagementApiRefused(
                f"GET {self.url}/api/{_path(*parts)}: 404. Does the vhost {self.vhost!r} exist?", 404
            )
        return found

    def _list(self, *parts: str) -> list[Json]:
        return [dict(row) for row in self._must(*parts)]

    def _delete(self, *parts: str) -> bool:
        return self._ask("DELETE", *parts, may_lack=True).is_success

    def whoami(self) -> tuple[str, frozenset[str]]:
        """Our own name and tags; ``administrator`` is needed to change users."""
        me = self._must("whoami")
        tags = me.get("tags", [])
        return str(me["name"]), frozenset(tags.split(",") if isinstance(tags, str) else tags)

    def overview(self) -> Json:
        """Version, cluster name, listeners."""
        return dict(self._must("overview"))

    def features(self) -> Features:
        """A feature flag that is not listed has long become part of the broker; a listed one may still be off."""
        flags = {str(row["name"]): row.get("state") for row in self._get("feature-flags") or ()}
        return Features(
            quorum_queues=flags.get("quorum_queue", "enabled") == "enabled",
            streams=flags.get("stream_queue", "enabled") == "enabled",
            user_limits=self._get("user-limits") is not None,
        )

    def vhost_exists(self) -> bool:
        """Whether our vhost is there."""
        return self._get("vhosts", self.vhost) is not None

    def put_vhost(self) -> None:
        """Make our vhost."""
        self._ask("PUT", "vhosts", self.vhost, body={})

    def import_definitions(self, definitions: Mapping[str, Any]) -> None:
        """What ``layout.definitions`` made; adds and overwrites, deletes nothing."""
        self._ask("POST", "definitions", body=definitions)

    def exchanges(self) -> list[Json]:
        """All exchanges of the vhost."""
        return self._list("exchanges", self.vhost)

    def put_exchange(self, name: str, body: Mapping[str, Any]) -> None:
        """Declare; refused when it exists with other properties."""
        self._ask("PUT", "exchanges", self.vhost, name, body=body)

    def delete_exchange(self, name: str) -> bool:
        """False when it was not there."""
        return self._delete("exchanges", self.vhost, name)

    def queues(self) -> list[Json]:
        """All queues of the vhost."""
        return self._list("queues", self.vhost)

    def queue(self, name: str) -> Json | None:
        """One queue with its figures, ``None`` when it is not there."""
        found = self._get("queues", self.vhost, name)
        return None if found is None else dict(found)

    def put_queue(self, name: str, body: Mapping[str, Any]) -> None:
        """Declare; refused when it exists with other properties."""
        self._ask("PUT", "queues", self.vhost, name, body=body)

    def delete_queue(self, name: str) -> bool:
        """With everything in it. False when it was not there."""
        return self._delete("queues", self.vhost, name)

    def figures(self) -> list[QueueFigures]:
        """The figures of every queue of the vhost, by name."""
        return [figures_of(row) for row in sorted(self.queues(), key=lambda row: str(row["name"]))]

    def nodes(self) -> list[Json]:
        """The nodes of the broker, with their alarms and free disk."""
        return self._list("nodes")

    def bindings(self) -> list[Json]:
        """All bindings of the vhost, the default exchange's own included."""
        return self._list("bindings", self.vhost)

    def put_binding(self, source: str, destination: str, to_exchange: bool, key: str) -> None:
        """Bind a queue (or an exchange) to an exchange. Repeating it changes nothing."""
        kind = "e" if to_exchange else "q"
        body = {"routing_key": key, "arguments": {}}
        self._ask("POST", "bindings", self.vhost, "e", source, kind, destination, body=body)

    def delete_binding(self, source: str, destination: str, to_exchange: bool, properties_key: str) -> bool:
        """``properties_key`` as ``bindings`` lists it. False when it was not there."""
        return self._delete(
            "bindings", self.vhost, "e", source, "e" if to_exchange else "q", destination, properties_key
        )

    def policies(self) -> list[Json]:
        """All policies of the vhost."""
        return self._list("policies", self.vhost)

    def operator_policies(self) -> list[Json]:
        """All operator policies of the vhost: they hold beside the policies, and the tighter value counts."""
        return self._list("operator-policies", self.vhost)

    def vhost_limits(self) -> dict[str, int]:
        """The limits of our vhost, such as ``max-queues``; empty where there are none."""
        return {
            name: limit for row in self._get("vhost-limits", self.vhost) or () for name, limit in row["value"].items()
        }

    def consumers(self) -> list[Json]:
        """Who reads which queue of the vhost; empty where the broker keeps no such figures."""
        return [dict(row) for row in self._get("consumers", self.vhost) or ()]

    def connections(self) -> list[Json]:
        """The open connections to the vhost; empty where the broker keeps no such figures."""
        return [dict(row) for row in self._get("vhosts", self.vhost, "connections") or ()]

    def put_policy(self, name: str, body: Mapping[str, Any]) -> None:
        """Make or replace."""
        self._ask("PUT", "policies", self.vhost, name, body=body)

    def delete_policy(self, name: str) -> bool:
        """False when it was not there."""
        return self._delete("policies", self.vhost, name)

    def users(self) -> list[Json]:
        """All users of the broker with their password hashes: treat as secret."""
        return self._list("users")

    def put_user(self, name: str, hashed: str, algorithm: str = SHA256, tags: str = "") -> None:
        """Make or replace a user by password hash; the password itself never travels."""
        self._ask("PUT", "users", name, body={"password_hash": hashed, "hashing_algorithm": algorithm, "tags": tags})

    def delete_user(self, name: str) -> bool:
        """False when it was not there."""
        return self._delete("users", name)

    def permissions(self) -> list[Json]:
        """Every user's rights in every vhost."""
        return self._list("permissions")

    def put_permissions(self, user: str, configure: str, write: str, read: str) -> None:
        """Make or replace a user's rights in our vhost. The patterns are regular expressions: anchor them."""
        body = {"configure": configure, "write": write, "read": read}
        self._ask("PUT", "permissions", self.vhost, user, body=body)

    def delete_permissions(self, user: str) -> bool:
        """False when there were none."""
        return self._delete("permissions", self.vhost, user)

    def topic_permissions(self) -> list[Json]:
        """Every user's topic rights in every vhost."""
        return self._list("topic-permissions")

    def put_topic_permissions(self, user: str, exchange: str, write: str, read: str) -> None:
        """Make or replace a user's topic rights on one exchange of our vhost."""
        body = {"exchange": exchange, "write": write, "read": read}
        self._ask("PUT", "topic-permissions", self.vhost, user, body=body)

    def delete_topic_permissions(self, user: str) -> bool:
        """All of the user's topic rights in our vhost. False when there were none."""
        return self._delete("topic-permissions", self.vhost, user)

    def user_limits(self) -> dict[str, dict[str, int]]:
        """Limits by user; empty where the broker does not know them."""
        return {str(row["user"]): dict(row["value"]) for row in self._get("user-limits") or ()}

    def put_user_limit(self, user: str, limit: str, value: int) -> None:
        """``limit`` is ``max-connections`` or ``max-channels``."""
        self._ask("PUT", "user-limits", user, limit, body={"value": value})

    def delete_user_limit(self, user: str, limit: str) -> bool:
        """False when there was none."""
        return self._delete("user-limits", user, limit)

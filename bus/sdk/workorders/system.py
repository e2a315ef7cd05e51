"""The client of a center's own system, on which an adapter names its calls."""

import base64
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote

from bus.contract.case import Attachment
from bus.contract.envelope import Message
from bus.contract.messages import Handed, Published
from bus.sdk.backend import BackendClient
from bus.sdk.center import Commands, HandlerContext, RetryLater
from bus.sdk.codes import RetryCode
from bus.sdk.workorders.desk import OwnRecord
from bus.sdk.workorders.orders import handed


class System:
    """Every call has its effect once for each ``key``. All raise ``RetryLater`` and ``Reject`` as ``BackendClient``
    does."""

    def __init__(self, backend: BackendClient) -> None:
        self._backend = backend

    def call(self, path: str, *names: str, body: Mapping[str, Any], key: str) -> dict[str, Any]:
        """Post ``body`` to ``path``, in which each ``{}`` is a name of the other system, whatever signs it holds."""
        return self._backend.post(_named(path, names), body, key=key)

    def read(self, path: str, *names: str, query: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """What stands at ``path``, in which each ``{}`` is a name of the other system."""
        return self._backend.get(_named(path, names), query)

    def open(self, path: str, body: Mapping[str, Any], *, key: str, named: str = "id") -> str:
        """Make a record. Returns its id, which the answer has under ``named``."""
        answer = self._backend.post(path, body, key=key)
        if not isinstance(answer.get(named), str):
            raise RetryLater(RetryCode.VENDOR_GARBAGE)
        return str(answer[named])

    def keep(self, path: str, paper: Attachment, content: bytes, *, key: str) -> None:
        """The bytes of a paper or photo that a record names by its hash."""
        body = {"sha256": paper.sha256, "media_type": paper.media_type, "content": base64.b64encode(content).decode()}
        self._backend.post(path, body, key=key)


def _named(path: str, names: tuple[str, ...]) -> str:
    return path.format(*(quote(name, safe="") for name in names))


Context = HandlerContext[System]
"""What a handler of a center is given whose system is reached by calls alone."""


def kept_at(path: str) -> Callable[[Context, Attachment, bytes], None]:
    """Keeps papers and photos by a call to ``path``: ``center.keeps(kept_at("/photos"))``."""
    return lambda context, paper, content: context.system.keep(path, paper, content, key=context.key)


def posted_at(path: str) -> Callable[[Context, Message[Published]], Commands]:
    """Posts what another center has told the public to ``path``: matter for a report, or for our own board."""

    def post(context: Context, message: Message[Published]) -> Commands:
        case_id, data = context.record.case.case_id, message.data
        body = {"case_id": case_id, "by": message.source, "title": data.title, "text": data.text}
        context.system.call(path, body=body, key=context.key)
        return []

    return post


def completed_at(
    path: str, name: str, *fields: str, **theirs: str
) -> Callable[[Context, OwnRecord, Message[Handed]], None]:
    """Completes a work order by a call to ``path``, whose ``{}`` is the order; the rest as for ``handed``."""

    def complete(context: Context, record: OwnRecord, message: Message[Handed]) -> None:
        body = handed(message, name, *fields, **theirs)
        context.system.call(path, record.native_id, body=body, key=context.key)

    return complete

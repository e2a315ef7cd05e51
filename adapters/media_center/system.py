"""The client of the media center's app and newsroom: one method for each call of theirs."""

import base64
from typing import Any
from urllib.parse import quote

from pydantic import BaseModel

from adapters.media_center.native import Note, Order, Reply, Report
from bus import Attachment, BackendClient, RetryLater


class MediaSystem:
    """Every call has its effect once for each ``key``. All raise ``RetryLater`` and ``Reject`` as ``BackendClient``
    does."""

    def __init__(self, backend: BackendClient) -> None:
        self._backend = backend

    def open_order(self, order: Order, *, key: str) -> str:
        """建单: a work order in the newsroom. Returns its id."""
        answer = self._backend.post("/orders", _body(order), key=key)
        if not isinstance(answer.get("id"), str):
            raise RetryLater("vendor-garbage")
        return str(answer["id"])

    def note(self, folder: str, record: str, note: Note, *, key: str) -> dict[str, Any]:
        """A line on a record of ``folder`` (``messages`` or ``orders``). A message's answer tells in ``cancelled``
        whether its resident has taken it back."""
        return self._backend.post(f"/{folder}/{quote(record, safe='')}/notes", _body(note), key=key)

    def reply(self, message_id: str, reply: Reply, *, key: str) -> None:
        """答复: shown to the resident under the message."""
        self._backend.post(f"/messages/{quote(message_id, safe='')}/replies", _body(reply), key=key)

    def report(self, report: Report, *, key: str) -> None:
        """跟踪报道: a report for the newsroom to publish."""
        self._backend.post("/reports", _body(report), key=key)

    def keep_photo(self, photo: Attachment, content: bytes, *, key: str) -> None:
        """The bytes of a photo that an order or a reply names by its hash."""
        body = {
            "sha256": photo.sha256,
            "media_type": photo.media_type,
            "content": base64.b64encode(content).decode(),
        }
        self._backend.post("/photos", body, key=key)


def _body(model: BaseModel) -> dict[str, Any]:
    return model.model_dump(mode="json", exclude_none=True)

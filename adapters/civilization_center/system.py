"""The client of the civilization practice platform: one method for each call of theirs."""

import base64
from typing import Any
from urllib.parse import quote

from pydantic import BaseModel

from adapters.civilization_center.records import Bulletin, Note, Reply, WorkOrder
from bus import Attachment, BackendClient, RetryLater


class CivilizationSystem:
    """Every call has its effect once for each ``key``. All raise ``RetryLater`` and ``Reject`` as ``BackendClient``
    does."""

    def __init__(self, backend: BackendClient) -> None:
        self._backend = backend

    def open_order(self, order: WorkOrder, *, key: str) -> str:
        """建单: a work order from another center. Returns its id."""
        answer = self._backend.post("/orders", _body(order), key=key)
        if not isinstance(answer.get("id"), str):
            raise RetryLater("vendor-garbage")
        return str(answer["id"])

    def note(self, folder: str, record: str, note: Note, *, key: str) -> None:
        """动态: a line on a record of ``folder`` (``wishes``, ``service-orders`` or ``orders``); it sets its status."""
        self._backend.post(f"/{folder}/{quote(record, safe='')}/notes", _body(note), key=key)

    def reply(self, folder: str, record: str, reply: Reply, *, key: str) -> None:
        """答复: shown to the resident under the wish or the order."""
        self._backend.post(f"/{folder}/{quote(record, safe='')}/replies", _body(reply), key=key)

    def bulletin(self, bulletin: Bulletin, *, key: str) -> None:
        """公示: on the center's board."""
        self._backend.post("/bulletins", _body(bulletin), key=key)

    def keep_photo(self, photo: Attachment, content: bytes, *, key: str) -> None:
        """The bytes of a photo that an order or a reply names by its hash."""
        body = {"sha256": photo.sha256, "media_type": photo.media_type, "content": base64.b64encode(content).decode()}
        self._backend.post("/photos", body, key=key)


def _body(model: BaseModel) -> dict[str, Any]:
    return model.model_dump(mode="json", exclude_none=True)

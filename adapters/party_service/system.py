"""The client of the party service platform: one method for each call of theirs."""

import base64
from typing import Any
from urllib.parse import quote

from pydantic import BaseModel

from adapters.party_service.records import Bulletin, Notice, Reply, SentMatter, Step
from bus import Attachment, BackendClient, RetryLater


class PartySystem:
    """Every call has its effect once for each ``key``. All raise ``RetryLater`` and ``Reject`` as ``BackendClient``
    does."""

    def __init__(self, backend: BackendClient) -> None:
        self._backend = backend

    def open_matter(self, matter: SentMatter, *, key: str) -> str:
        """立项: a matter of another center. Returns its number."""
        answer = self._backend.post("/matters", _body(matter), key=key)
        if not isinstance(answer.get("id"), str):
            raise RetryLater("vendor-garbage")
        return str(answer["id"])

    def step(self, matter_no: str, step: Step, *, key: str) -> None:
        """流转: a line on the matter; it sets the matter's status and, if it names one, its deadline."""
        self._on_matter(matter_no, "steps", step, key)

    def notice(self, matter_no: str, notice: Notice, *, key: str) -> None:
        """整改通知单: a promise with its date, filed with the matter."""
        self._on_matter(matter_no, "notices", notice, key)

    def reply(self, matter_no: str, reply: Reply, *, key: str) -> None:
        """答复: the resident is told."""
        self._on_matter(matter_no, "replies", reply, key)

    def bulletin(self, bulletin: Bulletin, *, key: str) -> None:
        """公示: on the center's board."""
        self._backend.post("/bulletins", _body(bulletin), key=key)

    def keep_photo(self, photo: Attachment, content: bytes, *, key: str) -> None:
        """The bytes of a photo that a matter or a reply names by its hash."""
        body = {"sha256": photo.sha256, "media_type": photo.media_type, "content": base64.b64encode(content).decode()}
        self._backend.post("/photos", body, key=key)

    def _on_matter(self, matter_no: str, what: str, body: BaseModel, key: str) -> None:
        self._backend.post(f"/matters/{quote(matter_no, safe='')}/{what}", _body(body), key=key)


def _body(model: BaseModel) -> dict[str, Any]:
    return model.model_dump(mode="json", exclude_none=True)

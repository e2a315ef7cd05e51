"""The client of the service hall's and hotline's system: one method for each call of theirs."""

import base64
from typing import Any
from urllib.parse import quote

from pydantic import BaseModel

from adapters.government_service.records import Answer, Grade, SentBack, SentOrder, Step
from bus import Attachment, BackendClient, RetryLater


class ServiceSystem:
    """Every call has its effect once for each ``key``. All raise ``RetryLater`` and ``Reject`` as ``BackendClient``
    does."""

    def __init__(self, backend: BackendClient) -> None:
        self._backend = backend

    def open_order(self, order: SentOrder, *, key: str) -> str:
        """建单: a work order for a case of another center. Returns its number."""
        answer = self._backend.post("/orders", _body(order), key=key)
        if not isinstance(answer.get("order_no"), str):
            raise RetryLater("vendor-garbage")
        return str(answer["order_no"])

    def step(self, order_no: str, step: Step, *, key: str) -> None:
        """流转: a line on the order; it sets the order's status and, if it names one, its deadline."""
        self._on_order(order_no, "steps", step, key)

    def sent_back(self, order_no: str, sent_back: SentBack, *, key: str) -> None:
        """退单登记: the order is to be dispatched again."""
        self._on_order(order_no, "returns", sent_back, key)

    def answer(self, order_no: str, answer: Answer, *, key: str) -> None:
        """答复: the caller is told."""
        self._on_order(order_no, "answers", answer, key)

    def grade(self, order_no: str, grade: Grade, *, key: str) -> None:
        """好差评: the rating of a matter that we handled."""
        self._on_order(order_no, "grades", grade, key)

    def keep_paper(self, paper: Attachment, content: bytes, *, key: str) -> None:
        """The bytes of a paper or photo that an order or an answer names by its hash."""
        body = {"sha256": paper.sha256, "media_type": paper.media_type, "content": base64.b64encode(content).decode()}
        self._backend.post("/materials", body, key=key)

    def _on_order(self, order_no: str, what: str, body: BaseModel, key: str) -> None:
        self._backend.post(f"/orders/{quote(order_no, safe='')}/{what}", _body(body), key=key)


def _body(model: BaseModel) -> dict[str, Any]:
    return model.model_dump(mode="json", exclude_none=True)

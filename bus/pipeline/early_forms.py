"""Early forms: a form about a record that is not registered yet is taken, waits, and is carried out once it is.

It is stored in the transaction that takes it, and carried out in the one that registers its record. So it counts once,
whichever of the two comes first, and neither is lost at a crash.
"""

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field

from pydantic import BaseModel, ValidationError

from bus.custody import Record, Refusal
from bus.sdk.center import Form, Reject
from bus.store import cases, early_forms, parked
from bus.store.database import DriverError, StoreUnavailable
from bus.store.early_forms import EarlyForm
from bus.store.unit_of_work import UnitOfWork

MOST = 100_000
"""Forms that may wait at once; further ones are told to come again later."""
TOO_MANY = "too-many-early"


@dataclass(slots=True)
class EarlyForms:
    """The early forms of one batch of the intake."""

    uow: UnitOfWork
    forms: Mapping[str, Form]
    """The forms of the center, by name."""
    carry_out: Callable[[Form, BaseModel], Sequence[Record]]
    """Carries out a form in the unit of work. Raises ``Refusal`` or ``Reject``."""
    came: list[EarlyForm] = field(default_factory=list)
    _room: int | None = None

    def awaited(self, form: Form, body: BaseModel) -> tuple[str, str] | None:
        """The record for which the form must wait; None where it need not."""
        record = form.about(body) if form.about is not None else None
        if record is None or self.uow.linked(*record) is not None or cases.find(self.uow.tx, *record) is not None:
            return None
        return record

    def hold(self, form: Form, native_id: str, record: tuple[str, str], body: BaseModel) -> bool:
        """Keep the form until its record comes. False: too many forms wait already."""
        if self._room is None:
            self._room = MOST - early_forms.figures(self.uow.tx)[0]
        if self._room <= 0:
            return False
        self._room -= 1
        told = body.model_dump_json(by_alias=True).encode()
        self.came.append(EarlyForm(form.name, native_id, *record, told, self.uow.now_ms))
        return True

    def settle(self, known: Collection[tuple[str, str]]) -> None:
        """At the end of the batch: carry out what waited for records that are ``known``, and store what still waits."""
        stored = early_forms.waiting_for(self.uow.tx, known)
        for one in (*stored, *(one for one in self.came if (one.system, one.record) in known)):
            self._release(one)
        early_forms.take(self.uow.tx, [(one.form, one.native_id) for one in stored])
        early_forms.hold(self.uow.tx, [one for one in self.came if (one.system, one.record) not in known])

    def _release(self, one: EarlyForm) -> None:
        form = self.forms.get(one.form)
        if form is None or not one.body:
            self._park(one, "no-such-form" if one.body else "form-unreadable")
            return
        try:
            with self.uow.savepoint():
                self.carry_out(form, form.model.model_validate_json(one.body))
        except (Refusal, Reject) as no:
            self._park(one, no.code)
        except ValidationError:
            self._park(one, "invalid")
        except (StoreUnavailable, DriverError):
            raise
        except Exception:  # a fault of the adapter: the case must be registered all the same
            self._park(one, "handler-fault")

    def _park(self, one: EarlyForm, code: str) -> None:
        """The form was taken, so its sender does not ask again: an operator sees that it was refused in the end."""
        case_id = self.uow.linked(one.system, one.record) or cases.find(self.uow.tx, one.system, one.record)
        told = {"form": one.form, "body": json.loads(one.body or b"{}")}
        row = parked.row(
            parked.FORM,
            code,
            f"form {one.form} came before its record, and was refused when that came: hand in another, then discard it",
            known_by=f"{one.form} {one.native_id}".encode(),
            owner=self.uow.context.me,
            now_ms=self.uow.now_ms,
            case_id=str(case_id) if case_id is not None else None,
            body=json.dumps(told, ensure_ascii=False).encode(),
        )
        parked.park(self.uow.tx, [row])

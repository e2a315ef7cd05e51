"""S03 in full: 16,263 ratings, a tenth of them twice, in any order, many before their order; each counts once."""

from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

from adapters.government_service.handlers import center
from bus.contract.case import Attachment
from bus.figures.answers import figures_of
from bus.figures.period import Reckoning
from bus.pipeline.intake import IntakeDeps, Submission, intake
from bus.store import Tx, cases, early_forms, parked
from bus.store.figures import count
from bus.store.timestamps import ms
from stories import s03
from stories.stage import GOVERNMENT
from tests.harness.step import BareCenter

FORMS = {s03.ORDERS: "ledger", s03.RATINGS: "rating"}
BATCH = 500


class NoRoutes:
    """Nobody is responsible for anything."""

    def find(self, category: str, division: str) -> str | None:
        """None."""
        return None


def _no_attachment(_tx: Tx, _sha256: str) -> Attachment | None:
    return None


class Hall:
    """A government service center that takes forms in batches."""

    def __init__(self, folder: Path) -> None:
        self.bare = BareCenter(GOVERNMENT, folder)
        self.deps = IntakeDeps(self.bare.context, NoRoutes(), _no_attachment, center.forms)
        self.replies: Counter[tuple[str, str]] = Counter()

    def take(self, told: list[s03.Told]) -> None:
        """Hand all of it in."""
        for begin in range(0, len(told), BATCH):
            batch = []
            for path, body in told[begin : begin + BATCH]:
                form = center.forms[FORMS[path]]
                batch.append(Submission(form, form.model.model_validate(body, strict=False)))
            for one, reply in zip(batch, intake(self.bare.store, self.deps, batch, datetime.now(UTC)), strict=True):
                self.replies[one.form.name, reply.status] += 1

    def satisfaction(self) -> tuple[int, int | None, str]:
        """Numerator, denominator, and the rate."""
        with self.bare.store.reading() as tx:
            counts = count(tx, GOVERNMENT, s03.HALF_YEAR, ms(s03.AS_OF), Reckoning())
        found = next(one for one in figures_of(counts) if one.figure.code == "satisfaction-rate")
        return found.numerator, found.denominator, found.value


def test_sixteen_thousand_ratings_count_once_each(tmp_path: Path) -> None:
    """Exactly 16,263 of 16,263 are 100.00 %; with one more that is not satisfied it is 100 % no longer."""
    hall, told = Hall(tmp_path), s03.replay(s03.ALL)
    first = {body["order_no"] for path, body in told[:BATCH] if path == s03.RATINGS}
    assert first & set(s03.early(told))
    hall.take(told)
    assert hall.satisfaction() == (16_263, 16_263, "100.00 %")
    assert hall.replies == {
        ("ledger", "taken"): s03.ALL, ("rating", "taken"): s03.ALL, ("rating", "repeated"): s03.ALL // 10,
    }  # fmt: skip
    hall.take(list(s03.one(s03.ALL, "不满意")))
    assert hall.satisfaction() == (16_263, 16_264, "99.99 %")
    with hall.bare.store.reading() as tx:
        assert early_forms.figures(tx) == (0, 0)
        assert parked.listed(tx) == []
        assert len(cases.ids(tx)) == s03.ALL + 1
    hall.bare.store.close()

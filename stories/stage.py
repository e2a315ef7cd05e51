"""The stage of a story: residents and staff act in the centers' own systems, and wait for results."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from bus.bilingual import Bilingual
from bus.custody import Record, Status
from bus.demo.local_county import LocalCounty
from bus.figures.answers import Counted, figures_of
from bus.figures.period import Period, Reckoning
from bus.store import cases, figures
from bus.store.timestamps import ms

Json = dict[str, Any]

COUNTY = "150402"
STREET = "150402006"
COMMUNITY = "150402006006"
MEDIA = f"media_center-{COUNTY}"
CIVILIZATION = f"civilization_center-{COUNTY}"
PARTY = f"party_service-{COUNTY}"
GOVERNMENT = f"government_service-{COUNTY}"
PARTY_STREET = f"party_service-{STREET}"
PARTY_COMMUNITY = f"party_service-{COMMUNITY}"
REGION = "150000"
RAILWAY = f"civilization_center-{REGION}"
CENTERS: Sequence[str] = (MEDIA, CIVILIZATION, PARTY, GOVERNMENT, PARTY_STREET, PARTY_COMMUNITY, RAILWAY)
"""Four centers of one county, 红山区, a street and a community below its party service, and the railway police, who
belong to no county. The stories keep their original places; this one county stands for those that they come from."""
PLACES: Mapping[str, Bilingual] = {
    COUNTY: Bilingual("红山区", "Hongshan District"),
    STREET: Bilingual("站前街道", "Zhanqian Subdistrict"),
    COMMUNITY: Bilingual("迎宾路社区", "Yingbin Road Community"),
    REGION: Bilingual("铁路公安", "Railway Police"),
}
"""The names of these centers' divisions, for people."""
ARBITER = PARTY
COMMAND = f"command_center-{COUNTY}"
"""A fifth kind of center, whose adapter comes from outside this repository: it has a story of its own."""


@dataclass(slots=True)
class Stage:
    """One story's access to the county."""

    county: LocalCounty
    story: str
    cases: list[UUID] = field(default_factory=list)
    """The cases of this story, in order."""
    patience: float = 120
    """Seconds that any wait may take."""
    heard: Callable[[str, UUID], None] = lambda _story, _case: None
    """Called for each case that the story has made."""
    says: Callable[[Bilingual], None] = lambda _words: None
    """Called with what the story has to say at its end."""
    disguise: Callable[[Json], Json] = lambda body: body
    """Rewrites what residents say, so that the text is recognised wherever it gets to."""

    def resident(self, center: str, path: str, body: Json) -> Json:
        """Act in the own system of ``center``, as its staff or a resident."""
        answer: Json = self.county.backend(center, path, self.disguise(body))
        return answer

    def case_of(self, center: str, system: str, native_id: str) -> UUID:
        """The case of a native record."""

        def find() -> UUID | None:
            with self.county.store(center).reading() as tx:
                return cases.find(tx, system, native_id)

        case_id: UUID = self.county.until(f"{self.story}: a case for {system} {native_id}", find, self.patience)
        if case_id not in self.cases:
            self.cases.append(case_id)
            self.heard(self.story, case_id)
        return case_id

    def order(self, center: str, case_id: UUID, purpose: str = "handle", number: int = 1) -> str:
        """The order that staff of ``center`` see for the case, or the second one. Returns its id in the center's own
        system."""

        def find() -> str | None:
            seen = 0
            for record in list(self.county.backends[center].records.values()):
                seen += record.get("case_id") == str(case_id) and record.get("purpose") == purpose
                if seen == number:
                    return str(record.get("id") or record.get("matter_no") or record["order_no"])
            return None

        found: str = self.county.until(f"{self.story}: an order to {purpose} at {center}", find, self.patience)
        return found

    def staff(self, center: str, order: str, action: str, **more: object) -> None:
        """Let staff of ``center`` act on an order."""
        self.county.backend(center, f"/staff/orders/{order}/events", {"action": action, **more})

    def works(self, center: str, record_id: str, action: str, **more: object) -> None:
        """Let staff of ``center`` note what they do with a matter that is theirs: a call, a visit, a plan, papers."""
        self.county.backend(center, f"/staff/records/{record_id}/work", {"action": action, **more})

    def shown(self, center: str, record_id: str, headline: str) -> None:
        """Wait until the own system of ``center`` shows a line with this headline on a record."""

        def find() -> bool:
            record = self.county.backends[center].records[record_id]
            return any(line["headline"] == headline for line in [*record.get("steps", ()), *record.get("notes", ())])

        self.county.until(f"{self.story}: {headline} at {center}", find, self.patience)

    def record(self, center: str, case_id: UUID) -> Record | None:
        """The record of ``center`` for the case."""
        return self.county.record(center, case_id)

    def until(self, center: str, case_id: UUID, what: str, seen: Callable[[Record], bool]) -> Record:
        """Wait until the record of ``center`` meets the condition."""

        def look() -> Record | None:
            record = self.record(center, case_id)
            return record if record is not None and seen(record) else None

        found: Record = self.county.until(f"{self.story}: {what} at {center}", look, self.patience)
        return found

    def holds(self, center: str, case_id: UUID) -> Record:
        """Wait until ``center`` knows itself as the holder."""
        return self.until(center, case_id, "custody", lambda r: r.mine and not r.decision_pending)

    def closed(self, center: str, case_id: UUID) -> Record:
        """Wait until ``center`` knows the case as closed: the resident has been answered."""
        return self.until(center, case_id, "the closing", lambda r: r.status is Status.CLOSED)

    def figure_of(self, center: str, code: str, period: Period, as_of: datetime, enough: int) -> Counted:
        """A figure of ``center``, once its denominator is ``enough``, or its number where it has none."""

        def look() -> Counted | None:
            with self.county.store(center).reading() as tx:
                counts = figures.count(tx, center, period, ms(as_of), Reckoning())
            found = next(one for one in figures_of(counts) if one.figure.code == code)
            whole = found.numerator if found.denominator is None else found.denominator
            return found if whole >= enough else None

        counted: Counted = self.county.until(f"{self.story}: {code} of {enough} at {center}", look, self.patience)
        return counted

    def rated(self, center: str, case_id: UUID, grade: int) -> Record:
        """Wait until ``center`` knows the resident's rating."""
        return self.until(center, case_id, "the rating", lambda r: any(g.grade == grade for g in r.ratings))

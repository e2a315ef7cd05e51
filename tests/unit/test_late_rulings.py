"""Which cases wait too long for an arbiter's ruling, as the console tells it."""

from pathlib import Path
from uuid import UUID

import pytest

from bus.contract.messages import Ruled
from bus.custody.commands import Register
from bus.store import case_lists, cases
from bus.store.rows import JournalLine
from tests.harness.step import MEDIA, PARTY, BareCenter, a_case


def _line(case_id: UUID, at_ms: int, way: str, kind: str, note: str = "") -> JournalLine:
    return JournalLine(str(case_id), at_ms, way, kind, PARTY, None, MEDIA, 1, note)


REMINDED = [("reminded", "ruling", "urge.urged"), ("reminded", "ruling", "supervise.urged")]


@pytest.mark.parametrize(
    ("lines", "late"),
    [
        ([], []),
        ([("reminded", "ruling", "soon.desk")], []),
        ([("reminded", "sign", "urge.urged")], []),
        (REMINDED, [(PARTY, 1, 1)]),
        ([*REMINDED, ("heard", Ruled.kind, "")], []),
        ([*REMINDED, ("heard", Ruled.kind, ""), *REMINDED], [(PARTY, 1, 4)]),
    ],
    ids=["none", "soon", "another clock", "late", "ruled", "asked anew"],
)
def test_a_ruling_is_late_when_its_term_has_ended(
    tmp_path: Path, lines: list[tuple[str, str, str]], late: list[tuple[str, int, int]]
) -> None:
    """By the reminders of the county's own clocks, until the ruling is heard."""
    here = BareCenter(MEDIA, tmp_path)
    case = a_case(MEDIA)
    here.execute(Register(case=case))
    said = [_line(case.case_id, at_ms, way, kind, note) for at_ms, (way, kind, note) in enumerate(lines, 1)]
    here.store.write(lambda tx: cases.note(tx, said))
    with here.store.reading() as tx:
        assert case_lists.late_rulings(tx) == late
    here.close()

"""The county's directory as ``bus keys`` signs and shows it."""

import json
from datetime import UTC, datetime
from pathlib import Path

from bus.bilingual import Bilingual
from bus.cli.output import Output
from bus.cli.written_files import save
from bus.security import directory
from bus.security.directory import Directory, Listed, marks_text
from bus.security.keyring import Keyring
from bus.security.marks_memory import last_marks, memory_beside, remembered
from bus.security.private_file import Owner
from bus.security.staff import StaffKey

_HEADS = (
    Bilingual("中心", "Center"),
    Bilingual("密钥", "Key"),
    Bilingual("状态", "State"),
    Bilingual("起", "Since"),
    Bilingual("止", "Until"),
    Bilingual("标记", "Marks"),
)
_STAFF_HEADS = (Bilingual("值班人员", "Person"), *_HEADS[1:-1], Bilingual("角色", "Role"))
_STATES = {
    "": Bilingual("有效", "counts"),
    "stale-key": Bilingual("已过期", "stale"),
    "revoked-key": Bilingual("已吊销", "revoked"),
}


def sign_directory(
    output: Output,
    path: Path,
    operator: Path,
    ring: Keyring,
    known: Directory,
    *,
    drop_marks: bool,
    owner: Owner | None = None,
) -> Directory:
    """Write ``known``, signed, and remember its marks beside the operator's key. Leaves with a failure where marks are
    lost that the last one had, but for ``drop_marks``: then the file says that they were taken away. Raises
    ``KeyUnusable``."""
    had = last_marks(operator)
    centers = {one.center for one in known.listed.values()}
    lost = {center: marks for center, marks in known.lost(had).items() if center in centers}
    if lost and not drop_marks:
        words = marks_text(lost)
        output.fail(
            f"marks-lost：名录丢了标记 {words}，可能由旧版本的 bus keys 写成；请用 bus keys mark 重新标记，"
            "确实不要了请加 --drop-marks",
            f"marks-lost: the directory lacks {words}; an older `bus keys` may have written it. Set them again with "
            "`bus keys mark`, or give them up with --drop-marks",
        )
    if lost:
        known = known.with_marks(dict.fromkeys(lost, ()), datetime.now(UTC))
    # first: what is remembered too much is only asked for
    save(output, memory_beside(operator), remembered(had, known))
    save(output, path, directory.written(known, ring.keys[-1]), owner)
    return known


def show_directory(output: Output, known: Directory, now: datetime) -> None:
    """Print each key, whether it counts, and the marks of its center; then the staff keys, with their roles."""
    staff = sorted(known.staff.values(), key=lambda one: (one.name, one.since))
    listed = sorted(known.listed.values(), key=lambda one: (one.center, one.since))
    if output.as_json:
        marks = {center: list(words) for center, words in known.marks.items()}
        reads = {center: list(kinds) for center, kinds in known.reads.items()}
        told = {"serial": known.serial, "keys": [_plain(one, now) for one in listed], "marks": marks, "reads": reads}
        output.data(told | ({"staff": [_plain(one, now) for one in staff]} if staff else {}))
        return
    output.say(f"名录第 {known.serial} 版", f"directory, serial {known.serial}")
    rows = [
        (
            one.center,
            one.key.kid,
            output.pick(_STATES[one.fault(now)]),
            one.since,
            one.revoked or one.until,
            " ".join(known.marks.get(one.center, ())),
        )
        for one in listed
    ]
    output.table(_HEADS, rows)
    if staff:
        output.table(_STAFF_HEADS, [_staff_row(output, one, now) for one in staff])


def _staff_row(output: Output, one: StaffKey, now: datetime) -> tuple[object, ...]:
    state = output.pick(_STATES[one.fault(now)])
    return one.name, one.key.kid, state, one.since, one.revoked or one.until, one.role


def _plain(one: Listed | StaffKey, now: datetime) -> dict[str, object]:
    told: dict[str, object] = json.loads(one.model_dump_json(exclude={"key": {"sign", "seal"}}))
    return told | {"counts": not one.fault(now)}

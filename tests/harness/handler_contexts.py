"""Front desks and desks for tests of adapters: what handlers are given, built by hand from a golden sample."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID

from pydantic import BaseModel

from bus import Attachment, Case, HandlerContext, IntakeContext, Mode, Record, Reject, Status
from bus.contract.ids import new_id
from bus.custody import ReceivedOffer
from bus.testing.samples import includes

__all__ = ["CASE", "NOW", "PEER", "a_case", "a_desk", "a_record", "front_desk", "includes", "shown"]

SystemT = TypeVar("SystemT")
NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
CASE = UUID("0192f0c1-0000-7000-8000-000000000001")
PEER = "government_service-150402"


class Routes:
    """Routes as a plain table, ``category/division`` → center."""

    def __init__(self, known: Mapping[str, str]) -> None:
        self.known = known

    def find(self, category: str, division: str) -> str | None:
        """The center for this very category and division."""
        return self.known.get(f"{category}/{division}")


def a_case(folder: Path, origin: str | None = None) -> Case:
    """The case of the adapter's own sample of an offer."""
    raw = json.loads((folder / "samples/out/case.offered.json").read_text(encoding="utf-8"))["case"]
    return Case.model_validate_json(json.dumps({**raw, **({"origin": origin} if origin else {})}))


def a_record(folder: Path, me: str, state: str = "ours") -> Record:
    """A record of ``me`` in the state that a sample names."""
    ours = Record(me=me, case=a_case(folder, me), holder=me, version=1, path=(me,))
    if state in ("elsewhere", "resolved"):
        status = Status.RESOLVED if state == "resolved" else Status.OPEN
        return ours.with_(holder=PEER, version=2, path=(me, PEER), status=status)
    if state == "asked":
        offer = ReceivedOffer(offer_id=new_id(), offerer=PEER, mode=Mode.EXCLUSIVE, version=1, at=NOW)
        return ours.with_(case=a_case(folder), holder=PEER, offer_in=offer)
    return ours


def front_desk(
    folder: Path, me: str, given: Mapping[str, Any], links: Mapping[tuple[str, str], UUID] | None = None
) -> IntakeContext:
    """The front desk of ``me`` under the circumstances ``given``, as a sample states them."""
    known = {tuple(key.split("/", 1)): UUID(case) for key, case in given.get("links", {}).items()}
    known.update(links or {})

    def find(system: str, native_id: str) -> UUID:
        if (system, native_id) not in known:
            raise Reject("unknown-record")
        return known[system, native_id]

    return IntakeContext(
        me=me,
        now=NOW,
        find=find,
        record=lambda _case_id: a_record(folder, me, given.get("record", "ours")),
        attachment=lambda digest: Attachment(sha256=digest, size=4, media_type="image/jpeg"),
        number=lambda: "N-20261123-00001",
        new_id=new_id,
        routes=Routes(given.get("routes", {})),
    )


def a_desk(
    system: SystemT, folder: Path, record: Record, natives: dict[str, str], key: str = "key-1"
) -> HandlerContext[SystemT]:
    """A desk at which the sample photos can be fetched."""

    def fetch(attachment: Attachment) -> bytes:
        return (folder / "samples/photos" / attachment.sha256).read_bytes()

    return HandlerContext(me=record.me, now=NOW, key=key, system=system, record=record, natives=natives, fetch=fetch)


def shown(item: BaseModel) -> dict[str, Any]:
    """A command or link as a sample writes it."""
    return {"kind": type(item).__name__, **item.model_dump(mode="json")}

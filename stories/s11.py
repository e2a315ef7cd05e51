"""S11 四子王旗: a child's identity card; two organisations in order, and what is medical stays with these two.

A street's center stands for the border-management station that takes the data down.
"""

import json

from bus.custody.progress import WITHHELD
from stories.stage import GOVERNMENT, MEDIA, PARTY_STREET, Stage

DIAGNOSIS = "诊断证明：先天性心脏病"


def play(stage: Stage) -> None:
    """A private message → the station takes the data down → the hall issues a card; the app reads stage and answer."""
    left = stage.resident(
        MEDIA,
        "/residents/private-messages",
        {
            "client_name": "居民癸", "phone": "0474-5550111", "category": "政务服务",
            "text": "五岁孩子需要身份证，用于申请两万元补助。", "division": "150929203", "place": "脑木更苏木",
            "sensitive": ["minor"], "home": "150929203", "to": [PARTY_STREET],
        },
    )  # fmt: skip
    case = stage.case_of(MEDIA, "message", left["id"])
    station = stage.order(PARTY_STREET, case)
    stage.staff(PARTY_STREET, station, "accept", promise=f"凭{DIAGNOSIS}加急")
    stage.holds(PARTY_STREET, case)
    stage.staff(PARTY_STREET, station, "progress", stage="data-taken", text=f"信息已录入。{DIAGNOSIS}")
    stage.staff(PARTY_STREET, station, "dispatch", to=[GOVERNMENT], note=DIAGNOSIS)
    hall = stage.order(GOVERNMENT, case)
    stage.staff(GOVERNMENT, hall, "accept")
    stage.holds(GOVERNMENT, case)
    stage.staff(GOVERNMENT, hall, "resolve", reply="临时身份证已签发，三个月内有效。", internal=DIAGNOSIS)
    stage.closed(MEDIA, case)
    stage.closed(PARTY_STREET, case)
    readers = {center for center in stage.county.centers if DIAGNOSIS in _known(stage, center)}
    if GOVERNMENT not in readers or readers - {PARTY_STREET, GOVERNMENT}:
        raise AssertionError(f"the diagnosis is read by {sorted(readers)}")
    notes = stage.county.backends[MEDIA].records[left["id"]]["notes"]
    if [note["text"] for note in notes if note["headline_en"] == "Progress"] != [WITHHELD]:
        raise AssertionError("the app reads more than the stage")


def _known(stage: Stage, center: str) -> str:
    """All that a center's own system shows, and its custody records."""
    shown = json.dumps(list(stage.county.backends[center].records.values()), ensure_ascii=False, default=str)
    return shown + "".join(record.model_dump_json() for record in stage.county.records(center).values())

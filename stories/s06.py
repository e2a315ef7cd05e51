"""S06 居民议事会: one meeting, two suggestions, two cases; a repeated batch makes no third."""

from stories.stage import PARTY_COMMUNITY, PARTY_STREET, Stage

MEETING = {
    "meeting_no": "YSH-2021-06",
    "occasion": "居民议事会",
    "division": "152531101007",
    "suggestions": [
        {"no": 1, "sphere": "市容环境", "title": "电动车乱停", "text": "楼道口电动车乱停放。"},
        {"no": 2, "sphere": "市容环境", "title": "下雨排水不畅", "text": "雨天排水口堵塞。"},
    ],
}


def play(stage: Stage) -> None:
    """Two matters go up to the street; each is resolved separately."""
    for _ in range(2):
        stage.resident(PARTY_COMMUNITY, "/staff/meetings", MEETING)
    found = [stage.case_of(PARTY_COMMUNITY, "matter", f"YSH-2021-06-{number}") for number in (1, 2)]
    for case in found:
        order = stage.order(PARTY_STREET, case)
        stage.staff(PARTY_STREET, order, "accept")
        stage.holds(PARTY_STREET, case)
        stage.staff(PARTY_STREET, order, "resolve", reply="已整治并安排巡查。")
        stage.closed(PARTY_COMMUNITY, case)
    meeting = [
        r for r in stage.county.records(PARTY_COMMUNITY).values() if r.case.source.record.startswith("YSH-2021-06")
    ]
    if len(meeting) != len(found):
        raise AssertionError(f"one meeting of two matters has become {len(meeting)} cases")

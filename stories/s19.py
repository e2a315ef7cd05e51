"""S19 海拉尔: railway police help fourteen retirees. They belong to no county: their cases count in the region."""

from datetime import UTC, datetime, timedelta

from bus.bilingual import Bilingual
from bus.figures.period import Period, Reckoning
from bus.figures.tree import Tally, tree
from bus.store.figures import by_division
from bus.store.timestamps import ms
from stories.stage import CIVILIZATION, RAILWAY, Stage

RETIREES = 14
HAILAR = "150702"
PERIOD = Period(Reckoning().moment("2021-05-01"), Reckoning().moment("2021-06-01"))
OUTSIDE = Reckoning(counted_in="150000")
"""How the railway police reckon: ``[figures] counted_in``."""


def play(stage: Stage) -> None:
    """Fourteen wishes at the police, one at a county's center, all in 海拉尔: 15 in the region, 1 in 海拉尔."""
    made = [_wish(stage, RAILWAY, f"TL-{number:02d}") for number in range(RETIREES)]
    made.append(_wish(stage, CIVILIZATION, "HLR-01"))
    for center, wish in made:
        stage.case_of(center, "wish", wish)
        stage.resident(center, f"/staff/wishes/{wish}/events", {"action": "resolve", "reply": "已帮助办理。"})
    for (center, _), case in zip(made, stage.cases, strict=True):
        stage.closed(center, case)
    placed: dict[str, Tally] = {}
    for center, reckoning in ((RAILWAY, OUTSIDE), (CIVILIZATION, Reckoning())):
        with stage.county.store(center).reading() as tx:
            now = ms(datetime.now(UTC) + timedelta(hours=1))
            for division, tally in by_division(tx, center, PERIOD, now, reckoning).items():
                placed[division] = placed.get(division, Tally()).plus(tally)
    nodes = {node.code: node for node in tree(placed)}
    region, hailar = nodes["15"], nodes[HAILAR]
    counted = (region.total.registered, region.unplaced.registered, hailar.total.registered)
    if counted != (RETIREES + 1, RETIREES, 1):
        raise AssertionError(f"region, outside the tree, 海拉尔: {counted}")
    stage.says(
        Bilingual(
            f"全区 {counted[0]} 件，其中不属旗县的铁路公安 {counted[1]} 件；海拉尔区 {counted[2]} 件",
            f"{counted[0]} in the region, {counted[1]} of them of the railway police, who belong to no county; "
            f"{counted[2]} in Hailar",
        )
    )


def _wish(stage: Stage, center: str, number: str) -> tuple[str, str]:
    wish = {
        "wish_no": number, "client_name": "退休职工", "text": "请帮忙办理退休手续。", "division": HAILAR,
        "made_at": "2021-05-12T09:00:00+08:00", "handled_here": True,
    }  # fmt: skip
    stage.resident(center, "/residents/wishes", wish)
    return center, number

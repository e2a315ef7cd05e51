"""S02 微心愿: a small wish, offered to several at once; exactly one takes it, the others hear that it is gone."""

from stories.stage import DQ, RM, WM, ZW, Stage


def play(stage: Stage) -> None:
    """Wish → open offer → two bids, one winner → granted wish → rated."""
    wish = stage.resident(
        WM,
        "/residents/wishes",
        {
            "client_name": "居民乙", "phone": "0476-5550102", "title": "想要一盏台灯", "text": "孩子写作业光线暗。",
            "division": "150422100", "place": "巴林左旗林东镇", "to": [DQ, ZW, RM],
        },
    )  # fmt: skip
    case = stage.case_of(WM, "wish", wish["id"])
    orders = {center: stage.order(center, case) for center in (DQ, ZW, RM)}
    stage.staff(DQ, orders[DQ], "accept")
    stage.staff(ZW, orders[ZW], "accept")
    winner = stage.until(WM, case, "one winner", lambda r: r.version == 2).holder
    loser = ZW if winner == DQ else DQ
    stage.until(loser, case, "the word that it is taken", lambda r: r.offer_in is None)
    stage.until(RM, case, "the word that it is taken", lambda r: r.offer_in is None)
    stage.holds(winner, case)
    stage.staff(winner, orders[winner], "resolve", reply="台灯已送到家。")
    stage.closed(WM, case)
    stage.resident(WM, f"/residents/orders/{wish['id']}/events", {"action": "rate", "stars": 5})
    stage.rated(winner, case, 5)

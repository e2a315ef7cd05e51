"""S02 微心愿: a small wish, offered to several at once; exactly one gets it, and the others are told that it is
taken."""

from stories.stage import CIVILIZATION, GOVERNMENT, MEDIA, PARTY, Stage


def play(stage: Stage) -> None:
    """Wish → open offer → two bids, one winner → granted wish → rated."""
    wish = stage.resident(
        CIVILIZATION,
        "/residents/wishes",
        {
            "client_name": "居民乙", "phone": "0476-5550102", "title": "想要一盏台灯", "text": "孩子写作业光线暗。",
            "division": "150422100", "place": "巴林左旗林东镇", "to": [PARTY, GOVERNMENT, MEDIA],
        },
    )  # fmt: skip
    case = stage.case_of(CIVILIZATION, "wish", wish["id"])
    orders = {center: stage.order(center, case) for center in (PARTY, GOVERNMENT, MEDIA)}
    stage.staff(PARTY, orders[PARTY], "accept")
    stage.staff(GOVERNMENT, orders[GOVERNMENT], "accept")
    winner = stage.until(CIVILIZATION, case, "one winner", lambda r: r.version == 2).holder
    loser = GOVERNMENT if winner == PARTY else PARTY
    stage.until(loser, case, "the word that it is taken", lambda r: r.offer_in is None)
    stage.until(MEDIA, case, "the word that it is taken", lambda r: r.offer_in is None)
    stage.holds(winner, case)
    stage.staff(winner, orders[winner], "resolve", reply="台灯已送到家。")
    stage.closed(CIVILIZATION, case)
    stage.resident(CIVILIZATION, f"/residents/orders/{wish['id']}/events", {"action": "rate", "stars": 5})
    stage.rated(winner, case, 5)

"""S01 党群连心桥: a village road in disrepair, photographed and sent by phone; levelled within days."""

from stories.stage import DQ, RM, Stage

PHOTO = b"\x89PNG\r\n\x1a\n" + b"puddle" * 200


def play(stage: Stage) -> None:
    """Message with photo → party service → resolved → reply. The photo travels by its hash, and arrives."""
    photo = stage.town.vendors[RM].upload(PHOTO, "积水.png")
    left = stage.resident(
        RM,
        "/residents/messages",
        {
            "client_name": "居民甲", "phone": "0476-5550101", "category": "道路交通", "text": "村道失修，雨后积水。",
            "division": "150403003", "place": "元宝山区平庄东城街道", "photos": [photo],
        },
    )  # fmt: skip
    case = stage.case_of(RM, "message", left["id"])
    order = stage.order(DQ, case)
    stage.staff(DQ, order, "accept")
    stage.holds(DQ, case)
    stage.staff(DQ, order, "progress", text="已组织铲车平整。")
    stage.staff(DQ, order, "resolve", reply="村道已平整，积水已排。")
    stage.closed(RM, case)

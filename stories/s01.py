"""S01 党群连心桥: a village road in disrepair, photographed and sent by phone; levelled within days."""

from stories.stage import MEDIA, PARTY, Stage

PHOTO = b"\x89PNG\r\n\x1a\n" + b"puddle" * 200


def play(stage: Stage) -> None:
    """Message with photo → party service → resolved → reply. The photo travels by its hash, and arrives."""
    photo = stage.county.backends[MEDIA].upload(PHOTO, "积水.png")
    left = stage.resident(
        MEDIA,
        "/residents/messages",
        {
            "client_name": "居民甲", "phone": "0476-5550101", "category": "道路交通", "text": "村道失修，雨后积水。",
            "division": "150403003", "place": "元宝山区平庄东城街道", "photos": [photo],
        },
    )  # fmt: skip
    case = stage.case_of(MEDIA, "message", left["id"])
    order = stage.order(PARTY, case)
    stage.staff(PARTY, order, "accept")
    stage.holds(PARTY, case)
    stage.staff(PARTY, order, "progress", text="已组织铲车平整。")
    stage.staff(PARTY, order, "resolve", reply="村道已平整，积水已排。")
    stage.closed(MEDIA, case)

"""The acts of people on the party service platform, in its own terms."""

from bus import workorders as w

ReturnReason = w.chinese(w.Reason, "ReturnReason", "退单原因; the names are those of ``bus.Reason``.")
Finding = w.chinese(w.Outcome, "Finding", "办理结果; the names are those of ``bus.Outcome``.")
Plea = w.chinese(w.Ground, "Plea", "提请裁定的理由; the names are those of ``bus.Ground``.")
Judge = w.chinese(w.Rater, "Judge", "评议人; the names are those of ``bus.Rater``. 三评 keeps them apart.")
Satisfaction = w.chinese(w.Grade, "Satisfaction", "满意度: the five grades, best first.")


Claiming = w.act(
    w.Claiming, "认领: a leader or party member takes the matter from the board; the first one has it",
    claimant="认领人", post="职务或党员身份", due="承诺期限",
)  # fmt: skip
DISPATCHING = "派单: to the centers named; or one level down (下派) or up (上报); else to the one whose duty it is"
ACTS = (
    w.act(w.Accepting, "接单", promise="承诺", due="承诺期限"),
    w.act(w.Returning, "退单", reason=w.As(type=ReturnReason), suggested="建议转给"),
    Claiming,
    w.act(w.Progressing, "进展; with ``due`` a commitment: the platform issues a 整改通知单",
          visible="居民可见", due="整改或承诺期限"),
    w.act(w.Resolving, "办结", outcome=w.As("finding", Finding), reply="给居民的答复", internal="内部备注",
          lawful_route="不予受理时：居民还可以走的法定途径"),
    w.act(w.AskingAssist, "请求协办 (吹哨)", show_resident="协办单位可见居民信息（如上门送物）"),
    w.act(w.AnsweringAssist, "协办答复 (报到)"),
    w.act(w.Dispatching, DISPATCHING, level="下派到下一级、上报到上一级", note="派单说明，居民看不到"),
    w.act(w.TakingBack, "撤回派单"),
    w.act(w.Urging, "催办"),
    w.act(w.AskingArbiter, "提请裁定", ground=w.As("plea", Plea)),
    w.act(w.RulingOn, "裁定 (at the county's arbiter)"),
    w.act(w.Rating, "评议", of=("grade", "rater", "text"), grade=w.As("satisfaction", Satisfaction),
          rater=w.As("judge", Judge)),
    w.act(w.Reopening, "不满意，重办"),
    w.act(w.Publishing, "公示: de-identified"),
)  # fmt: skip

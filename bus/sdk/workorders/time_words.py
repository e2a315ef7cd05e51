"""The acts about time in the usual words, for a form that has none of its own."""

from bus.sdk.workorders.times import AnsweringExtension, AskingExtension, Holding, Resuming
from bus.sdk.workorders.wording import act

ASKING = (
    act(
        AskingExtension,
        "申请延期、申请挂起: before the term ends",
        until="延至、挂起至",
        reason="理由",
        what="延期或挂起",
    ),
    act(
        AnsweringExtension,
        "答复延期申请",
        granted="是否同意",
        until="同意延至；没有则如申请",
        extension_id="没有则为最早的申请",
    ),
)
"""What a form of acts adds beside its own: asking for more time, and answering."""
TIMES = (*ASKING, act(Holding, "挂起", reason="原因", until="挂起至"), act(Resuming, "解挂"))
"""The same with holds, for a system that has no words of its own for them."""

"""The figures: a name and a formula are one object. Pages, exports and tests read the same one."""

from dataclasses import dataclass
from enum import StrEnum

from bus.bilingual import Bilingual


class Part(StrEnum):
    """What is counted for a figure: cases of this center that began in the period, unless something else is said."""

    REGISTERED = "registered"
    """R: registered in the period, without those that the resident took back."""
    CANCELLED = "cancelled"
    OPEN = "open"
    """Open at the as-of, however old."""
    RESOLVED = "resolved"
    RESOLVED_IN_PERIOD = "resolved-in-period"
    """Of whatever age."""
    DUE = "due"
    """Whose deadline has passed, the open ones too."""
    ON_TIME = "on-time"
    OVERDUE = "overdue"
    """Open after the deadline, however old."""
    HAND_OVERS = "hand-overs"
    """Of the resolved ones, in sum."""
    SETTLED_FOR_GOOD = "settled-for-good"
    WINDOW_ENDED = "window-ended"
    """Resolved so long ago that the window for reopening has ended."""
    CLOSED_IN_PERIOD = "closed-in-period"
    REOPENED = "reopened"
    """Of those closed in the period."""
    RATED = "rated"
    """By the resident alone."""
    RATABLE = "ratable"
    """Resolved and rated, or so long ago that the window for ratings has ended."""
    SATISFIED = "satisfied"
    WEIGHTED = "weighted"
    """The weights of the grades, in sum, in thousandths."""
    WEIGHTABLE = "weightable"
    """The rated ones, in thousandths."""
    RATED_SELF = "rated-self"
    """Opinions of the first round of resolved cases, and likewise below."""
    SATISFIED_SELF = "satisfied-self"
    RATED_MASSES = "rated-masses"
    SATISFIED_MASSES = "satisfied-masses"
    RATED_SURVEY = "rated-survey"
    SATISFIED_SURVEY = "satisfied-survey"
    COMBINED = "combined"
    """The satisfied of each kind of rater by the weight of the kind, in sum, in thousandths."""
    COMBINABLE = "combinable"
    """All opinions by the weight of their kind, in sum, in thousandths."""
    PROJECTS = "projects"
    """Whose first demand was registered in the period."""
    PROJECTS_RESOLVED = "projects-resolved"
    """All of whose demands, registered before the as-of, are resolved."""
    CLAIMED = "claimed"
    """Claimed by somebody of the center."""
    ACTIVITIES = "activities"
    """Held in the period; no cases."""
    INSTANT = "instant"
    FIRST_RIGHT = "first-right"
    """Resolved by the center that accepted the first offer."""
    CONTACT_DUE = "contact-due"
    """Taken by another center so long ago that its time for a first word with the resident has ended."""
    CONTACTED_IN_TIME = "contacted-in-time"
    CALLED_BACK = "called-back"
    """Resolved, and the resident called back."""
    CONFIRMED_SOLVED = "confirmed-solved"
    REWORK_DUE = "rework-due"
    """Rated 1 or 2 so long ago that the time for a new answer has ended."""
    REWORKED_IN_TIME = "reworked-in-time"
    UNDATED = "undated"
    """Resolved at a moment that nobody knows: entered by an older program. They are in no other count of resolved
    ones."""
    OFFERS_ANSWERED = "offers-answered"
    """Offers to a single center, made in the period and answered with yes or no. Counted by a ledger alone, as are the
    three below."""
    OFFERS_DECLINED = "offers-declined"
    SIGN_DUE = "sign-due"
    """Offers whose deadline for an answer has passed, the unanswered too."""
    SIGNED_IN_TIME = "signed-in-time"


class Kind(StrEnum):
    """How a figure is written."""

    COUNT = "count"
    RATE = "rate"
    """In percent."""
    FLOW = "flow"
    """In percent, and no rate: it may be above 100."""
    MEAN = "mean"


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure and its formula."""

    code: str
    """Its name for programs."""
    name: Bilingual
    kind: Kind
    numerator: Part
    denominator: Part | None
    formula: Bilingual


def _count(code: str, name: tuple[str, str], part: Part, formula: tuple[str, str]) -> Figure:
    return Figure(code, Bilingual(*name), Kind.COUNT, part, None, Bilingual(*formula))


FIGURES: tuple[Figure, ...] = (
    _count("registered", ("受理", "Registered"), Part.REGISTERED,
           ("期内本中心受理的案件，居民撤销的另计", "cases registered here in the period, less those taken back")),
    _count("cancelled", ("撤销", "Taken back"), Part.CANCELLED,
           ("期内受理、居民撤销的案件", "cases registered in the period that the resident took back")),
    _count("open", ("在办", "Open"), Part.OPEN,
           ("截止时刻尚未办结的案件，不论何时受理", "cases not resolved before the as-of, however old")),
    Figure("resolution-rate", Bilingual("办结率", "Resolution rate"), Kind.RATE, Part.RESOLVED, Part.REGISTERED,
           Bilingual("期内受理、截止时刻前办结 ÷ 期内受理", "resolved before the as-of ÷ registered in the period")),
    Figure("resolved-to-registered", Bilingual("办结受理比", "Resolved to registered"), Kind.FLOW,
           Part.RESOLVED_IN_PERIOD, Part.REGISTERED,
           Bilingual("期内办结（不论何时受理）÷ 期内受理；是流量之比，不是率",
                     "resolved in the period, of any age ÷ registered in it; a flow, not a rate")),
    Figure("on-time-rate", Bilingual("按期率", "On-time rate"), Kind.RATE, Part.ON_TIME, Part.DUE,
           Bilingual("期限已到且按期办结 ÷ 期限已到的全部，未办结的在内",
                     "resolved by their deadline ÷ all whose deadline has passed, the open ones too")),
    _count("overdue", ("逾期在办", "Overdue and open"), Part.OVERDUE,
           ("截止时刻尚未办结且期限已过，不论何时受理", "open at the as-of after their deadline, however old")),
    Figure("mean-hand-overs", Bilingual("平均流转次数", "Mean hand-overs"), Kind.MEAN, Part.HAND_OVERS, Part.RESOLVED,
           Bilingual("接办总次数 ÷ 期内受理且已办结", "hand-overs taken ÷ registered in the period and resolved")),
    Figure("first-dispatch-rate", Bilingual("首派准确率", "First dispatch right"), Kind.RATE,
           Part.FIRST_RIGHT, Part.RESOLVED,
           Bilingual("首次派单的接办单位自己办结 ÷ 期内受理且已办结",
                     "resolved by the center that accepted the first offer ÷ registered in the period and resolved")),
    Figure("response-rate", Bilingual("响应率", "Response rate"), Kind.RATE, Part.CONTACTED_IN_TIME, Part.CONTACT_DUE,
           Bilingual("接办后按期联系居民 ÷ 已由其他中心接办且联系期限已到，未联系的在内",
                     "resident contacted in time after a center had taken it ÷ taken by another center, and the time "
                     "for it has ended; those never contacted too")),
    Figure("solved-rate", Bilingual("解决率", "Confirmed solved"), Kind.RATE, Part.CONFIRMED_SOLVED, Part.CALLED_BACK,
           Bilingual("回访时居民确认解决 ÷ 有效回访", "confirmed as solved on the call ÷ residents called back")),
    Figure("first-time-rate", Bilingual("一次办结率", "First-time rate"), Kind.RATE,
           Part.SETTLED_FOR_GOOD, Part.WINDOW_ENDED,
           Bilingual("重办窗口已过且未重办 ÷ 重办窗口已过的办结案件",
                     "never reopened ÷ resolved cases whose window for reopening has ended")),
    Figure("reopening-rate", Bilingual("重办率", "Reopening rate"), Kind.RATE, Part.REOPENED, Part.CLOSED_IN_PERIOD,
           Bilingual("期内结案、截止时刻前重办 ÷ 期内结案", "reopened before the as-of ÷ closed in the period")),
    Figure("rating-rate", Bilingual("参评率", "Share rated"), Kind.RATE, Part.RATED, Part.RATABLE,
           Bilingual("居民已评价 ÷（已评价或评价窗口已过的办结案件）",
                     "rated by the resident ÷ rated, or resolved and their window for ratings has ended")),
    Figure("satisfaction-rate", Bilingual("满意率", "Satisfaction"), Kind.RATE, Part.SATISFIED, Part.RATED,
           Bilingual("居民评价 3 分及以上 ÷ 居民已评价", "rated 3 or better by the resident ÷ rated by the resident")),
    Figure("weighted-satisfaction", Bilingual("加权满意率", "Weighted satisfaction"), Kind.RATE,
           Part.WEIGHTED, Part.WEIGHTABLE,
           Bilingual("居民评价按档位权重之和 ÷ 居民已评价，均以千分计",
                     "sum of the weights of the grades ÷ rated by the resident, both in thousandths")),
    Figure("rework-rate", Bilingual("差评整改率", "Bad ratings reworked"), Kind.RATE,
           Part.REWORKED_IN_TIME, Part.REWORK_DUE,
           Bilingual("差评（1、2 分）后按期重办并答复 ÷ 差评且整改期限已到",
                     "reopened and answered again in time ÷ rated 1 or 2, and the time for it has ended")),
    Figure("self-satisfaction", Bilingual("自评满意率", "Satisfaction, by the units themselves"), Kind.RATE,
           Part.SATISFIED_SELF, Part.RATED_SELF,
           Bilingual("自评 3 分及以上 ÷ 自评总数", "rated 3 or better by the units ÷ rated by the units")),
    Figure("masses-satisfaction", Bilingual("群众评议满意率", "Satisfaction, by the masses"), Kind.RATE,
           Part.SATISFIED_MASSES, Part.RATED_MASSES,
           Bilingual("群众评议 3 分及以上 ÷ 群众评议总数", "rated 3 or better by the masses ÷ rated by the masses")),
    Figure("survey-satisfaction", Bilingual("调查满意率", "Satisfaction, by survey"), Kind.RATE,
           Part.SATISFIED_SURVEY, Part.RATED_SURVEY,
           Bilingual("调查答卷 3 分及以上 ÷ 调查答卷总数", "rated 3 or better in the survey ÷ answers of the survey")),
    Figure("combined-satisfaction", Bilingual("综合满意率", "Satisfaction, combined"), Kind.RATE,
           Part.COMBINED, Part.COMBINABLE,
           Bilingual("居民、自评、群众、调查的满意数按类加权 ÷ 评价总数按类加权，均以千分计；只在此合并，不留存",
                     "the satisfied of resident, unit, masses and survey by the weight of each kind ÷ all of them by "
                     "it, in thousandths; put together here alone, and never stored")),
    Figure("project-resolution-rate", Bilingual("项目办结率", "Projects resolved"), Kind.RATE,
           Part.PROJECTS_RESOLVED, Part.PROJECTS,
           Bilingual("诉求全部办结的项目 ÷ 首件诉求在期内受理的项目",
                     "projects all of whose demands are resolved ÷ projects whose first demand is of the period")),
    _count("claimed", ("认领", "Claimed"), Part.CLAIMED,
           ("期内受理、截止时刻前有人认领", "registered in the period, and claimed by somebody before the as-of")),
    _count("activities", ("活动", "Activities"), Part.ACTIVITIES,
           ("期内举办的活动，多家共同主办的只计一次", "held in the period; one with several hosts counts once")),
    _count("instant", ("即办", "Settled on the spot"), Part.INSTANT,
           ("期内受理、登记时即办结", "registered in the period and answered in the step that registered them")),
    _count("undated", ("办结时间不详", "Resolved, moment unknown"), Part.UNDATED,
           ("旧版本办结、没有办结时间，不计入办结", "resolved under an older program; in no count of resolved cases")),
)  # fmt: skip
"""Every figure that a store of one center can count."""

OF_OFFERS: tuple[Figure, ...] = (
    Figure("signing-rate", Bilingual("签收及时率", "Answered in time"), Kind.RATE, Part.SIGNED_IN_TIME, Part.SIGN_DUE,
           Bilingual("签收期限已到且按期应答（接或退）÷ 期内派出且签收期限已到，未应答的在内",
                     "offers answered by their deadline, with yes or no ÷ those of the period whose deadline has "
                     "passed, the unanswered too")),
    Figure("return-rate", Bilingual("退单率", "Offers declined"), Kind.RATE, Part.OFFERS_DECLINED, Part.OFFERS_ANSWERED,
           Bilingual("退回的派单 ÷ 已应答的派单，均为期内派给单一中心的", "offers declined ÷ offers answered, of those "
                     "made in the period to a single center")),
)  # fmt: skip
"""Figures of offers. A center does not keep its answered offers; a ledger does."""
AT_A_CENTER_ALONE = {"self-satisfaction", "masses-satisfaction", "survey-satisfaction", "combined-satisfaction",
                     "activities"}  # fmt: skip
"""Figures of what no ledger is told: opinions other than the resident's, and activities, which are no cases."""
OF_A_LEDGER: tuple[Figure, ...] = (*(one for one in FIGURES if one.code not in AT_A_CENTER_ALONE), *OF_OFFERS)
"""Every figure that a ledger can count."""

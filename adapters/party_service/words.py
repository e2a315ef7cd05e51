"""The choices that the party service platform offers its staff, in its own words."""

from enum import StrEnum


class Sphere(StrEnum):
    """事项类别; the name is our category code in capitals."""

    ENVIRONMENT = "市容环境"
    ROAD = "道路交通"
    PROPERTY = "物业"
    LIVELIHOOD = "民生"
    UTILITIES = "水电气暖"
    EDUCATION = "教育"
    HEALTH = "医疗卫生"
    SOCIAL_SECURITY = "社会保障"
    IDENTITY = "户籍证件"
    REAL_ESTATE = "不动产登记"
    MARKET = "市场监管"
    GOVERNMENT_SERVICE = "政务服务"
    VOLUNTEER = "志愿服务"
    SUGGESTION = "建言献策"
    OTHER = "其他"


class Channel(StrEnum):
    """来源; the name is our channel in capitals."""

    LEDGER = "台账"
    PHONE = "来电"
    VISIT = "走访"
    SNAPSHOT = "随手拍"
    COUNTER = "来访"
    MEETING = "议事会"
    PROACTIVE = "主动发现"


class ReturnReason(StrEnum):
    """退单原因; the names are those of ``bus.Reason``."""

    NOT_TERRITORY = "属地不符"
    NOT_DUTY = "职责不符"
    UNCLEAR_OWNERSHIP = "权属不清"
    INCOMPLETE = "信息不全"
    DUPLICATE = "重复"
    NO_CAPACITY = "无承接能力"
    LEGAL_ROUTE = "应走法定程序"
    EMERGENCY = "应转紧急"
    UNLAWFUL = "不合法理"
    ALREADY_CLOSED = "已办结"
    OTHER = "其他"


class Finding(StrEnum):
    """办理结果; the names are those of ``bus.Outcome``."""

    DONE = "已解决"
    EXPLAINED = "已解释"
    PARTLY = "部分解决"
    NOT_ACCEPTED = "不予受理"
    CANCELLED = "群众撤销"


class Plea(StrEnum):
    """提请裁定的理由; the names are those of ``bus.Ground``."""

    RETURNED = "多次退单"
    SILENT = "逾期不答"
    DISPUTED = "责任有争议"


class Judge(StrEnum):
    """评议人; the names are those of ``bus.Rater``. 三评 keeps them apart."""

    RESIDENT = "当事居民"
    SELF = "自评"
    MASSES = "群众评议"
    SURVEY = "满意度调查"


class Satisfaction(StrEnum):
    """满意度: the five grades, best first."""

    DELIGHTED = "非常满意"
    SATISFIED = "满意"
    MOSTLY = "基本满意"
    UNSATISFIED = "不满意"
    VERY_UNSATISFIED = "非常不满意"

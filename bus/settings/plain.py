"""Faults that pydantic finds in a file, in plain words of both languages."""

from typing import Any

from bus.bilingual import Bilingual

_WORDS: dict[str, tuple[str, str]] = {
    "missing": ("缺少这一项", "this setting is missing"),
    "extra_forbidden": ("没有这一项，请检查拼写", "there is no such setting; check its spelling"),
    "string_pattern_mismatch": ("格式不对", "wrong format"),
    "greater_than": ("应大于 {gt}", "must be above {gt}"),
    "greater_than_equal": ("不得小于 {ge}", "must be {ge} or more"),
    "less_than": ("应小于 {lt}", "must be below {lt}"),
    "less_than_equal": ("不得大于 {le}", "must be {le} or less"),
    "literal_error": ("只能是 {expected}", "must be {expected}"),
    "enum": ("只能是 {expected}", "must be {expected}"),
    "string_too_short": ("太短", "too short"),
    "string_too_long": ("太长", "too long"),
    "too_short": ("至少 {min_length} 项", "needs {min_length} or more entries"),
    "too_long": ("最多 {max_length} 项", "{max_length} entries at most"),
}
"""pydantic's type of a fault → what it means; names in braces are of the fault's own context."""
_KINDS: dict[str, tuple[str, str]] = {
    "string": ("应为文本（加引号）", "must be a text in quotes"),
    "int": ("应为整数", "must be a whole number"),
    "float": ("应为数字", "must be a number"),
    "bool": ("应为 true 或 false", "must be true or false"),
    "list": ("应为列表 […]", "must be a list, […]"),
    "tuple": ("应为列表 […]", "must be a list, […]"),
    "dict": ("应为一节（表）", "must be a table"),
    "model": ("应为一节（表）", "must be a table"),
    "path": ("应为路径", "must be a path"),
    "url": ("应为网址", "must be a URL"),
    "date": ("应为日期", "must be a date"),
    "time": ("应为时刻", "must be a time"),
}
"""The begin of pydantic's type of a fault → the kind of value that is expected."""


def plain(item: Any) -> Bilingual:  # noqa: ANN401 - pydantic's own shape
    """What one of pydantic's errors means."""
    kind, context = str(item["type"]), item.get("ctx", {})
    if kind in _WORDS:
        zh, en = _WORDS[kind]
        return Bilingual(zh.format(**context), en.format(**context))
    if kind.partition("_")[0] in _KINDS:
        return Bilingual(*_KINDS[kind.partition("_")[0]])
    said = str(item["msg"]).removeprefix("Value error, ")  # the words of our own checks
    return Bilingual(f"不正确：{said}", said)

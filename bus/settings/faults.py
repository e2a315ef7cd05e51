"""What is wrong with settings, in both languages."""

from typing import Any

from bus.clocks.written import FAULTS as CLOCK_FAULTS
from bus.contract.types import CENTER_PATTERN


class BadSettings(ValueError):
    """Invalid settings. ``faults``: (where, what is wrong in Chinese, in English), all of them at once."""

    def __init__(self, faults: list[tuple[str, str, str]]) -> None:
        super().__init__("; ".join(f"{where}: {en}" for where, _, en in faults))
        self.faults = faults


_WORDS = {
    "missing": ("缺少这一项", "this setting is missing"),
    "extra_forbidden": ("没有这一项，请检查拼写", "there is no such setting; check its spelling"),
    "string_pattern_mismatch": ("格式不对", "wrong format"),
    **CLOCK_FAULTS,
}


def told(item: Any) -> tuple[str, str, str]:  # noqa: ANN401 - pydantic's own shape
    """Where one of pydantic's errors is, and what it means in Chinese and in English."""
    where = ".".join(str(part) for part in item["loc"]) or "settings"
    zh, en = _WORDS.get(item["type"], (f"不正确：{item['msg']}", item["msg"]))
    if where.endswith(("center", "to")):
        zh, en = (
            f"{zh}，应形如 media_center-150402",
            f"{en}, expected for example media_center-150402 ({CENTER_PATTERN})",
        )
    return where, zh, en

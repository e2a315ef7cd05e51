"""What is wrong with settings, in both languages."""

from typing import Any

from bus.clocks.written import FAULTS as CLOCK_FAULTS
from bus.contract.types import CENTER_PATTERN
from bus.settings.plain import plain


class BadSettings(ValueError):
    """Invalid settings. ``faults``: (where, what is wrong in Chinese, in English), all of them at once."""

    def __init__(self, faults: list[tuple[str, str, str]]) -> None:
        super().__init__("; ".join(f"{where}: {en}" for where, _, en in faults))
        self.faults = faults


def told(item: Any) -> tuple[str, str, str]:  # noqa: ANN401 - pydantic's own shape
    """Where one of pydantic's errors is, and what it means in Chinese and in English."""
    where = ".".join(str(part) for part in item["loc"]) or "settings"
    zh, en = CLOCK_FAULTS.get(item["type"]) or plain(item)
    if where.endswith(("center", "to")):
        zh, en = (
            f"{zh}，应形如 media_center-150402",
            f"{en}, expected for example media_center-150402 ({CENTER_PATTERN})",
        )
    return where, zh, en

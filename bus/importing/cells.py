"""Cells as people write them: dates in many formats, telephone numbers with extensions. None is changed silently."""

import re
import unicodedata
from collections.abc import Iterable
from datetime import date, datetime, timedelta, timezone
from typing import Literal
from zoneinfo import ZoneInfo

from bus.importing.cell import INVISIBLE, Cell, text_of

EXCELS_FIRST = datetime(1899, 12, 30)
"""Excel's day zero (its 1900 has a 29 February, so the first two months of 1900 are a day off)."""
EXCELS_DAYS = range(61, 2_958_466)
"""From 1 March 1900 to the end of 9999."""
_UNPARTED = re.compile(r"%[Ymd]%[md]")
_REJECTED = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?")
"""A date cell of an XLSX file as a file of rejects has it; no mapping need name this format."""
_EXTENSION = re.compile(r"\s*(?:转|分机|轉|ext\.?|x)\s*", re.IGNORECASE)
_PARTED = re.compile(r"[,，、;；/]+|\s{2,}|\n|(?<=\d{7})\s+(?=\+?\d{7})")
_PHONE = re.compile(r"[0-9+() -]{3,30}")


class NotADate(ValueError):
    """The cell holds no date in any of the formats."""


class TwoNumbers(ValueError):
    """The cell holds more than one telephone number."""


def date_of(forms: Iterable[str], cell: Cell, zone: str) -> str | None:
    """A moment with its offset, as RFC 3339 writes it; None for an empty cell. Raises ``NotADate``."""
    if isinstance(cell, date) and not isinstance(cell, datetime):
        cell = datetime(cell.year, cell.month, cell.day)
    if not isinstance(cell, datetime):
        text = _plain(text_of(cell))
        if not text:
            return None
        tried = [_plain(form) for form in forms] + (["iso"] if _REJECTED.fullmatch(text) else [])
        found = next((moment for form in tried if (moment := _by(form, text)) is not None), None)
        if found is None:
            raise NotADate("not-a-date")
        cell = found
    return (cell if cell.tzinfo else _placed(cell, zone)).isoformat()


def _plain(text: str) -> str:
    """Full-width characters as plain ones, without the invisible marks that telephones and chats add."""
    return unicodedata.normalize("NFKC", INVISIBLE.sub("", text))


def _by(form: str, text: str) -> datetime | None:
    try:
        if form == "iso":
            return datetime.fromisoformat(text)
        if form == "excel":
            days = float(text)
            return EXCELS_FIRST + timedelta(seconds=round(days * 86_400)) if int(days) in EXCELS_DAYS else None
        moment = datetime.strptime(text, form)
        # without a sign between them a missing zero moves the digits: 202611 is no 1 January
        return moment if not _UNPARTED.search(form) or moment.strftime(form) == text else None
    except (ValueError, OverflowError):
        return None


def _placed(moment: datetime, zone: str) -> datetime:
    """The moment in its zone; in years before whole-minute offsets (China: before 1901) in the nearest quarter of an
    hour."""
    placed = moment.replace(tzinfo=ZoneInfo(zone))
    offset = placed.utcoffset() or timedelta()
    if offset.total_seconds() % 60:
        return moment.replace(tzinfo=timezone(timedelta(minutes=15 * round(offset.total_seconds() / 900))))
    return placed


def phone_of(text: str, several: Literal["reject", "first"]) -> str:
    """A telephone number in plain digits, its extension after a hyphen. Raises ``TwoNumbers``, and ``ValueError`` if
    there is none."""
    plain = _plain(text).replace("—", "-").replace("–", "-").strip()
    numbers = [part.strip() for part in _PARTED.split(plain) if part.strip()]
    if len(numbers) > 1 and several == "reject":
        raise TwoNumbers(len(numbers))
    number = _EXTENSION.sub("-", numbers[0]) if numbers else ""
    if not _PHONE.fullmatch(number):
        raise ValueError("no telephone number")
    return number

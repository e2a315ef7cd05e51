"""Pages from templates, in two languages. Everything that is put into a page is escaped."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from bus.bilingual import Bilingual
from bus.contract.short_number import short_number
from bus.contract.working_days import CHINA
from bus.operations.act_words import act_words
from bus.operations.journal_words import kind_words, way_words

HERE = Path(__file__).parent
LANGUAGES = ("zh", "en")
_PAGES = Environment(
    loader=FileSystemLoader(HERE / "templates"), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
    lstrip_blocks=True,
)  # fmt: skip


def render(template: str, lang: str, now: datetime, values: Mapping[str, Any]) -> str:
    """One page. ``lang``: zh or en."""
    words = Words(lang, now)
    given = {"lang": lang, "t": words.text, "w": words.pick, "age": words.age, "moment": words.moment, "short": short}
    given |= {"way": way_words, "kind": kind_words, "act": act_words}
    return _PAGES.get_template(template).render({**given, **values})


def short(case_id: str | UUID | None) -> str:
    """The short number of a case, for the telephone; empty where there is no case."""
    return short_number(UUID(str(case_id))) if case_id and UUID(str(case_id)).int else ""


class Words:
    """Texts, ages and moments in one language."""

    def __init__(self, lang: str, now: datetime) -> None:
        self._zh, self.now = lang == "zh", now

    def text(self, zh: str, en: str) -> str:
        """The text in this language."""
        return zh if self._zh else en

    def pick(self, words: Bilingual) -> str:
        """The text in this language."""
        return words.zh if self._zh else words.en

    def age(self, since_ms: int) -> str:
        """How long ago it was, in its largest unit; empty for 0."""
        if not since_ms:
            return ""
        seconds = max(0, int(self.now.timestamp()) - since_ms // 1000)
        for size, zh, en in ((86400, "天", "d"), (3600, "小时", "h"), (60, "分", "min")):
            if seconds >= size:
                return self.text(f"{seconds // size} {zh}", f"{seconds // size} {en}")
        return self.text(f"{seconds} 秒", f"{seconds} s")

    def moment(self, at_ms: int) -> str:
        """The moment in China's time; the day is left out where it is today."""
        if not at_ms:
            return ""
        try:
            at, today = datetime.fromtimestamp(at_ms / 1000, CHINA), self.now.astimezone(CHINA)
        except (OverflowError, ValueError, OSError):  # of no century: somebody has tampered with it
            return str(at_ms)
        if at.date() == today.date():
            return f"{at:%H:%M:%S}"
        return f"{at:%m-%d %H:%M}" if abs(today - at) < timedelta(days=300) else f"{at:%Y-%m-%d %H:%M}"

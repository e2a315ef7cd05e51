"""Curves of the last hour and day, as images: no script and no style of theirs reaches the page."""

import sys
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import cast

import pygal
from pygal import PluginImportFixer
from pygal.style import Style

from bus.bilingual import Bilingual
from bus.console.rendering import Words
from bus.console.watch import Sample
from bus.contract.working_days import CHINA

sys.meta_path[:] = [one for one in sys.meta_path if not isinstance(one, PluginImportFixer)]
# pygal's own finder of plug-ins, of the kind that Python gave up: each import of anything would warn of it
NAMES: Mapping[str, Bilingual] = {
    "outbox": Bilingual("发出未回执", "Sent, no receipt yet"),
    "inbox": Bilingual("待入业务系统", "For the center's own system"),
    "stuck": Bilingual("卡住", "Stuck"),
    "open_cases": Bilingual("在办案件", "Open cases"),
}
"""Field of a sample → its words."""
LABELS = 6


def image(name: str, samples: Sequence[Sample], *, dark: bool, words: Words) -> bytes:
    """One curve, as SVG."""
    ink, ground = ("#d7dde5", "#161b22") if dark else ("#24303c", "#ffffff")
    top = max([1, *(getattr(one, name) for one in samples)])
    style = Style(
        background=ground, plot_background=ground, foreground=ink, foreground_strong=ink, foreground_subtle=ink,
        colors=("#3b82c4",), font_family="sans-serif", label_font_size=22, major_label_font_size=22, value_font_size=22,
        title_font_size=26,
    )  # fmt: skip
    chart = pygal.Line(
        js=(), style=style, width=800, height=320, show_legend=False, show_dots=False, fill=True, min_scale=1,
        range=(0, top), title=words.pick(NAMES[name]),
        no_data_text=words.text("还没有数据", "nothing seen yet"), explicit_size=True,
    )  # fmt: skip
    chart.value_formatter = lambda value: f"{value:.0f}"
    chart.y_labels = sorted({0, top // 2, top})
    step = max(1, len(samples) // LABELS)
    chart.x_labels = [_clock(one.at_ms) if number % step == 0 else "" for number, one in enumerate(samples)]
    chart.add("", [getattr(one, name) for one in samples])
    return cast(bytes, chart.render())


def _clock(at_ms: int) -> str:
    return f"{datetime.fromtimestamp(at_ms / 1000, CHINA):%H:%M}"

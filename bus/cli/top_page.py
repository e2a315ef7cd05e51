"""The console's first page for a terminal: verdict, centers, findings with their cures. Pure."""

from collections.abc import Iterator
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from bus.bilingual import Bilingual
from bus.console.causes import cause_of, verdict_said
from bus.console.findings import Finding, Severity
from bus.console.rendering import Words
from bus.console.tiles import State, Tile
from bus.console.watch import Seen

_HEADS = (
    Bilingual("中心", "Center"),
    Bilingual("状态", "State"),
    Bilingual("接收者", "Consumers"),
    Bilingual("队列待取", "In its queue"),
    Bilingual("发往它未回执", "Owed by it"),
    Bilingual("它来的待处理", "From it, waiting"),
)
_STATES = {
    State.WELL: (Bilingual("✓ 正常", "✓ well"), "green"),
    State.ATTENTION: (Bilingual("! 注意", "! attention"), "yellow"),
    State.FAULT: (Bilingual("✕ 故障", "✕ fault"), "bold red"),
}
_SIGNS = {
    None: ("✓", "bold green"),
    Severity.ATTENTION: ("!", "bold yellow"),
    Severity.FAULT: ("✕", "bold red"),
}
"""By the worst finding that a person must see to."""
_SEVERITIES = {
    Severity.NOTICE: (Bilingual("告知", "notice"), "dim"),
    Severity.ATTENTION: (Bilingual("注意", "attention"), "yellow"),
    Severity.FAULT: (Bilingual("故障", "fault"), "bold red"),
}


def page(seen: Seen, words: Words) -> RenderableType:
    """What the terminal shows of one look."""
    found = [line for one in seen.findings for line in _finding(one, words)]
    return Group(_bar(seen, words), Text(), _centers(seen, words), Text(), *found)


def _bar(seen: Seen, words: Words) -> Text:
    sign, style = _SIGNS[seen.verdict.worst]
    said = f"{sign} {verdict_said(seen.verdict, words)}"
    at = words.moment(int(seen.look.at.timestamp() * 1000))
    return Text.assemble((said, style), f"   {words.text('数据', 'as of')} {at}   ", (seen.look.center, "bold"))


def _centers(seen: Seen, words: Words) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim")
    for place, head in enumerate(_HEADS):
        table.add_column(words.pick(head), justify="left" if place < 2 else "right", overflow="fold")
    for tile in seen.tiles.values():
        table.add_row(*_cells(tile, own=tile.center == seen.look.center, words=words))
    return table


def _cells(tile: Tile, *, own: bool, words: Words) -> Iterator[Text]:
    said, style = _STATES[tile.state]
    yield Text(plain(tile.center))
    yield Text(words.pick(said), style)
    yield from (Text("—" if figure is None else str(figure)) for figure in (tile.consumers, tile.ready))
    for size, oldest_ms in ((tile.to, tile.oldest_to_ms), (tile.of, tile.oldest_of_ms)):
        yield Text("" if own else " · ".join(filter(None, (str(size), words.age(oldest_ms)))))


def _finding(found: Finding, words: Words) -> Iterator[Text]:
    cause, (said, style) = cause_of(found), _SEVERITIES[found.severity]
    size = words.text(f"{found.size} 件", str(found.size)) if found.size else ""
    oldest = words.text("最久 ", "the oldest ") + words.age(found.since_ms) if found.since_ms else ""
    parts = (words.pick(cause.title), _code(found), plain(found.about), size, oldest)
    yield Text.assemble((words.pick(said), style), "  ", " · ".join(filter(None, parts)))
    cure = words.text("处理：", "cure: ") + words.pick(cause.cure)
    yield Text.assemble("      ", cure, (f"  {cause.command}" if cause.command else "", "cyan"))


def _code(found: Finding) -> str:
    return found.group[1] if found.group is not None else ""


def plain(text: str) -> str:
    """A name that somebody else has chosen, without what would steer the terminal."""
    return "".join(sign if sign.isprintable() else "�" for sign in text)


def data(seen: Seen) -> dict[str, Any]:
    """The same for programs."""
    return {
        "center": seen.look.center,
        "at": seen.look.at.isoformat(),
        "verdict": {
            "number": seen.verdict.number,
            "worst": _name(seen.verdict.worst),
            "oldest_ms": seen.verdict.oldest_ms,
        },
        "tiles": [one._asdict() | {"state": _name(one.state)} for one in seen.tiles.values()],
        "findings": [_told(one) for one in seen.findings],
    }


def _told(found: Finding) -> dict[str, Any]:
    title, cure, command = cause_of(found)
    words = {"title": title._asdict(), "cure": cure._asdict(), "command": command}
    return found._asdict() | {"severity": _name(found.severity)} | words


def _name(level: Severity | State | None) -> str | None:
    return level.name.lower() if level is not None else None

"""The way of a case from center to center, drawn: a lane for each center, custody as a thick bar, messages as arrows.

It is made of shapes and texts without style or script, so that the page's own style colours it, and every text in it is
escaped by the library that writes it.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple
from xml.etree import ElementTree

from markupsafe import Markup

from bus.console.rendering import Words
from bus.operations.journal_words import kind_words

STEP, LANE, LEFT, TOP = 64, 46, 210, 30
"""Pixels: between two events, between two lanes, of the names at the left, and above the first lane."""
MOST_EVENTS = 200
"""The last events that are drawn; the journal below has all."""
HEARD, SAID = "heard", "said"


class Lanes(NamedTuple):
    """What is drawn."""

    me: str
    journal: Sequence[Mapping[str, Any]]
    """Lines of this center's journal; or of all centers, each with its ``center``."""
    words: Words


def drawn(lanes: Lanes) -> Markup:
    """The drawing, as SVG for the page; empty where nothing has happened yet."""
    lines = [line for line in lanes.journal if line["holder"] or line["peer"]][-MOST_EVENTS:]
    if not lines:
        return Markup()
    centers = _centers(lanes.me, lines)
    width, height = LEFT + STEP * (len(lines) + 1), TOP + LANE * len(centers) + 24
    title = lanes.words.text("案件流转图", "the way of the case")
    svg = ElementTree.Element("svg", {
        "viewBox": f"0 0 {width} {height}", "width": str(width), "height": str(height), "class": "lanes", "role": "img",
        "aria-label": title,
    })  # fmt: skip
    for center, row in centers.items():
        y = str(_y(row))
        _add(svg, "line", x1=str(LEFT), x2=str(width - 10), y1=y, y2=y, **{"class": "lane"})
        _add(svg, "text", center, x="4", y=str(_y(row) + 5), **{"class": "name"})
    for number, line in enumerate(lines):
        _custody(svg, centers, lines, number)
        _event(svg, centers, lanes, line, number)
    return Markup(ElementTree.tostring(svg, encoding="unicode"))  # noqa: S704 - written by ElementTree, which escapes


def _centers(me: str, lines: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    """Each center → its lane, in the order in which they come; this center first."""
    named = [name for line in lines for name in (line.get("center"), line["holder"], line["peer"]) if name]
    return {name: row for row, name in enumerate(dict.fromkeys([me, *named]))}


def _custody(
    svg: ElementTree.Element, centers: Mapping[str, int], lines: Sequence[Mapping[str, Any]], number: int
) -> None:
    """The bar of whoever has the case from this event to the next one."""
    holder = lines[number]["holder"]
    if holder:
        y = str(_y(centers[holder]))
        _add(svg, "line", x1=str(_x(number)), x2=str(_x(number + 1)), y1=y, y2=y, **{"class": "custody"})


def _event(
    svg: ElementTree.Element, centers: Mapping[str, int], lanes: Lanes, line: Mapping[str, Any], number: int
) -> None:
    me = line.get("center") or lanes.me
    x, own, peer = str(_x(number)), _y(centers[me]), line["peer"]
    name = lanes.words.pick(kind_words(str(line["kind"])))
    group = _add(svg, "g")
    _add(group, "title", f"{lanes.words.moment(line['at_ms'])} {name} {peer}")
    if peer in centers and peer != me and line["way"] in (SAID, HEARD):
        there = _y(centers[peer])
        begin, end = (own, there) if line["way"] == SAID else (there, own)
        tip = end - 7 if end > begin else end + 7
        _add(group, "line", x1=x, x2=x, y1=str(begin), y2=str(end), **{"class": "message"})
        _add(group, "path", d=f"M{int(x) - 5},{tip} L{x},{end} L{int(x) + 5},{tip}", **{"class": "tip"})
    else:
        _add(group, "circle", cx=x, cy=str(own), r="5", **{"class": "deed"})
    _add(group, "text", str(number + 1), x=x, y=str(TOP - 12), **{"class": "count"})


def _add(parent: ElementTree.Element, tag: str, text: str = "", **attributes: str) -> ElementTree.Element:
    child = ElementTree.SubElement(parent, tag, attributes)
    child.text = text or None
    return child


def _x(number: int) -> int:
    return LEFT + 20 + STEP * number


def _y(row: int) -> int:
    return TOP + LANE * row + 12

"""The dashboards for Grafana, from code: ``python -m verification.dashboards --write`` writes ``deploy/grafana``.

Without ``--write`` it says which files are not those of the code.
"""

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

FOLDER = Path(__file__).parents[1] / "deploy/grafana"
COLUMNS, HEIGHT = 24, 7
SOURCE = {"type": "prometheus", "uid": "${source}"}


class Panel(NamedTuple):
    """One panel: its title in both languages, and the curves that it shows."""

    title: str
    curves: Mapping[str, str]
    """Expression → its legend."""
    unit: str = "short"
    width: int = 8
    kind: str = "timeseries"
    red_from: float | None = None
    """From which value on it is red."""


def _most(what: str, label: str) -> str:
    """Within how many seconds nine in ten of them end."""
    rate = f'rate(bus_{what}_seconds_bucket{{center="$center"}}[5m])'
    return f"histogram_quantile(0.9, sum by ({label}, le) ({rate}))"


CENTER = (
    Panel("应答 / answers", {'up{job="bus"}': "{{instance}}"}, width=4, kind="stat"),
    Panel(
        "连接 / connected",
        {'bus_connected{center="$center"}': "connected", 'bus_consuming{center="$center"}': "consuming"},
        width=4,
        kind="stat",
    ),
    Panel("搁置 / parked", {'sum(bus_parked_depth{center="$center"})': "parked"}, width=4, kind="stat", red_from=1),
    Panel(
        "最久未回执 / oldest without a receipt",
        {'bus_outbox_oldest_seconds{center="$center"}': "outbox"},
        "s",
        4,
        "stat",
        600,
    ),
    Panel(
        "最久未入业务系统 / oldest for the own system",
        {'bus_inbox_oldest_seconds{center="$center"}': "inbox"},
        "s",
        4,
        "stat",
        600,
    ),
    Panel("在办案件 / open cases", {'bus_cases{center="$center",status="open"}': "open"}, width=4, kind="stat"),
    Panel(
        "等待的报文 / messages that wait",
        {
            'bus_outbox_depth{center="$center"}': "outbox",
            'bus_inbox_depth{center="$center"}': "inbox",
            'bus_held_depth{center="$center"}': "held",
        },
    ),
    Panel(
        "等待最久 / age of the oldest",
        {
            'bus_outbox_oldest_seconds{center="$center"}': "outbox",
            'bus_inbox_oldest_seconds{center="$center"}': "inbox",
            'bus_held_oldest_seconds{center="$center"}': "held",
            'bus_parked_oldest_seconds{center="$center"}': "parked",
        },
        "s",
    ),
    Panel("搁置，按位置 / parked, by place", {'bus_parked_depth{center="$center"}': "{{place}}"}),
    Panel(
        "表单，每分钟 / forms a minute",
        {'sum by (code) (rate(bus_forms_total{center="$center"}[5m])) * 60': "{{code}}"},
    ),
    Panel(
        "业务系统用时，九成以内 / calls of the own system, 90 % within",
        {
            _most("handler", "kind"): "{{kind}}",
        },
        "s",
    ),
    Panel(
        "各环节用时，九成以内 / rounds of the steps, 90 % within",
        {
            _most("step", "step"): "{{step}}",
        },
        "s",
    ),
    Panel(
        "各对方，等待最久 / oldest by peer", {'bus_peer_oldest_seconds{center="$center"}': "{{peer}} {{place}}"}, "s"
    ),
    Panel("环节距上一轮 / since a loop's last round", {'bus_loop_age_seconds{center="$center"}': "{{loop}}"}, "s"),
    Panel("时限提醒的延迟 / the clocks are late by", {'bus_timers_late_seconds{center="$center"}': "late"}, "s"),
    Panel(
        "重连、限流、推后、丢失日志 / reconnects, limited, put off, log lines lost",
        {
            'increase(bus_reconnects_total{center="$center"}[15m])': "reconnects",
            'increase(bus_requests_rate_limited_total{center="$center"}[15m])': "rate limited",
            'sum(increase(bus_put_off_total{center="$center"}[15m]))': "put off",
            'increase(bus_log_dropped_total{center="$center"}[15m])': "log lines lost",
        },
        width=24,
    ),
)
COUNTY = (
    Panel(
        "不应答的中心 / centers that do not answer",
        {'count(up{job="bus"} == 0) or vector(0)': "away"},
        width=6,
        kind="stat",
        red_from=1,
    ),
    Panel("搁置 / parked", {"sum(bus_parked_depth)": "parked"}, width=6, kind="stat", red_from=1),
    Panel("稽核问题 / findings of the auditor", {"sum(bus_findings)": "findings"}, width=6, kind="stat", red_from=1),
    Panel("在办案件 / open cases", {'sum(bus_cases{status="open"})': "open"}, width=6, kind="stat"),
    Panel(
        "各中心欠的回执，等待最久 / oldest receipt that a center owes",
        {'max by (peer) (bus_peer_oldest_seconds{place="outbox"})': "{{peer}}"},
        "s",
        12,
    ),
    Panel(
        "各中心业务系统，等待最久 / oldest for a center's own system",
        {"bus_inbox_oldest_seconds": "{{center}}"},
        "s",
        12,
    ),
    Panel("搁置，按中心 / parked, by center", {"sum by (center) (bus_parked_depth)": "{{center}}"}),
    Panel("表单，每分钟 / forms a minute", {"sum by (center) (rate(bus_forms_total[5m])) * 60": "{{center}}"}),
    Panel("总账滞后 / the ledger is behind by", {"bus_facts_oldest_seconds": "{{center}}"}, "s"),
    Panel(
        "控制台的发现 / findings of the consoles",
        {"sum by (center, severity) (bus_console_findings)": "{{center}} {{severity}}"},
    ),
    Panel("告警 / incidents", {"sum by (center, state) (bus_console_incidents)": "{{center}} {{state}}"}),
    Panel(
        "未送达的通知、查看的间隔 / notices not taken, age of the look",
        {
            "sum by (receiver) (bus_console_notices)": "{{receiver}}",
            "bus_console_look_age_seconds": "{{center}} s",
        },
    ),
)


def dashboards() -> Mapping[str, dict[str, Any]]:
    """Each file and its content."""
    return {
        "center.json": _dashboard(
            "bus-center",
            "总线：中心 / bus: a center",
            CENTER,
            [_choice("center", "label_values(bus_store_readable, center)")],
        ),
        "county.json": _dashboard("bus-county", "总线：全县 / bus: the county", COUNTY, []),
    }


def _dashboard(uid: str, title: str, panels: Sequence[Panel], choices: list[dict[str, Any]]) -> dict[str, Any]:
    source = {"name": "source", "type": "datasource", "query": "prometheus", "label": "Prometheus"}
    return {
        "uid": uid,
        "title": title,
        "schemaVersion": 39,
        "editable": False,
        "refresh": "30s",
        "time": {"from": "now-6h", "to": "now"},
        "timezone": "browser",
        "tags": ["four-center-bus"],
        "templating": {"list": [source, *choices]},
        "panels": list(_placed(panels)),
    }


def _choice(name: str, query: str) -> dict[str, Any]:
    return {"name": name, "type": "query", "datasource": SOURCE, "query": query, "refresh": 2, "sort": 1}


def _placed(panels: Sequence[Panel]) -> Iterator[dict[str, Any]]:
    """Left to right, then the next row."""
    x = y = 0
    for number, panel in enumerate(panels, 1):
        if x + panel.width > COLUMNS:
            x, y = 0, y + HEIGHT
        yield _panel(number, panel, {"x": x, "y": y, "w": panel.width, "h": HEIGHT})
        x += panel.width


def _panel(number: int, panel: Panel, place: dict[str, int]) -> dict[str, Any]:
    steps: list[dict[str, Any]] = [{"color": "green", "value": None}]
    if panel.red_from is not None:
        steps.append({"color": "red", "value": panel.red_from})
    return {
        "id": number,
        "type": panel.kind,
        "title": panel.title,
        "datasource": SOURCE,
        "gridPos": place,
        "fieldConfig": {
            "defaults": {"unit": panel.unit, "min": 0, "thresholds": {"mode": "absolute", "steps": steps}},
            "overrides": [],
        },
        "targets": [
            {"refId": chr(ord("A") + place), "datasource": SOURCE, "expr": expression, "legendFormat": legend}
            for place, (expression, legend) in enumerate(panel.curves.items())
        ],
    }


def written(dashboard: dict[str, Any]) -> str:
    """A dashboard as its file has it."""
    return json.dumps(dashboard, ensure_ascii=False, indent=2) + "\n"


def main(arguments: list[str]) -> int:
    """Write the files, or say which differ: then 1."""
    wanted = {FOLDER / name: written(content) for name, content in dashboards().items()}
    if arguments == ["--write"]:
        FOLDER.mkdir(exist_ok=True)
        for path, text in wanted.items():
            path.write_text(text, encoding="utf-8")
        return 0
    differ = [path.name for path, text in wanted.items() if not path.exists() or path.read_text("utf-8") != text]
    sys.stdout.write("".join(f"{name}: python -m verification.dashboards --write\n" for name in differ))
    return bool(differ)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

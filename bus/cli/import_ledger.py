"""``bus import``: a ledger goes through the running center's own door, form by form, signed like any other form."""

import csv
import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Annotated, Any

import httpx
import typer
from rich.progress import MofNCompleteColumn, Progress, TimeRemainingColumn
from standardwebhooks import Webhook

from bus.backoff import retrying
from bus.bilingual import Bilingual
from bus.cli.options import FOLDER, ConfigFile, Folder, settings_of
from bus.cli.output import FAILURE, USAGE, AsJson, Lang, Language, Output
from bus.contract.ids import new_id
from bus.http.address import own_url
from bus.importing.mapping import LedgerMapping, UnmappableRow, fill, load_mapping
from bus.importing.spreadsheet import BadFile, CellFault, Row, rows
from bus.settings import CenterSettings

_HEADS = (Bilingual("行", "Row"), Bilingual("原因", "Reason"))
SHOWN = 50
"""So many rejects are listed; all of them go into the ``--rejects`` file."""
AT_ONCE = 400
"""Rows in memory at the same time."""


class Away(RuntimeError):
    """The center cannot be reached, or is too busy for too long."""


class Misled(RuntimeError):
    """It is reached, and will take none of the rows: wrong secret, wrong form. The text is its code."""


@dataclass(frozen=True, slots=True)
class IntakeClient:
    """The intake of one form."""

    http: httpx.Client
    url: str
    webhook: Webhook
    patience: float
    """Seconds in which a center that is away may come back."""

    def hand_in(self, form: dict[str, Any]) -> tuple[str, list[CellFault]]:
        """``imported``, ``repeated``, or ``rejected`` with the reasons. Raises ``Away`` or ``Misled``."""
        body = json.dumps(form, ensure_ascii=False)
        answer: httpx.Response = retrying(Away, self.patience)(self._once, body)
        if answer.status_code in (401, 404):
            raise Misled("signature" if answer.status_code == 401 else "no-such-form")
        if answer.is_success:
            return ("repeated" if answer.status_code == 200 else "imported"), []
        return "rejected", _faults(answer)

    def _once(self, body: str) -> httpx.Response:
        message_id, now = f"msg_{new_id().hex}", datetime.now(UTC)
        headers = {
            "content-type": "application/json",
            "webhook-id": message_id,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": self.webhook.sign(message_id, now, body),
        }
        try:
            answer = self.http.post(self.url, content=body.encode(), headers=headers)
        except httpx.HTTPError as error:
            raise Away(type(error).__name__) from None
        if answer.status_code >= 500 or answer.status_code == 429:
            raise Away(str(answer.status_code))
        return answer


def _faults(answer: httpx.Response) -> list[CellFault]:
    """The door's own reasons: fields and problems, or its code and cure. Never a value."""
    try:
        said = answer.json()
        if "faults" in said:
            return [CellFault(str(one["field"]), str(one["problem"])) for one in said["faults"]]
        return [CellFault(str(said["code"]), str(said.get("cure", "")))]
    except (ValueError, KeyError, TypeError):
        return [CellFault("form", f"http-{answer.status_code}")]


@dataclass(slots=True)
class Tally:
    """What became of the rows."""

    counts: Counter[str] = field(default_factory=Counter)
    rejects: list[tuple[int, list[CellFault]]] = field(default_factory=list)

    def add(self, number: int, outcome: str, faults: list[CellFault]) -> None:
        """One row more."""
        self.counts[outcome] += 1
        if outcome == "rejected":
            self.rejects.append((number, faults))

    def line(self) -> str:
        """The summary, the same in every language so that scripts may read it."""
        return ", ".join(f"{what} {self.counts[what]}" for what in ("imported", "repeated", "rejected"))


def import_(
    names: Annotated[list[str], typer.Argument(metavar="[CENTER] FILE", help="中心与文件 / center and CSV or XLSX")],
    mapping: Annotated[Path, typer.Option(help="映射文件 / which column fills which field (TOML)")],
    config: ConfigFile = None,
    folder: Folder = FOLDER,
    url: Annotated[str, typer.Option(help="中心的接收地址 / where the center listens, if not as configured")] = "",
    parallel: Annotated[int, typer.Option(min=1, max=64, help="同时几行 / rows at once")] = 8,
    patience: Annotated[float, typer.Option(min=0, help="中心不在时等几秒 / seconds to wait for the center")] = 60,
    rejects: Annotated[Path | None, typer.Option(help="被拒行写入此 CSV / write rejects to this CSV")] = None,
    lang: Language = Lang.ZH,
    as_json: AsJson = False,
) -> None:
    """把台账导入运行中的中心，重复运行不会重复登记 / import a ledger into a running center; a re-run repeats none."""
    output = Output(lang, as_json)
    if len(names) != (2 if config is None else len(names[:2])):
        output.fail(
            "用法：bus import 中心 文件，或 --config", "usage: bus import CENTER FILE, or --config C FILE", USAGE
        )
    file, tally = Path(names[-1]), Tally()
    with output.guarding():
        settings = settings_of(names[0] if len(names) == 2 else None, config, folder)
    try:
        ledger = load_mapping(mapping)
        total = sum(1 for _ in rows(file, ledger, ledger.columns()))  # a missing column is told before anything is sent
        with httpx.Client(timeout=30, trust_env=False) as http:
            door = _intake_client(settings, ledger, url, http, patience)
            _carry(output, ledger, door, rows(file, ledger, ledger.columns()), total, parallel, tally)
    except BadFile as bad:
        output.fail(f"文件或映射不能用：{bad}", str(bad), USAGE)
    except Misled as misled:
        output.fail(*_MISLED[str(misled)], USAGE)
    except Away as away:
        typer.echo(tally.line(), err=True)
        output.fail(
            f"连不上中心（{away}），已导入的有效；中心恢复后再运行一次即可",
            f"the center is not reached ({away}); what is imported stays: run it again when the center is back",
        )
    _tell(output, tally, rejects)


_MISLED = {
    "signature": (
        "签名不被接受：核对 BUS_INTAKE_SECRET 与两边时钟",
        "the signature is refused: check BUS_INTAKE_SECRET and both clocks",
    ),
    "no-such-form": ("该中心没有映射所写的表单", "the center has no form of the mapping's name"),
}


def _intake_client(
    settings: CenterSettings, ledger: LedgerMapping, url: str, http: httpx.Client, patience: float
) -> IntakeClient:
    base = url.rstrip("/") or own_url(settings.http)
    webhook = Webhook(settings.intake_secret.get_secret_value())
    return IntakeClient(http, f"{base}/intake/{ledger.form}", webhook, patience)


def _carry(
    output: Output,
    ledger: LedgerMapping,
    door: IntakeClient,
    source: Iterable[Row],
    total: int,
    parallel: int,
    tally: Tally,
) -> None:
    """Hand in every row, some at once, with a bar on a terminal."""
    columns = (*Progress.get_default_columns()[:3], MofNCompleteColumn(), TimeRemainingColumn())
    progress = Progress(*columns, console=output.err, transient=True, disable=not output.err.is_terminal)
    remaining = iter(source)
    with progress, ThreadPoolExecutor(parallel) as hands:
        bar = progress.add_task(output.text("导入", "import"), total=total)
        while part := list(islice(remaining, AT_ONCE)):
            for number, outcome, faults in _at_once(hands, part, lambda row: _one(ledger, door, row)):
                tally.add(number, outcome, faults)
                progress.advance(bar)


def _at_once(
    hands: ThreadPoolExecutor, part: list[Row], act: Callable[[Row], tuple[int, str, list[CellFault]]]
) -> Iterator[tuple[int, str, list[CellFault]]]:
    """In order. When one fails for good, those that have not begun are not begun."""
    waiting = [hands.submit(act, row) for row in part]
    try:
        for one in waiting:
            yield one.result()
    finally:
        for one in waiting:
            one.cancel()


def _one(ledger: LedgerMapping, door: IntakeClient, row: Row) -> tuple[int, str, list[CellFault]]:
    try:
        return (row.number, *door.hand_in(fill(ledger, row)))
    except UnmappableRow as unfit:
        return row.number, "rejected", unfit.faults


def _tell(output: Output, tally: Tally, rejects: Path | None) -> None:
    reasons = [(number, "; ".join(f"{f.field}: {f.problem}" for f in faults)) for number, faults in tally.rejects]
    if rejects is not None:
        with rejects.open("w", encoding="utf-8-sig", newline="") as file:  # with the mark, so that Excel reads it
            csv.writer(file).writerows([("row", "reason"), *reasons])
    if output.as_json:
        named = [{"row": number, "reason": reason} for number, reason in reasons]
        output.data({what: tally.counts[what] for what in ("imported", "repeated", "rejected")} | {"rejects": named})
    elif reasons:
        output.table(_HEADS, reasons[:SHOWN])
    if len(reasons) > SHOWN and not output.as_json:
        more = len(reasons) - SHOWN
        output.say(f"… 另有 {more} 行，见 --rejects 文件", f"… and {more} rows more: --rejects FILE names all")
    if not output.as_json:
        typer.echo(tally.line())
    if reasons:  # somebody must mend them
        raise typer.Exit(FAILURE)

"""``bus import``: submits a ledger to the running center's own intake, form by form, signed like any other form."""

import json
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from types import SimpleNamespace
from typing import Annotated, Any, NamedTuple

import httpx
import typer
from rich.progress import MofNCompleteColumn, Progress, TimeRemainingColumn
from standardwebhooks import Webhook

from bus.bilingual import Bilingual
from bus.cli.options import FOLDER, ConfigFile, Folder, settings_of
from bus.cli.output import FAILURE, USAGE, AsJson, Lang, Language, Output
from bus.cli.refused_form import refusal_of
from bus.http.address import own_url
from bus.importing.cell import BadFile
from bus.importing.draft import draft as drafted
from bus.importing.intake_client import Away, IntakeClient, Misled
from bus.importing.mapping import LedgerMapping, UnmappableRow, fill, load_mapping
from bus.importing.spreadsheet import CellFault, Row, SpreadsheetFormat, rows
from bus.importing.tally import WORDS, Tally
from bus.sdk import discovery
from bus.sdk.center import Form
from bus.settings import CenterSettings

INTERRUPTED = 130
"""The exit code after Ctrl-C, as shells have it."""
TELL_EVERY = 10.0
"""Seconds between two lines of progress without a terminal."""
_HEADS = (Bilingual("行", "Row"), Bilingual("原因", "Reason"))
SHOWN = 50
"""Most rejects listed; all of them go into the ``--rejects`` file."""
AT_ONCE = 400
"""Rows in memory at the same time."""


def import_(
    names: Annotated[
        list[str], typer.Argument(metavar="[CENTER] FILE", help="中心与文件 / center, and CSV or XLSX file")
    ],
    mapping: Annotated[Path | None, typer.Option(help="映射文件 / the mapping of columns to fields (TOML)")] = None,
    config: ConfigFile = None,
    folder: Folder = FOLDER,
    url: Annotated[str, typer.Option(help="受理入口的地址，默认按配置 / the center's URL, if not as configured")] = "",
    parallel: Annotated[int, typer.Option(min=1, max=64, help="同时几行 / rows at once")] = 8,
    patience: Annotated[float, typer.Option(min=0, help="中心停止时等几秒 / seconds to wait for the center")] = 60,
    rejects: Annotated[
        Path | None,
        typer.Option(help="被拒行原样写入此 CSV / write rejected rows to this CSV, to be corrected"),
    ] = None,
    draft: Annotated[
        str,
        typer.Option(metavar="FORM", help="按表头起草该表单的映射 / draft a mapping from the headers"),
    ] = "",
    check: Annotated[
        bool, typer.Option("--check", help="只检查映射，不发送 / check the mapping, send nothing")
    ] = False,
    lang: Language = Lang.AUTO,
    as_json: AsJson = False,
) -> None:
    """把台账导入运行中的中心，重复运行不会重复登记 / import a ledger; a second run repeats no row."""
    output = Output(lang, as_json)
    if len(names) != (2 if config is None else len(names[:2])):
        output.fail(
            "用法：bus import 中心 文件，或 --config", "usage: bus import CENTER FILE, or --config C FILE", USAGE
        )
    file, tally = Path(names[-1]), Tally()
    with output.guarding():
        settings = settings_of(names[0] if len(names) == 2 else None, config, folder)
    if draft:
        _draft(output, settings, file, draft)
        return
    if mapping is None:
        output.fail("请用 --mapping 指定映射，或用 --draft 起草", "give a --mapping, or --draft one", USAGE)
    if rejects is not None:
        with _writing(output, rejects), rejects.open("ab"):  # before an hour of import, not after it
            pass
    try:
        ledger = load_mapping(mapping)
        total = sum(1 for _ in rows(file, ledger, ledger.columns()))  # reports a missing column first
        if check:
            wanted = _form_of(output, settings, ledger.form)
            _check(ledger, rows(file, ledger, ledger.columns()), tally, wanted, strict=settings.strict)
        else:
            with httpx.Client(timeout=30, trust_env=False) as http:
                door = _intake_client(settings, ledger, url, http, patience)
                _carry(output, ledger, door, rows(file, ledger, ledger.columns()), total, parallel, tally)
    except KeyboardInterrupt:
        typer.echo(tally.line(), err=True)
        output.fail(
            "已中断：已导入的有效；再运行一次会继续，不会重复登记",
            "interrupted: imported rows stay; run it again to continue, no row is repeated",
            INTERRUPTED,
        )
    except BadFile as bad:
        output.fail(f"文件或映射不能用：{bad}", str(bad), USAGE)
    except (httpx.InvalidURL, httpx.UnsupportedProtocol):
        output.fail(f"--url 不是网址：{url}", f"--url is no URL: {url}", USAGE)
    except Misled as misled:
        output.fail(*_MISLED[str(misled)], USAGE)
    except Away as away:
        typer.echo(tally.line(), err=True)
        output.fail(
            f"连不上中心（{away}），已导入的有效；中心恢复后再运行一次即可",
            f"the center cannot be reached ({away}); imported rows stay: run it again when the center is back",
        )
    if rejects is not None:
        with _writing(output, rejects):
            tally.write_rejects(rejects, ledger)
    _tell(output, tally)


_MISLED = {
    "signature": (
        "签名不被接受：核对 BUS_INTAKE_SECRET 与两边时钟",
        "the signature was refused: check BUS_INTAKE_SECRET and both clocks",
    ),
    "no-such-form": ("该中心没有映射所写的表单", "the center has no form of the mapping's name"),
}


def _intake_client(
    settings: CenterSettings, ledger: LedgerMapping, url: str, http: httpx.Client, patience: float
) -> IntakeClient:
    base = url.rstrip("/") or own_url(settings.http)
    webhook = Webhook(settings.intake_secret.get_secret_value())
    return IntakeClient(http, f"{base}/intake/{ledger.form}", webhook, patience)


def _form_of(output: Output, settings: CenterSettings, form: str) -> Form:
    with output.guarding():
        center = discovery.find(settings.kind, settings.adapter).center()
    if form not in center.forms:
        known = ", ".join(sorted(center.forms))
        output.fail(f"没有表单 {form}：{known}", f"there is no form {form}: {known}", USAGE)
    return center.forms[form]


def _draft(output: Output, settings: CenterSettings, file: Path, form: str) -> None:
    """Print a draft mapping for the file; the user checks it before use."""
    wanted = _form_of(output, settings, form)
    native_id = next((name for name in wanted.model.model_fields if _is_id(wanted, name)), "")
    try:
        typer.echo(drafted(file, form, wanted.model, native_id, SpreadsheetFormat()), nl=False)
    except BadFile as bad:
        output.fail(f"文件不能用：{bad}", str(bad), USAGE)
    output.warn("请核对后存为映射文件，再用 --check 试一遍", "check it, save it as a file, and try it with --check")


def _is_id(form: Form, name: str) -> bool:
    """Whether this field holds the form's own id: tested with the form's own function on a form that has nothing
    else."""
    try:
        return form.native_id(SimpleNamespace(**{name: "1"})) == "1"
    except AttributeError:
        return False


def _check(ledger: LedgerMapping, source: Iterable[Row], tally: Tally, wanted: Form, *, strict: bool) -> None:
    """Make every row a form, and judge it as the center will: ``imported`` means that it would be taken."""
    seen: dict[str, int] = {}
    for row, native_id, form, faults in (_filled(ledger, row) for row in source):
        if form is None:
            tally.add(row, native_id, "rejected", faults)
            continue
        written, refused = hash(json.dumps(form, sort_keys=True)), refusal_of(form, wanted, strict=strict)
        if not refused and seen.setdefault(native_id, written) != written:
            refused = [CellFault("id-reused", "")]
        tally.add(row, native_id, "rejected" if refused else "imported", refused)


def _carry(
    output: Output,
    ledger: LedgerMapping,
    door: IntakeClient,
    source: Iterable[Row],
    total: int,
    parallel: int,
    tally: Tally,
) -> None:
    """Submit every row, several at once, with a progress bar on a terminal."""
    columns = (*Progress.get_default_columns()[:3], MofNCompleteColumn(), TimeRemainingColumn())
    progress = Progress(*columns, console=output.err, transient=True, disable=not output.err.is_terminal)
    remaining, told = iter(source), time.monotonic()
    with progress, ThreadPoolExecutor(parallel) as hands:
        bar = progress.add_task(output.text("导入", "import"), total=total)
        while part := list(islice(remaining, AT_ONCE)):
            for wave in _waves(_filled(ledger, row) for row in part):
                for one, (outcome, faults) in _at_once(hands, wave, lambda one: _handed_in(door, one)):
                    tally.add(one.row, one.native_id, outcome, faults)
                    progress.advance(bar)
            if not output.err.is_terminal and time.monotonic() - told >= TELL_EVERY:
                told = time.monotonic()
                done = tally.counts.total()
                output.warn(f"{done} / {total}：{tally.line()}", f"{done} / {total}: {tally.line()}")


class _Filled(NamedTuple):
    """A row, its own id, and the form that the mapping makes of it; None: it makes none, for these faults."""

    row: Row
    native_id: str
    form: dict[str, Any] | None
    faults: list[CellFault]


Outcome = tuple[str, list[CellFault]]
"""The outcome of a row, and its faults."""


def _filled(ledger: LedgerMapping, row: Row) -> _Filled:
    try:
        form = fill(ledger, row)
    except UnmappableRow as unfit:
        return _Filled(row, "", None, unfit.faults)
    return _Filled(row, _id_of(form, ledger.native_id), form, [])


def _waves(part: Iterable[_Filled]) -> Iterator[list[_Filled]]:
    """The rows in parts in which no id stands twice: of two rows with one id the earlier one is taken, in every run."""
    wave: list[_Filled] = []
    ids: set[str] = set()
    for one in part:
        if one.native_id in ids:
            yield wave
            wave, ids = [], set()
        wave.append(one)
        if one.form is not None:
            ids.add(one.native_id)
    yield wave


def _at_once(
    hands: ThreadPoolExecutor, part: list[_Filled], act: Callable[[_Filled], Outcome]
) -> Iterator[tuple[_Filled, Outcome]]:
    """The outcomes in order. After a fatal failure no further rows are begun."""
    waiting = [hands.submit(act, row) for row in part]
    try:
        for row, one in zip(part, waiting, strict=True):
            yield row, one.result()
    finally:
        for one in waiting:
            one.cancel()


def _handed_in(door: IntakeClient, one: _Filled) -> Outcome:
    return ("rejected", one.faults) if one.form is None else door.hand_in(one.form)


def _id_of(form: Any, name: str) -> str:  # noqa: ANN401 - any JSON
    for part in name.split("."):
        form = form[part]
    return str(form)


@contextmanager
def _writing(output: Output, rejects: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        output.fail(f"写不了 --rejects {rejects}：{error.strerror}", f"--rejects {rejects}: {error.strerror}", USAGE)


def _tell(output: Output, tally: Tally) -> None:
    if output.as_json:
        named = [{"row": one.number, "reason": one.reason} for one in tally.rejects]
        output.data({what: tally.counts[what] for what in WORDS} | {"rejects": named})
    else:
        if tally.rejects:
            output.table(_HEADS, [(one.number, one.reason) for one in tally.rejects[:SHOWN]])
        if (more := len(tally.rejects) - SHOWN) > 0:
            output.say(f"… 另有 {more} 行，见 --rejects 文件", f"… and {more} rows more: --rejects FILE names all")
        typer.echo(tally.line())
    if tally.rejects:  # a person must correct them
        raise typer.Exit(FAILURE)

"""``bus proof``: the signed receipts for a case, exported for others and checked by them."""

from pathlib import Path
from typing import Annotated

import typer
from pydantic import ValidationError

from bus.bilingual import Bilingual
from bus.cli.options import ConfigFile, opened_store, store_settings
from bus.cli.output import FAILURE, USAGE, AsJson, Lang, Language, Output, moment
from bus.operations.case_names import case_named
from bus.operations.proof import Judgement, Proof, Vouched, judge, of_case
from bus.operations.replay import NO_CASE
from bus.security import directory
from bus.security.errors import KeyUnusable
from bus.security.keyring import read_public_key

proof = typer.Typer(help="回执凭证：对方签收了什么 / receipts that other centers have signed", no_args_is_help=True)

_HEADS = (
    Bilingual("时间", "When"),
    Bilingual("对方", "Who"),
    Bilingual("报文", "Kind"),
    Bilingual("签收为", "Verdict"),
    Bilingual("编号", "Message"),
)
_JUDGED = {
    Judgement.VOUCHED: Bilingual("属实", "vouched for"),
    Judgement.BYTES_OPEN: Bilingual("已签收，但没有内容摘要", "receipted, without a digest of the bytes"),
    Judgement.NOT_THEIRS: Bilingual("不是对方所签，或密钥已吊销", "not signed by the recipient, or with a revoked key"),
    Judgement.OTHERWISE: Bilingual("是对方所签，但说的不是这件报文", "signed by the recipient, but for something else"),
}


@proof.command()
def export(
    case: Annotated[str, typer.Argument(help="案件编号、短编号或 UUID / number, short number or UUID")],
    out: Annotated[Path, typer.Option(help="写入此文件 / the file to write")],
    config: ConfigFile = None,
    lang: Language = Lang.AUTO,
) -> None:
    """导出一个案件的签名回执，不含居民信息 / export a case's signed receipts, without residents' data."""
    output = Output(lang)
    with output.guarding():
        settings = store_settings(config)
        with opened_store(settings) as store, store.reading() as tx:
            found = of_case(tx, settings.center, case_named(tx, case) or NO_CASE)
        if not found.said:
            output.fail(f"{case}：没有签过名的回执", f"{case}: no signed receipt is kept", FAILURE)
        try:
            out.write_text(found.model_dump_json(indent=1) + "\n", encoding="utf-8")
        except OSError as error:
            output.fail(f"写不了 {out}（{error.strerror}）", f"{out}: {error.strerror}", USAGE)
    output.table(_HEADS, [(_when(o), o.recipient, o.kind, o.verdict.value, str(o.message_id)) for o in found.said])
    output.say(
        f"已写入 {out}；核对：bus proof check {out} --directory … --operator …",
        f"written to {out}; to check it: bus proof check {out} --directory … --operator …",
    )


@proof.command()
def check(
    file: Annotated[Path, typer.Argument(help="导出的文件 / the file that was exported")],
    directory_file: Annotated[Path, typer.Option("--directory", help="本县名录 / the county's directory")],
    operator: Annotated[Path, typer.Option("--operator", help="运维者的公钥 / the operator's public key")],
    lang: Language = Lang.AUTO,
    as_json: AsJson = False,
) -> None:
    """凭名录核对凭证，不需要任何库；有一条不实即退出码 1 / check a proof against the directory; no store is needed."""
    output = Output(lang, as_json)
    try:
        shown = Proof.model_validate_json(file.read_bytes())
        known = directory.read_file(directory_file, read_public_key(operator))
    except (OSError, ValidationError):
        output.fail(f"{file} 读不了，或不是回执凭证", f"{file}: cannot be read, or is not a proof", USAGE)
    except KeyUnusable as trouble:
        output.fail(trouble.zh, trouble.en, USAGE)
    judged = [(one, judge(one, known)) for one in shown.said]
    if as_json:
        output.data([{"message_id": str(one.message_id), "recipient": one.recipient, "digest": one.digest,
                     "verdict": one.verdict.value, "judgement": what.value} for one, what in judged])  # fmt: skip
    else:
        heads = (*_HEADS, Bilingual("核对", "Found"))
        output.table(
            heads,
            [(_when(o), o.recipient, o.kind, o.verdict.value, str(o.message_id), output.pick(_JUDGED[what]))
             for o, what in judged],
        )  # fmt: skip
    if any(what is not Judgement.VOUCHED for _, what in judged):
        raise typer.Exit(FAILURE)


def _when(one: Vouched) -> str:
    return moment(int(one.at.timestamp() * 1000))

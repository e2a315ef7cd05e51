"""``bus pki``: TLS certificates for the broker and the centers, for a county without an authority of its own."""

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from bus.cli.output import USAGE, Lang, Language, Output
from bus.cli.written_files import OwnerName, owner_asked, save, save_private
from bus.contract.types import CENTER_PATTERN
from bus.security.pki import Issued, for_broker, for_center, new_authority, read_authority
from bus.security.private_file import Owner

pki = typer.Typer(
    help="TLS 证书：消息服务器与各中心 / certificates for the broker and the centers", no_args_is_help=True
)

Folder = Annotated[Path, typer.Option("--folder", help="证书机构的目录，只有运维者可读 / the operator's own folder")]
FOLDER = Path("pki")
BROKER = """\
listeners.tcp = none
listeners.ssl.default = 5671
ssl_options.cacertfile = /etc/rabbitmq/ca.pem
ssl_options.certfile = /etc/rabbitmq/broker.pem
ssl_options.keyfile = /etc/rabbitmq/broker.key
ssl_options.verify = verify_peer
ssl_options.fail_if_no_peer_cert = true
ssl_options.versions.1 = tlsv1.3
ssl_options.versions.2 = tlsv1.2
ssl_cert_login_from = common_name
auth_mechanisms.1 = EXTERNAL
"""
"""What the broker needs in rabbitmq.conf, with the plugin rabbitmq_auth_mechanism_ssl."""


@pki.command()
def authority(
    county: Annotated[str, typer.Argument(help="县的名称或区划代码 / the county's name or code")],
    folder: Folder = FOLDER,
    owner: OwnerName = "",
    lang: Language = Lang.AUTO,
) -> None:
    """建立证书机构，一县一次 / make the authority, once for each county."""
    output = Output(lang)
    whose = owner_asked(output, owner)
    if (folder / "ca.key").exists():
        output.fail(f"{folder} 中已有证书机构", f"{folder} has an authority already")
    _save(output, folder / "ca", new_authority(county, _now()).pem, whose)
    output.say(
        "ca.key 绝不离开此机；ca.pem 发给消息服务器与各中心", "ca.key never leaves this machine; ca.pem goes to all"
    )


@pki.command()
def center(
    name: Annotated[str, typer.Argument(metavar="CENTER", help="中心名称 / the center's name")],
    folder: Folder = FOLDER,
    owner: OwnerName = "",
    lang: Language = Lang.AUTO,
) -> None:
    """为一个中心签发证书，它凭此登录消息服务器 / a center's certificate, with which it logs in to the broker."""
    output = Output(lang)
    whose = owner_asked(output, owner)
    if not re.fullmatch(CENTER_PATTERN[1:-1], name):
        output.fail(f"{name} 不是中心名称（例：media_center-150402）", f"{name} is no center's name", USAGE)
    with output.guarding():
        issued = for_center(read_authority(folder / "ca.pem", folder / "ca.key"), name, _now())
    _save(output, folder / name, issued, whose)


@pki.command()
def broker(
    hosts: Annotated[list[str], typer.Argument(metavar="HOST...", help="域名与地址 / its names and addresses")],
    folder: Folder = FOLDER,
    owner: OwnerName = "",
    lang: Language = Lang.AUTO,
) -> None:
    """为消息服务器签发证书，并给出 rabbitmq.conf 各行 / the broker's certificate, and its lines of rabbitmq.conf."""
    output = Output(lang)
    whose = owner_asked(output, owner)
    with output.guarding():
        issued = for_broker(read_authority(folder / "ca.pem", folder / "ca.key"), hosts, _now())
    _save(output, folder / "broker", issued, whose)
    output.say(
        "启用插件 rabbitmq_auth_mechanism_ssl，并在 rabbitmq.conf 中写：",
        "enable the plugin rabbitmq_auth_mechanism_ssl, and write into rabbitmq.conf:",
    )
    typer.echo(BROKER)


def _save(output: Output, stem: Path, issued: Issued, owner: Owner | None) -> None:
    certificate, key = stem.with_name(f"{stem.name}.pem"), stem.with_name(f"{stem.name}.key")
    save_private(output, key, issued.key, owner)
    save(output, certificate, issued.certificate, owner)
    output.say(f"已写出 {certificate} 与 {key}", f"wrote {certificate} and {key}")


def _now() -> datetime:
    return datetime.now(UTC)

"""How ``bus operate`` signs a command and sends it to a center."""

import base64
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import typer
from pydantic import ValidationError

from bus.cli.output import FAILURE, USAGE, Output
from bus.contract import signed_document
from bus.contract.ids import new_id
from bus.contract.staff_command import Act, StaffCommand
from bus.security.cipher_suite import COMMAND, Broken
from bus.security.keyring import OwnKey, read_keyring

ANSWER = 60.0
"""Seconds to wait for the center."""
NO_SUCH_PATH = 404
TRIES = 3
"""How often the same bytes are sent where no answer comes: they are carried out once."""


@dataclass(frozen=True, slots=True)
class Desk:
    """Where a person sits: the key, and the center that is spoken to."""

    output: Output
    at: str
    center: str
    key: Path
    authority: Path | None
    over_bus: Path | None = None
    """The settings of the ledger that carries the command; None: it goes to the center's own door."""

    def say(self, act: Act, why: str, **fields: Any) -> dict[str, Any]:  # noqa: ANN401 - the command's own fields
        """Sign one command, send it, and give the answer; a refusal is printed, and ends the program."""
        own = read_keyring(self.key).keys[-1]
        command = self._command(own, act, why, fields)
        body = command.encoded()
        answer = self._sent(signed_document.join(body, [own.signed(body, COMMAND)]))
        if "sealed" in answer:
            answer["body"] = self._opened(own, command, answer.pop("sealed"))
        return answer

    def _command(self, own: OwnKey, act: Act, why: str, fields: Mapping[str, Any]) -> StaffCommand:
        given = {name: value for name, value in fields.items() if value is not None and value is not False}
        try:
            return StaffCommand(
                id=new_id(), center=self.center, made=datetime.now(UTC), by=own.public.kid, act=act, why=why, **given
            )
        except ValidationError as error:
            where = ", ".join(
                ".".join(map(str, one["loc"])) or one["msg"]
                for one in error.errors(include_input=False, include_url=False)
            )
            self.output.fail(
                f"指令不完整或理由不是代码词：{where}",
                f"the command does not fit its act, or the reason is no code word: {where}",
                USAGE,
            )

    def _sent(self, raw: bytes) -> dict[str, Any]:
        status, told = self._by_https(raw) if self.over_bus is None else self._by_the_ledger(self.over_bus, raw)
        if status >= 300:
            self._refused(status, told)
        return told

    def _by_the_ledger(self, config: Path, raw: bytes) -> tuple[int, dict[str, Any]]:
        from bus.cli.operate_carrying import carried  # noqa: PLC0415 - the store, which --at does not need

        return carried(self.output, config, self.center, raw)

    def _by_https(self, raw: bytes) -> tuple[int, dict[str, Any]]:
        answer = self._posted(raw)
        try:
            told: Any = answer.json()
        except ValueError:
            told = None
        if not isinstance(told, dict):
            self.output.fail(f"{self.at} 不是本总线的中心", f"{self.at} is not a center of the bus")
        return answer.status_code, told

    def _posted(self, raw: bytes) -> httpx.Response:
        url, last = f"{self.at.rstrip('/')}/operations", ""
        for _ in range(TRIES):
            try:
                return httpx.post(url, content=raw, timeout=ANSWER, trust_env=False, verify=self._tls())
            except httpx.InvalidURL:
                self.output.fail(f"--at 不是网址：{self.at}", f"--at is no URL: {self.at}", USAGE)
            except httpx.HTTPError as error:  # the center may have heard it: the same bytes do no harm
                last = type(error).__name__
        return self.output.fail(
            f"连不上 {self.at}（{last}）；不知是否已执行，可查看：bus operate list",
            f"{self.at} cannot be reached ({last}); whether it was carried out: `bus operate list`",
        )

    def _tls(self) -> ssl.SSLContext | bool:
        return ssl.create_default_context(cafile=str(self.authority)) if self.authority is not None else True

    def _refused(self, status: int, told: Mapping[str, Any]) -> None:
        if status == NO_SUCH_PATH and "cure" not in told:
            self.output.fail(
                f"{self.center} 的程序较旧，没有值班入口：升级它，或到它的机器上处置",
                f"the program of {self.center} is older and has no door for operators: upgrade it, or go there",
            )
        if self.output.as_json:
            self.output.data(told)
        self.output.warn(
            f"未执行（{status} {told.get('code', '')}）：{told.get('cure', '')}",
            f"not carried out ({status} {told.get('code', '')}): {told.get('cure', '')}",
        )
        raise typer.Exit(FAILURE)

    def _opened(self, own: OwnKey, command: StaffCommand, sealed: str) -> str:
        try:
            return own.opened(base64.b64decode(sealed), str(command.id).encode()).decode(errors="replace")
        except (Broken, ValueError):
            self.output.fail("答复不是给这把密钥的", "the answer is not for this key")

"""The judge of files: reads ledgers, mappings, settings, key requests and directories as the commands do, and reports
each outcome.
"""

import warnings
from collections.abc import Iterable, Iterator
from pathlib import Path

from bus.importing.cell import BadFile
from bus.importing.mapping import UnmappableRow, fill, load_mapping
from bus.importing.spreadsheet import rows
from bus.security import directory, key_request
from bus.security.errors import KeyUnusable
from bus.security.keyring import PublicKey
from bus.settings import BadSettings, load
from verification.corpus.file_items import FileItem
from verification.corpus.items import SIGN
from verification.corpus.key_items import DIRECTORY_FILE, TAKEN, UNUSABLE, KeyItem
from verification.corpus.settings_items import SettingsItem


def judge(folder: Path, items: Iterable[FileItem]) -> Iterator[str]:
    """Read every ledger, and report every fault: a wrong verdict, another exception, a cell's value in the output."""
    for item in items:
        with warnings.catch_warnings(record=True) as warned:
            warnings.simplefilter("always")
            got, told = read(folder, item)
        if got != item.verdict:
            yield f"{item.kind}: {item.name}: {got}, expected {item.verdict}"
        told += " ".join(str(one.message) for one in warned)
        if found := SIGN.search(told):
            yield f"{item.kind}: {item.name}: told outside: {found[0]}"


def read(folder: Path, item: FileItem) -> tuple[str, str]:
    """(verdict, all output)."""
    (folder / "mapping.toml").write_text(item.mapping, encoding="utf-8")
    path = folder / f"ledger{item.suffix}"
    path.write_bytes(item.file)
    faults: list[str] = []
    try:
        ledger = load_mapping(folder / "mapping.toml")
        for row in rows(path, ledger, ledger.columns()):
            try:
                fill(ledger, row)
            except UnmappableRow as unfit:
                faults.append(str(unfit))
    except BadFile as bad:
        return "bad-file", str(bad)
    except Exception as other:
        return f"{type(other).__name__}, which is no verdict", str(other)
    return (f"rejected:{' | '.join(faults)}" if faults else "form"), " ".join(faults)


def judge_settings(folder: Path, items: Iterable[SettingsItem]) -> Iterator[str]:
    """Load every settings file, and report every fault: a wrong verdict, another exception, a secret in the output."""
    for item in items:
        got, told = load_settings(folder, item)
        if got != item.verdict:
            yield f"{item.kind}: {item.name}: {got}, expected {item.verdict}"
        if item.secret in told:
            yield f"{item.kind}: {item.name}: told a secret"


def load_settings(folder: Path, item: SettingsItem) -> tuple[str, str]:
    """(verdict, all output)."""
    path = folder / "center.toml"
    path.write_bytes(item.file)
    try:
        load(path)
    except BadSettings as bad:
        places = [where for where, _, _ in bad.faults]
        no_toml = places == [str(path)]
        return ("not TOML" if no_toml else ",".join(places)), f"{bad} {bad.faults}"
    except Exception as other:
        return f"{type(other).__name__}, which is no verdict", str(other)
    return "taken", ""


def judge_keys(operator: PublicKey, items: Iterable[KeyItem]) -> Iterator[str]:
    """Read every key request and directory, and report every fault: a wrong verdict, another exception, a leaked
    word."""
    for item in items:
        got, told = read_keys(operator, item)
        if got != item.verdict:
            yield f"{item.kind}: {item.name}: {got}, expected {item.verdict}"
        if found := SIGN.search(told):
            yield f"{item.kind}: {item.name}: told outside: {found[0]}"


def read_keys(operator: PublicKey, item: KeyItem) -> tuple[str, str]:
    """(verdict, all output)."""
    try:
        if item.reads == DIRECTORY_FILE:
            directory.read(item.file, operator)
        else:
            key_request.read(item.file)
    except KeyUnusable as no:
        return UNUSABLE, f"{no} {no.zh}"
    except Exception as other:
        return f"{type(other).__name__}, which is no verdict", str(other)
    return TAKEN, ""

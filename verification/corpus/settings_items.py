"""Wrong settings files: each fault is reported by place, all at once, and never with a secret."""

from collections.abc import Iterator
from dataclasses import dataclass

from verification.corpus.items import Dealer

GOOD = {
    "center": '"party_service-150402006"',
    "store": '"sqlite:///x.db"',
    "intake_secret": '"whsec_{secret}"',
    "arbiter": '"command_center-150402"',
    "returns_before_arbiter": "2",
    "park_after": "12",
    "concurrency": "4",
}
TABLES = "[backend]\nurl = {url}\ntoken = {token}\ntimeout = {timeout}\n[http]\nport = {port}\n"
INNER = {"url": '"http://127.0.0.1:1"', "token": '"{secret}"', "timeout": "10.0", "port": "8080"}
BAD: dict[str, tuple[str, ...]] = {
    "center": ('"x"', '""', '"media.center-150402"', "1", "[]", '"party_service-150402006\\n"', '"PARTY-150402"'),
    "store": ('""', '"x.db"', "1", '"sqlite:"', '"://"', "true"),
    "arbiter": ('"x"', '""', "1", '"*"'),
    "returns_before_arbiter": ("0", "-1", "11", '"many"', "1.5", "9223372036854775807"),
    "park_after": ("0", "-1", "1001", '"x"', "nan"),
    "concurrency": ("0", "33", '"x"', "inf"),
    "backend.url": ('""', '"x"', "1", '"http://a b"', "[]"),
    "backend.timeout": ("0", "-1", "61", '"x"', "nan", "inf"),
    "http.port": ("-1", "65536", '"x"', "1.5"),
}
"""Per place: invalid values, as TOML."""


@dataclass(frozen=True, slots=True)
class SettingsItem:
    """One settings file. ``verdict``: the places at fault, or ``not TOML``."""

    kind: str
    name: str
    file: bytes
    verdict: str
    secret: str


def items(deal: Dealer) -> Iterator[SettingsItem]:
    """All items of this module."""
    for place, values in BAD.items():
        for value in values:
            yield _item(deal, "settings: a bad value", f"{place} = {value}", {place: value}, place)
    for place in ("center", "store"):
        yield _item(deal, "settings: one absent", place, {place: None}, place)
    yield _item(deal, "settings: one absent", "backend.url", {"backend.url": None}, "backend.url")
    yield _item(deal, "settings: no secret", "intake_secret", {"intake_secret": None}, "settings")
    yield _item(deal, "settings: no secret", "an empty one", {"intake_secret": '""'}, "settings")
    for name in ("spead", "intake_secrets", "金丝雀"):
        key = f'"{name}"' if not name.isascii() else name
        yield _item(deal, "settings: no such setting", name, {}, name, before=f"{key} = 1\n")
    yield _item(deal, "settings: all at once", "two", {"concurrency": "0", "center": '"x"'}, "center,concurrency")
    yield from _no_toml(deal)


def _item(
    deal: Dealer, kind: str, name: str, changes: dict[str, str | None], verdict: str, before: str = ""
) -> SettingsItem:
    secret = f"c2VjcmV0{deal.random.getrandbits(96):024x}"
    outer = {key: changes.get(key, value) for key, value in GOOD.items()}
    inner = {key: changes.get(f"{'http' if key == 'port' else 'backend'}.{key}", value) for key, value in INNER.items()}
    text = before + "".join(f"{key} = {value}\n" for key, value in outer.items() if value is not None)
    text += TABLES.format(**{key: value or "@absent@" for key, value in inner.items()})
    lines = [line for line in text.split("\n") if "@absent@" not in line]
    return SettingsItem(kind, name, "\n".join(lines).replace("{secret}", secret).encode(), verdict, secret)


def _no_toml(deal: Dealer) -> Iterator[SettingsItem]:
    good = _item(deal, "", "", {}, "")
    for name, body in {
        "no TOML": good.file + b"[[[", "JSON": b'{"center": "x"}', "a key twice": good.file + b"\nport = 1\nport = 1",
        "a table twice": good.file + b"\n[backend]\n", "not UTF-8": good.file + b"\xff\xfe", "NUL": good.file + b"\x00",
        "UTF-16": good.file.decode().encode("utf-16"), "a text left open": good.file + b'\nx = "',
        "brackets": b"x = " + b"[" * 100_000 + good.file,
        "braces": b"x = " + b"{a=" * 50_000,
    }.items():  # fmt: skip
        yield SettingsItem("settings: no TOML", name, body, "not TOML", good.secret)
    yield SettingsItem("settings: a mark in front", "", b"\xef\xbb\xbf" + good.file, "taken", good.secret)

"""Passwords are drawn so that nobody guesses them, and those that can be guessed are told without a piece of them."""

import re
from pathlib import Path

import pytest

from bus.security.passwords import is_weak, new_password
from tests.unit.test_cli_run import SECRET, WHOLE, bus

ME = "media_center-150402"


def test_a_drawn_password_needs_no_encoding_and_is_not_weak() -> None:
    """Each is another one, of letters and digits that nobody mistakes."""
    drawn = {new_password() for _ in range(200)}
    assert len(drawn) == 200
    assert all(re.fullmatch(r"[A-HJ-NP-Za-km-z2-9]{24}", one) for one in drawn)
    assert not any(is_weak(one, ME) for one in drawn)


def test_the_command_prints_one() -> None:
    """A line that a script may take as it is."""
    code, out, said = bus("keys", "password")
    assert (code, said) == (0, "")
    assert re.fullmatch(r"\w{24}\n", out)


@pytest.mark.parametrize(
    "password",
    [
        "guest", "123456", "P@ssw0rd", "Admin@2026!!", ME, f"{ME}-2026", "media_center", "a" * 30,
        "ab" * 14, "12345678901234567890", "password of media_center-150402", "Rabbit2026!", "k7fMw2Rq",
    ],
)  # fmt: skip
def test_what_can_be_guessed_is_weak(password: str) -> None:
    """Too short, a word that everybody tries, the user's own name, a year, one sign many times."""
    assert is_weak(password, ME)


@pytest.mark.parametrize(
    "password", ["k7fMw2RqXn9sT", "x(4K!v?z8@Lw", "tisch-wolke-neun-rad-ofen", "", "73028465910783746559283"]
)
def test_what_cannot_is_not(password: str) -> None:
    """Long enough for its kinds of signs; none at all is a login by certificate."""
    assert not is_weak(password, ME)


@pytest.mark.parametrize("password", ["p@ss:wd", "p@sswd/w", "zw:qx@ab"])
def test_a_password_that_splits_the_stores_url_is_told_and_not_shown(tmp_path: Path, password: str) -> None:
    """By doctor and by the center itself, with what to write instead."""
    config = tmp_path / "c.toml"
    config.write_text(WHOLE.format(folder=tmp_path), encoding="utf-8")
    url = f"postgresql+psycopg://bus:{password}@127.0.0.1/bus"
    for word in ("doctor", "run"):
        code, out, said = bus(word, "--config", config, "--lang", "en", BUS_INTAKE_SECRET=SECRET, BUS_STORE=url)
        assert (code, "@ must be written %40" in out + said) == (1, True), out + said
        assert not [piece for piece in ("p@ss", "sswd", "ss:", "wd", "zw", "qx") if piece in out + said]

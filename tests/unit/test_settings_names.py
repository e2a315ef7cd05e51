"""Settings of 0.1 by their old names: read until 0.3, wherever they are given, with a warning that says the new one."""

from pathlib import Path

import pytest

from bus.settings import BadSettings, CenterSettings, load

SECRET = "whsec_bm90IGEgc2VjcmV0LCBvbmx5IGEgdGVzdCE="
WHOLE = f'center = "media_center-150402"\nstore = "sqlite:///x.db"\nintake_secret = "{SECRET}"\n'
NEW = 'concurrency = 3\n[backend]\nurl = "http://app.example"\n'
OLD = 'hands = 3\n[vendor]\nurl = "http://app.example"\n'


def _read(folder: Path, text: str) -> CenterSettings:
    path = folder / "center.toml"
    path.write_text(WHOLE + text, encoding="utf-8")
    return load(path)


def test_new_names_are_read_in_silence(tmp_path: Path) -> None:
    """Whoever has renamed all hears nothing more."""
    settings = _read(tmp_path, NEW)
    assert (settings.concurrency, settings.backend.url) == (3, "http://app.example")


def test_old_names_in_a_file_are_read_with_a_warning_each(tmp_path: Path) -> None:
    """A settings file of 0.1 says what it said, and each old name is told with the new one, in both languages."""
    with pytest.warns(FutureWarning) as told:
        settings = _read(tmp_path, OLD)
    assert (settings.concurrency, settings.backend.url) == (3, "http://app.example")
    said = [str(one.message) for one in told]
    assert [text.split(" / ")[1].split(";")[0] for text in said] == [
        "the setting hands is now called concurrency",
        "the setting vendor is now called backend",
    ]
    assert all("已改名为" in text for text in said)


@pytest.mark.parametrize(
    ("variables", "token", "hands"),
    [
        ({"BUS_VENDOR__TOKEN": "t", "BUS_HANDS": "7"}, "t", 7),
        ({"bus_vendor__token": "t"}, "t", 3),
        ({"BUS_VENDOR": '{"token": "t"}'}, "t", 3),
        ({"BUS_BACKEND__TOKEN": "new", "BUS_VENDOR__TOKEN": "old"}, "new", 3),
    ],
    ids=["upper case", "lower case", "JSON", "both: the new one wins"],
)
def test_old_variables_are_read_as_0_1_read_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], token: str, hands: int
) -> None:
    """The environment by old names wins over the file, in every spelling that 0.1 took."""
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    with pytest.warns(FutureWarning, match=r"BUS_(VENDOR__…|HANDS) is now called BUS_(BACKEND__…|CONCURRENCY)"):
        settings = _read(tmp_path, NEW)
    assert settings.backend.token.get_secret_value() == token
    assert (settings.backend.url, settings.concurrency) == ("http://app.example", hands)


def test_a_setting_by_both_names_is_refused(tmp_path: Path) -> None:
    """Which of the two is meant cannot be known: the file is refused, and the cure said."""
    with pytest.raises(BadSettings, match="vendor: is backend by its old name: keep the new one alone"):
        _read(tmp_path, NEW + '[vendor]\nurl = "http://other.example"\n')

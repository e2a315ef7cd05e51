"""A plan is put into the words of the release that reads it, and into a file for its command line."""

import tomllib

from bus.demo.county_process import CountyPlan
from verification.mixed.dialect import as_toml, for_v0_1_0


def test_an_old_center_reads_the_names_of_its_time() -> None:
    """Settings that were renamed since v0.1.0 go by their old name, new ones are left out, the others stay."""
    plan = CountyPlan(
        ({"center": "media_center-150402", "concurrency": 2, "backend": {"url": "http://x"}, "strict": True},)
    )
    assert for_v0_1_0(plan).centers == ({"center": "media_center-150402", "hands": 2, "vendor": {"url": "http://x"}},)


def test_settings_become_a_file() -> None:
    """What TOML reads is what was written: texts, numbers, lists of tables; what is not set is not there."""
    settings = {
        "center": "media_center-150402",
        "data": 'a "quoted" \\ 路径',
        "hands": 4,
        "production": False,
        "vendor": {"url": "http://127.0.0.1:1", "timeout": 7.5},
        "routes": [{"to": "party_service-150402", "division": "150402*"}],
    }
    assert tomllib.loads(as_toml({**settings, "arbiter": None})) == settings

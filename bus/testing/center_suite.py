"""The conformance suite for centers, as plain checks: shipped for authors of their own adapters.

A check takes an ``AdapterHarness``, on which the adapter runs for real, and looks at effects: commands carried out,
messages sent, changes in the vendor's system. A sample without an effect fails. The samples are tried first; a wrong
one is reported once, and later checks skip it. A check without a sample fails, unless ``center.toml`` gives the reason:
``[samples.without] anonymous = "…"`` (``form``, ``message``, ``case``, ``order``). Run all of
``CHECKS``, in their order:

    @pytest.fixture(scope="module")
    def harness(tmp_path_factory):
        harness = AdapterHarness("my.adapter", tmp_path_factory.mktemp("harness")).start()
        yield harness
        harness.stop()

    @pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
    def test_my_center(check, harness):
        check(harness)
"""

import warnings
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from bus.testing.adapter_harness import AdapterHarness
from bus.testing.check_backend import (
    keeps_the_order_of_a_case,
    survives_every_answer_of_its_vendor,
    waits_for_a_vendor_that_is_away,
)
from bus.testing.check_bad_input import (
    believes_only_signed_forms,
    parks_broken_messages,
    refuses_broken_forms,
    refuses_whom_custody_refuses,
)
from bus.testing.check_circumstances import takes_what_no_sample_shows
from bus.testing.check_polls import reads_what_its_system_tells
from bus.testing.check_privacy import keeps_the_resident_to_itself, shows_nobody_who_is_anonymous, tells_how_it_is
from bus.testing.check_samples import (
    answers_a_repeated_form_alike,
    declares_what_it_does,
    has_a_sample_of_everything,
    has_one_effect_for_a_repeat,
    has_the_effect_of_every_kind,
    turns_forms_into_commands,
)

__all__ = ["CHECKS", "AdapterHarness", "Check", "failures"]

Check = Callable[[AdapterHarness], None]
CHECKS: tuple[Check, ...] = (
    has_a_sample_of_everything,
    turns_forms_into_commands,
    has_the_effect_of_every_kind,
    declares_what_it_does,
    answers_a_repeated_form_alike,
    reads_what_its_system_tells,
    has_one_effect_for_a_repeat,
    takes_what_no_sample_shows,
    keeps_the_order_of_a_case,
    waits_for_a_vendor_that_is_away,
    survives_every_answer_of_its_vendor,
    parks_broken_messages,
    refuses_whom_custody_refuses,
    refuses_broken_forms,
    believes_only_signed_forms,
    shows_nobody_who_is_anonymous,
    keeps_the_resident_to_itself,
    tells_how_it_is,
)
"""All checks, each of which must pass; the checks of the samples come first."""


def failures(harness: AdapterHarness, checks: Sequence[Check] = CHECKS) -> dict[str, str]:
    """Run these checks without pytest. Returns the failed ones: name → message."""
    told: dict[str, str] = {}
    for check in checks:
        try:
            check(harness)
        except AssertionError as fault:
            told[check.__name__] = str(fault)
    return told


if not TYPE_CHECKING:  # a type checker must not take every name for known

    def __getattr__(name: str) -> object:
        """``Bench``, the harness's name in 0.1."""
        if name != "Bench":
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        told = "bus.testing.center_suite.Bench is now AdapterHarness; the old name goes with 0.3"
        warnings.warn(told, DeprecationWarning, stacklevel=2)
        return AdapterHarness

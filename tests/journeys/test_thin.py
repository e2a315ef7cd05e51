"""The thinnest case: one message, one hand-over, one answer, over real HTTP at both ends and each kind of road."""

from collections.abc import Callable, Sequence

from tests.harness.county import Counties

HERE, THERE = "media_center-150402", "media_center-150403"


def test_a_message_is_handed_over_and_answered(
    make_county: Counties, on_each_road: Callable[[Sequence[str]], dict[str, str]]
) -> None:
    """A resident's message goes to another center, is taken and resolved there, and the resident reads the answer."""
    centers = (HERE, THERE)
    county = make_county(centers, routes={HERE: [{"to": THERE}]}, brokers=on_each_road(centers))
    county.backends[THERE].autopilot = True
    form = {"client_name": "居民甲", "category": "道路交通", "text": "村道积水", "division": "150403003"}
    left = county.backend(HERE, "/residents/messages", form)
    record = county.until(
        "the answer under the message",
        lambda: next((r for r in county.backend(HERE, "/records") if r["id"] == left["id"] and r["replies"]), None),
    )
    assert record["replies"][0]["by"] == THERE
    county.until("nothing on its way", county.drained)
    audit = county.audit()
    assert (audit.cases, audit.answered, audit.lost, audit.twice, audit.parked) == (1, 1, 0, 0, 0)

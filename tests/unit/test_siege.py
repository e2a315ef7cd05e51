"""A center under siege keeps within its memory and its descriptors, and serves the honest."""

from verification.siege.__main__ import MOST_DESCRIPTORS, MOST_RSS, SMALL, siege


def test_a_center_under_siege_stays_small_and_serves_the_honest() -> None:
    """Each attack at a part of its strength: it reaches the center, which does not eat it."""
    seen = list(siege(2, SMALL))
    assert len(seen) == 5
    for one in seen:
        assert one.reached > 0, one
        assert one.served, one
        assert one.rss < MOST_RSS, one
        assert one.descriptors < MOST_DESCRIPTORS, one

"""Activities and their hosts: each counts once in the total, and once for each of its hosts. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass

from bus.bilingual import Bilingual


@dataclass(frozen=True, slots=True)
class Hosts:
    """Activities of a period, by host."""

    total: int
    """Each activity once."""
    each: Mapping[str, int]
    """Host → its activities, those that it held with others included."""
    several: int
    """Activities with more than one host."""

    @property
    def said(self) -> int:
        """What the hosts' figures add up to."""
        return sum(self.each.values())

    @property
    def explained(self) -> Bilingual:
        """Why the hosts' figures add up to more than the total."""
        more = self.said - self.total
        return Bilingual(
            f"各主办单位合计 {self.said}，活动总数 {self.total}："
            f"{self.several} 项由多家共同主办，总数只计一次，相差 {more}",
            f"the hosts' figures add up to {self.said}, the total is {self.total}: "
            f"{self.several} had several hosts and count once in the total, a difference of {more}",
        )

"""The final outcome of step 5."""

from typing import NamedTuple

from bus.contract.messages import Verdict


class Applied(NamedTuple):
    """The final outcome of a message, which its sender is told."""

    verdict: Verdict
    code: str = ""
    hint: str = ""

"""Look before you create: a system without idempotency keys gets one record, whatever becomes of an answer."""

from collections.abc import Callable
from itertools import product
from typing import Any

import pytest

from bus import BackendClient, Reject, RetryCode, RetryLater, look_then_make
from bus.sdk.look_first import NOT_REACHED, SETTLES
from bus.sdk.simulator import BackendSimulator, Fault

TRIES = 5
LOOK_FAILS = Fault(status=502)
"""It strikes the next call, which is a look; every other fault strikes the making."""


class Keyless(BackendSimulator):
    """A system that makes a record of every call, and finds records by the number that the caller gave."""

    def __init__(self) -> None:
        super().__init__("keyless")
        self.app.post("/orders")(self.add)
        self.app.get("/orders")(self.find)
        self.at_the_making: Fault | None = None

    def find(self, number: str) -> list[dict[str, Any]]:
        """Those of one number."""
        found = [one for one in self.records.values() if one["number"] == number]
        if self.at_the_making is not None:
            self.order_fault(self.at_the_making)  # of the call that comes after this look
            self.at_the_making = None
        return found

    def add(self, order: dict[str, Any]) -> dict[str, Any]:
        """No key is asked for, none is known."""
        made = {**order, "id": f"GD-{len(self.records)}"}
        self.records[made["id"]] = made
        return made


def opened(client: BackendClient, number: str, settles: float = SETTLES) -> str:
    """An order, as an adapter of such a system opens it."""

    def look() -> str | None:
        found = client.request("GET", "/orders", query={"number": number})
        return str(found[0]["id"]) if found else None

    return look_then_make(look, lambda: str(client.post("/orders", {"number": number}, key="")["id"]), settles=settles)


@pytest.mark.parametrize(
    "faults",
    list(
        product(
            [Fault(status=503, after_effect=True), Fault(status=0, after_effect=True), Fault(status=500)],
            [LOOK_FAILS, Fault(status=503), Fault(status=503, after_effect=True)],
        )
    ),
    ids=lambda faults: "+".join(f"{one.status}{' late' * one.after_effect}" for one in faults),
)
def test_a_repeat_finds_what_an_earlier_try_has_made(faults: tuple[Fault, Fault]) -> None:
    """Answers are lost before and after the effect, at the making and at the next look; each number has one record."""
    vendor = Keyless()
    url = vendor.start()
    try:
        with BackendClient(url, timeout=5) as client:
            assert client.request("GET", "/orders", query={"number": "none"}) == []
            made = _tried(client, "YW-1", vendor, list(faults))
            assert opened(client, "YW-2") != made
            assert opened(client, "YW-1") == made
    finally:
        vendor.stop()
    assert sorted(one["number"] for one in vendor.records.values()) == ["YW-1", "YW-2"]


def _tried(client: BackendClient, number: str, vendor: Keyless, faults: list[Fault]) -> str:
    """The order, after as many tries as it needs, the first of which meet a fault each."""
    for _ in range(TRIES):
        if faults:
            fault = faults.pop(0)
            if fault is LOOK_FAILS:
                vendor.order_fault(fault)
            else:
                vendor.at_the_making = fault
        try:
            return opened(client, number)
        except RetryLater:
            pass
        finally:
            vendor.heal()
    raise AssertionError("never opened")


def raising(error: Exception) -> Callable[[], str]:
    """A call that ends so."""

    def call() -> str:
        raise error

    return call


@pytest.mark.parametrize("code", list(RetryCode))
def test_the_next_look_waits_until_a_slow_system_is_done(code: RetryCode) -> None:
    """Where the call may have arrived, the pause is as long as the system needs; longer where it asked for more."""
    with pytest.raises(RetryLater) as later:
        look_then_make(lambda: None, raising(RetryLater(code)), settles=40)
    assert (later.value.code, later.value.after) == (code, None if code in NOT_REACHED else 40)
    with pytest.raises(RetryLater) as asked:
        look_then_make(lambda: None, raising(RetryLater(code, 90)), settles=40)
    assert asked.value.after == 90


def test_nothing_is_made_where_nobody_could_look() -> None:
    """A look that fails is no answer to the question whether there is one."""
    for error in (RetryLater("vendor-503"), Reject("vendor-404")):
        with pytest.raises(type(error)):
            look_then_make(raising(error), raising(AssertionError("made")))


def test_a_refused_second_record_is_the_first_one() -> None:
    """It came to be between the look and the call; a refusal of anything else stays one."""
    looks: list[str | None] = [None, "GD-1", None, None]
    assert look_then_make(lambda: looks.pop(0), raising(Reject("vendor-409"))) == "GD-1"
    with pytest.raises(Reject, match="vendor-409"):
        look_then_make(lambda: looks.pop(0), raising(Reject("vendor-409")))
    assert looks == []

"""Rounding in whole numbers: half up, two places; a whole is shown only where it is one."""

NOTHING = "—"
"""What stands where the denominator is 0: no rate, and not a rate of 0 or of 100."""
WHOLE = 10_000
"""100.00 % in hundredths of a percent."""


def percent(numerator: int, denominator: int) -> str:
    """The rate with two places. ``100.00 %`` only if both are equal, ``0.00 %`` only if the numerator is 0."""
    if denominator == 0:
        return NOTHING
    hundredths = _half_up(numerator * WHOLE, denominator)
    if numerator < denominator:
        hundredths = min(hundredths, WHOLE - 1)
    elif numerator > denominator:
        hundredths = max(hundredths, WHOLE + 1)
    return f"{_places(max(hundredths, 1) if numerator else 0)} %"


def ratio(numerator: int, denominator: int) -> str:
    """The quotient with two places."""
    return NOTHING if denominator == 0 else _places(_half_up(numerator * 100, denominator))


def _half_up(numerator: int, denominator: int) -> int:
    return (2 * numerator + denominator) // (2 * denominator)


def _places(hundredths: int) -> str:
    return f"{hundredths // 100}.{hundredths % 100:02d}"

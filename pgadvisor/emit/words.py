"""Figures within sentences."""

from __future__ import annotations

from pgadvisor.units import format_count, format_ms

_LONG = 9_999.5
_SHORTEST_MS = 0.005
_SIGNS = ((10**12, "T"), (10**9, "G"), (10**6, "M"), (10**3, "k"))
_SCALES = ((10**12, "trillion"), (10**9, "billion"), (10**6, "million"))


def plural(count: int, noun: str, plural_form: str = "") -> str:
    """``1 index``, ``2 indexes``."""
    return f"{format_count(count)} {noun if count == 1 else plural_form or noun + 's'}"


def verb(count: int, singular: str, plural_form: str) -> str:
    """The form of a verb that goes with as many."""
    return singular if count == 1 else plural_form


def format_large(count: float) -> str:
    """Print a number of any size for people: ``12,345``, ``1.23 million``."""
    for scale, name in _SCALES:
        if abs(count) >= scale:
            return f"{count / scale:,.2f} {name}"
    return format_count(count)


def format_short(count: float) -> str:
    """Print a number of any size in seven columns at most: ``9,999``, ``12.3k``, ``1.23M``."""
    if abs(count) < _LONG:
        return f"{count:.2g}" if 0 < abs(count) < 1 else format_count(count)
    for scale, sign in _SIGNS:
        if round(abs(count) / scale, 1) >= 1:
            short = count / scale
            return f"{short:,.0f}{sign}" if abs(short) >= 100 else f"{short:.1f}{sign}"  # noqa: PLR2004
    return format_count(count)


def format_short_ms(time_ms: float) -> str:
    """Print a duration in eight columns at most: ``12.3 ms``, ``<0.01 ms``."""
    return "<0.01 ms" if 0 < time_ms < _SHORTEST_MS else format_ms(time_ms)


def format_amount(per_day: float, *, is_measured: bool) -> str:
    """Print what a day takes or saves: ``20 s``, or ``1.23 million`` units of planner cost."""
    return format_ms(per_day) if is_measured else format_large(per_day)


def describe_amount(per_day: float, *, is_measured: bool) -> str:
    """The same with what it is an amount of, per day."""
    what = "execution time" if is_measured else "planner cost x calls"
    return f"{format_amount(per_day, is_measured=is_measured)} of {what} a day"

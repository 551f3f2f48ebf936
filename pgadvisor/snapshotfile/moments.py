"""Dates, times and intervals as whole numbers of microseconds, and back."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal

MICROSECONDS_PER_SECOND = 1_000_000
HOUR = 3_600 * MICROSECONDS_PER_SECOND
DAY = 24 * HOUR

TIMELESS = frozenset({"infinity", "-infinity", "now", "today", "tomorrow", "yesterday", "epoch"})
"""What PostgreSQL reads as a moment without its being anybody's."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DATE = r"(\d{4})-(\d{1,2})-(\d{1,2})"
_TIME = r"(\d{1,2}):(\d{2})(?::(\d{2})(\.\d{1,6})?)?"
_ZONE = r"(?:\s*(Z|UTC|[+-]\d{1,2}(?::?\d{2})?))?"
_MOMENT = re.compile(rf"{_DATE}(?:[ T]{_TIME}{_ZONE})?", re.IGNORECASE)
_TIME_OF_DAY = re.compile(_TIME)
_INTERVAL_PART = re.compile(
    r"([+-]?\d+(?:\.\d+)?) ?"
    r"(years?|mons?|months?|weeks?|days?|hours?|hrs?|minutes?|mins?|seconds?|secs?|[ymdhsw])\b",
    re.IGNORECASE,
)
_CLOCK = re.compile(r"([+-]?)(\d+):(\d{2})(?::(\d{2})(\.\d+)?)?$")
_UNITS = {
    "y": 360 * DAY,
    "mo": 30 * DAY,
    "w": 7 * DAY,
    "d": DAY,
    "h": HOUR,
    "m": 60 * MICROSECONDS_PER_SECOND,
    "s": MICROSECONDS_PER_SECOND,
}
"""PostgreSQL compares intervals with months of 30 days."""


class MomentError(ValueError):
    """A text that is no moment in the form in which PostgreSQL prints it."""


def read(kind: str, text: str) -> int:
    """Read a date, timestamp, time or interval.

    Returns:
        Microseconds since 1970, since midnight, or of duration.

    Raises:
        MomentError: The text is in another form, or before the year 1.
    """
    if kind == "interval":
        return _read_interval(text)
    if kind == "time":
        match = _TIME_OF_DAY.fullmatch(text)
        if match is None:
            raise MomentError
        return _clock(*match.groups())
    match = _MOMENT.fullmatch(text)
    if match is None:
        raise MomentError
    year, month, day, *clock, zone = match.groups()
    try:
        midnight = datetime(int(year), int(month), int(day), tzinfo=UTC)
    except ValueError:
        raise MomentError from None
    since = (midnight - _EPOCH) // timedelta(microseconds=1)
    return since + (_clock(*clock) if clock[0] else 0) - _zone_offset(zone)


def write(kind: str, microseconds: int) -> str:
    """Print what :func:`read` would read as that, in the form that PostgreSQL prints.

    Raises:
        MomentError: It is beyond the years 1 to 9999.
    """
    if kind == "interval":
        return f"{_decimal(microseconds)} seconds"
    if kind == "time":
        midnight = _EPOCH + timedelta(microseconds=microseconds)
        return midnight.strftime("%H:%M:%S") + _fraction(microseconds)
    try:
        moment = _EPOCH + timedelta(microseconds=microseconds)
    except OverflowError:
        raise MomentError from None
    date = f"{moment.year:04}-{moment.month:02}-{moment.day:02}"
    if kind == "date":
        return date
    zone = "+00" if kind == "timestamptz" else ""
    return f"{date} {moment.strftime('%H:%M:%S')}{_fraction(microseconds)}{zone}"


def start_of_month(microseconds: int) -> int:
    """The first moment of a moment's month."""
    moment = _EPOCH + timedelta(microseconds=microseconds)
    first = moment.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    return (first - _EPOCH) // timedelta(microseconds=1)


def is_timeless(text: str) -> bool:
    """Whether it is a word such as ``infinity`` in place of a moment."""
    return text.strip().lower() in TIMELESS


def _clock(hours: str, minutes: str, seconds: str | None, fraction: str | None) -> int:
    whole = int(hours) * 3_600 + int(minutes) * 60 + int(seconds or 0)
    return whole * MICROSECONDS_PER_SECOND + _fraction_microseconds(fraction)


def _fraction_microseconds(fraction: str | None) -> int:
    return int((fraction or ".")[1:7].ljust(6, "0"))


def _zone_offset(zone: str | None) -> int:
    if zone is None or not zone.startswith(("+", "-")):
        return 0
    digits = zone[1:].replace(":", "")
    hours, minutes = (digits[:-2], digits[-2:]) if len(digits) > 2 else (digits, "0")  # noqa: PLR2004  (+HH, else +HHMM)
    offset = int(hours) * HOUR + int(minutes) * 60 * MICROSECONDS_PER_SECOND
    return -offset if zone.startswith("-") else offset


def _read_interval(text: str) -> int:
    rest = text.strip()
    total = 0
    clock = _CLOCK.search(rest)
    if clock is not None:
        rest = rest[: clock.start()]
        sign = -1 if clock[1] == "-" else 1
        total += sign * _clock(clock[2], clock[3], clock[4], clock[5])
    for number, unit in _INTERVAL_PART.findall(rest):
        name = unit.lower()
        key = "mo" if name.startswith("mo") else name[0]
        total += int(Decimal(number) * _UNITS[key])
    if _INTERVAL_PART.sub("", rest).strip() or not text.strip():
        raise MomentError
    return total


def _decimal(microseconds: int) -> str:
    sign = "-" if microseconds < 0 else ""
    whole, rest = divmod(abs(microseconds), MICROSECONDS_PER_SECOND)
    return f"{sign}{whole}" + (f".{rest:06}" if rest else "")


def _fraction(microseconds: int) -> str:
    rest = microseconds % MICROSECONDS_PER_SECOND
    return f".{rest:06}".rstrip("0") if rest else ""

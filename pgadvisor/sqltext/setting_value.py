"""Values of settings: their units, and the bounds that the server itself has for them."""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation

from pgadvisor.model.server import Setting

_TRUTHS = {"true": "on", "yes": "on", "1": "on", "false": "off", "no": "off", "0": "off"}
_QUANTITY = re.compile(r"([-+]?[\d.]+(?:e[-+]?\d+)?)\s*([a-zA-Z]*)", re.IGNORECASE)
_BASE = re.compile(r"(\d*)([a-zA-Z]+)")
_BYTES = {"B": 1, "kB": 1 << 10, "MB": 1 << 20, "GB": 1 << 30, "TB": 1 << 40}
_MICROSECONDS = {
    "us": 1,
    "ms": 1_000,
    "s": 1_000_000,
    "min": 60_000_000,
    "h": 3_600_000_000,
    "d": 86_400_000_000,
}
_FAMILIES = (_BYTES, _MICROSECONDS)


def canonical_value(value: str, setting: Setting) -> str | Decimal:
    """A value in a form in which equal ones are equal: ``64MB`` is 65536 kB.

    Args:
        value: As ``SET`` takes it.
        setting: What it is a value of.
    """
    text = value.strip()
    if setting.value_type == "bool":
        return _TRUTHS.get(text.lower(), text.lower())
    match = _QUANTITY.fullmatch(text)
    if match is None or setting.value_type not in {"integer", "real"}:
        return text.lower()
    try:
        number = Decimal(match[1])
    except InvalidOperation:
        return text.lower()
    base = _BASE.fullmatch(setting.unit or "")
    if not match[2] or base is None:
        return number
    for family in _FAMILIES:
        if base[2] in family:
            return number * family.get(match[2], 1) / (int(base[1] or 1) * family[base[2]])
    return number


def base_value(value: str, setting: Setting) -> str:
    """A value like ``pg_settings.setting``: a number in the base unit, or the text as it is."""
    if setting.value_type == "string":
        return value
    found = canonical_value(value, setting)
    return format(found.normalize(), "f") if isinstance(found, Decimal) else found


def readable_value(value: str, unit: str | None) -> str:
    """A number of base units with the largest unit that says it exactly: ``64MB``.

    Args:
        value: Like ``pg_settings.setting``.
        unit: The base unit; None: the value is given back as it is.
    """
    base = _BASE.fullmatch(unit or "")
    try:
        number = Decimal(value)
    except InvalidOperation:
        return value
    if base is None or number <= 0:  # zero and -1 have meanings of their own
        return value
    for family in _FAMILIES:
        if base[2] in family:
            total = number * int(base[1] or 1) * family[base[2]]
            names = [name for name, size in family.items() if total % size == 0 and total >= size]
            return f"{total / family[names[-1]]:f}{names[-1]}" if names else value
    return value


def why_not_allowed(setting: Setting, value: str) -> str:
    """Why this very server would refuse a value, as a clause; empty: it would take it.

    Args:
        setting: With its bounds or its words, as ``pg_settings`` has them.
        value: Like ``pg_settings.setting``.
    """
    if setting.enum_values and value not in setting.enum_values:
        return f"the server has no {setting.name} = {value}, only {', '.join(setting.enum_values)}"
    if setting.value_type == "bool" and value not in {"on", "off"}:
        return f"{setting.name} is on or off, and not {value}"
    if setting.value_type == "bool" or (setting.min_value is None and setting.max_value is None):
        return ""
    try:
        number = Decimal(value)
    except InvalidOperation:
        return f"{setting.name} takes a number, and not {value}"
    least, most = setting.min_value, setting.max_value
    if (least is None or number >= Decimal(least)) and (most is None or number <= Decimal(most)):
        return ""
    shown, low, high = (readable_value(each or "", setting.unit) for each in (value, least, most))
    return f"{setting.name} = {shown} is out of the server's bounds, {low} to {high}"

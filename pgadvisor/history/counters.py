"""How the difference of the counters of two snapshots is made."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any, TypeVar

_T = TypeVar("_T")
_ROUNDING = 1e-9
"""Times are sums of floats, which come out otherwise in another order."""


def difference(new: _T, old: object, names: Iterable[str]) -> _T:
    """The later value with what was counted since the earlier one; never less than zero."""
    changes: dict[str, Any] = {}
    for name in names:
        before, now = getattr(old, name), getattr(new, name)
        if now is not None:
            changes[name] = None if before is None else max(now - before, type(now)(0))
    return replace(new, **changes)  # type: ignore[type-var]


def has_fallen(new: object, old: object, names: Iterable[str]) -> bool:
    """Some counter is less than it was: it began anew in between."""
    pairs = ((getattr(new, name), getattr(old, name)) for name in names)
    return any(_is_less(now, before) for now, before in pairs if None not in (now, before))


def has_risen(new: object, old: object, names: Iterable[str]) -> bool:
    """Some counter is more than it was."""
    return has_fallen(old, new, names)


def _is_less(now: float, before: float) -> bool:
    tolerance = 0.0 if isinstance(now, int) else _ROUNDING * abs(before)
    return now < before - tolerance

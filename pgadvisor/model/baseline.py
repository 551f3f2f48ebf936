"""What a project knew of before: findings that are no news, and how a run compares with them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True, kw_only=True)
class BaselineEntry:
    """A finding that was there when the baseline was written."""

    key: str
    """The finding's key, whole: a baseline has no wildcards."""
    reason: str
    """Why it is left as it is for now."""
    since: date | None = None
    """The day on which it came into the baseline."""
    expires: date | None = None
    """From this day on it counts as new; None: never."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Baseline:
    """The findings that a project knows of, one entry for each key."""

    entries: tuple[BaselineEntry, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Unjudged:
    """An entry of which this run cannot say whether its finding is still there."""

    entry: BaselineEntry
    reason: str
    """Why its rule did not judge."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BaselineComparison:
    """How a run compares with a baseline; every entry is in exactly one of the four."""

    known: tuple[BaselineEntry, ...] = ()
    """Found again, and not new."""
    expired: tuple[BaselineEntry, ...] = ()
    """Found again, and new again, since the entry has run out."""
    gone: tuple[BaselineEntry, ...] = ()
    """No longer found: to be removed from the baseline."""
    unjudged: tuple[Unjudged, ...] = ()
    """Perhaps still there: the rule was skipped, failed, or is not there."""
    new_keys: tuple[str, ...] = ()
    """Of the findings that are new, those of expired entries included."""
    is_only_new: bool = False
    """The findings that are known were left out of report and migration."""

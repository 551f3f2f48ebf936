"""How the findings compare with a baseline, in words."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pgadvisor.emit.words import plural
from pgadvisor.model.baseline import BaselineComparison


@dataclass(frozen=True, slots=True, kw_only=True)
class BaselineView:
    """A comparison in words."""

    summary: str
    """How many findings are new, known, new again and no longer found."""
    known: tuple[tuple[str, str], ...]
    """Key and reason of findings that were left out; empty where they are shown."""
    expired: tuple[str, ...]
    """Keys of findings that are new again."""
    gone: tuple[str, ...]
    """Keys to be removed from the baseline."""
    unjudged: tuple[tuple[str, str], ...]
    """Key, and why its rule did not judge."""

    @property
    def is_empty(self) -> bool:
        """The summary says it all."""
        return not (self.known or self.expired or self.gone or self.unjudged)


def view_baseline(comparison: BaselineComparison) -> BaselineView:
    """Put a comparison with a baseline into words."""
    known = comparison.known if comparison.is_only_new else ()
    return BaselineView(
        summary=", ".join(_counts(comparison)),
        known=tuple((entry.key, entry.reason) for entry in known),
        expired=tuple(entry.key for entry in comparison.expired),
        gone=tuple(entry.key for entry in comparison.gone),
        unjudged=tuple((each.entry.key, each.reason) for each in comparison.unjudged),
    )


def _counts(comparison: BaselineComparison) -> Iterator[str]:
    expired = len(comparison.expired)
    again = f" ({expired} of them again, as their entries have run out)" if expired else ""
    yield f"{plural(len(comparison.new_keys), 'new finding')}{again}"
    left_out = " and left out" if comparison.is_only_new and comparison.known else ""
    yield f"{len(comparison.known)} known{left_out}"
    if comparison.gone:
        yield f"{len(comparison.gone)} no longer found"
    if comparison.unjudged:
        yield f"{len(comparison.unjudged)} not judged"

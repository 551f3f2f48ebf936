"""The difference of the statements of two snapshots."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import Enum, auto

from pgadvisor.history.counters import difference, has_fallen
from pgadvisor.model.counters import STATEMENT_COUNTERS
from pgadvisor.model.snapshot import HIDDEN_STATEMENTS, Snapshot
from pgadvisor.model.statement import Statement, Statements
from pgadvisor.units import format_count


class _Fate(Enum):
    """What became of an entry between the two snapshots."""

    WENT_ON = auto()
    BEGAN = auto()
    """All that it counts was counted in between."""
    BEGAN_ANEW = auto()
    """The same, and what it had counted before it was evicted is lost."""
    MIXED = auto()
    """It counts some of what was before as well, and nothing shows how much."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementDifference:
    """What statements did between two snapshots, and what is to be said about it."""

    statements: Statements
    notes: tuple[str, ...]


def statement_difference(new: Snapshot, old: Snapshot) -> StatementDifference:
    """The statements that were run since the earlier snapshot, with what they did since then.

    An entry that is younger than the earlier snapshot, or that fell since, was evicted and came
    back: what it counts now was counted in between.  One that holds counts of before which cannot
    be taken off is left out, and the notes say how many there are.
    """
    earlier = {statement.id: statement for statement in old.statements}
    hides = any(item.what.endswith(HIDDEN_STATEMENTS) for item in old.unavailable)
    fates: Counter[_Fate] = Counter()
    found: list[Statement] = []
    for statement in new.statements:
        before = earlier.get(statement.id)
        fate = _fate(statement, before, old, hides=hides)
        fates[fate] += 1
        if fate is _Fate.WENT_ON and before is not None:
            found.append(_difference(statement, before))
        elif fate is not _Fate.MIXED:
            found.append(statement)
    run = [statement for statement in found if statement.calls > 0]
    run.sort(key=lambda statement: (-statement.total_time_ms, statement.id))
    gone = len(earlier.keys() - {statement.id for statement in new.statements})
    return StatementDifference(
        statements=Statements(rows=tuple(run)), notes=tuple(_notes(fates, gone))
    )


def _fate(new: Statement, old: Statement | None, earlier: Snapshot, *, hides: bool) -> _Fate:
    is_younger = None if new.since is None else new.since > earlier.server.collected_at
    if old is None:
        # It was not there then; or it was, and could not be seen.
        return _Fate.MIXED if is_younger is False or (hides and not is_younger) else _Fate.BEGAN
    if is_younger:
        return _Fate.BEGAN_ANEW
    is_less_seen = hides and len(new.roles) > len(old.roles)
    if is_less_seen:
        return _Fate.MIXED
    if not has_fallen(new, old, STATEMENT_COUNTERS):
        return _Fate.WENT_ON
    # The entries of several roles are added up: some may have gone on where another was evicted.
    is_one_entry = len(new.roles) <= 1 and len(old.roles) <= 1 and is_younger is None
    return _Fate.BEGAN_ANEW if is_one_entry else _Fate.MIXED


def _difference(new: Statement, old: Statement) -> Statement:
    """The counters of the time in between, with the mean and the spread of that time."""
    made = difference(new, old, STATEMENT_COUNTERS)
    if made.calls == 0:
        return made
    mean = made.total_time_ms / made.calls
    squares = _sum_of_squares(new) - _sum_of_squares(old)
    spread = math.sqrt(max(squares / made.calls - mean**2, 0.0))
    # Extremes are kept since the entry was made. Within the time, none is further from the mean
    # than this (Samuelson's inequality), and none is beyond those on record.
    furthest = spread * math.sqrt(made.calls - 1)
    return replace(
        made,
        mean_time_ms=mean,
        stddev_time_ms=spread,
        min_time_ms=min(max(new.min_time_ms, mean - furthest), mean),
        max_time_ms=max(min(new.max_time_ms, mean + furthest), mean),
    )


def _sum_of_squares(statement: Statement) -> float:
    return statement.calls * (statement.stddev_time_ms**2 + statement.mean_time_ms**2)


def _notes(fates: Counter[_Fate], gone: int) -> Iterator[str]:
    if gone:
        was = "statement of the earlier snapshot is" if gone == 1 else (
            "statements of the earlier snapshot are"
        )  # fmt: skip
        yield (
            f"{format_count(gone)} {was} gone from pg_stat_statements: what was evicted in between "
            "is not counted."
        )
    if anew := fates[_Fate.BEGAN_ANEW]:
        what = "statement was" if anew == 1 else "statements were"
        yield (
            f"{format_count(anew)} {what} evicted or reset in between and came back: only what was "
            "counted after that is known."
        )
    if mixed := fates[_Fate.MIXED]:
        what = "statement is" if mixed == 1 else "statements are"
        yield (
            f"{format_count(mixed)} {what} left out: the earlier snapshot does not have all that "
            "was counted before it."
        )

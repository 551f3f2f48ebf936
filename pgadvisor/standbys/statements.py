"""Statements that standbys run, beside those of the primary."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

from pgadvisor.model.counters import STATEMENT_COUNTERS
from pgadvisor.model.snapshot import Snapshot
from pgadvisor.model.statement import Statement, Statements, merge_statements
from pgadvisor.model.window import statement_window
from pgadvisor.units import MS_PER_DAY, format_ms


def added_statements(
    primary: Snapshot, standby: Snapshot, name: str
) -> tuple[Statements, tuple[str, ...]]:
    """The primary's statements with those of a standby, and what is to be said of it.

    Entries of one ``queryid`` are one statement, as they are within a server: object numbers are
    the same on all nodes.

    Args:
        primary: With the statements so far.
        standby: A whole snapshot of a standby.
        name: What it is called in the report.
    """
    if standby.server.statements_info is None:
        return primary.statements, (f"pg_stat_statements is not usable on {name}.",)
    factor, note = _factor(primary, standby, name)
    rows = {statement.id: statement for statement in primary.statements}
    for statement in standby.statements:
        scaled = _scaled(statement, factor)
        present = rows.get(statement.id)
        rows[statement.id] = scaled if present is None else merge_statements((present, scaled))
    ordered = sorted(rows.values(), key=lambda one: (-one.total_time_ms, one.id))
    return Statements(rows=tuple(ordered)), (note,) if note else ()


def _factor(primary: Snapshot, standby: Snapshot, name: str) -> tuple[float, str]:
    """By what the counts of a standby are multiplied, and a sentence that says so."""
    here, there = statement_window(primary).days, statement_window(standby).days
    if not standby.statements:
        return 1.0, ""
    if not here or not there:
        return 1.0, (
            f"Nobody knows how long statements are counted on the primary and on {name}: their "
            "calls are added as they are."
        )
    times = (format_ms(there * MS_PER_DAY), format_ms(here * MS_PER_DAY))
    if times[0] == times[1]:
        return here / there, ""
    return here / there, (
        f"Statements of {name} were counted for {times[0]} and are taken as if it had been "
        f"{times[1]}, as on the primary."
    )


def _scaled(statement: Statement, factor: float) -> Statement:
    """As many calls as there would have been; what was called stays called."""
    scaled: dict[str, Any] = {}
    for field in STATEMENT_COUNTERS:
        value = getattr(statement, field)
        scaled[field] = math.ceil(value * factor) if isinstance(value, int) else value * factor
    made = replace(statement, **scaled)
    # Times go with the calls as they were rounded, so that the mean stays what was measured.
    return replace(made, total_time_ms=made.calls * statement.mean_time_ms)

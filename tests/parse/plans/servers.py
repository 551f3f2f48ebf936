"""Plans of real servers in all four formats, and how they are compared."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from typing import Any

import psycopg
from psycopg.types.string import TextLoader

from pgadvisor.model.executed_plan import ExecutedNode, ExecutedPlan
from pgadvisor.model.plan_use import NO_BUFFERS, Wal
from tests.parse.plans.statements import PARALLEL, Statement

FORMATS = ("text", "json", "yaml", "xml")
OPTIONS: Mapping[str, str] = {
    "usual": "analyze, buffers",
    "all": "analyze, verbose, buffers, wal, settings",
    "bare": "analyze, costs off, timing off, summary off, buffers off",
}

_SINCE_17 = ", memory, serialize text"
_WORKERS = "select count(*) from pg_stat_get_activity(null) where backend_type like 'parallel%'"
_ESTIMATES = {"startup_cost", "total_cost", "rows"}


def options_of(name: str, major: int) -> str:
    """Return a set of options, with what a major has more or less than 13 to 16."""
    options = OPTIONS[name] + (_SINCE_17 if name == "all" and major >= 17 else "")
    for option, since in ((", wal", 13), (", settings", 12)):
        if major < since:
            options = options.replace(option, "")
    return options


def explain(
    connection: psycopg.Connection[Any], statement: Statement, options: str, *, workers: int = 1
) -> dict[str, str]:
    """Run a statement under EXPLAIN in each format, and undo what it does."""
    found: dict[str, str] = {}
    connection.adapters.register_loader("json", TextLoader)  # as it was printed
    with connection.transaction(force_rollback=True):
        for setting in statement.settings:
            connection.execute(f"set local {setting.removeprefix('set ')}".encode())
        if statement.parallel:
            for setting in PARALLEL:
                local = setting.format(workers=workers).removeprefix("set ")
                connection.execute(f"set local {local}".encode())
            if workers == 1:  # by itself, so that each run counts the same
                connection.execute("set local parallel_leader_participation = off")
        # Once more before: caches are filled and hint bits are set then.
        for form in ("text", *FORMATS):
            with connection.transaction(force_rollback=True):
                rows = connection.execute(
                    f"explain ({options}, format {form}) {statement.sql}".encode()
                ).fetchall()
                # A worker that is still leaving would be missed by the next run.
                while statement.parallel and connection.execute(_WORKERS).fetchone() != (0,):
                    time.sleep(0.005)
            found[form] = "\n".join(row[0] for row in rows)
    return found


def comparable(plan: ExecutedPlan, *, exact_buffers: bool) -> ExecutedPlan:
    """Return a plan with 1 in the place of each time, since each format was run for itself."""
    compared = _masked(plan, exact_buffers=exact_buffers)
    assert isinstance(compared, ExecutedPlan)
    # The first planning of a statement reads catalogs that the next ones find in memory.
    return replace(compared, planning_buffers=NO_BUFFERS)


def _masked(value: object, *, exact_buffers: bool) -> object:
    if isinstance(value, tuple):
        return tuple(_masked(item, exact_buffers=exact_buffers) for item in value)
    if isinstance(value, type(NO_BUFFERS)) and not exact_buffers:
        return NO_BUFFERS
    if isinstance(value, Wal) and not exact_buffers:
        return None
    if not is_dataclass(value) or isinstance(value, type):
        return value
    changes: dict[str, Any] = {}
    for each in fields(value):
        item = getattr(value, each.name)
        if each.name.endswith("time_ms"):
            is_io = isinstance(value, type(NO_BUFFERS))
            changes[each.name] = 0.0 if is_io else None if item is None else 1.0
        elif isinstance(value, ExecutedNode) and each.name in _ESTIMATES and not exact_buffers:
            changes[each.name] = 1.0  # what was written and undone has made the table longer
        else:
            changes[each.name] = _masked(item, exact_buffers=exact_buffers)
    return replace(value, **changes)

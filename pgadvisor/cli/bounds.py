"""The budget of the index choice, out of what the options say."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from difflib import get_close_matches
from typing import TypeVar

from pgadvisor.errors import UsageError
from pgadvisor.model.budget import Budget
from pgadvisor.model.snapshot import Snapshot
from pgadvisor.units import parse_ratio, parse_size_bytes, parse_time_ms

_Value = TypeVar("_Value")


def read_budget(
    *,
    index_budget: str | None,
    max_indexes: int | None,
    max_indexes_per_table: int,
    max_regression: str,
    max_build_time: str | None,
    protect: Sequence[str],
    forbid: Sequence[str],
    time_limit: str,
) -> Budget:
    """Make a budget of the options' texts.

    Raises:
        UsageError: One of them cannot be read.
    """
    return Budget(
        index_bytes=_read("--index-budget", index_budget, parse_size_bytes),
        max_indexes=max_indexes,
        max_indexes_per_table=max_indexes_per_table,
        max_regression_ratio=_given("--max-regression", max_regression, parse_ratio),
        build_ms=_read("--max-build-time", max_build_time, parse_time_ms),
        protected=frozenset(protect),
        forbidden=frozenset(forbid),
        time_limit_ms=_given("--time-limit", time_limit, _seconds_ms),
    )


def check_names(budget: Budget, snapshot: Snapshot) -> None:
    """See that what is protected or forbidden is there: a misspelt name would have no effect.

    Raises:
        UsageError: A name is no index's, or no table's.
    """
    indexes = [(index.schema, index.name) for index in snapshot.indexes]
    tables = [(table.schema, table.name) for table in snapshot.tables]
    _check("--protect", "index", budget.protected, indexes)
    _check("--forbid", "table", budget.forbidden, tables)


def _check(
    option: str, noun: str, wanted: Iterable[str], present: Sequence[tuple[str, str]]
) -> None:
    known = {name for _, name in present} | {f"{schema}.{name}" for schema, name in present}
    for name in sorted(wanted):
        if name in known:
            continue
        near = get_close_matches(name, sorted(known), n=1)
        hint = f"Did you mean {near[0]}?" if near else "Write it as the catalog has it, unquoted."
        raise UsageError(f"reading {option}", f"there is no {noun} called {name}", hint)


def _read(option: str, text: str | None, parse: Callable[[str], _Value]) -> _Value | None:
    return None if text is None else _given(option, text, parse)


def _given(option: str, text: str, parse: Callable[[str], _Value]) -> _Value:
    try:
        return parse(text)
    except ValueError as error:
        raise UsageError(f"reading {option}", str(error)) from error


def _seconds_ms(text: str) -> float:
    """Seconds where no unit says otherwise."""
    is_bare = text.replace(".", "", 1).strip().isdecimal()
    return parse_time_ms(f"{text}s" if is_bare else text)

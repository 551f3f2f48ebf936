"""Objects made by CREATE STATISTICS, and what ANALYZE found for them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from collections.abc import Sequence as Ordered
from dataclasses import replace

from pgadvisor.collect.scope import CollectOptions, counted, listed, locked
from pgadvisor.collect.session import Record, Session
from pgadvisor.collect.statistics import consistent
from pgadvisor.model.schema import ExtendedStatistics
from pgadvisor.model.snapshot import Unavailable
from pgadvisor.model.statistics import ColumnStatistics, CommonCombination, ExtendedValues

_EXPRESSIONS = "e"


def read_extended_statistics(
    session: Session, options: CollectOptions
) -> tuple[tuple[ExtendedStatistics, ...], tuple[Unavailable, ...]]:
    """Read statistics objects with their values, and say which a lock hides.

    Raises:
        ReadError: It failed.
    """
    expressions = {
        row["oid"]: row["expressions"] for row in session.read("extended_statistics_expressions")
    }
    values = _values(session.read("extended_statistics_values"))
    found: list[ExtendedStatistics] = []
    locked_rows: list[Record] = []
    for row in session.read("extended_statistics", *options.values):
        if row.pop("is_locked"):
            locked_rows.append(row)
            continue
        own = values.get(row["oid"], ())
        first = own[0] if own else ExtendedValues()
        found.append(
            ExtendedStatistics(
                **row,
                expressions=expressions.get(row["oid"], ()),
                has_values=bool(own),
                n_distinct=first.n_distinct,
                dependencies=first.dependencies,
                values=own,
            )
        )
    notes = locked("statistics object", (f"{row['schema']}.{row['name']}" for row in locked_rows))
    if any(_EXPRESSIONS in row["kinds"] for row in locked_rows):
        # The server writes the expressions of all objects beside their values, and would wait.
        return tuple(found), (*notes, *_expressions_locked(found))
    return _with_expressions(found, session), notes


def _values(rows: Iterable[Record]) -> Mapping[int, tuple[ExtendedValues, ...]]:
    """By the object: first what covers descendants."""
    grouped: defaultdict[int, list[ExtendedValues]] = defaultdict(list)
    for row in rows:
        grouped[row["oid"]].append(
            ExtendedValues(
                is_inherited=row["is_inherited"],
                n_distinct=row["n_distinct"],
                dependencies=row["dependencies"],
                most_common=_combinations(row),
            )
        )
    return {
        oid: tuple(sorted(own, key=lambda one: not one.is_inherited))
        for oid, own in grouped.items()
    }


def _combinations(row: Record) -> tuple[CommonCombination, ...] | None:
    if row["common_values"] is None:
        return None
    lists = zip(row["common_values"], row["common_ratios"], row["common_base_ratios"], strict=True)
    return tuple(
        CommonCombination(values=tuple(values), ratio=ratio, base_ratio=base_ratio)
        for values, ratio, base_ratio in lists
    )


def _with_expressions(
    found: Ordered[ExtendedStatistics], session: Session
) -> tuple[ExtendedStatistics, ...]:
    """Add the statistics of expressions, if there are any such."""
    if not any(one.expressions and one.has_values for one in found):
        return tuple(found)
    rows: dict[tuple[int, bool, str], Record] = {}
    for row in session.read("expression_statistics"):
        key = (row.pop("oid"), row.pop("is_inherited"), row.pop("expression"))
        rows[key] = consistent(row)
    return tuple(
        replace(
            one,
            values=tuple(
                replace(values, expressions=_of_expressions(one, values.is_inherited, rows))
                for values in one.values
            ),
        )
        for one in found
    )


def _of_expressions(
    one: ExtendedStatistics,
    is_inherited: bool,  # noqa: FBT001  (half of a key)
    rows: Mapping[tuple[int, bool, str], Record],
) -> tuple[ColumnStatistics | None, ...]:
    own = (rows.get((one.oid, is_inherited, expression)) for expression in one.expressions)
    return tuple(
        None
        if row is None
        else ColumnStatistics(
            relation_oid=one.table_oid, column=str(-number), is_inherited=is_inherited, **row
        )
        for number, row in enumerate(own, 1)
    )


def _expressions_locked(found: Iterable[ExtendedStatistics]) -> tuple[Unavailable, ...]:
    names = [f"{one.schema}.{one.name}" for one in found if one.expressions]
    if not names:
        return ()
    return (
        Unavailable(
            what=f"statistics of the expressions in {counted(len(names), 'statistics object')}: "
            f"{listed(names)}",
            reason="another session holds a lock that it would have waited for",
            consequence="the share of rows that such an expression selects is a guess",
            remedy="Run again when the lock is gone.",
        ),
    )


def hidden_extended_statistics(
    found: Iterable[ExtendedStatistics], analysed: frozenset[int]
) -> tuple[Unavailable, ...]:
    """Say whose values are hidden: those of analysed tables, of which we see none.

    Args:
        found: All statistics objects.
        analysed: OIDs of tables that were analysed.
    """
    hidden = [one for one in found if not one.has_values and one.table_oid in analysed]
    if not hidden:
        return ()
    names = [f"{one.schema}.{one.name}" for one in hidden]
    return (
        Unavailable(
            what=f"values of {counted(len(hidden), 'extended statistics object')}: {listed(names)}",
            reason="only the owner of a table may read them, or they were not analysed yet",
            consequence="estimates that rest on correlated columns are less sure",
            remedy="Run as the owner of the table, or run ANALYZE on it.",
        ),
    )

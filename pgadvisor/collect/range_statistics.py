"""Histograms of ranges, which the view ``pg_stats`` leaves out before PostgreSQL 17."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from pgadvisor.collect.scope import CollectOptions, counted, listed
from pgadvisor.collect.session import Session
from pgadvisor.model.snapshot import Unavailable
from pgadvisor.model.statistics import ColumnStatistics

SHOWN_SINCE = 17
"""The major version from which on ``pg_stats`` shows them."""


def read_range_statistics(
    session: Session, options: CollectOptions, oids: Mapping[tuple[str, str], int]
) -> tuple[tuple[ColumnStatistics, ...], tuple[Unavailable, ...]]:
    """Read the histograms of ranges where ``pg_stats`` has none, if the role may.

    Args:
        session: Where to read.
        options: What to read.
        oids: OIDs of tables and indexes by schema and name; others are left out.

    Returns:
        Rows with nothing but histograms of ranges, and what is hidden from the role.

    Raises:
        ReadError: It failed.
    """
    if session.major >= SHOWN_SINCE:
        return (), ()
    columns = [
        row
        for row in session.read("range_columns", *options.values)
        if (row["schema"], row["relation"]) in oids
    ]
    if not columns:
        return (), ()
    if not columns[0]["may_read"]:
        return (), (_hidden(".".join((r["schema"], r["relation"], r["column"])) for r in columns),)
    found = []
    for row in session.read("range_statistics", *options.values):
        oid = oids.get((row.pop("schema"), row.pop("relation")))
        ratios = row.pop("range_empty_ratios")
        if oid is not None:
            row["range_empty_ratio"] = ratios[0] if ratios else None
            found.append(ColumnStatistics(relation_oid=oid, **row))
    return tuple(found), ()


def with_ranges(
    rows: Iterable[ColumnStatistics], ranges: Iterable[ColumnStatistics]
) -> tuple[ColumnStatistics, ...]:
    """Put histograms of ranges into the rows of the same columns."""
    known = {(one.relation_oid, one.column, one.is_inherited): one for one in ranges}
    return tuple(
        replace(
            row,
            range_length_histogram=found.range_length_histogram,
            range_empty_ratio=found.range_empty_ratio,
            range_bounds_histogram=found.range_bounds_histogram,
        )
        if (found := known.get((row.relation_oid, row.column, row.is_inherited)))
        else row
        for row in rows
    )


def _hidden(names: Iterable[str]) -> Unavailable:
    columns = tuple(names)
    return Unavailable(
        what=f"histograms of {counted(len(columns), 'range column')}: {listed(columns)}",
        reason="before PostgreSQL 17 they are in pg_statistic only, which superusers may read",
        consequence="how many rows a condition such as && on them selects is a guess",
        remedy="Run as a superuser once, if statements on these columns matter.",
    )

"""Constant conditions that leave few rows: what a partial index is for."""

from __future__ import annotations

from collections.abc import Iterator

from pgadvisor.model.catalog import Catalog
from pgadvisor.model.schema import Table
from pgadvisor.model.statistics import ColumnStatistics
from pgadvisor.model.usage import Predicate, PredicateKind, RelationUsage
from pgadvisor.sqltext.quote import quote_identifier

MAX_MATCHING_RATIO = 0.1
"""A condition that more of the rows fulfil saves too little by leaving the others out."""


def rare_predicates(
    catalog: Catalog, table: Table, relation: RelationUsage
) -> Iterator[tuple[str, str]]:
    """Yield column and SQL of each constant condition that at most a tenth of the rows fulfil.

    A parameter is no constant: a generic plan cannot prove that ``$1`` is the index's value.
    """
    for predicate in relation.predicates:
        if predicate.is_optional:
            continue
        statistics = catalog.column_statistics.get((table.oid, predicate.column))
        if statistics is None:
            continue
        ratio = _matching_ratio(predicate, statistics)
        if ratio is not None and ratio <= MAX_MATCHING_RATIO:
            yield predicate.column, _sql(predicate)


def _matching_ratio(predicate: Predicate, statistics: ColumnStatistics) -> float | None:
    if predicate.kind is PredicateKind.IS_NULL:
        return statistics.null_ratio
    if predicate.kind is PredicateKind.IS_NOT_NULL:
        return 1.0 - statistics.null_ratio
    if predicate.kind is not PredicateKind.EQUALITY or predicate.literal is None:
        return None
    return statistics.ratio_of(_value(predicate.literal))


def _value(literal: str) -> str:
    """The value of a SQL constant as ``pg_stats`` writes it: ``'x'`` is x, ``true`` is t."""
    if literal.lower() in {"true", "false"}:
        return literal[0].lower()
    if literal.startswith("'"):
        text = literal.rpartition("'")[0]  # a cast may follow
        return text[1:].replace("''", "'")
    return literal


def _sql(predicate: Predicate) -> str:
    column = quote_identifier(predicate.column)
    if predicate.kind is PredicateKind.IS_NULL:
        return f"{column} IS NULL"
    if predicate.kind is PredicateKind.IS_NOT_NULL:
        return f"{column} IS NOT NULL"
    return f"{column} = {predicate.literal}"

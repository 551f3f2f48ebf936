"""What the size of an index depends on: its definition in the twin's catalog, and statistics."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pgadvisor.model.catalog import Catalog
from pgadvisor.model.schema import Index, Table
from pgadvisor.model.statistics import ColumnStatistics
from pgadvisor.parse.expression import columns_in
from pgadvisor.whatif.twin.entry_width import KeyStatistics, sampled_widths
from pgadvisor.whatif.twin.gin_size import (
    Elements,
    counted_elements,
    guessed_elements,
    trigrams,
)
from pgadvisor.whatif.twin.index_size import FILL_RATIO, IndexShape
from pgadvisor.whatif.twin.session import TwinServer

_FACTS = """
select
    n.nspname, c.relname, c.oid::bigint, i.indrelid::bigint, pg_relation_filepath(c.oid),
    am.amname,
    (select o.opcname from pg_opclass o where o.oid = i.indclass[0]),
    pg_get_expr(i.indpred, i.indrelid), i.indnkeyatts::int,
    not i.indisunique and not exists (
        select from unnest(i.indclass) as k(opclass)
            join pg_opclass o on o.oid = k.opclass
        where not exists (
            select from pg_amproc p
            where p.amprocfamily = o.opcfamily and p.amproclefttype = o.opcintype
                and p.amprocrighttype = o.opcintype and p.amprocnum = 4)),
    coalesce(c.reloptions, '{}'),
    array(
        select array[
            a.attname,
            coalesce(ta.attname, ''),
            case when i.indkey[a.attnum - 1] = 0
                then pg_get_indexdef(c.oid, a.attnum, false) else '' end,
            format_type(a.atttypid, null),
            a.attlen::text,
            case a.attalign when 'c' then '1' when 's' then '2' when 'i' then '4' else '8' end]
        from pg_attribute a
            left join pg_attribute ta
                on ta.attrelid = i.indrelid and ta.attnum = i.indkey[a.attnum - 1]
                and ta.attnum > 0
        where a.attrelid = c.oid
        order by a.attnum)
from pg_index i
    join pg_class c on c.oid = i.indexrelid
    join pg_namespace n on n.oid = c.relnamespace
    join pg_am am on am.oid = c.relam
where i.indexrelid = any(%s)
"""
_UNKNOWN_WIDTH_BYTES = 16.0
_NUMBERS = re.compile(r'"(-?\d+(?:, -?\d+)*)": (\d+)')
_OPTION = re.compile(r"(\w+)=(.*)")


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexColumn:
    """A column of an index."""

    name: str
    """Its own, under which an expression has statistics."""
    table_column: str
    """Empty for an expression."""
    expression: str
    """Empty for a column."""
    type_name: str
    length_bytes: int
    """-1: variable."""
    alignment_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexFacts:
    """An index as the twin's catalog has it."""

    schema: str
    name: str
    oid: int
    table_oid: int
    """The twin's own."""
    path: str | None
    """None: it has no storage, being that of a partitioned table."""
    access_method: str
    operator_class: str
    """Of its first key."""
    predicate: str | None
    key_count: int
    may_deduplicate: bool
    options: Mapping[str, str]
    columns: tuple[IndexColumn, ...]


def read_index_facts(server: TwinServer, oids: Sequence[int]) -> Iterator[IndexFacts]:
    """Look indexes up in the twin's catalog.

    Raises:
        TwinError: The server is gone.
    """
    for row in server.query(_FACTS, (list(oids),)):
        yield _facts(row)


def _facts(row: tuple[Any, ...]) -> IndexFacts:
    matches = [match for text in row[10] if (match := _OPTION.fullmatch(text))]
    options = {match[1]: match[2] for match in matches}
    return IndexFacts(
        schema=row[0],
        name=row[1],
        oid=row[2],
        table_oid=row[3],
        path=row[4],
        access_method=row[5],
        operator_class=row[6],
        predicate=row[7],
        key_count=row[8],
        may_deduplicate=row[9] and options.get("deduplicate_items", "on") in {"on", "true"},
        options=options,
        columns=tuple(
            IndexColumn(
                name=name,
                table_column=table_column,
                expression=expression,
                type_name=type_name,
                length_bytes=int(length),
                alignment_bytes=int(alignment),
            )
            for name, table_column, expression, type_name, length, alignment in row[11]
        ),
    )


class Shapes:
    """Puts facts and statistics together.

    Args:
        catalog: The snapshot.
    """

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._own = {
            (row.relation_oid, row.column): row
            for row in catalog.snapshot.column_statistics
            if not row.is_inherited
        }
        self.expressions: dict[tuple[int, str], ColumnStatistics] = {}
        """Statistics of expressions, by the OID of the table, in the snapshot, and the text."""

    def learn(self, index: Index, facts: IndexFacts) -> None:
        """Keep the statistics that an existing index has of its expressions."""
        for column in facts.columns:
            known = self._own.get((index.oid, column.name))
            if column.expression and known is not None:
                self.expressions[index.table_oid, column.expression] = known

    def shape(self, table: Table, facts: IndexFacts, rows: float, table_pages: int) -> IndexShape:
        """What the size of an index on that table depends on.

        Args:
            table: The table, in the snapshot.
            facts: The index.
            rows: Rows that get an entry.
            table_pages: The table's length now.
        """
        keys = tuple(self._key(table, column, rows) for column in facts.columns)
        number = facts.key_count
        fill = facts.options.get("fillfactor", "")
        return IndexShape(
            access_method=facts.access_method,
            rows=rows,
            keys=keys[:number],
            include=keys[number:],
            may_deduplicate=facts.may_deduplicate,
            fill_ratio=int(fill) / 100 if fill.isdecimal() else FILL_RATIO,
            table_pages=table_pages,
            pages_per_range=int(facts.options.get("pages_per_range", "128")),
            distinct_count=self._combinations(table, facts.columns[:number], rows),
            elements=self._elements(table, facts, rows),
        )

    def _key(self, table: Table, column: IndexColumn, rows: float) -> KeyStatistics:
        known, is_exact = self._statistics(table, column)
        is_variable = column.length_bytes < 0
        width = _UNKNOWN_WIDTH_BYTES if is_variable else float(column.length_bytes)
        if known is None:
            return KeyStatistics(
                width_bytes=width,
                alignment_bytes=column.alignment_bytes,
                is_variable=is_variable,
                distinct_count=rows,
            )
        whole = max(self._catalog.rows_now(table), 1.0)
        is_whole = rows >= whole * 0.999
        if is_variable:
            width = float(known.average_width_bytes)
        return KeyStatistics(
            width_bytes=width,
            alignment_bytes=column.alignment_bytes,
            is_variable=is_variable,
            null_ratio=known.null_ratio,
            distinct_count=_left(known.distinct_count(whole), rows, is_whole=is_whole),
            common_ratios=(known.most_common_ratios or ()) if is_whole else (),
            widths=sampled_widths(known, column.type_name) if is_variable and is_exact else (),
        )

    def _elements(self, table: Table, facts: IndexFacts, rows: float) -> Elements | None:
        """What a GIN index takes out of the values of its first column."""
        known, _ = self._statistics(table, facts.columns[0])
        if facts.access_method != "gin" or known is None:
            return None
        present = rows * (1 - known.null_ratio)
        if facts.operator_class == "gin_trgm_ops":
            return trigrams(known, present)
        return counted_elements(known, present) or guessed_elements(known, present)

    def _statistics(
        self, table: Table, column: IndexColumn
    ) -> tuple[ColumnStatistics | None, bool]:
        """A column's own; an expression's from another index that has it.

        Failing that, those of the only column that an expression is over stand in, and are not
        exact.
        """
        if column.table_column:
            return self._own.get((table.oid, column.table_column)), True
        if known := self.expressions.get((table.oid, column.expression)):
            return known, True
        columns = columns_in(column.expression)
        if len(columns) != 1:
            return None, False
        return self._own.get((table.oid, next(iter(columns)))), False

    def _combinations(
        self, table: Table, columns: Sequence[IndexColumn], rows: float
    ) -> float | None:
        """Distinct combinations of several columns, where that is known.

        By a unique index among them, or by extended statistics over just these.
        """
        names = {column.table_column for column in columns}
        if len(columns) < 2 or "" in names:  # noqa: PLR2004
            return None
        for index in self._catalog.indexes_by_table[table.oid]:
            if index.is_unique and index.predicate is None and names.issuperset(index.key_columns):
                return rows
        numbers = {column.number for column in table.columns if column.name in names}
        for statistics in self._catalog.snapshot.extended_statistics:
            if statistics.table_oid == table.oid and statistics.n_distinct:
                for group, count in _counts(statistics.n_distinct):
                    if group == numbers:
                        return min(count, rows)
        return None


def _counts(n_distinct: str) -> Iterator[tuple[set[int], float]]:
    """Read ``{"1, 2": 800}``: numbers of columns, and how many combinations they have."""
    for numbers, count in _NUMBERS.findall(n_distinct):
        yield {int(number) for number in numbers.split(",")}, float(count)


def _left(distinct: float, rows: float, *, is_whole: bool) -> float:
    """How many of the values are left among fewer rows, taken at random."""
    if is_whole or distinct <= 1:
        return min(distinct, max(rows, 1.0))
    return max(-distinct * math.expm1(rows * math.log1p(-1 / distinct)), 1.0)

"""Statistics of hypothetical indexes on expressions.

A real index has them after the next ANALYZE, and without them the planner takes its defaults.
They are the ones of another index on the same expression, else they are derived from those of the
only column that the expression reads; where that cannot be, it is said.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from pgadvisor.model.catalog import Catalog
from pgadvisor.model.schema import Column, Table
from pgadvisor.model.statistics import ColumnStatistics
from pgadvisor.parse.expression import columns_in, same_expression
from pgadvisor.parse.near_injective import columns_whose_null_shows, tells_values_apart
from pgadvisor.whatif.twin.session import TwinServer, refusal_of
from pgadvisor.whatif.twin.statistics.image_points import Question, ask, points_of
from pgadvisor.whatif.twin.statistics.image_statistics import statistics_of_image
from pgadvisor.whatif.twin.statistics.joined_statistics import statistics_of_joined
from pgadvisor.whatif.twin.statistics.pg_statistic import RelationColumn
from pgadvisor.whatif.twin.statistics.restore import restore_rows

_COLUMNS = """
select n.nspname, c.relname, c.oid::bigint, i.indrelid::bigint, a.attname,
    pg_get_indexdef(c.oid, a.attnum, false),
    coalesce((select format('%%I.%%I', cn.nspname, co.collname)
        from pg_collation co join pg_namespace cn on cn.oid = co.collnamespace
        where co.oid = i.indcollation[a.attnum - 1]), '')
from pg_index i
    join pg_class c on c.oid = i.indexrelid
    join pg_namespace n on n.oid = c.relnamespace
    join pg_attribute a on a.attrelid = c.oid
where i.indexrelid = any(%s) and c.relkind = 'i' and i.indpred is null
    and a.attnum <= i.indnkeyatts and i.indkey[a.attnum - 1] = 0
order by c.oid, a.attnum
"""
"""Expressions of whole indexes: of partial ones the planner does not use statistics."""
_TARGET_SETTING = "default_statistics_target"
_USUAL_TARGET = 100
_POINTS = 60_000
"""Of all expressions of a batch together: about half a second."""
_LEAST_POINTS, _MOST_POINTS = 1_000, 6_000
"""Of each."""
_OF_ANY_LENGTH = {"character": "bpchar", "bit": "varbit"}
"""Without a length these would be of one character."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpressionColumn:
    """An expression among the columns of a new index."""

    schema: str
    index: str
    index_oid: int
    table_oid: int
    """Both the twin's own."""
    name: str
    """Of the index's column."""
    expression: str
    collation: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Underived:
    """An expression of which nothing can be told, and why."""

    reason: str
    """A clause that goes on from the expression: ``which reads several columns``."""


Derived = ColumnStatistics | Underived | None
"""None: extended statistics cover the expression, and the planner uses them by itself."""


class StatisticsDeriver:
    """Gives new indexes statistics of their expressions.

    Args:
        server: The twin's server.
        catalog: The snapshot.
        known: Statistics of expressions, by the snapshot's OID of the table and the expression:
            at first those that existing indexes have; derived ones are added.
        originals: The snapshot's OIDs of tables by the twin's.
    """

    def __init__(
        self,
        server: TwinServer,
        catalog: Catalog,
        known: dict[tuple[int, str], ColumnStatistics],
        originals: Mapping[int, int],
    ) -> None:
        self._server = server
        self._catalog = catalog
        self._known = known
        self._analysed = frozenset(known)
        self._originals = originals
        self._derived: dict[_Key, Derived] = {}
        self._columns = {
            (row.relation_oid, row.column): row
            for row in catalog.snapshot.column_statistics
            if not row.is_inherited
        }
        setting = catalog.snapshot.server.setting(_TARGET_SETTING)
        self._target = int(setting.value) if setting else _USUAL_TARGET

    def give(self, index_oids: Sequence[int]) -> Mapping[int, tuple[str, ...]]:
        """Restore what can be derived, into indexes that the planner sees.

        Args:
            index_oids: The twin's own; those on columns alone are passed over.

        Returns:
            By the OID of an index, what it has no statistics of, as clauses.

        Raises:
            TwinError: The server is gone.
        """
        columns = [_expression_column(row) for row in self._server.query(_COLUMNS, (index_oids,))]
        by_key = {self._key(column): column for column in columns}
        self._derive([(key, by_key[key]) for key in by_key if key not in self._derived])
        found = [(column, self._derived[self._key(column)]) for column in columns]
        rows = [
            RelationColumn(
                schema=column.schema,
                relation=column.index,
                statistics=replace(statistics, column=column.name),
            )
            for column, statistics in found
            if isinstance(statistics, ColumnStatistics)
        ]
        refused = restore_rows(self._server, rows)
        notes: dict[int, list[str]] = {column.index_oid: [] for column in columns}
        for column, statistics in found:
            notes[column.index_oid] += self._notes(column, statistics)
            what = f".{column.index}.{column.name} "
            notes[column.index_oid] += [text for text in refused if what in text]
        return {oid: tuple(own) for oid, own in notes.items()}

    def _notes(self, column: ExpressionColumn, statistics: Derived) -> Iterator[str]:
        """What the planner does not know of an expression."""
        if isinstance(statistics, Underived):
            yield (
                f"no statistics of {column.expression}, {statistics.reason}: "
                "the planner's defaults are used, 0.5 % of the rows for an equality"
            )
            return
        is_derived = statistics is not None and self._key(column)[:2] not in self._analysed
        if is_derived and len(columns_in(column.expression)) > 1:
            yield (
                f"of {column.expression}, which reads several columns, only the number of "
                "values is known: the planner's defaults are used for ranges"
            )

    def _key(self, column: ExpressionColumn) -> _Key:
        return self._originals[column.table_oid], column.expression, column.collation

    def _derive(self, wanted: Sequence[tuple[_Key, ExpressionColumn]]) -> None:
        asked = []
        point_count = _POINTS // max(len(wanted), 1)
        point_count = min(max(point_count, _LEAST_POINTS), _MOST_POINTS)
        for key, column in wanted:
            if extended := self._in_extended(*key[:2]):
                self._derived[key] = None
                self._known[key[:2]] = extended  # sizes rest on it
                continue
            outcome: Question | Derived = None
            if key[:2] in self._analysed:  # what was derived is of its own collation alone
                outcome = self._known[key[:2]]
            if outcome is None:
                outcome = self._question(self._catalog.tables[key[0]], column)
            if isinstance(outcome, Question):
                asked.append((key, ask(outcome, point_count)))
                continue
            self._derived[key] = outcome
            if isinstance(outcome, ColumnStatistics):
                self._known[key[:2]] = outcome
        answers = self._server.run_each(one.command for _, one in asked)
        for (key, one), answer in zip(asked, answers, strict=True):
            if refusal_of(answer) is not None:
                # What the server says of it may hold a value.
                self._derived[key] = Underived(reason="which fails for values of its column")
                continue
            derived = statistics_of_image(
                points_of(one, answer),
                one.question.statistics,
                rows=max(self._catalog.tables[key[0]].rows, 0.0),
                target=self._target,
                is_interpolated=one.question.is_interpolated,
            )
            self._derived[key] = self._known[key[:2]] = derived

    def _question(self, table: Table, column: ExpressionColumn) -> Question | Derived:
        names = columns_in(column.expression)
        known = {name: row for name in names if (row := self._columns.get((table.oid, name)))}
        if len(known) < len(names):
            return Underived(reason="whose columns have none either")
        if len(names) != 1:
            return self._joined(table, column.expression, known)
        [(name, statistics)] = known.items()
        source = table.column(name)
        if source is None:
            return Underived(reason="whose column the snapshot lacks")
        question = Question(
            expression=column.expression,
            collation=column.collation,
            column=name,
            type_name=_base_type(source),
            statistics=statistics,
        )
        is_told = question.is_interpolated or tells_values_apart(column.expression)
        if is_told and not question.type_name.endswith("]"):
            return question
        return Underived(reason="which do not follow from those of its column")

    def _joined(
        self, table: Table, expression: str, known: Mapping[str, ColumnStatistics]
    ) -> Derived:
        if not known or not tells_values_apart(expression):
            return Underived(reason="which reads several columns" if known else "a constant")
        null_shows = columns_whose_null_shows(expression)
        return statistics_of_joined(known, null_shows, max(table.rows, 0.0))

    def _in_extended(self, table_oid: int, expression: str) -> ColumnStatistics | None:
        """Extended statistics have rows of their own for expressions."""
        for extended in self._catalog.snapshot.extended_statistics:
            if extended.table_oid == table_oid:
                for values in extended.values:
                    for own, known in zip(extended.expressions, values.expressions, strict=False):
                        if known is not None and same_expression(own, expression):
                            return known
        return None


_Key = tuple[int, str, str]
"""The snapshot's OID of the table, the expression, and its collation."""


def _expression_column(row: tuple[Any, ...]) -> ExpressionColumn:
    schema, index, index_oid, table_oid, name, expression, collation = row
    return ExpressionColumn(
        schema=schema,
        index=index,
        index_oid=index_oid,
        table_oid=table_oid,
        name=name,
        expression=expression,
        collation=collation,
    )


def _base_type(column: Column) -> str:
    """Below a domain, and without a modifier, for which some types stand by another name."""
    name = column.base_type_name or column.type_name
    head, _, tail = name.partition("(")
    bare = head.rstrip() + tail.partition(")")[2]
    return _OF_ANY_LENGTH.get(bare, bare)

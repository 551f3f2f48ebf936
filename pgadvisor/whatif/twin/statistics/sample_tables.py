"""Values of extended statistics, turned by the server into what it keeps itself.

The values of common combinations are kept in the server's own form, which is nobody else's to
make.  So the role puts each combination once into a temporary table, with a number beside it, and
analyses that; from the lists of most common (number, value) pairs the list of combinations is put
together, column by column.  The statistics of expressions are restored on columns of the table.

What the snapshot brings along, a domain's check for instance, may run meanwhile, as the role, and
may put other tables into the place of ours.  Hence types are taken down before any value is read,
by a view, whose making runs nothing; and what the superuser copies is of those very types.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from pgadvisor.model.schema import ExtendedStatistics
from pgadvisor.model.statistics import CommonCombination, ExtendedValues
from pgadvisor.sqltext.quote import quote_identifier
from pgadvisor.whatif.twin.batch import Command
from pgadvisor.whatif.twin.schema.parse_time import PIN_PATH, runs_code
from pgadvisor.whatif.twin.session import TwinServer, refusal_of
from pgadvisor.whatif.twin.statistics.array_text import array_literal, row_literal
from pgadvisor.whatif.twin.statistics.extended_bytes import (
    FormatError,
    McvDimension,
    McvItem,
    McvList,
    mcv_list_bytes,
    read_mcv_list,
)
from pgadvisor.whatif.twin.statistics.pg_statistic import RelationColumn
from pgadvisor.whatif.twin.statistics.restore import restore_rows
from pgadvisor.whatif.twin.statistics.statistics_object import StatisticsObject

_MAX_TARGET = 10_000
_NUMBER_OID = 23
_NUMBER = struct.Struct("=i")
_PAIR = 2
_PATH = PIN_PATH.format("false")
_UNSAFE = "values of {} are not in the twin: reading them would run functions of the snapshot's"
_TARGET = "select pg_catalog.set_config('default_statistics_target', $1, false)"
_RESET = ("reset search_path", "reset default_statistics_target")
_RELATIONS = """
select c.relname, n.nspname, c.oid::bigint, array_agg(a.atttypid::bigint order by a.attnum)
from pg_class c
    join pg_namespace n on n.oid = c.relnamespace
    join pg_attribute a on a.attrelid = c.oid and a.attnum > 0
where c.relpersistence = 't' and c.relowner = 'twin'::regrole and c.relname like 'pgadvisor\\_%'
    and c.relkind in ('v', 'r')
group by c.relname, n.nspname, c.oid
"""
_PAIRS = """
select s.stxname, d.stxdmcv::bytea
from pg_statistic_ext s
    join pg_statistic_ext_data d on d.stxoid = s.oid
    join pg_class c on c.oid = s.stxrelid and c.relpersistence = 't'
where s.stxowner = 'twin'::regrole and s.stxname like 'pgadvisor\\_%'
    and d.stxdmcv is not null
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """Values of one object that are to be written."""

    number: int
    target: StatisticsObject
    original: ExtendedStatistics
    values: ExtendedValues

    @property
    def _parts(self) -> tuple[str, ...]:
        """What is kept statistics of, columns first, as SQL."""
        columns = map(quote_identifier, self.target.columns)
        return (*columns, *(f"({expression})" for expression in self.target.expressions))

    @property
    def view(self) -> str:
        """Of its columns and expressions."""
        return f"pgadvisor_of_{self.number}"

    @property
    def table(self) -> str:
        """Of numbered combinations, which are analysed."""
        return f"pgadvisor_values_{self.number}"

    @property
    def expression_table(self) -> str:
        """Of no rows; its columns get the statistics of expressions."""
        return f"pgadvisor_expressions_{self.number}"

    def pairs(self, place: int) -> str:
        """The name of the statistics of (number, value) pairs."""
        return f"pgadvisor_pairs_{self.number}_{place}"

    @property
    def combinations(self) -> tuple[CommonCombination, ...]:
        """The common combinations, their values in the twin's order of columns."""
        here, there = self.target, self.original
        places = [there.columns.index(name) for name in here.columns]
        places += range(len(there.columns), len(there.columns) + len(there.expressions))
        return tuple(
            replace(one, values=tuple(one.values[place] for place in places))
            for one in self.values.most_common or ()
        )

    @property
    def dimension_count(self) -> int:
        """How many columns and expressions there are."""
        return len(self._parts)

    def create_view(self) -> str:
        """A statement that makes the view; it is read and not run."""
        parts = ", ".join(f"{part} as d{n}" for n, part in enumerate(self._parts))
        table = self.target.qualified_table
        return f"create view pg_temp.{self.view} as select {parts} from only {table}"  # noqa: S608

    def create_tables(self) -> Iterator[Command]:
        """What makes the tables, fills the one of combinations and analyses it."""
        if any(self.values.expressions):
            yield Command(
                f"create table pg_temp.{self.expression_table} (like pg_temp.{self.view})"
            )
        combinations = self.combinations
        if not combinations:
            return
        table = f"pg_temp.{self.table}"
        yield Command(f"create table {table} (id pg_catalog.int4, like pg_temp.{self.view})")
        for place in range(self.dimension_count):
            yield Command(
                f"create statistics pg_temp.{self.pairs(place)} (mcv) on id, d{place} from {table}"
            )
        rows = [row_literal((str(n), *one.values)) for n, one in enumerate(combinations)]
        yield Command(
            f"insert into {table} select * from pg_catalog.unnest($1::{table}[])",  # noqa: S608
            (array_literal(rows),),
        )
        yield Command(_TARGET, (str(min(len(rows), _MAX_TARGET)),))
        yield Command(f"analyze {table}")


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpressionColumns:
    """Columns that hold the statistics of expressions."""

    table_oid: int
    numbers: tuple[int, ...]
    """One for each expression."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Relation:
    """A view or a table of ours."""

    schema: str
    oid: int
    type_oids: tuple[int, ...]
    """Of its columns."""


class SampleTables:
    """One temporary table for each task.

    Args:
        server: The twin's server.
        tasks: What is to be written.
    """

    def __init__(self, server: TwinServer, tasks: Sequence[Task]) -> None:
        self._server = server
        self._tasks = tasks
        self.most_common: dict[int, bytes] = {}
        """By the task's number: a ``pg_mcv_list``."""
        self.expressions: dict[int, ExpressionColumns] = {}
        """By the task's number."""

    def fill(self) -> list[str]:
        """Make the tables, and have the server analyse them; returns what failed.

        Raises:
            TwinError: The server is gone.
        """
        wanted = [
            task for task in self._tasks if task.values.most_common or any(task.values.expressions)
        ]
        notes: list[str] = []
        if wanted:
            self._server.run_each([Command(_PATH)])
            if runs_code(self._server):
                return [_UNSAFE.format(task.target.what) for task in wanted]
            wanted = self._run([(task, [Command(task.create_view())]) for task in wanted], notes)
            views = self._relations()
            wanted = self._run([(task, list(task.create_tables())) for task in wanted], notes)
            notes += self._restore_expressions(wanted)
            self._take(wanted, views, notes)
        return notes

    def drop(self) -> None:
        """Drop the tables.

        Raises:
            TwinError: The server is gone.
        """
        self._server.run(
            (
                *(f"drop table if exists pg_temp.{task.table}" for task in self._tasks),
                *(f"drop table if exists pg_temp.{task.expression_table}" for task in self._tasks),
                *(f"drop view if exists pg_temp.{task.view}" for task in self._tasks),
                *_RESET,
            )
        )

    def _run(self, work: Sequence[tuple[Task, list[Command]]], notes: list[str]) -> list[Task]:
        """Run commands for each task; returns those of which all have succeeded."""
        results = iter(self._server.run_each(one for _, commands in work for one in commands))
        done = []
        for task, commands in work:
            refusals = [refusal_of(next(results)) for _ in commands]
            reason = next((refusal for refusal in refusals if refusal is not None), None)
            if reason is None:
                done.append(task)
            else:
                notes.append(f"values of {task.target.what} are not all in the twin: {reason}")
        return done

    def _relations(self) -> dict[str, _Relation]:
        """Our views and tables by name."""
        return {
            name: _Relation(schema=schema, oid=oid, type_oids=tuple(type_oids))
            for name, schema, oid, type_oids in self._server.query(_RELATIONS)
        }

    def _restore_expressions(self, tasks: Sequence[Task]) -> Iterator[str]:
        """Restore the statistics of expressions on columns of ours; yields what failed."""
        rows, names = [], {}
        relations = self._relations()
        for task in tasks:
            relation = relations.get(task.expression_table)
            for place, row in enumerate(task.values.expressions):
                if row is None or relation is None:
                    continue
                column = f"d{len(task.target.columns) + place}"
                one = RelationColumn(
                    schema=relation.schema,
                    relation=task.expression_table,
                    statistics=replace(row, column=column, is_inherited=False),
                )
                rows.append(one)
                names[".".join(one.key)] = f"expression {place + 1} of {task.target.what}"
        for note in restore_rows(self._server, rows) if rows else ():
            for name, what in names.items():
                note = note.replace(name, what)  # noqa: PLW2901
            yield note

    def _take(
        self, tasks: Sequence[Task], views: Mapping[str, _Relation], notes: list[str]
    ) -> None:
        """Take what the server has made, where it is of the types that it should be of."""
        lists = dict(self._server.query(_PAIRS))
        relations = self._relations()
        for task in tasks:
            column_count = len(task.target.columns)
            expected = views[task.view].type_oids if task.view in views else ()
            found = relations.get(task.expression_table)
            if expected[:column_count] != task.target.type_oids or (
                found is not None and found.type_oids != expected
            ):
                notes.append(f"values of {task.target.what} are not in the twin: its types change")
                continue
            if found is not None and any(task.values.expressions):
                self.expressions[task.number] = ExpressionColumns(
                    table_oid=found.oid,
                    numbers=tuple(range(column_count + 1, len(expected) + 1)),
                )
            if task.values.most_common:
                try:
                    pairs = [lists.get(task.pairs(n), b"") for n in range(task.dimension_count)]
                    mcv = combined(task.combinations, list(map(read_mcv_list, pairs)), expected)
                    self.most_common[task.number] = mcv_list_bytes(mcv)
                except FormatError as error:
                    notes.append(
                        f"common values of {task.target.what} are not in the twin: {error}"
                    )


def combined(
    combinations: Sequence[CommonCombination], pairs: Sequence[McvList], types: Sequence[int]
) -> McvList:
    """Put a list of combinations together out of lists of (number, value) pairs.

    Args:
        combinations: By number.
        pairs: For each column the pairs of a combination's number and its value.
        types: OIDs of the types of the columns.

    Raises:
        FormatError: The lists are not such lists, or a combination is missing in one of them.
    """
    dimensions, places = [], []
    for one, type_oid in zip(pairs, types, strict=True):
        if len(one.dimensions) != _PAIR or one.dimensions[1].type_oid != type_oid:
            raise FormatError("the server has analysed something else")
        dimensions.append(one.dimensions[1])
        places.append(_places(one))
    items = []
    for number, combination in enumerate(combinations):
        if any(number not in column for column in places):
            raise FormatError("the server has left one of them out")
        items.append(
            McvItem(
                indexes=tuple(column[number] for column in places),
                ratio=combination.ratio,
                base_ratio=combination.base_ratio,
            )
        )
    return McvList(dimensions=tuple(dimensions), items=tuple(items))


def _places(pairs: McvList) -> dict[int, int | None]:
    """By number, the place of its value."""
    first: McvDimension = pairs.dimensions[0]
    if first.type_oid != _NUMBER_OID:
        raise FormatError("the server has analysed something else")
    numbers = [_NUMBER.unpack(value)[0] for value in first.fixed_values()]
    found = {}
    for item in pairs.items:
        index, place = item.indexes
        if index is None or index >= len(numbers):
            raise FormatError("the server has analysed something else")
        found[numbers[index]] = place
    return found

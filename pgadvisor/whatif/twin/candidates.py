"""Hypothetical indexes: real ones, built on a table that is empty for a moment.

With the table's file cut to nothing, CREATE INDEX of any kind takes a fraction of a
millisecond.  Then the table gets its length back, and the index the length that the size
model predicts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pgadvisor.model.action import IndexDefinition
from pgadvisor.model.catalog import Catalog
from pgadvisor.model.schema import Table
from pgadvisor.model.statistics import ColumnStatistics
from pgadvisor.parse.expression import columns_in
from pgadvisor.sqltext.index import create_index_sql, index_name
from pgadvisor.sqltext.quote import qualified
from pgadvisor.whatif.twin.build import Built as Schema
from pgadvisor.whatif.twin.files import RelationFile, empty, set_lengths, whole_blocks
from pgadvisor.whatif.twin.index_size import IndexShape, KeyStatistics, index_size_bytes
from pgadvisor.whatif.twin.session import TwinServer
from pgadvisor.whatif.twin.statistics import restore_index, restore_tables

_PARTS = """
select n.nspname, c.relname, c.oid, t.oid, pg_relation_filepath(c.oid), am.amname,
       pg_get_expr(i.indpred, i.indrelid),
       i.indnkeyatts,
       not i.indisunique and (
         select bool_and(exists (
           select from pg_amproc p join pg_opclass o on o.oid = k.opclass
           where p.amprocfamily = o.opcfamily and p.amproclefttype = o.opcintype
             and p.amprocrighttype = o.opcintype and p.amprocnum = 4))
         from unnest(i.indclass) as k(opclass)),
       (select array_agg(array[
          coalesce((select ta.attname::text from pg_attribute ta
                    where ta.attrelid = i.indrelid and ta.attnum = i.indkey[a.attnum - 1]), ''),
          pg_get_indexdef(c.oid, a.attnum, true),
          a.attlen::text,
          case a.attalign when 'c' then '1' when 's' then '2' when 'i' then '4' else '8' end]
          order by a.attnum)
        from pg_attribute a where a.attrelid = c.oid)
from pg_class c
join pg_namespace n on n.oid = c.relnamespace
join pg_index i on i.indexrelid = c.oid
join pg_class t on t.oid = i.indrelid
join pg_am am on am.oid = c.relam
where c.oid = any(%s)
"""
_FAMILY = """
with recursive family(root, oid) as (
  select c.oid, c.oid from pg_class c join pg_namespace n on n.oid = c.relnamespace
  where (n.nspname || '.' || c.relname) = any(%s) and c.relkind in ('i', 'I')
  union all
  select f.root, i.inhrelid from family f join pg_inherits i on i.inhparent = f.oid
)
select root, array_agg(oid) from family group by root
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hypothetical:
    """A hypothetical index in the twin."""

    name: str
    oids: tuple[int, ...]
    """Its own, and those of its parts on a partitioned table."""
    part_names: tuple[str, ...]
    size_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Part:
    """One index with storage, as the twin's catalog has it."""

    schema: str
    name: str
    oid: int
    table_oid: int
    path: str | None
    access_method: str
    predicate: str | None
    key_count: int
    may_deduplicate: bool
    columns: tuple[tuple[str, str, int, int], ...]
    """Table column (empty for an expression), SQL, length and alignment of each."""


class CandidateBuilder:
    """Makes hypothetical indexes.

    Args:
        server: The twin's server.
        catalog: The snapshot.
        schema: What was built of it.
    """

    def __init__(self, server: TwinServer, catalog: Catalog, schema: Schema) -> None:
        self._server = server
        self._catalog = catalog
        self._schema = schema
        self._originals = {twin: oid for oid, twin in schema.oids.items()}

    def build(
        self, definitions: Sequence[IndexDefinition]
    ) -> Mapping[IndexDefinition, Hypothetical | str]:
        """Build indexes by their definitions; a text says why one cannot be."""
        names = {definition: index_name(definition) for definition in definitions}
        texts = {d: create_index_sql(d, name) for d, name in names.items()}
        tables = self._leaves(definition.table_oid for definition in definitions)
        failures = self._create(list(texts.values()), tables)
        refused = {
            definition: failures[position]
            for position, definition in enumerate(texts)
            if position in failures
        }
        made = {d: (d.schema, name) for d, name in names.items() if d not in refused}
        found = self._measure(list(made.values()))
        return {**refused, **{d: found[place] for d, place in made.items()}}

    def build_sql(self, text: str, table: Table) -> Hypothetical | str:
        """Build an index by a CREATE INDEX of the user's; a text says why it cannot be."""
        before = self._index_oids()
        failures = self._create([text], self._leaves((table.oid,)))
        if failures:
            return failures[0]
        [(schema, name)] = self._topmost(self._index_oids() - before)
        return self._measure([(schema, name)])[schema, name]

    def _leaves(self, table_oids: Iterable[int]) -> tuple[Table, ...]:
        tables = [self._catalog.tables[oid] for oid in dict.fromkeys(table_oids)]
        return tuple(leaf for table in tables for leaf in self._catalog.leaves(table))

    def _create(self, texts: list[str], tables: Sequence[Table]) -> dict[int, str]:
        """Run CREATE INDEX statements while the tables are empty."""
        files = [
            self._schema.files[twin]
            for table in tables
            if (twin := self._schema.oids.get(table.oid)) in self._schema.files
        ]
        empty(files)
        try:
            return self._server.run(texts)
        finally:
            set_lengths(files, self._server.cluster.owner)
            restore_tables(self._server, tables)

    def _measure(self, places: Sequence[tuple[str, str]]) -> dict[tuple[str, str], Hypothetical]:
        """Give new indexes their predicted lengths."""
        wanted = [f"{schema}.{name}" for schema, name in places]
        families = self._server.query(_FAMILY, (wanted,))
        parts = {part.oid: part for part in self._parts([o for _, f in families for o in f])}
        found: dict[tuple[str, str], Hypothetical] = {}
        for root, oids in families:
            size = sum(self._set_size(parts[oid]) for oid in oids)
            head = parts[root]
            found[head.schema, head.name] = Hypothetical(
                name=head.name,
                oids=tuple(oids),
                part_names=tuple(parts[oid].name for oid in oids if oid != root),
                size_bytes=size,
            )
        return found

    def _parts(self, oids: list[int]) -> Iterable[_Part]:
        for row in self._server.query(_PARTS, (oids,)):
            columns = tuple((c[0], c[1], int(c[2]), int(c[3])) for c in row[9])
            yield _Part(
                schema=row[0],
                name=row[1],
                oid=row[2],
                table_oid=row[3],
                path=row[4],
                access_method=row[5],
                predicate=row[6],
                key_count=row[7],
                may_deduplicate=bool(row[8]),
                columns=columns,
            )

    def _set_size(self, part: _Part) -> int:
        if part.path is None:
            return 0
        table = self._catalog.tables[self._originals[part.table_oid]]
        rows = self._rows(table, part.predicate)
        keys = tuple(self._statistics(table, rows, column) for column in part.columns)
        shape = IndexShape(
            access_method=part.access_method,
            rows=rows,
            keys=keys[: part.key_count],
            include=keys[part.key_count :],
            may_deduplicate=part.may_deduplicate,
            table_pages=self._schema.files[part.table_oid].pages,
        )
        file = RelationFile(
            path=Path(self._server.cluster.data_directory) / part.path,
            length_bytes=whole_blocks(index_size_bytes(shape)),
        )
        set_lengths((file,), self._server.cluster.owner)
        restore_index(self._server, part.schema, part.name, file.pages, rows)
        return file.length_bytes

    def _rows(self, table: Table, predicate: str | None) -> float:
        """Rows that get an entry; of a partial index, by the planner's own estimate."""
        rows = self._catalog.rows_now(table)
        if predicate is None:
            return rows
        name = qualified(table.schema, table.name)
        text = f"explain (format json) select from only {name} where {predicate}"
        document = self._server.role.execute(text.encode()).fetchone()
        estimate = document[0][0]["Plan"]["Plan Rows"] if document else rows
        return min(float(estimate), rows)

    def _statistics(
        self, table: Table, rows: float, column: tuple[str, str, int, int]
    ) -> KeyStatistics:
        name, sql, length, alignment = column
        known = self._column_statistics(table, name, sql)
        width = float(length) if length > 0 else 16.0
        if known is None:
            return KeyStatistics(
                width_bytes=width,
                alignment_bytes=alignment,
                is_variable=length < 0,
                distinct_count=rows,
            )
        if length < 0:
            width = float(known.average_width_bytes)
        whole = max(self._catalog.rows_now(table), 1.0)
        return KeyStatistics(
            width_bytes=width,
            alignment_bytes=alignment,
            is_variable=length < 0,
            null_ratio=known.null_ratio,
            distinct_count=min(known.distinct_count(whole), max(rows, 1.0)),
            common_ratios=(known.most_common_ratios or ()) if rows == whole else (),
        )

    def _column_statistics(self, table: Table, name: str, sql: str) -> ColumnStatistics | None:
        """Of the column; of an expression over one column, that column's stand in."""
        key = (table.oid, name)
        if not name:
            columns = columns_in(sql)
            if len(columns) != 1:
                return None
            key = (table.oid, next(iter(columns)))
        return self._catalog.column_statistics.get(key)

    def _index_oids(self) -> set[int]:
        rows = self._server.query(
            "select oid from pg_class where relkind in ('i', 'I') and relowner = 'twin'::regrole"
        )
        return {row[0] for row in rows}

    def _topmost(self, oids: set[int]) -> list[tuple[str, str]]:
        rows = self._server.query(
            "select n.nspname, c.relname from pg_class c "
            "join pg_namespace n on n.oid = c.relnamespace "
            "where c.oid = any(%s) and not c.relispartition",
            (sorted(oids),),
        )
        return [(row[0], row[1]) for row in rows]

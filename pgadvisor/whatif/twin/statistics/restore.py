"""Statistics into the twin.

From PostgreSQL 18 on there are functions for it.  They are run by the role that owns the tables,
never by the superuser: values go through the input functions of their types, and a domain's runs
its checks.  Before 18 the superuser writes into the catalog; see :mod:`.pg_statistic`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from pgadvisor.model.catalog import Catalog
from pgadvisor.model.schema import Index, Table
from pgadvisor.whatif.twin.batch import Command
from pgadvisor.whatif.twin.session import TwinServer, refusal_of
from pgadvisor.whatif.twin.statistics.array_text import array_literal, numbers_literal
from pgadvisor.whatif.twin.statistics.pg_statistic import RelationColumn, insert_statistics

RESTORE_FUNCTIONS_SINCE = 18
"""The major version from which on statistics are restored by functions."""
_NO_COUNT_SINCE = 14

_RELATION = """
select pg_catalog.pg_restore_relation_stats(
  'schemaname', $1::text, 'relname', $2::text, 'relpages', $3::int4,
  'reltuples', $4::float4, 'relallvisible', $5::int4)
"""
_COLUMN = """
select pg_catalog.pg_restore_attribute_stats(
  'schemaname', $1::text, 'relname', $2::text, 'attname', $3::text, 'inherited', $4::bool,
  'null_frac', $5::float4, 'avg_width', $6::int4, 'n_distinct', $7::float4,
  'most_common_vals', $8::text, 'most_common_freqs', $9::float4[],
  'histogram_bounds', $10::text, 'correlation', $11::float4,
  'most_common_elems', $12::text, 'most_common_elem_freqs', $13::float4[],
  'elem_count_histogram', $14::float4[],
  'range_length_histogram', $15::text, 'range_empty_frac', $16::float4,
  'range_bounds_histogram', $17::text)
"""
_UPDATE = """
update pg_class c set relpages = new.pages, reltuples = new.rows, relallvisible = new.visible
from unnest(%s::text[], %s::text[], %s::int[], %s::float4[], %s::int[])
        as new(schema, name, pages, rows, visible)
    join pg_namespace n on n.nspname = new.schema
where c.relnamespace = n.oid and c.relname = new.name and c.relowner = 'twin'::regrole
"""
_TRUE = b"t"


@dataclass(frozen=True, slots=True, kw_only=True)
class RelationCounts:
    """What ``pg_class`` says of the size of a relation."""

    schema: str
    name: str
    pages: int
    rows: float
    all_visible_pages: int = 0


def counts_of(relation: Table | Index) -> RelationCounts:
    """The counts of a relation of the snapshot, as of its last VACUUM or ANALYZE."""
    return RelationCounts(
        schema=relation.schema,
        name=relation.name,
        pages=relation.pages,
        rows=relation.rows,
        all_visible_pages=relation.all_visible_pages if isinstance(relation, Table) else 0,
    )


def restore_relations(server: TwinServer, relations: Iterable[RelationCounts]) -> list[str]:
    """Give tables and indexes their row and page counts; returns what failed.

    Raises:
        TwinError: The server is gone.
    """
    if not _has_functions(server):
        _update_relations(server, list(relations))
        return []
    named = [
        (
            f"row and page counts of {r.schema}.{r.name}",
            Command(_RELATION, (r.schema, r.name, r.pages, r.rows, r.all_visible_pages)),
        )
        for r in relations
    ]
    return _restore(server, named)


def restore_columns(server: TwinServer, catalog: Catalog, present: frozenset[int]) -> list[str]:
    """Give columns and index expressions their statistics; returns what failed.

    Args:
        server: The twin's server.
        catalog: The snapshot.
        present: OIDs, in the snapshot, of the relations that the twin has.

    Raises:
        TwinError: The server is gone.
    """
    return restore_rows(server, _rows(catalog, present))


def restore_rows(server: TwinServer, rows: Iterable[RelationColumn]) -> list[str]:
    """Give columns statistics where they have none; returns what failed.

    Raises:
        TwinError: The server is gone.
    """
    if not _has_functions(server):
        return insert_statistics(server, rows)
    return _restore(server, ((row.what, Command(_COLUMN, _column_values(row))) for row in rows))


def _has_functions(server: TwinServer) -> bool:
    return server.cluster.binaries.major >= RESTORE_FUNCTIONS_SINCE


def _update_relations(server: TwinServer, relations: Sequence[RelationCounts]) -> None:
    # PostgreSQL 13 says 0 of a table that was never analysed, later ones say -1.
    least = -1.0 if server.cluster.binaries.major >= _NO_COUNT_SINCE else 0.0
    server.command(
        _UPDATE,
        (
            [one.schema for one in relations],
            [one.name for one in relations],
            [one.pages for one in relations],
            [max(float(one.rows), least) for one in relations],
            [one.all_visible_pages for one in relations],
        ),
    )


def _rows(catalog: Catalog, present: frozenset[int]) -> Iterator[RelationColumn]:
    for row in catalog.snapshot.column_statistics:
        relation = catalog.tables.get(row.relation_oid) or catalog.indexes.get(row.relation_oid)
        if relation is not None and relation.oid in present:
            yield RelationColumn(schema=relation.schema, relation=relation.name, statistics=row)


def _column_values(named: RelationColumn) -> tuple[object, ...]:
    row = named.statistics
    lengths = row.range_length_histogram
    if lengths is None and row.range_empty_ratio is not None:
        # All ranges are empty.  The functions want lengths, which are not used without bounds.
        lengths = ("0", "0")
    return (
        *named.key,
        row.is_inherited,
        row.null_ratio,
        row.average_width_bytes,
        row.n_distinct,
        array_literal(row.most_common_values),
        numbers_literal(row.most_common_ratios),
        array_literal(row.histogram_bounds),
        row.correlation,
        array_literal(row.most_common_elements),
        numbers_literal(row.most_common_element_ratios),
        numbers_literal(row.element_count_histogram),
        array_literal(lengths),
        row.range_empty_ratio,
        array_literal(row.range_bounds_histogram),
    )


def _restore(server: TwinServer, named: Iterable[tuple[str, Command]]) -> list[str]:
    """Run the restores; one that says false has left something out and has warned of it."""
    waiting = list(named)
    results = server.run_each(command for _, command in waiting)
    notes = []
    for (what, command), result in zip(waiting, results, strict=True):
        reason = refusal_of(result)
        if reason is None and result.get_value(0, 0) != _TRUE:
            warnings: list[str] = []
            with server.hearing(warnings.append):
                server.run_each([command])
            reason = "; ".join(warnings) or "refused"
        if reason is not None:
            notes.append(f"{what} are not in the twin as they were: {reason}")
    return notes

"""Building a twin out of a snapshot: schema, sizes, statistics, settings."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from pgadvisor.model.catalog import Catalog
from pgadvisor.model.reference import Reference
from pgadvisor.model.schema import Index, RelationKind, Table
from pgadvisor.model.server import Server
from pgadvisor.whatif.twin.schema.ddl import left_out
from pgadvisor.whatif.twin.schema.extensions import create_collations, create_extensions
from pgadvisor.whatif.twin.schema.foreign import close_servers, create_servers
from pgadvisor.whatif.twin.schema.objects import build_schema
from pgadvisor.whatif.twin.schema.tablespaces import place_relations
from pgadvisor.whatif.twin.session import ROLE, TwinServer
from pgadvisor.whatif.twin.settings import take_over_settings
from pgadvisor.whatif.twin.sizes.index_facts import IndexFacts, read_index_facts
from pgadvisor.whatif.twin.sizes.index_shapes import Shapes
from pgadvisor.whatif.twin.sizes.index_size import INNER_FILL_RATIO, btree_height
from pgadvisor.whatif.twin.sizes.pending_pages import pending_pages
from pgadvisor.whatif.twin.statistics.extended_statistics import restore_extended_statistics
from pgadvisor.whatif.twin.statistics.restore import counts_of, restore_columns, restore_relations
from pgadvisor.whatif.twin.storage.btree_pages import BLOCK_BYTES
from pgadvisor.whatif.twin.storage.files import RelationFile, set_lengths, whole_blocks
from pgadvisor.whatif.twin.storage.metapages import Metapage, metapage_of, write_metapages

_RELATIONS = """
select n.nspname, c.relname, c.oid::bigint
from pg_class c join pg_namespace n on n.oid = c.relnamespace
where c.relkind in ('r', 'p', 'f', 'i', 'I') and c.relowner = 'twin'::regrole
"""
_PATHS = """
select oid::bigint, pg_relation_filepath(oid) from pg_class where oid = any(%s::oid[])
"""
_TOAST_INDEXES = """
select pg_relation_filepath(oid) from pg_class
where relnamespace = 'pg_toast'::regnamespace and relkind = 'i' and relowner = 'twin'::regrole
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rebuilt:
    """What became of the snapshot."""

    notes: tuple[str, ...]
    """What is missing or different, as clauses."""
    oids: dict[int, int]
    """The twin's OIDs of tables and indexes by the snapshot's."""
    files: dict[int, RelationFile]
    """By the twin's OID: the storage of tables and indexes."""
    shapes: Shapes
    """What the sizes of further indexes depend on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Extents:
    """How long and how high the snapshot's relations are to be, by the twin's OIDs."""

    oids: dict[int, int]
    """The twin's by the snapshot's."""
    lengths: dict[int, int]
    """In bytes."""
    heights: dict[int, int]
    """Of btrees: levels above the leaves."""
    metapages: dict[int, Metapage]
    """What else is to be on the first pages of indexes."""


def build(
    server: TwinServer,
    catalog: Catalog,
    copies: int = 0,
    references: Iterable[Reference] = (),
) -> tuple[tuple[TwinServer, Rebuilt], ...]:
    """Rebuild a snapshot in an empty database.

    Args:
        server: The database.
        catalog: The snapshot.
        copies: How many further databases are to be like it.
        references: Undeclared foreign keys.

    Returns:
        Each database, and what became of the snapshot there.

    Raises:
        TwinError: The server is gone, or the file system refuses.
    """
    server.command(f"alter schema public owner to {ROLE}")
    notes = [*left_out(catalog), *create_extensions(server, catalog)]
    notes += create_collations(server, catalog)
    notes += create_servers(server, catalog)
    notes += build_schema(server, catalog)
    close_servers(server)
    place_relations(server, catalog)
    present = frozenset(_oids(server, catalog))
    notes += restore_columns(server, catalog, present)
    notes += restore_extended_statistics(server, catalog)
    notes += restore_relations(server, map(counts_of, _present(catalog, present)))
    shapes = Shapes(catalog, references)
    extents = _extents(server, catalog, shapes)  # OIDs are the same in the copies
    others = server.copies(copies)
    with ExitStack() as opened:
        for other in others:
            opened.callback(other.disconnect)
        built = tuple(
            (one, _sized(one, catalog, shapes, extents, notes)) for one in (server, *others)
        )
        opened.pop_all()
    return built


def _sized(
    server: TwinServer,
    catalog: Catalog,
    shapes: Shapes,
    extents: _Extents,
    notes: Sequence[str],
) -> Rebuilt:
    """Give a database's relations their lengths, and its sessions the original's settings."""
    files = _files(server, extents)
    set_lengths((*files.values(), *_unused(server)), server.cluster.owner)
    refused = take_over_settings(server, catalog.snapshot.server)
    return Rebuilt(notes=(*notes, *refused), oids=extents.oids, files=files, shapes=shapes)


def locale_for(server: Server) -> str:
    """The locale for a twin: under C a plain btree serves LIKE, elsewhere it does not."""
    is_bytewise = server.collation in {"C", "POSIX"} and server.locale_provider != "icu"
    return "C" if is_bytewise or server.locale_provider == "builtin" else "C.UTF-8"


def _present(catalog: Catalog, oids: frozenset[int]) -> Iterator[Table | Index]:
    for relation in _relations(catalog):
        if relation.oid in oids:
            yield relation


def _relations(catalog: Catalog) -> Iterator[Table | Index]:
    yield from catalog.snapshot.tables
    yield from catalog.snapshot.indexes


def _oids(server: TwinServer, catalog: Catalog) -> dict[int, int]:
    """The OIDs of tables and indexes in the twin by those in the snapshot."""
    found = {(schema, name): oid for schema, name, oid in server.query(_RELATIONS)}
    return {
        relation.oid: found[relation.schema, relation.name]
        for relation in _relations(catalog)
        if (relation.schema, relation.name) in found
    }


def _extents(server: TwinServer, catalog: Catalog, shapes: Shapes) -> _Extents:
    """Say how long the files of the snapshot's relations are to be, wherever these are."""
    oids = _oids(server, catalog)
    present = [relation for relation in _relations(catalog) if relation.oid in oids]
    lengths = {oids[relation.oid]: _length(relation) for relation in present}
    heights: dict[int, int] = {}
    metapages: dict[int, Metapage] = {}
    for index, facts in _index_facts(server, catalog, shapes, oids):
        pages, table = lengths[facts.oid] // BLOCK_BYTES, catalog.tables.get(index.table_oid)
        is_read = facts.access_method in {"btree", "gin", "brin"}
        if facts.path is None or pages <= 1 or table is None or not is_read:
            continue
        rows = index.rows if index.rows >= 0 else catalog.rows_now(table)
        shape = shapes.shape(table, facts, rows, table.pages)
        if facts.access_method == "btree":
            heights[facts.oid] = btree_height(shape, _pages_as_built(index, pages))
        else:
            pending = pending_pages(index, facts, catalog.snapshot.server)
            if metapage := metapage_of(shape, pages, pending):
                metapages[facts.oid] = metapage
    return _Extents(oids=oids, lengths=lengths, heights=heights, metapages=metapages)


def _files(server: TwinServer, extents: _Extents) -> dict[int, RelationFile]:
    """The files of the snapshot's relations in a database, their metapages written."""
    data = Path(server.cluster.data_directory)
    files = {
        oid: RelationFile(
            path=data / path,
            length_bytes=extents.lengths[oid],
            btree_height=extents.heights.get(oid),
        )
        for oid, path in server.query(_PATHS, (list(extents.lengths),))
        if path is not None
    }
    return write_metapages(server, files, extents.metapages)


def _unused(server: TwinServer) -> Iterator[RelationFile]:
    """The indexes of TOAST tables, which no plan opens: a page of each would take space."""
    data = Path(server.cluster.data_directory)
    for (path,) in server.query(_TOAST_INDEXES):
        yield RelationFile(path=data / path, length_bytes=0)


def _length(relation: Table | Index) -> int:
    """An index has a metapage at least, and a foreign table no length but what was analysed."""
    length = whole_blocks(relation.size_bytes)
    if isinstance(relation, Index):
        return max(length, BLOCK_BYTES)
    is_foreign = relation.kind is RelationKind.FOREIGN_TABLE
    return relation.pages * BLOCK_BYTES if is_foreign else length


def _index_facts(
    server: TwinServer, catalog: Catalog, shapes: Shapes, oids: dict[int, int]
) -> Iterator[tuple[Index, IndexFacts]]:
    """The snapshot's own indexes as they are here, which also have statistics of expressions."""
    indexes = {oids[i.oid]: i for i in catalog.snapshot.indexes if i.oid in oids}
    for facts in read_index_facts(server, list(indexes)):
        shapes.learn(indexes[facts.oid], facts)
        yield indexes[facts.oid], facts


def _pages_as_built(index: Index, pages: int) -> int:
    """The length that an index just built has at the same height.

    Building leaves room on its inner pages.  As it grows, these fill up before one is split.
    """
    return max(min(index.pages, pages), math.ceil(pages * INNER_FILL_RATIO))

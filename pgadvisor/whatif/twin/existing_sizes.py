"""What existing indexes would take if they were built now: the size model, asked about them."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from pgadvisor.model.catalog import Catalog
from pgadvisor.model.estimate import RebuiltSize
from pgadvisor.model.schema import Index, Table
from pgadvisor.whatif.twin.build import Rebuilt
from pgadvisor.whatif.twin.session import TwinServer
from pgadvisor.whatif.twin.sizes.index_facts import IndexFacts, read_index_facts
from pgadvisor.whatif.twin.sizes.index_size import btree_size
from pgadvisor.whatif.twin.sizes.size_doubts import SizedIndex, size_doubts
from pgadvisor.whatif.twin.storage.btree_pages import BLOCK_BYTES


def rebuilt_sizes(
    server: TwinServer, catalog: Catalog, rebuilt: Rebuilt, oids: Collection[int]
) -> Iterator[RebuiltSize]:
    """Predict the sizes of existing btrees right after REINDEX.

    Args:
        server: The twin's.
        catalog: The snapshot.
        rebuilt: What became of it in the twin.
        oids: Of indexes, in the snapshot; those that are no btrees, have no storage, no known
            number of entries, or are not in the twin are left out.

    Raises:
        TwinError: The server is gone.
    """
    indexes = {rebuilt.oids[oid]: catalog.indexes[oid] for oid in oids if oid in rebuilt.oids}
    for facts in read_index_facts(server, list(indexes)):
        index = indexes[facts.oid]
        rows = _rows(catalog, catalog.tables[index.table_oid], index)
        if facts.access_method == "btree" and facts.path is not None and rows is not None:
            yield _size(catalog, rebuilt, index, facts, rows)


def _size(
    catalog: Catalog, rebuilt: Rebuilt, index: Index, facts: IndexFacts, rows: float
) -> RebuiltSize:
    pages = rebuilt.files[facts.table_oid].pages
    shape = rebuilt.shapes.shape(catalog.tables[index.table_oid], facts, rows, pages)
    sized = SizedIndex(facts=facts, shape=shape, pages=btree_size(shape).pages)
    return RebuiltSize(
        index_oid=index.oid,
        size_bytes=sized.pages * BLOCK_BYTES,
        rows=rows,
        notes=size_doubts((sized,)),
    )


def _rows(catalog: Catalog, table: Table, index: Index) -> float | None:
    """Entries now: those of the last count, and more as the table has grown; None: not known."""
    if index.rows < 0 or table.rows <= 0:
        return None
    return index.rows * catalog.rows_now(table) / table.rows

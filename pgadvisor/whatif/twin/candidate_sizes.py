"""Lengths and heights of hypothetical indexes: predicted, or as they are known."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pgadvisor.errors import TwinError
from pgadvisor.model.catalog import Catalog
from pgadvisor.model.plan import Plan
from pgadvisor.model.schema import Table
from pgadvisor.sqltext.quote import qualified
from pgadvisor.whatif.twin.build import Rebuilt
from pgadvisor.whatif.twin.planner import Planner
from pgadvisor.whatif.twin.session import TwinServer
from pgadvisor.whatif.twin.sizes.index_facts import IndexFacts
from pgadvisor.whatif.twin.sizes.index_size import btree_height, btree_size
from pgadvisor.whatif.twin.sizes.other_index_size import other_index_pages
from pgadvisor.whatif.twin.sizes.size_doubts import SizedIndex, size_doubts
from pgadvisor.whatif.twin.storage.btree_pages import BLOCK_BYTES
from pgadvisor.whatif.twin.storage.files import RelationFile, set_lengths
from pgadvisor.whatif.twin.storage.metapages import metapage_of, write_metapages

_COUNTS = """
update pg_class c set relpages = new.pages, reltuples = new.rows
from unnest(%s::oid[], %s::int[], %s::float4[]) as new(oid, pages, rows)
where c.oid = new.oid
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenSize:
    """What the planner takes an index for, its parts included."""

    size_bytes: int
    doubts: tuple[str, ...] = ()
    """What is not known of it, as clauses."""


class CandidateSizes:
    """Gives hypothetical indexes their sizes.

    Args:
        server: The twin's server.
        catalog: The snapshot.
        rebuilt: What became of it in the twin.
        planner: Estimates how many rows a partial index has.
    """

    def __init__(
        self, server: TwinServer, catalog: Catalog, rebuilt: Rebuilt, planner: Planner
    ) -> None:
        self._server = server
        self._catalog = catalog
        self._rebuilt = rebuilt
        self._planner = planner
        self._originals = {twin: oid for oid, twin in rebuilt.oids.items()}
        self._rows: dict[tuple[int, str], float] = {}

    def give(
        self, families: Iterable[Sequence[IndexFacts]], sizes_bytes: Mapping[int, int]
    ) -> dict[int, GivenSize]:
        """Give indexes their lengths and heights.

        Args:
            families: Indexes, each with its parts on the partitions; the planner must not see
                them yet.
            sizes_bytes: How large the first of some families is, parts added up, by its OID.

        Returns:
            The size of each family, by the OID of its first index.

        Raises:
            TwinError: The server is gone, or the file system refuses.
        """
        found: dict[int, GivenSize] = {}
        sized: list[SizedIndex] = []
        for family in families:
            parts = [self._predicted(facts) for facts in family if facts.path is not None]
            size_bytes = sizes_bytes.get(family[0].oid)
            doubts = size_doubts(parts) if size_bytes is None else ()
            if size_bytes is not None:
                parts = _shared(parts, size_bytes)
            pages = sum(part.pages for part in parts)
            found[family[0].oid] = GivenSize(size_bytes=pages * BLOCK_BYTES, doubts=doubts)
            sized += parts
        self._write(sized)
        return found

    def _write(self, sized: Sequence[SizedIndex]) -> None:
        files = write_metapages(
            self._server,
            {one.facts.oid: self._file(one) for one in sized},
            {
                one.facts.oid: metapage
                for one in sized
                if (metapage := metapage_of(one.shape, one.pages)) is not None
            },
        )
        set_lengths(files.values(), self._server.cluster.owner)
        pages = {one.facts.oid: one.pages for one in sized}
        # Hidden ones belong to a table of the superuser's, who therefore sets their counts.
        rows = [one.shape.rows for one in sized]
        self._server.command(_COUNTS, (list(pages), list(pages.values()), rows))

    def _predicted(self, facts: IndexFacts) -> SizedIndex:
        table = self._catalog.tables[self._originals[facts.table_oid]]
        rows = self._rows_of(table, facts.predicate)
        table_pages = self._rebuilt.files[facts.table_oid].pages
        shape = self._rebuilt.shapes.shape(table, facts, rows, table_pages)
        is_btree = facts.access_method == "btree"
        pages = btree_size(shape).pages if is_btree else other_index_pages(shape)
        return SizedIndex(facts=facts, shape=shape, pages=pages)

    def _file(self, sized: SizedIndex) -> RelationFile:
        is_btree = sized.facts.access_method == "btree"
        return RelationFile(
            path=self._server.cluster.data_directory / Path(sized.facts.path or ""),
            length_bytes=sized.pages * BLOCK_BYTES,
            btree_height=btree_height(sized.shape, sized.pages) if is_btree else None,
        )

    def _rows_of(self, table: Table, predicate: str | None) -> float:
        """Rows that get an entry, by the planner's own estimate."""
        key = (table.oid, predicate or "")
        if key not in self._rows:
            name = qualified(table.schema, table.name)
            where = f" where {predicate}" if predicate else ""
            outcome = self._planner.plan(f"select from only {name}{where}")
            if not isinstance(outcome, Plan):
                raise TwinError("estimating the rows of a partial index", outcome.reason)
            # Parallel workers share the rows, and a Gather adds them up again.
            self._rows[key] = outcome.root.rows
        return self._rows[key]


def _shared(predicted: Sequence[SizedIndex], size_bytes: int) -> list[SizedIndex]:
    """A size that is known for all parts together, shared out as the prediction has it."""
    total = sum(one.pages for one in predicted)
    left = size_bytes // BLOCK_BYTES
    shares = []
    for one in predicted:
        pages = max(round(left * one.pages / total), 1) if total else 1
        total, left = total - one.pages, max(left - pages, 0)
        shares.append(SizedIndex(facts=one.facts, shape=one.shape, pages=pages))
    return shares

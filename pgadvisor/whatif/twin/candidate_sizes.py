"""Lengths and heights of hypothetical indexes: predicted, or as they are known."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from pgadvisor.errors import TwinError
from pgadvisor.model.action import IndexDefinition
from pgadvisor.model.catalog import Catalog
from pgadvisor.model.schema import Table
from pgadvisor.sqltext.quote import qualified
from pgadvisor.whatif.backend import NotPlanned
from pgadvisor.whatif.twin.build import Rebuilt
from pgadvisor.whatif.twin.planner import Planner
from pgadvisor.whatif.twin.session import TwinServer
from pgadvisor.whatif.twin.shared_sizes import FamilySize, PartSize, SharedSizes
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
class Family:
    """A hypothetical index, with its parts on the partitions of its table."""

    members: Sequence[IndexFacts]
    """The topmost first."""
    definition: IndexDefinition | None
    """None: it was made by a statement, in this lane alone."""
    size_bytes: int | None
    """How large it is known to be, parts added up; None: that is predicted."""


class CandidateSizes:
    """Gives hypothetical indexes their sizes.

    Args:
        server: The twin's server.
        catalog: The snapshot.
        rebuilt: What became of it in the twin.
        planner: Estimates how many rows a partial index has.
        shared: What other lanes have found out, and are to be told.
    """

    def __init__(
        self,
        server: TwinServer,
        catalog: Catalog,
        rebuilt: Rebuilt,
        planner: Planner,
        shared: SharedSizes,
    ) -> None:
        self._server = server
        self._catalog = catalog
        self._rebuilt = rebuilt
        self._planner = planner
        self._shared = shared
        self._originals = {twin: oid for oid, twin in rebuilt.oids.items()}
        self._rows: dict[str, float] = {}
        """By the query for them."""

    def give(self, families: Sequence[Family]) -> tuple[FamilySize, ...]:
        """Give indexes their lengths and heights.

        Args:
            families: The indexes; the planner must not see them yet.

        Returns:
            The size of each, in their order.

        Raises:
            TwinError: The server is gone, or the file system refuses.
        """
        by_definition = {one.definition: one for one in families if one.definition is not None}
        known = dict(
            zip(
                by_definition,
                self._shared.of(
                    tuple(by_definition), lambda new: self._sized([by_definition[d] for d in new])
                ),
                strict=True,
            )
        )
        others = iter(self._sized([one for one in families if one.definition is None]))
        found = tuple(
            next(others) if one.definition is None else known[one.definition] for one in families
        )
        self._write(
            [
                (facts, size.parts[self._originals[facts.table_oid]])
                for family, size in zip(families, found, strict=True)
                for facts in family.members
                if facts.path is not None
            ]
        )
        return found

    def _sized(self, families: Sequence[Family]) -> tuple[FamilySize, ...]:
        """Work sizes out, table by table, since indexes of a table have much in common."""
        self._ask_for_rows(facts for family in families for facts in family.members)
        order = sorted(range(len(families)), key=lambda n: families[n].members[0].table_oid)
        sizes = {number: self._family_size(families[number]) for number in order}
        return tuple(sizes[number] for number in range(len(families)))

    def _family_size(self, family: Family) -> FamilySize:
        parts = [self._predicted(facts) for facts in family.members if facts.path is not None]
        doubts = size_doubts(parts) if family.size_bytes is None else ()
        if family.size_bytes is not None:
            parts = _shared(parts, family.size_bytes)
        sizes = {self._originals[one.facts.table_oid]: _part_size(one) for one in parts}
        return FamilySize(parts=sizes, doubts=doubts)

    def _write(self, sized: Sequence[tuple[IndexFacts, PartSize]]) -> None:
        data = self._server.cluster.data_directory
        files = {
            facts.oid: RelationFile(
                path=data / (facts.path or ""),
                length_bytes=size.pages * BLOCK_BYTES,
                btree_height=size.height,
            )
            for facts, size in sized
        }
        metapages = {facts.oid: size.metapage for facts, size in sized if size.metapage}
        moved = write_metapages(self._server, files, metapages)
        set_lengths(moved.values(), self._server.cluster.owner)
        # Hidden ones belong to a table of the superuser's, who therefore sets their counts.
        counts = [(facts.oid, size.pages, size.rows) for facts, size in sized]
        self._server.command(_COUNTS, tuple([row[n] for row in counts] for n in range(3)))

    def _predicted(self, facts: IndexFacts) -> SizedIndex:
        table = self._catalog.tables[self._originals[facts.table_oid]]
        rows = self._rows[_query(table, facts)]
        table_pages = self._rebuilt.files[facts.table_oid].pages
        shape = self._rebuilt.shapes.shape(table, facts, rows, table_pages)
        is_btree = facts.access_method == "btree"
        pages = btree_size(shape).pages if is_btree else other_index_pages(shape)
        return SizedIndex(facts=facts, shape=shape, pages=pages)

    def _ask_for_rows(self, indexes: Iterable[IndexFacts]) -> None:
        """Ask the planner how many rows get an entry, once for all indexes that have the same."""
        queries = dict.fromkeys(self._queries(indexes))
        new = [query for query in queries if query not in self._rows]
        for query, rows in zip(new, self._planner.rows(new), strict=True):
            if isinstance(rows, NotPlanned):
                raise TwinError("estimating the rows of a partial index", rows.reason)
            self._rows[query] = rows

    def _queries(self, indexes: Iterable[IndexFacts]) -> Iterator[str]:
        for facts in indexes:
            if facts.path is not None:
                yield _query(self._catalog.tables[self._originals[facts.table_oid]], facts)


def _query(table: Table, facts: IndexFacts) -> str:
    """A query for the rows that get an entry."""
    where = f" where {facts.predicate}" if facts.predicate else ""
    return f"select from only {qualified(table.schema, table.name)}{where}"


def _part_size(sized: SizedIndex) -> PartSize:
    is_btree = sized.facts.access_method == "btree"
    return PartSize(
        pages=sized.pages,
        rows=sized.shape.rows,
        height=btree_height(sized.shape, sized.pages) if is_btree else None,
        metapage=metapage_of(sized.shape, sized.pages),
    )


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

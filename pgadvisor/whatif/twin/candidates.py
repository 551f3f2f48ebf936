"""Hypothetical indexes: real ones, built where there are no rows.

While an index is built, its table has, by ``pg_class.relfilenode``, the file of an empty table,
so CREATE INDEX of any kind takes a fraction of a millisecond.  Then the index gets the length
and the height that the size model predicts.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pgadvisor.errors import TwinError
from pgadvisor.model.action import IndexDefinition
from pgadvisor.model.catalog import Catalog
from pgadvisor.model.plan import Plan
from pgadvisor.model.schema import Table
from pgadvisor.sqltext.index import create_index_sql, index_name
from pgadvisor.sqltext.quote import cut_identifier, qualified, quote_identifier
from pgadvisor.whatif.twin.btree_pages import BLOCK_BYTES
from pgadvisor.whatif.twin.build import Rebuilt
from pgadvisor.whatif.twin.files import RelationFile, set_lengths
from pgadvisor.whatif.twin.index_facts import IndexFacts, read_index_facts
from pgadvisor.whatif.twin.index_size import btree_size
from pgadvisor.whatif.twin.other_index_size import other_index_pages
from pgadvisor.whatif.twin.planner import Planner
from pgadvisor.whatif.twin.session import TwinServer
from pgadvisor.whatif.twin.statistics import counts_of, restore_relations
from pgadvisor.whatif.twin.switch import Switchboard

_NEW = """
select c.oid::bigint, n.nspname, c.relname, c.relispartition
from pg_class c join pg_namespace n on n.oid = c.relnamespace
where c.relkind in ('i', 'I') and c.relowner = 'twin'::regrole
    and not exists (select from pgadvisor_twin.home h where h.index_oid = c.oid)
"""
_NAME_OF = """
select n.nspname, c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace
where c.oid = %s
"""
_FAMILY = """
with recursive family(root, oid) as (
    select oid, oid from unnest(%s::oid[]) as oid
    union all
    select f.root, i.inhrelid from family f join pg_inherits i on i.inhparent = f.oid
)
select root::bigint, array_agg(oid::bigint) from family group by root
"""
_EMPTY_FILES = """
update pg_class set relfilenode = (
    select relfilenode from pg_class where oid = 'pgadvisor_twin.lot'::regclass)
where oid = any(%s)
"""
_COUNTS = """
update pg_class c set relpages = new.pages, reltuples = new.rows
from unnest(%s::oid[], %s::int[], %s::float4[]) as new(oid, pages, rows)
where c.oid = new.oid
"""
_OWN_FILES = """
update pg_class c set relfilenode = own.node
from unnest(%s::oid[], %s::oid[]) as own(oid, node)
where c.oid = own.oid
"""
_CONCURRENTLY = re.compile(r"^(\s*create\s+(?:unique\s+)?index)\s+concurrently\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Hypothetical:
    """A hypothetical index in the twin."""

    name: str
    oids: tuple[int, ...]
    """Its own, and those of its parts on a partitioned table."""
    part_names: tuple[str, ...]
    size_bytes: int


class CandidateBuilder:
    """Makes hypothetical indexes, which are hidden until a plan shows them.

    Args:
        server: The twin's server.
        catalog: The snapshot.
        rebuilt: What became of it in the twin.
        switchboard: What hides them.
        planner: Estimates how many rows a partial index has.
    """

    def __init__(
        self,
        server: TwinServer,
        catalog: Catalog,
        rebuilt: Rebuilt,
        switchboard: Switchboard,
        planner: Planner,
    ) -> None:
        self._server = server
        self._catalog = catalog
        self._rebuilt = rebuilt
        self._switchboard = switchboard
        self._planner = planner
        self._originals = {twin: oid for oid, twin in rebuilt.oids.items()}
        self._names = {index.name for index in catalog.snapshot.indexes}
        self._rows: dict[tuple[int, str], float] = {}

    def build(
        self, definitions: Sequence[IndexDefinition]
    ) -> Mapping[IndexDefinition, Hypothetical | str]:
        """Build indexes by their definitions; a text says why one cannot be.

        Raises:
            TwinError: The server is gone, or the file system refuses.
        """
        made: dict[IndexDefinition, Hypothetical | str] = {}
        known = []
        for definition in definitions:
            if definition.table_oid in self._rebuilt.oids:
                known.append(definition)
            else:
                made[definition] = f"{definition.schema}.{definition.table} is not in the twin"
        names = {definition: self._free_name(definition) for definition in known}
        texts = [create_index_sql(definition, names[definition]) for definition in known]
        failures = self._create(texts, {definition.table_oid for definition in known})
        found = {(schema, name): one for schema, name, one in self._adopt()}
        for number, definition in enumerate(known):
            refusal = failures.get(number)
            made[definition] = refusal or found[definition.schema, names[definition]]
        return made

    def build_sql(self, text: str, table: Table) -> Hypothetical | str:
        """Build an index by a CREATE INDEX of the user's; a text says why it cannot be.

        Raises:
            TwinError: The server is gone, or the file system refuses.
        """
        if table.oid not in self._rebuilt.oids:
            return f"{table.qualified_name} is not in the twin"
        # There is nobody whose writes it could block, and no way to do it in a transaction.
        failures = self._create([_CONCURRENTLY.sub(r"\1", text)], {table.oid})
        found = [one for _, _, one in self._adopt()]
        if failures:
            return failures[0]
        return found[0] if found else "an index of that name exists already"

    def give_up_name(self, made: Hypothetical) -> None:
        """Rename an index, so that another one can have its name.

        Raises:
            TwinError: The server is gone.
        """
        root = made.oids[0]
        [(schema, name)] = self._server.query(_NAME_OF, (root,))
        other = quote_identifier(f"pgadvisor_former_{root}")
        self._server.command(f"alter index {qualified(schema, name)} rename to {other}")

    def _free_name(self, definition: IndexDefinition) -> str:
        """Its usual name, unless an index of the original is called so."""
        name = index_name(definition)
        while name in self._names:
            name = f"{cut_identifier(name, 60)}_t"
        self._names.add(name)
        return name

    def _create(self, texts: Sequence[str], table_oids: Collection[int]) -> dict[int, str]:
        """Run CREATE INDEX statements while their tables have empty files."""
        tables = [
            leaf
            for oid in sorted(table_oids)
            for leaf in self._catalog.leaves(self._catalog.tables[oid])
            if leaf.oid in self._rebuilt.oids
        ]
        with self._without_rows([self._rebuilt.oids[table.oid] for table in tables]):
            failures = self._server.run(texts)
        restore_relations(self._server, map(counts_of, tables))
        return failures

    @contextmanager
    def _without_rows(self, table_oids: Sequence[int]) -> Iterator[None]:
        nodes = self._server.query(
            "select oid::bigint, relfilenode::bigint from pg_class where oid = any(%s)",
            (list(table_oids),),
        )
        self._server.command(_EMPTY_FILES, (list(table_oids),))
        try:
            yield
        finally:
            self._server.command(
                _OWN_FILES, ([oid for oid, _ in nodes], [node for _, node in nodes])
            )

    def _adopt(self) -> Iterator[tuple[str, str, Hypothetical]]:
        """Size all indexes that are new, and hide them; yields the topmost with their names."""
        new = self._server.query(_NEW)
        oids = [row[0] for row in new]
        if not oids:
            return
        facts = {one.oid: one for one in read_index_facts(self._server, oids)}
        # Hidden first: sizing them asks the planner, who must not look at them yet.
        self._switchboard.register(oids)
        self._switchboard.hide(oids)
        pages = self._set_sizes(facts.values())
        roots = [row[0] for row in new if not row[3]]
        for root, family in self._server.query(_FAMILY, (roots,)):
            parts = [oid for oid in family if oid != root]
            yield (
                facts[root].schema,
                facts[root].name,
                Hypothetical(
                    name=facts[root].name,
                    oids=(root, *parts),
                    part_names=tuple(facts[oid].name for oid in parts),
                    size_bytes=sum(pages.get(oid, 0) for oid in family) * BLOCK_BYTES,
                ),
            )

    def _set_sizes(self, indexes: Iterable[IndexFacts]) -> dict[int, int]:
        """Predict and give lengths and heights; returns pages by OID."""
        sized: dict[int, tuple[RelationFile, float]] = {}
        for facts in indexes:
            if facts.path is not None:
                table = self._catalog.tables[self._originals[facts.table_oid]]
                rows = self._rows_of(table, facts.predicate)
                sized[facts.oid] = self._file(facts, table, rows), rows
        set_lengths((file for file, _ in sized.values()), self._server.cluster.owner)
        pages = {oid: file.pages for oid, (file, _) in sized.items()}
        # Hidden ones belong to a table of the superuser's, who therefore sets their counts.
        rows_of_each = [rows for _, rows in sized.values()]
        self._server.command(_COUNTS, (list(pages), list(pages.values()), rows_of_each))
        return pages

    def _file(self, facts: IndexFacts, table: Table, rows: float) -> RelationFile:
        table_pages = self._rebuilt.files[facts.table_oid].pages
        shape = self._rebuilt.shapes.shape(table, facts, rows, table_pages)
        height = None
        if facts.access_method == "btree":
            size = btree_size(shape)
            pages, height = size.pages, size.height
        else:
            pages = other_index_pages(shape)
        path = self._server.cluster.data_directory / Path(facts.path or "")
        return RelationFile(path=path, length_bytes=pages * BLOCK_BYTES, btree_height=height)

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

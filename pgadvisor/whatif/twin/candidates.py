"""Hypothetical indexes: real ones, built where there are no rows.

While an index is built, its table has, by ``pg_class.relfilenode``, the file of an empty table,
so CREATE INDEX of any kind takes a fraction of a millisecond.  Then the index gets the length
and the height that the size model predicts.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from pgadvisor.model.action import IndexDefinition
from pgadvisor.model.catalog import Catalog
from pgadvisor.model.schema import Table
from pgadvisor.sqltext.index import create_index_sql, index_name
from pgadvisor.sqltext.quote import cut_identifier, qualified, quote_identifier
from pgadvisor.whatif.twin.build import Rebuilt
from pgadvisor.whatif.twin.candidate_sizes import CandidateSizes, Family
from pgadvisor.whatif.twin.planner import Planner
from pgadvisor.whatif.twin.session import TwinServer
from pgadvisor.whatif.twin.shared_sizes import SharedSizes
from pgadvisor.whatif.twin.sizes.index_facts import read_index_facts
from pgadvisor.whatif.twin.statistics.derived_statistics import StatisticsDeriver
from pgadvisor.whatif.twin.statistics.restore import counts_of, restore_relations
from pgadvisor.whatif.twin.storage.btree_pages import BLOCK_BYTES
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
update pg_class c set relfilenode = lot.relfilenode, reltablespace = lot.reltablespace
from pg_class lot
where lot.oid = 'pgadvisor_twin.lot'::regclass and c.oid = any(%s)
"""
_OWN_FILES = """
update pg_class c set relfilenode = own.node, reltablespace = own.tablespace
from unnest(%s::oid[], %s::oid[], %s::oid[]) as own(oid, node, tablespace)
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
    notes: tuple[str, ...] = ()
    """What the planner does not know of it, as clauses."""
    size_notes: tuple[str, ...] = ()
    """What is not known of its size, as clauses."""


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What a new index was made for."""

    definition: IndexDefinition | None
    """None: by a statement."""
    size_bytes: int | None
    """None: that is predicted."""


_PREDICTED = _Wanted(None, None)
_AT_ONCE = 10_000
"""Indexes: one command with many times that would be taken for one that never ends."""


class CandidateBuilder:
    """Makes hypothetical indexes, which are hidden until a plan shows them.

    Args:
        server: The twin's server.
        catalog: The snapshot.
        rebuilt: What became of it in the twin.
        switchboard: What hides them.
        planner: Estimates how many rows a partial index has.
        shared: Sizes that other lanes have found out, and are to be told.
    """

    def __init__(
        self,
        server: TwinServer,
        catalog: Catalog,
        rebuilt: Rebuilt,
        switchboard: Switchboard,
        planner: Planner,
        shared: SharedSizes,
    ) -> None:
        self._server = server
        self._catalog = catalog
        self._rebuilt = rebuilt
        self._switchboard = switchboard
        self._names = {index.name for index in catalog.snapshot.indexes}
        self._sizes = CandidateSizes(server, catalog, rebuilt, planner, shared)
        originals = {twin: oid for oid, twin in rebuilt.oids.items()}
        self._deriver = StatisticsDeriver(server, catalog, rebuilt.shapes.expressions, originals)

    def build(
        self,
        definitions: Sequence[IndexDefinition],
        sizes_bytes: Mapping[IndexDefinition, int] | None = None,
    ) -> Mapping[IndexDefinition, Hypothetical | str]:
        """Build indexes by their definitions; a text says why one cannot be.

        Args:
            definitions: The indexes.
            sizes_bytes: How large some of them are, where that is known, parts added up; the
                others' sizes are predicted.

        Raises:
            TwinError: The server is gone, or the file system refuses.
        """
        made: dict[IndexDefinition, Hypothetical | str] = {}
        for first in range(0, len(definitions), _AT_ONCE):
            made |= self._build(definitions[first : first + _AT_ONCE], sizes_bytes or {})
        return made

    def _build(
        self, definitions: Sequence[IndexDefinition], sizes_bytes: Mapping[IndexDefinition, int]
    ) -> dict[IndexDefinition, Hypothetical | str]:
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
        wanted = {(one.schema, names[one]): _Wanted(one, sizes_bytes.get(one)) for one in known}
        adopted = self._adopt(lambda schema, name: wanted.get((schema, name), _PREDICTED))
        found = {(schema, name): one for schema, name, one in adopted}
        for number, definition in enumerate(known):
            refusal = failures.get(number)
            made[definition] = refusal or found[definition.schema, names[definition]]
        return made

    def build_sql(
        self, text: str, table: Table, size_bytes: int | None = None
    ) -> Hypothetical | str:
        """Build an index by a CREATE INDEX of the user's; a text says why it cannot be.

        Args:
            text: The statement.
            table: What it is on.
            size_bytes: How large it is, parts added up; None: that is predicted.

        Raises:
            TwinError: The server is gone, or the file system refuses.
        """
        if table.oid not in self._rebuilt.oids:
            return f"{table.qualified_name} is not in the twin"
        wanted = _Wanted(None, size_bytes)
        # There is nobody whose writes it could block, and no way to do it in a transaction.
        failures = self._create([_CONCURRENTLY.sub(r"\1", text)], {table.oid})
        found = [one for _, _, one in self._adopt(lambda _schema, _name: wanted)]
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
            "select oid::bigint, relfilenode::bigint, reltablespace::bigint from pg_class "
            "where oid = any(%s) and relkind = 'r'",
            (list(table_oids),),
        )
        self._server.command(_EMPTY_FILES, ([oid for oid, _, _ in nodes],))
        try:
            yield
        finally:
            own = tuple([row[column] for row in nodes] for column in range(3))
            self._server.command(_OWN_FILES, own)

    def _adopt(
        self, wanted: Callable[[str, str], _Wanted]
    ) -> Iterator[tuple[str, str, Hypothetical]]:
        """Size all indexes that are new, and hide them; yields the topmost with their names.

        Args:
            wanted: What the one of that schema and name is.
        """
        new = self._server.query(_NEW)
        oids = [row[0] for row in new]
        if not oids:
            return
        facts = {one.oid: one for one in read_index_facts(self._server, oids)}
        self._names.update(one.name for one in facts.values())
        roots = [row[0] for row in new if not row[3]]
        families = {
            root: [root, *(oid for oid in family if oid != root)]
            for root, family in self._server.query(_FAMILY, (roots,))
        }
        notes = self._deriver.give(oids)
        # Hidden before they are sized, for which the planner is asked, who must not see them yet.
        self._switchboard.register(oids)
        self._switchboard.hide(oids)
        asked = [wanted(facts[root].schema, facts[root].name) for root in families]
        sizes = self._sizes.give(
            [
                Family(
                    members=[facts[oid] for oid in family],
                    definition=one.definition,
                    size_bytes=one.size_bytes,
                )
                for family, one in zip(families.values(), asked, strict=True)
            ]
        )
        for (root, family), size in zip(families.items(), sizes, strict=True):
            unknown = [note for oid in family for note in notes.get(oid, ())]
            yield (
                facts[root].schema,
                facts[root].name,
                Hypothetical(
                    name=facts[root].name,
                    oids=tuple(family),
                    part_names=tuple(facts[oid].name for oid in family[1:]),
                    size_bytes=size.pages * BLOCK_BYTES,
                    notes=tuple(dict.fromkeys(unknown)),
                    size_notes=size.doubts,
                ),
            )

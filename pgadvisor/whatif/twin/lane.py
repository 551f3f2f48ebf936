"""One database of a twin: where indexes are made up and statements are planned, one at a time.

A twin has several where it is to plan several statements at once, since backends that switch
indexes in the same database wait for each other's catalog rows.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from pgadvisor.errors import RefusedError
from pgadvisor.model.action import IndexDefinition
from pgadvisor.model.catalog import Catalog
from pgadvisor.model.plan import Plan
from pgadvisor.model.schema import Table
from pgadvisor.parse.index_statement import indexed_table
from pgadvisor.parse.statement import StatementError
from pgadvisor.whatif.backend import NotPlanned
from pgadvisor.whatif.twin.build import Rebuilt
from pgadvisor.whatif.twin.candidates import CandidateBuilder, Hypothetical
from pgadvisor.whatif.twin.planner import Difference, Planner
from pgadvisor.whatif.twin.session import TwinServer
from pgadvisor.whatif.twin.shared_sizes import SharedSizes
from pgadvisor.whatif.twin.switch import Switchboard

_CREATING = "creating a hypothetical index on the twin"


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A statement, and how the database is to differ while it is planned."""

    statement: str
    create: tuple[str | IndexDefinition, ...] = ()
    """Built before: CREATE INDEX statements, or definitions."""
    drop: tuple[int, ...] = ()
    """OIDs, in the snapshot, of indexes."""
    settings: tuple[tuple[str, str], ...] = ()


class Lane:
    """A database that holds the snapshot, with two connections of its own.

    Args:
        server: The database.
        catalog: The snapshot.
        rebuilt: What became of it there.
        sizes: Of hypothetical indexes, for all lanes of a twin.
    """

    def __init__(
        self, server: TwinServer, catalog: Catalog, rebuilt: Rebuilt, sizes: SharedSizes
    ) -> None:
        self.server = server
        self.rebuilt = rebuilt
        self._catalog = catalog
        self._originals = {twin: oid for oid, twin in rebuilt.oids.items()}
        switchboard = Switchboard(server)
        self.planner = Planner(server, switchboard)
        self._builder = CandidateBuilder(server, catalog, rebuilt, switchboard, self.planner, sizes)
        self._hypothetical: dict[IndexDefinition | str, Hypothetical | str] = {}

    def build(
        self,
        definitions: Sequence[IndexDefinition],
        sizes_bytes: Mapping[IndexDefinition, int] | None = None,
    ) -> tuple[tuple[IndexDefinition, Hypothetical | str], ...]:
        """Make hypothetical indexes; a text says why one cannot be.

        Args:
            definitions: The indexes.
            sizes_bytes: How large some of them are known to be; the others are predicted.

        Raises:
            TwinError: The server is gone.
        """
        new = [d for d in dict.fromkeys(definitions) if d not in self._hypothetical]
        if new:
            for definition, made in self._builder.build(new, sizes_bytes).items():
                self._hypothetical[definition] = made
        return tuple((definition, self._hypothetical[definition]) for definition in definitions)

    def create(self, wanted: str | IndexDefinition, size_bytes: int | None = None) -> Hypothetical:
        """Make one hypothetical index, unless it has been made before.

        Args:
            wanted: A CREATE INDEX statement, or a definition.
            size_bytes: How large it is known to be; None: that is predicted.

        Raises:
            RefusedError: It cannot be.
            TwinError: The server is gone.
        """
        if isinstance(wanted, IndexDefinition):
            self.build((wanted,), {} if size_bytes is None else {wanted: size_bytes})
        elif wanted not in self._hypothetical:
            self._hypothetical[wanted] = self._built_by_sql(wanted, size_bytes)
        return self.made(wanted)

    def plan(self, question: Question) -> Plan | NotPlanned:
        """Plan one statement.

        Raises:
            RefusedError: The question has an index that was not built.
            TwinError: The server is gone.
        """
        return self.planner.plan(question.statement, self._difference(question))

    def plans(self, questions: Sequence[Question]) -> tuple[Plan | NotPlanned, ...]:
        """Plan many statements, in few round trips; one outcome for each, in order.

        Raises:
            RefusedError: A question has an index that was not built.
            TwinError: The server is gone.
        """
        return self.planner.plan_all([(one.statement, self._difference(one)) for one in questions])

    def _difference(self, question: Question) -> Difference:
        """What a question comes to in this database."""
        return Difference(
            shown=tuple(oid for wanted in question.create for oid in self.made(wanted).oids),
            hidden=tuple(oid for dropped in question.drop for oid in self._family(dropped)),
            settings=question.settings,
        )

    def touched(self, question: Question) -> frozenset[int] | None:
        """OIDs, in the snapshot, of what a statement's planning locks; None: it is not known."""
        locked = self.planner.touched(question.statement, question.settings)
        if locked is None:
            return None
        return frozenset(oid for oid in map(self._originals.get, locked) if oid is not None)

    def close(self) -> None:
        """Close its connections."""
        self.server.disconnect()

    def made(self, wanted: str | IndexDefinition) -> Hypothetical:
        """What has been built.

        Raises:
            RefusedError: It has not.
        """
        made = self._hypothetical.get(wanted, "it has not been built")
        if isinstance(made, str):
            raise RefusedError(_CREATING, made, "Correct the definition, or leave it out.")
        return made

    def _built_by_sql(self, create_index: str, size_bytes: int | None) -> Hypothetical | str:
        """Build an index by a statement, which may use a name that an earlier one has used."""
        table = self._table_of(create_index)
        made = self._builder.build_sql(create_index, table, size_bytes)
        for text, former in list(self._hypothetical.items()):
            if (
                isinstance(made, str)
                and isinstance(former, Hypothetical)
                and isinstance(text, str)
                and f'"{former.name}" already exists' in made
            ):
                self._builder.give_up_name(former)
                del self._hypothetical[text]
                made = self._builder.build_sql(create_index, table, size_bytes)
        return made

    def _table_of(self, create_index: str) -> Table:
        try:
            schema, name = indexed_table(create_index)
        except StatementError as error:
            raise RefusedError(
                _CREATING, error.reason, "Give one CREATE INDEX statement."
            ) from error
        table = self._catalog.find_table(schema, name)
        if table is None:
            raise RefusedError(
                _CREATING,
                f"the snapshot has no table called {name}",
                "Name its schema, if that is not in the search path.",
            )
        return table

    def _family(self, index_oid: int) -> Iterable[int]:
        """The twin's OIDs of an index and, on a partitioned table, of its parts.

        One that is not in the twin, being invalid, is in no plan, and dropping it changes none.
        """
        family = [index_oid]
        for oid in family:
            family += [i.oid for i in self._catalog.snapshot.indexes if i.parent_oid == oid]
        return [self.rebuilt.oids[oid] for oid in family if oid in self.rebuilt.oids]

"""The planner twin, as its users see it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from pgadvisor.cluster.binaries import Binaries, embedded_binaries
from pgadvisor.errors import RefusedError, TwinError
from pgadvisor.model.action import IndexDefinition
from pgadvisor.model.catalog import Catalog
from pgadvisor.model.estimate import Fidelity
from pgadvisor.model.plan import Plan
from pgadvisor.model.schema import Table
from pgadvisor.model.snapshot import Snapshot
from pgadvisor.parse.index_statement import indexed_table
from pgadvisor.parse.statement import StatementError
from pgadvisor.whatif.backend import AS_IS, Built, Configuration, NotBuilt, NotPlanned
from pgadvisor.whatif.twin.build import Rebuilt, build, locale_for
from pgadvisor.whatif.twin.candidates import CandidateBuilder, Hypothetical
from pgadvisor.whatif.twin.fidelity import measure_fidelity
from pgadvisor.whatif.twin.planner import Difference, Planner
from pgadvisor.whatif.twin.session import TwinServer
from pgadvisor.whatif.twin.switch import Switchboard

_CREATING = "creating a hypothetical index on the twin"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Running:
    """What there is between entering and leaving."""

    server: TwinServer
    rebuilt: Rebuilt
    planner: Planner
    builder: CandidateBuilder


class Twin:
    """A PostgreSQL that holds a snapshot's schema and statistics, and not one of its rows.

    It plans like the original.  Nothing is started before ``with``; at its end the server and
    all of its files are gone::

        with Twin(snapshot) as twin:
            plan = twin.explain("select ...", create=("create index on orders (customer_id)",))

    Args:
        snapshot: The database.
        binaries: PostgreSQL 18 or later to plan with; None: the embedded one.
    """

    def __init__(self, snapshot: Snapshot, *, binaries: Binaries | None = None) -> None:
        self._snapshot = snapshot
        self._catalog = Catalog(snapshot)
        self._binaries = binaries
        self._running: _Running | None = None
        self._hypothetical: dict[IndexDefinition | str, Hypothetical | str] = {}

    def __enter__(self) -> Self:
        """Start the server and rebuild the snapshot in it.

        Raises:
            ClusterError: The server cannot be started.
            TwinError: The snapshot cannot be rebuilt.
        """
        server = TwinServer(
            self._binaries or embedded_binaries(), locale_for(self._snapshot.server)
        )
        try:
            self._running = self._rebuild(server)
        except BaseException:
            server.close()
            raise
        return self

    def _rebuild(self, server: TwinServer) -> _Running:
        rebuilt = build(server, self._catalog)
        switchboard = Switchboard(server)
        planner = Planner(server, switchboard)
        builder = CandidateBuilder(server, self._catalog, rebuilt, switchboard, planner)
        return _Running(server=server, rebuilt=rebuilt, planner=planner, builder=builder)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Stop the server and remove its files."""
        if self._running is not None:
            running, self._running = self._running, None
            self._hypothetical.clear()
            running.server.close()

    @property
    def notes(self) -> tuple[str, ...]:
        """What of the snapshot is missing or different here, as clauses."""
        return self._run("reading the twin's notes").rebuilt.notes

    @property
    def version(self) -> str:
        """Of PostgreSQL that plans here: ``18.6``."""
        return self._run("reading the twin's version").server.cluster.binaries.version

    @property
    def call_count(self) -> int:
        """EXPLAINs issued since it was entered; 0 while it does not run."""
        return self._running.planner.call_count if self._running else 0

    def build(self, definitions: Sequence[IndexDefinition]) -> tuple[Built | NotBuilt, ...]:
        """Make hypothetical indexes; see :class:`~pgadvisor.whatif.backend.Backend`."""
        builder = self._run("building hypothetical indexes").builder
        new = [d for d in dict.fromkeys(definitions) if d not in self._hypothetical]
        if new:
            for definition, made in builder.build(new).items():
                self._hypothetical[definition] = made
        return tuple(self._outcome(definition) for definition in definitions)

    def plan(self, statement: str, configuration: Configuration = AS_IS) -> Plan | NotPlanned:
        """Plan one statement; see :class:`~pgadvisor.whatif.backend.Backend`.

        Raises:
            TwinError: The server is gone, or the configuration has an index that was not built.
        """
        running = self._run("planning")
        shown = [oid for wanted in configuration.create for oid in self._oids_of(wanted)]
        hidden = [oid for dropped in configuration.drop for oid in self._family(dropped)]
        difference = Difference(
            shown=tuple(shown), hidden=tuple(hidden), settings=configuration.settings
        )
        return running.planner.plan(statement, difference)

    def explain(
        self,
        statement: str,
        *,
        create: Iterable[str | IndexDefinition] = (),
        drop: Iterable[str | int] = (),
        settings: Mapping[str, str] | None = None,
    ) -> Plan:
        """Plan one statement as if the database were different.

        Args:
            statement: One SELECT, INSERT, UPDATE, DELETE or MERGE, ``$n`` for unknown values.
            create: Indexes to create: CREATE INDEX statements, or definitions.
            drop: Indexes to drop: names, qualified or not, or OIDs.
            settings: Planner settings.

        Raises:
            RefusedError: The planner refuses the statement, or there is no such index.
            TwinError: The server is gone.
        """
        running = self._run("explaining a statement")
        difference = Difference(
            shown=tuple(oid for wanted in create for oid in self._created(wanted)),
            hidden=tuple(oid for wanted in drop for oid in self._family(self._found(wanted))),
            settings=tuple((settings or {}).items()),
        )
        outcome = running.planner.plan(statement, difference)
        if isinstance(outcome, NotPlanned):
            raise RefusedError(
                "explaining a statement on the twin",
                outcome.reason,
                "The notes of the twin say what of the original it lacks.",
            )
        return outcome

    def create(self, statement: str) -> Hypothetical:
        """Build an index by a CREATE INDEX statement, for every ``explain`` that names it.

        Returns:
            What it is called, and how large it would be.

        Raises:
            RefusedError: The planner refuses it.
            TwinError: The server is gone.
        """
        self._created(statement)
        return self._made(statement)

    def fidelity(self) -> Fidelity:
        """Compare the twin's plans with the original's own, kept in the snapshot.

        Raises:
            TwinError: The server is gone.
        """
        planner = self._run("comparing plans").planner
        return measure_fidelity(
            self._catalog, planner.plan_as_collected, notes=self.notes, version=self.version
        )

    def _outcome(self, definition: IndexDefinition) -> Built | NotBuilt:
        made = self._hypothetical[definition]
        if isinstance(made, str):
            return NotBuilt(definition=definition, reason=made)
        return Built(
            definition=definition,
            name=made.name,
            part_names=made.part_names,
            size_bytes=made.size_bytes,
        )

    def _made(self, wanted: str | IndexDefinition) -> Hypothetical:
        made = self._hypothetical.get(wanted, "it has not been built")
        if isinstance(made, str):
            raise RefusedError(_CREATING, made, "Correct the definition, or leave it out.")
        return made

    def _oids_of(self, wanted: str | IndexDefinition) -> tuple[int, ...]:
        return self._made(wanted).oids

    def _created(self, wanted: str | IndexDefinition) -> tuple[int, ...]:
        if isinstance(wanted, IndexDefinition):
            self.build((wanted,))
        elif wanted not in self._hypothetical:
            self._hypothetical[wanted] = self._built_by_sql(wanted)
        return self._oids_of(wanted)

    def _built_by_sql(self, create_index: str) -> Hypothetical | str:
        """Build an index by a statement, which may use a name that an earlier one has used."""
        builder = self._run("building hypothetical indexes").builder
        table = self._table_of(create_index)
        made = builder.build_sql(create_index, table)
        for text, former in list(self._hypothetical.items()):
            if (
                isinstance(made, str)
                and isinstance(former, Hypothetical)
                and isinstance(text, str)
                and f'"{former.name}" already exists' in made
            ):
                builder.give_up_name(former)
                del self._hypothetical[text]
                made = builder.build_sql(create_index, table)
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

    def _found(self, wanted: str | int) -> int:
        """The OID, in the snapshot, of an index that is to be dropped."""
        for index in self._snapshot.indexes:
            if wanted in {index.oid, index.name, f"{index.schema}.{index.name}"}:
                return index.oid
        raise RefusedError(
            "dropping an index on the twin",
            f"the snapshot has no index called {wanted}",
            "Give its name as the catalog has it, or its OID.",
        )

    def _family(self, index_oid: int) -> list[int]:
        """The twin's OIDs of an index and, on a partitioned table, of its parts.

        One that is not in the twin, being invalid, is in no plan, and dropping it changes none.
        """
        oids = self._run("dropping an index").rebuilt.oids
        family = [index_oid]
        for oid in family:
            family += [i.oid for i in self._snapshot.indexes if i.parent_oid == oid]
        return [oids[oid] for oid in family if oid in oids]

    def _run(self, attempted: str) -> _Running:
        if self._running is None:
            raise TwinError(attempted, "the twin is not running", "Use it inside `with`.")
        return self._running

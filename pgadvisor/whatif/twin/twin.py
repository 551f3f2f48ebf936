"""The planner twin, as its users see it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from types import TracebackType
from typing import Self

from pgadvisor.cluster.binaries import Binaries, embedded_binaries
from pgadvisor.errors import TwinError
from pgadvisor.model.action import IndexDefinition
from pgadvisor.model.catalog import Catalog
from pgadvisor.model.estimate import Fidelity, StatementFidelity
from pgadvisor.model.plan import Plan
from pgadvisor.model.schema import Table
from pgadvisor.model.snapshot import Snapshot
from pgadvisor.parse.index_statement import indexed_table
from pgadvisor.whatif.backend import AS_IS, Built, Configuration, NotBuilt, NotPlanned
from pgadvisor.whatif.twin.build import Built as Schema
from pgadvisor.whatif.twin.build import build, locale_for
from pgadvisor.whatif.twin.candidates import CandidateBuilder, Hypothetical
from pgadvisor.whatif.twin.planner import Planner
from pgadvisor.whatif.twin.session import TwinServer

SAME_COST_RATIO = 0.0001
"""Costs nearer to each other than this count as equal."""


class Twin:
    """A PostgreSQL that holds a snapshot's schema and statistics, and not one of its rows.

    It plans like the original.  Nothing is started before ``with``; at its end the server and
    all of its files are gone::

        with Twin(snapshot) as twin:
            plan = twin.explain("select ...", create=("create index on orders (customer_id)",))

    Args:
        snapshot: The database.
        binaries: PostgreSQL to plan with; None: the embedded one.
    """

    def __init__(self, snapshot: Snapshot, *, binaries: Binaries | None = None) -> None:
        self._snapshot = snapshot
        self._catalog = Catalog(snapshot)
        self._binaries = binaries
        self._server: TwinServer | None = None
        self._schema = Schema()
        self._hypothetical: dict[IndexDefinition | str, Hypothetical | str] = {}

    def __enter__(self) -> Self:
        """Start the server and rebuild the snapshot in it.

        Raises:
            ClusterError: The server cannot be started.
            TwinError: The snapshot cannot be rebuilt.
        """
        binaries = self._binaries or embedded_binaries()
        server = TwinServer(binaries, locale_for(self._snapshot.server))
        try:
            self._schema = build(server, self._catalog)
        except BaseException:
            server.close()
            raise
        self._server = server
        self._planner = Planner(server)
        self._builder = CandidateBuilder(server, self._catalog, self._schema)
        self.version = binaries.version
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Stop the server and remove its files."""
        if self._server is not None:
            self._server.close()
            self._server = None

    @property
    def notes(self) -> tuple[str, ...]:
        """What of the snapshot is missing or different here, as clauses."""
        return tuple(self._schema.notes)

    @property
    def call_count(self) -> int:
        """EXPLAINs issued so far."""
        return self._planner.call_count if self._server else 0

    def build(self, definitions: Sequence[IndexDefinition]) -> tuple[Built | NotBuilt, ...]:
        """Make hypothetical indexes; see :class:`~pgadvisor.whatif.backend.Backend`."""
        self._require_server("building hypothetical indexes")
        new = tuple(d for d in dict.fromkeys(definitions) if d not in self._hypothetical)
        if new:
            made = self._builder.build(new)
            for definition, found in made.items():
                self._hypothetical[definition] = found
            self._hide(found for found in made.values() if isinstance(found, Hypothetical))
        return tuple(self._outcome(definition) for definition in definitions)

    def plan(self, statement: str, configuration: Configuration = AS_IS) -> Plan | NotPlanned:
        """Plan one statement; see :class:`~pgadvisor.whatif.backend.Backend`."""
        self._require_server("planning")
        shown = [oid for definition in configuration.create for oid in self._oids_of(definition)]
        hidden = [
            twin for oid in configuration.drop if (twin := self._schema.oids.get(oid)) is not None
        ]
        return self._planner.plan(
            statement, shown=sorted(shown), hidden=sorted(hidden), settings=configuration.settings
        )

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
            TwinError: The planner, or the server, refuses.
        """
        self._require_server("explaining")
        shown = [oid for wanted in create for oid in self._created(wanted)]
        hidden = [self._dropped(wanted) for wanted in drop]
        try:
            outcome = self._planner.plan(
                statement, shown=shown, hidden=hidden, settings=tuple((settings or {}).items())
            )
        except ValueError as error:
            raise TwinError("explaining a statement on the twin", str(error)) from error
        if isinstance(outcome, NotPlanned):
            raise TwinError("explaining a statement on the twin", outcome.reason)
        return outcome

    def fidelity(self) -> Fidelity:
        """Compare the twin's plans with the original's own, kept in the snapshot."""
        texts = {statement.id: statement.text for statement in self._snapshot.statements}
        rows: list[StatementFidelity] = []
        missing = 0
        for known in self._snapshot.plans:
            text = known.explained_text or texts.get(known.statement_id)
            plan = self.plan(text) if known.plan is not None and text else None
            if known.plan is None or not isinstance(plan, Plan):
                missing += 1
                continue
            rows.append(self._compared(known.statement_id, known.plan, plan))
        original = self._snapshot.server
        notes = list(self.notes)
        if original.major != int(self.version.split(".")[0]):
            notes.append(f"planned by PostgreSQL {self.version} in place of {original.version}")
        return Fidelity(
            statements=tuple(rows),
            not_compared=missing,
            notes=tuple(notes),
            twin_version=self.version,
            original_version=original.version,
        )

    def _compared(self, statement_id: str, original: Plan, twin: Plan) -> StatementFidelity:
        row = StatementFidelity(
            statement_id=statement_id,
            is_same_shape=original.shape == twin.shape,
            original_cost=original.total_cost,
            twin_cost=twin.total_cost,
        )
        if row.is_same_shape and row.cost_error_ratio <= SAME_COST_RATIO:
            return row
        return StatementFidelity(
            statement_id=row.statement_id,
            is_same_shape=row.is_same_shape,
            original_cost=row.original_cost,
            twin_cost=row.twin_cost,
            reason=self._why(),
        )

    def _why(self) -> str:
        """Why plans differ, as far as that can be known."""
        if self._snapshot.redaction.level != "none":
            return "values were redacted"
        if self._snapshot.server.major != int(self.version.split(".")[0]):
            return "planned by another major version"
        return "something is missing in the twin" if self.notes else ""

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

    def _oids_of(self, definition: IndexDefinition) -> tuple[int, ...]:
        made = self._hypothetical.get(definition)
        if not isinstance(made, Hypothetical):
            raise TwinError("planning with a hypothetical index", "it has not been built")
        return made.oids

    def _created(self, wanted: str | IndexDefinition) -> tuple[int, ...]:
        if wanted not in self._hypothetical:
            if isinstance(wanted, str):
                made = self._builder.build_sql(wanted, self._table_of(wanted))
                self._hypothetical[wanted] = made
                self._hide([made] if isinstance(made, Hypothetical) else [])
            else:
                self.build((wanted,))
        found = self._hypothetical[wanted]
        if isinstance(found, str):
            raise TwinError("creating a hypothetical index", found)
        return found.oids

    def _table_of(self, create_index: str) -> Table:
        try:
            schema, name = indexed_table(create_index)
        except ValueError as error:
            raise TwinError("creating a hypothetical index", str(error)) from error
        table = self._catalog.find_table(schema, name)
        if table is None:
            raise TwinError(
                "creating a hypothetical index", f"the snapshot has no table called {name}"
            )
        return table

    def _dropped(self, wanted: str | int) -> int:
        for index in self._snapshot.indexes:
            if wanted in {index.oid, index.name, f"{index.schema}.{index.name}"}:
                if (twin := self._schema.oids.get(index.oid)) is not None:
                    return twin
                break
        raise TwinError("dropping an index on the twin", f"it has no index called {wanted}")

    def _hide(self, made: Iterable[Hypothetical]) -> None:
        server = self._require_server("hiding hypothetical indexes")
        oids = [oid for found in made for oid in found.oids]
        server.query("select pgadvisor_twin.switch('{}', %s::oid[])", (oids,))

    def _require_server(self, attempted: str) -> TwinServer:
        if self._server is None:
            raise TwinError(attempted, "the twin is not running", "Use it inside `with`.")
        return self._server

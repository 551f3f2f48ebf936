"""The planner twin, as its users see it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import replace
from types import TracebackType
from typing import Self

from pgadvisor.cluster.binaries import Binaries
from pgadvisor.cluster.choice import choices, first_that_starts, given
from pgadvisor.errors import RefusedError, TwinError
from pgadvisor.model.action import IndexDefinition
from pgadvisor.model.catalog import Catalog
from pgadvisor.model.estimate import Fidelity, RebuiltSize
from pgadvisor.model.plan import Plan
from pgadvisor.model.reference import Reference
from pgadvisor.model.snapshot import Snapshot
from pgadvisor.whatif.backend import AS_IS, Built, Configuration, NotBuilt, NotPlanned
from pgadvisor.whatif.twin.build import build, locale_for
from pgadvisor.whatif.twin.candidates import Hypothetical
from pgadvisor.whatif.twin.collection import without_collection
from pgadvisor.whatif.twin.existing_sizes import rebuilt_sizes
from pgadvisor.whatif.twin.fidelity import measure_fidelity
from pgadvisor.whatif.twin.lane import Lane, Question
from pgadvisor.whatif.twin.plan_cache import Key, PlanCache
from pgadvisor.whatif.twin.session import TwinServer
from pgadvisor.whatif.twin.share import share_out
from pgadvisor.whatif.twin.shared_sizes import SharedSizes
from pgadvisor.whatif.undroppable import refusal_of_drops, why_not_droppable

_EXPLAINING = "explaining a statement on the twin"
_DROPPING = "dropping an index on the twin"
_ASKED_TOGETHER = 16
"""Statements in one round trip; more of them would hardly be faster."""
_Asked = tuple[Key, str, Configuration]
_SEE_NOTES = "The notes of the twin say what of the original it lacks."


class Twin:
    """A PostgreSQL that holds a snapshot's schema and statistics, and not one of its rows.

    It plans like the original.  Nothing is started before ``with``; at its end the server and
    all of its files are gone::

        with Twin(snapshot) as twin:
            plan = twin.explain("select ...", create=("create index on orders (customer_id)",))

    Args:
        snapshot: The database.
        binaries: PostgreSQL to plan with; None: the machine's of the original's own major,
            else the embedded one.
        workers: How many statements it can plan at once, one at least.
        references: Undeclared foreign keys, by which the sizes of indexes on several columns are
            predicted better; see :func:`~pgadvisor.propose.references.implied_references`.

    Raises:
        ValueError: There is no worker.
    """

    def __init__(
        self,
        snapshot: Snapshot,
        *,
        binaries: Binaries | None = None,
        workers: int = 1,
        references: Sequence[Reference] = (),
    ) -> None:
        if workers < 1:
            raise ValueError(f"a twin needs one worker at least, not {workers}")
        self._snapshot = snapshot
        self._catalog = Catalog(snapshot)
        self._binaries = binaries
        self._binaries_reason = ""
        self._workers = workers
        self._references = tuple(references)
        self._lanes: tuple[Lane, ...] = ()
        self._cache = PlanCache(self._catalog)

    def __enter__(self) -> Self:
        """Start the server and rebuild the snapshot in it.

        Raises:
            ClusterError: The server cannot be started.
            TwinError: The snapshot cannot be rebuilt.
        """
        original, locale = self._snapshot.server, locale_for(self._snapshot.server)
        options = (
            choices(original.major)
            if self._binaries is None
            else given(self._binaries, original.major)
        )
        relations = len(self._snapshot.tables) + len(self._snapshot.indexes)
        server, self._binaries_reason = first_that_starts(
            options, lambda binaries: TwinServer.start(binaries, locale, self._workers, relations)
        )
        with ExitStack() as opened:
            opened.callback(server.close)
            with without_collection():
                databases = build(server, self._catalog, self._workers - 1, self._references)
            for copy, _ in databases[1:]:
                opened.callback(copy.disconnect)
            sizes = SharedSizes(self._workers)
            self._lanes = tuple(
                Lane(one, self._catalog, rebuilt, sizes) for one, rebuilt in databases
            )
            opened.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Stop the server and remove its files."""
        lanes, self._lanes = self._lanes, ()
        self._cache.clear()
        for lane in lanes[1:]:
            lane.close()
        for lane in lanes[:1]:
            lane.server.close()

    @property
    def notes(self) -> tuple[str, ...]:
        """What of the snapshot is missing or different here, as clauses."""
        return self._run("reading the twin's notes").rebuilt.notes

    @property
    def version(self) -> str:
        """Of PostgreSQL that plans here: ``18.6``."""
        return self._run("reading the twin's version").server.cluster.binaries.version

    @property
    def binaries_reason(self) -> str:
        """What plans here and why: ``PostgreSQL 15.18 from the system, the original's own major``.

        Raises:
            TwinError: It is not running.
        """
        self._run("reading what the twin plans with")
        return self._binaries_reason

    @property
    def call_count(self) -> int:
        """EXPLAINs issued since it was entered; 0 while it does not run."""
        return sum(lane.planner.call_count for lane in self._lanes)

    def build(
        self,
        definitions: Sequence[IndexDefinition],
        sizes_bytes: Mapping[IndexDefinition, int] | None = None,
    ) -> tuple[Built | NotBuilt, ...]:
        """Make hypothetical indexes; see :class:`~pgadvisor.whatif.backend.Backend`.

        Args:
            definitions: The indexes.
            sizes_bytes: How large some of them are known to be; the others are predicted.
        """
        self._run("building hypothetical indexes")
        with without_collection(), ThreadPoolExecutor(len(self._lanes)) as threads:
            first, *_ = list(
                threads.map(lambda lane: lane.build(definitions, sizes_bytes), self._lanes)
            )
        return tuple(_outcome(definition, made) for definition, made in first)

    def plan(self, statement: str, configuration: Configuration = AS_IS) -> Plan | NotPlanned:
        """Plan one statement; see :class:`~pgadvisor.whatif.backend.Backend`.

        Raises:
            TwinError: The server is gone, or the configuration has an index that was not built.
        """
        return self._planned(self._run("planning"), statement, configuration)

    def plans(
        self, questions: Sequence[tuple[str, Configuration]]
    ) -> tuple[Plan | NotPlanned, ...]:
        """Plan many statements, as many at once as it has workers.

        Args:
            questions: Statements, each with its configuration.

        Returns:
            One outcome for each, in their order, whichever worker planned it.

        Raises:
            TwinError: The server is gone, or a configuration has an index that was not built.
        """
        self._run("planning")
        keys = [self._cache.key(*question) for question in questions]
        by_key = dict(zip(keys, questions, strict=True))
        outcomes = {
            key: outcome
            for key, question in by_key.items()
            if (outcome := self._known(*question)) is not None
        }
        asked = [(key, *question) for key, question in by_key.items() if key not in outcomes]
        with without_collection():  # plans are kept
            for answered in share_out(_parts(asked, len(self._lanes)), self._lanes, self._asked):
                outcomes |= answered
        return tuple(outcomes[key] for key in keys)

    def cost(self, statement: str, configuration: Configuration = AS_IS) -> float:
        """The planner's total cost of a statement, as if the database were different.

        Raises:
            RefusedError: The planner refuses the statement.
            TwinError: The server is gone, or the configuration has an index that was not built.
        """
        outcome = self.plan(statement, configuration)
        if isinstance(outcome, NotPlanned):
            raise RefusedError(_EXPLAINING, outcome.reason, _SEE_NOTES)
        return outcome.total_cost

    def explain(
        self,
        statement: str,
        *,
        create: Iterable[str | IndexDefinition] = (),
        drop: Iterable[str | int] = (),
        settings: Mapping[str, str] | None = None,
        unseen: Iterable[int] = (),
    ) -> Plan:
        """Plan one statement as if the database were different.

        Args:
            statement: One SELECT, INSERT, UPDATE, DELETE or MERGE, ``$n`` for unknown values.
            create: Indexes to create: CREATE INDEX statements, or definitions.
            drop: Indexes to drop: names, qualified or not, or OIDs.
            settings: Planner settings.
            unseen: OIDs of indexes that the planner is to do without, be it that PostgreSQL
                does not drop them by themselves.

        Raises:
            RefusedError: The planner refuses the statement, or there is no such index.
            TwinError: The server is gone.
        """
        lane = self._run("explaining a statement")
        wanted = tuple(create)
        for one in wanted:
            lane.create(one)
        question = Question(
            statement=statement,
            create=wanted,
            drop=(*map(self._found, drop), *unseen),
            settings=tuple((settings or {}).items()),
        )
        outcome = lane.plan(question)
        if isinstance(outcome, NotPlanned):
            raise RefusedError(_EXPLAINING, outcome.reason, _SEE_NOTES)
        return outcome

    def create(self, statement: str, *, size_bytes: int | None = None) -> Hypothetical:
        """Build an index by a CREATE INDEX statement, for every ``explain`` that names it.

        Args:
            statement: The statement.
            size_bytes: How large the index is known to be, with all of its parts; None: that
                is predicted.  It counts when the index is built first.

        Returns:
            What it is called, and how large it would be.

        Raises:
            RefusedError: The planner refuses it.
            TwinError: The server is gone.
        """
        return self._run("building a hypothetical index").create(statement, size_bytes)

    def fidelity(self) -> Fidelity:
        """Compare the twin's plans with the original's own, kept in the snapshot.

        Raises:
            TwinError: The server is gone.
        """
        planner = self._run("comparing plans").planner
        measured = measure_fidelity(
            self._catalog, planner.plan_as_collected, notes=self.notes, version=self.version
        )
        return replace(measured, binaries=self._binaries_reason)

    def rebuilt_sizes(self, oids: Collection[int]) -> tuple[RebuiltSize, ...]:
        """Predict what existing btrees would take after a REINDEX.

        Args:
            oids: Of indexes in the snapshot; those of which too little is known are left out.

        Raises:
            TwinError: The server is gone.
        """
        lane = self._run("predicting the sizes of existing indexes")
        return tuple(rebuilt_sizes(lane.server, self._catalog, lane.rebuilt, oids))

    def _planned(
        self, lane: Lane, statement: str, configuration: Configuration
    ) -> Plan | NotPlanned:
        known = self._known(statement, configuration)
        if known is not None:
            return known
        question = _question(statement, configuration)
        outcome = lane.plan(question)
        self._cache.keep(statement, configuration, outcome, lane.touched(question))
        return outcome

    def _known(self, statement: str, configuration: Configuration) -> Plan | NotPlanned | None:
        """What is told without asking.

        Raises:
            RefusedError: The configuration has an index that was not built.
        """
        for definition in configuration.create:
            self._lanes[0].made(definition)
        if (refused := refusal_of_drops(self._catalog, configuration.drop)) is not None:
            return refused
        return self._cache.find(statement, configuration)

    def _asked(self, lane: Lane, part: Sequence[_Asked]) -> dict[Key, Plan | NotPlanned]:
        """Have one worker plan several statements."""
        questions = [_question(statement, configuration) for _, statement, configuration in part]
        outcomes: dict[Key, Plan | NotPlanned] = {}
        for asked, question, outcome in zip(part, questions, lane.plans(questions), strict=True):
            key, statement, configuration = asked
            self._cache.keep(statement, configuration, outcome, lane.touched(question))
            outcomes[key] = outcome
        return outcomes

    def _found(self, wanted: str | int) -> int:
        """The OID, in the snapshot, of an index that is to be dropped."""
        found = [
            index
            for index in self._snapshot.indexes
            if wanted in {index.oid, index.name, f"{index.schema}.{index.name}"}
        ]
        if len(found) != 1:
            how_many = f"{len(found)} indexes" if found else "no index"
            raise RefusedError(
                _DROPPING,
                f"the snapshot has {how_many} called {wanted}",
                "Give its name as the catalog has it, with its schema, or its OID.",
            )
        [index] = found
        if (reason := why_not_droppable(self._catalog, index)) is not None:
            raise RefusedError(_DROPPING, reason, "Leave it out of `drop`.")
        return index.oid

    def _run(self, attempted: str) -> Lane:
        if not self._lanes:
            raise TwinError(attempted, "the twin is not running", "Use it inside `with`.")
        return self._lanes[0]


def _question(statement: str, configuration: Configuration) -> Question:
    return Question(
        statement=statement,
        create=tuple(configuration.create),
        drop=tuple(configuration.drop),
        settings=configuration.settings,
    )


def _parts(asked: Sequence[_Asked], workers: int) -> list[list[_Asked]]:
    """What goes in one round trip: those under one set stand together, since they share it."""
    by_set: dict[Configuration, list[_Asked]] = {}
    for one in asked:
        by_set.setdefault(one[2], []).append(one)
    in_order = [one for group in by_set.values() for one in group]
    size = min(_ASKED_TOGETHER, -(-len(asked) // workers))
    return [in_order[start : start + size] for start in range(0, len(asked), size or 1)]


def _outcome(definition: IndexDefinition, made: Hypothetical | str) -> Built | NotBuilt:
    if isinstance(made, str):
        return NotBuilt(definition=definition, reason=made)
    return Built(
        definition=definition,
        name=made.name,
        part_names=made.part_names,
        size_bytes=made.size_bytes,
        notes=made.notes,
        size_notes=made.size_notes,
    )

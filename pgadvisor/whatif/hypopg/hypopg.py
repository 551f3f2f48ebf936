"""HypoPG as a what-if planner, as its users see it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from types import TracebackType
from typing import Self

from pgadvisor.collect.dsn import read_target
from pgadvisor.collect.scope import CollectOptions, counted
from pgadvisor.collect.search_path import set_search_path
from pgadvisor.errors import HypoPGError
from pgadvisor.model.action import IndexDefinition
from pgadvisor.model.catalog import Catalog
from pgadvisor.model.estimate import Fidelity
from pgadvisor.model.plan import Plan
from pgadvisor.model.snapshot import Snapshot
from pgadvisor.sqltext.index import create_index_sql
from pgadvisor.whatif.backend import AS_IS, Built, Configuration, NotBuilt, NotPlanned
from pgadvisor.whatif.hypopg.changes import describe_changes
from pgadvisor.whatif.hypopg.functions import HIDES_SINCE
from pgadvisor.whatif.hypopg.indexes import Indexes
from pgadvisor.whatif.hypopg.planner import ServerPlanner
from pgadvisor.whatif.hypopg.server import HypoServer, failing, open_server
from pgadvisor.whatif.hypopg.transaction import Change, Transactions
from pgadvisor.whatif.planner_settings import is_planner_setting
from pgadvisor.whatif.twin.fidelity import measure_fidelity
from pgadvisor.whatif.undroppable import refusal_of_drops


@dataclass(frozen=True, slots=True, kw_only=True)
class _Running:
    """What there is between entering and leaving."""

    server: HypoServer
    transactions: Transactions
    indexes: Indexes
    planner: ServerPlanner
    plans: dict[tuple[str, Configuration], Plan] = field(default_factory=dict)
    """What has been asked; the server is not asked twice."""


class HypoPG:
    """Asks a server's own planner what-if questions, by its extension HypoPG.

    Nothing is written there: each question is one short transaction, read-only and rolled back,
    in which hypothetical indexes are made in the memory of the backend and removed again::

        with HypoPG("postgresql:///shop", snapshot) as planner:
            [index] = planner.build([definition])
            plan = planner.plan("select ...", Configuration(create=frozenset([definition])))

    The extension is the user's to install.  The twin needs none, simulates every kind of index
    and knows better how large they will be; see the page on what-if planners.

    Args:
        dsn: A connection string; None: ``DATABASE_URL``, else libpq's own variables and files.
        snapshot: The database that the questions are about: it, or a copy of it, is at the DSN.
        options: Timeouts, and whether statements that call the users' functions are planned.
        record: Gets the text of every statement that is sent to the server.
    """

    def __init__(
        self,
        dsn: str | None,
        snapshot: Snapshot,
        *,
        options: CollectOptions | None = None,
        record: Callable[[str], None] | None = None,
    ) -> None:
        self._dsn = dsn
        self._snapshot = snapshot
        self._catalog = Catalog(snapshot)
        self._options = options or CollectOptions()
        self._record = record
        self._running: _Running | None = None

    def __enter__(self) -> Self:
        """Connect, and find out whether HypoPG may be used.

        Raises:
            UnusableHypoPGError: It is not there, or may not be used.
            HypoPGError: The server fails.
            ConnectError: There is no connection.
            DsnError: The connection string cannot be read.
        """
        server = open_server(read_target(self._dsn), self._snapshot, self._options, self._record)
        transactions = Transactions(server.session, server.functions, self._settings(server))
        self._running = _Running(
            server=server,
            transactions=transactions,
            indexes=Indexes(transactions, self._catalog, server.policy),
            planner=ServerPlanner(
                transactions, server.policy, server.server.major, self._explained_texts()
            ),
        )
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Make sure that nothing is left, and close the connection.

        Raises:
            HypoPGError: A hypothetical index is left.
        """
        if self._running is None:
            return
        running, self._running = self._running, None
        session = running.server.session
        try:
            # An error on its way out says more than that the connection is gone as well.
            if error is None and not session.connection.closed:
                _check_is_empty(running)
        finally:
            session.connection.close()

    @property
    def version(self) -> str:
        """Of PostgreSQL that plans: ``15.18``."""
        return self._run("reading the server's version").server.server.version

    @property
    def notes(self) -> tuple[str, ...]:
        """What is to be known of these plans, and what has changed since the snapshot."""
        server = self._run("reading HypoPG's notes").server
        changes = describe_changes(
            self._snapshot, server.tables, server.indexes, locked=server.locked
        )
        return (*_bounds(server), *changes)

    @property
    def call_count(self) -> int:
        """EXPLAINs issued since it was entered; 0 while it is not."""
        return self._running.planner.call_count if self._running else 0

    def build(self, definitions: Sequence[IndexDefinition]) -> tuple[Built | NotBuilt, ...]:
        """Try hypothetical indexes; see :class:`~pgadvisor.whatif.backend.Backend`.

        Nothing stays on the server: an index is made again whenever a plan needs it.  Sizes are
        HypoPG's own estimates.

        Raises:
            HypoPGError: The server is gone.
        """
        running = self._run("making hypothetical indexes")
        with failing("making hypothetical indexes"):
            running.indexes.build(definitions)
        found = (running.indexes.find(definition) for definition in definitions)
        return tuple(outcome for outcome in found if outcome is not None)

    def plan(self, statement: str, configuration: Configuration = AS_IS) -> Plan | NotPlanned:
        """Plan one statement; see :class:`~pgadvisor.whatif.backend.Backend`.

        Raises:
            HypoPGError: The server is gone, or the configuration has an index that was not built.
        """
        running = self._run("planning")
        if kept := running.plans.get((statement, configuration)):
            return kept
        refused = (
            _refused_settings(configuration)
            or _refused_drops(configuration, running.server)
            or refusal_of_drops(self._catalog, configuration.drop)
        )
        if refused is not None:
            return refused
        created = sorted((self._built(d) for d in configuration.create), key=lambda b: b.name)
        change = Change(
            creates=tuple(create_index_sql(one.definition, one.name) for one in created),
            hides=tuple(self._oids_there(configuration.drop, running.server)),
            settings=dict(configuration.settings),
        )
        names = {position: one.name for position, one in enumerate(created)}
        with failing("planning with HypoPG"):
            outcome = running.planner.plan(statement, change, names)
        if isinstance(outcome, Plan):  # a refusal may pass, as that for a lock does
            running.plans[statement, configuration] = outcome
        return outcome

    def plans(
        self, questions: Sequence[tuple[str, Configuration]]
    ) -> tuple[Plan | NotPlanned, ...]:
        """Plan many statements, one after the other: the server has others to serve.

        Raises:
            HypoPGError: The server is gone, or a configuration has an index that was not built.
        """
        return tuple(self.plan(statement, configuration) for statement, configuration in questions)

    def fidelity(self) -> Fidelity:
        """Compare the server's plans with those of the snapshot.

        The server is the original, so that they differ only where it has changed since, or where
        the snapshot is that of another server.

        Raises:
            HypoPGError: The server is gone.
        """
        running = self._run("comparing plans")
        with failing("comparing plans"):
            measured = measure_fidelity(
                self._catalog,
                running.planner.plan_as_collected,
                notes=self.notes,
                version=self.version,
            )
        return replace(measured, planner=f"HypoPG {running.server.extension.version}")

    def rebuilt_sizes(self, oids: Collection[int]) -> None:  # noqa: ARG002  (the Protocol's)
        """Nothing: HypoPG's sizes know no posting lists, and are off by up to four times."""
        return

    def _built(self, wanted: IndexDefinition) -> Built:
        found = self._run("planning").indexes.find(wanted)
        if not isinstance(found, Built):
            raise HypoPGError(
                "planning with a hypothetical index",
                found.reason if found else "it has not been built",
                "Build the indexes of a configuration first, and leave out what is refused.",
            )
        return found

    def _oids_there(self, dropped: Collection[int], server: HypoServer) -> list[int]:
        """The server's OIDs of indexes, and on partitioned tables of their parts."""
        family = sorted(dropped)
        for oid in family:
            family += [i.oid for i in self._snapshot.indexes if i.parent_oid == oid]
        there = {(index.schema, index.name): index.oid for index in server.indexes}
        known = (self._catalog.indexes[oid] for oid in family)
        return [there[i.schema, i.name] for i in known if (i.schema, i.name) in there]

    def _explained_texts(self) -> dict[str, str]:
        """By a statement's text, the one that a server took in its place."""
        texts = {statement.id: statement.text for statement in self._snapshot.statements}
        return {
            texts[plan.statement_id]: plan.explained_text
            for plan in self._snapshot.plans
            if plan.explained_text is not None and plan.statement_id in texts
        }

    def _settings(self, server: HypoServer) -> tuple[str, ...]:
        """What an EXPLAIN needs, and no setting that the planner looks at."""
        unwatched = ("pg_stat_statements.track = 'none'",) if server.server.is_superuser else ()
        return (
            *server.session.timeouts,
            "plan_cache_mode = force_generic_plan",
            f"search_path = {set_search_path(self._snapshot.server.search_path)}",
            *unwatched,
        )

    def _run(self, attempted: str) -> _Running:
        if self._running is None:
            raise HypoPGError(attempted, "there is no connection", "Use it inside `with`.")
        return self._running


def _bounds(server: HypoServer) -> Iterator[str]:
    """What HypoPG's answers leave out, as clauses."""
    yield (
        "sizes of new indexes are HypoPG's own estimates, which leave out that a btree stores "
        "equal keys once: where values repeat they are several times too large"
    )
    if not server.functions.can_hide:
        since = ".".join(map(str, HIDES_SINCE))
        yield f"no drop is checked, since HypoPG hides indexes from {since} on only"
    if server.identity.is_through_pooler:
        yield "planned through a connection pooler, each time in one transaction"


def _refused_settings(configuration: Configuration) -> NotPlanned | None:
    for name, _ in configuration.settings:
        if not is_planner_setting(name):
            return NotPlanned(reason=f"{name} is no setting of the planner's")
    return None


def _refused_drops(configuration: Configuration, server: HypoServer) -> NotPlanned | None:
    if not configuration.drop or server.functions.can_hide:
        return None
    since = ".".join(map(str, HIDES_SINCE))
    return NotPlanned(
        reason=f"HypoPG {server.extension.version} cannot hide an index that exists; {since} can"
    )


def _check_is_empty(running: _Running) -> None:
    """Ask the backend that was ours; a pooler would send us to another one, perhaps a used one."""
    if running.server.identity.is_through_pooler:
        return
    with failing("leaving HypoPG"):
        left = running.transactions.left_behind()
    if left:
        raise HypoPGError(
            "leaving HypoPG",
            f"the backend still has {counted(left, 'hypothetical index')}",
            "They end with the connection, which is closed now; nothing is left to be done.",
        )

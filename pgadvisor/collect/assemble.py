"""The whole collection: every read on its own, and what fails leaves the rest untouched."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any, TypeVar

from pgadvisor.collect.connect import transport_warnings
from pgadvisor.collect.dsn import Target, read_target
from pgadvisor.collect.extended_statistics import (
    hidden_extended_statistics,
    read_extended_statistics,
)
from pgadvisor.collect.function_policy import function_policy
from pgadvisor.collect.indexes import read_indexes
from pgadvisor.collect.objects import (
    read_functions,
    read_other_objects,
    read_sequences,
    read_types,
    read_views,
)
from pgadvisor.collect.plans import most_expensive, read_plans
from pgadvisor.collect.preflight import (
    check_extension,
    check_privileges,
    check_server,
    is_readable,
    refuse_unsupported,
    statements_failed,
)
from pgadvisor.collect.range_statistics import read_range_statistics, with_ranges
from pgadvisor.collect.reasons import REFUSED_FOR_GOOD
from pgadvisor.collect.replication import streaming_count
from pgadvisor.collect.scope import CollectOptions, locked
from pgadvisor.collect.search_path import SearchPaths, joined, resolved, search_paths
from pgadvisor.collect.server import (
    Identity,
    identity_of,
    read_activity,
    read_control_data,
    read_extensions,
    read_facts,
    read_locale,
    read_role_settings,
    read_service_marks,
    read_settings,
    read_tablespaces,
    server_of,
)
from pgadvisor.collect.server_state import STATE_READS
from pgadvisor.collect.session import ReadError, Record, Session
from pgadvisor.collect.statement_text import called_names
from pgadvisor.collect.statements import extension_of, read_statements
from pgadvisor.collect.statistics import (
    hidden_expression_statistics,
    hidden_statistics,
    read_column_statistics,
    read_index_activity,
    read_table_activity,
)
from pgadvisor.collect.tables import Tables, read_constraints, read_tables
from pgadvisor.collect.transaction_age import read_table_ages
from pgadvisor.errors import ConnectError
from pgadvisor.model.server import Server
from pgadvisor.model.snapshot import Snapshot, Unavailable
from pgadvisor.units import MS_PER_SECOND
from pgadvisor.version import VERSION

Progress = Callable[[str, int, int], None]
"""Gets the name of a stage, how much of it is done, and of how much."""

_T = TypeVar("_T")
_U = TypeVar("_U")


def collect(
    dsn: str | None = None,
    *,
    options: CollectOptions | None = None,
    progress: Progress | None = None,
    record: Callable[[str], None] | None = None,
) -> Snapshot:
    """Read all that the analysis needs from a live server, without leaving a trace on it.

    Args:
        dsn: A connection string; None: ``DATABASE_URL``, else libpq's own variables and files.
        options: What to read, and how long the server may work on it.
        progress: Called as the collection goes on.
        record: Gets the text of every statement that is sent to the server.

    Raises:
        DsnError: The connection string cannot be read.
        ConnectError: The server cannot be reached, does not let us in, or is none of ours.
    """
    options = options or CollectOptions()
    target = read_target(dsn)
    started = time.monotonic()
    with Session(
        target,
        statement_timeout_ms=options.statement_timeout_ms,
        lock_timeout_ms=options.lock_timeout_ms,
        record=record,
    ) as session:
        snapshot = _Collection(session, target, options, progress).run()
        return replace(
            snapshot,
            server_time_ms=session.server_time_ms,
            collection_time_ms=(time.monotonic() - started) * MS_PER_SECOND,
        )


class _Collection:
    """One run of all reads over one session."""

    def __init__(
        self,
        session: Session,
        target: Target,
        options: CollectOptions,
        progress: Progress | None,
    ) -> None:
        self._session = session
        self._options = options
        self._progress = progress
        self._locked: set[str] = set()
        """Names of relations, without their schemas, that other sessions lock."""
        self._unavailable = [*transport_warnings(session.connection, target)]

    def run(self) -> Snapshot:
        """Read everything in order; the first read alone may fail the whole."""
        self._report("server")
        try:
            facts = read_facts(self._session)
        except ReadError as error:
            raise ConnectError(error.attempted, error.happened, error.next_step) from None
        identity = identity_of(self._session, facts)
        server = server_of(facts, identity)
        refuse_unsupported(server, identity)
        if server.is_superuser:
            self._session.hide_from_statistics()
        server, paths = self._server(server)
        self._unavailable += check_server(server, identity.role)
        self._privileges()
        self._report("schema")
        empty = Snapshot(
            server=server,
            schemas=tuple(sorted(self._options.schemas)),
            excluded_schemas=tuple(sorted(self._options.exclude_schemas)),
            tool_version=VERSION,
        )
        snapshot = self._schema(empty, identity)
        schemas = tuple(row["schema"] for row in self._rows("schemas", "schemas"))
        path = resolved(server.search_path, schemas, identity.role)
        server = replace(server, search_path=path)
        self._report("statistics")
        snapshot = self._statistics(replace(snapshot, server=server), identity.role)
        self._report("statements")
        snapshot = self._functions(self._statements(snapshot))
        path = joined(path, paths, snapshot.statements, schemas)
        snapshot = replace(snapshot, server=replace(snapshot.server, search_path=path))
        self._report("plans")
        snapshot = self._plans(snapshot, paths)
        self._check_identity(identity)
        return replace(snapshot, unavailable=tuple(self._unavailable))

    def _attempt(
        self, what: str, read: Callable[[], _T], *, may_be_refused: bool = False
    ) -> _T | None:
        """Run one collector; if it fails, note that and go on without."""
        try:
            return read()
        except ReadError as error:
            self._unavailable.append(
                Unavailable(
                    what=what,
                    reason=error.happened,
                    consequence="rules that need it are skipped or less sure",
                    remedy=error.next_step,
                    sqlstate=error.sqlstate,
                    is_failure=not (may_be_refused and error.sqlstate in REFUSED_FOR_GOOD),
                )
            )
            return None

    def _all(self, what: str, read: Callable[[], tuple[_T, ...]]) -> tuple[_T, ...]:
        """Run a collector of many values; if it fails, there are none."""
        return self._attempt(what, read) or ()

    def _rows(self, what: str, name: str, *values: object) -> tuple[Record, ...]:
        """Run a read whose rows are used as they are."""
        return self._all(what, lambda: tuple(self._session.read(name, *values)))

    def _pair(
        self, what: str, read: Callable[[], tuple[tuple[_T, ...], tuple[_U, ...]]]
    ) -> tuple[tuple[_T, ...], tuple[_U, ...]]:
        """Run a collector of values and of what could not be read beside them."""
        return self._attempt(what, read) or ((), ())

    def _report(self, stage: str, done: int = 0, total: int = 0) -> None:
        if self._progress is not None:
            self._progress(stage, done, total)

    def _server(self, server: Server) -> tuple[Server, SearchPaths]:
        session = self._session
        identifier, timeline = read_control_data(session)
        server = replace(server, system_identifier=identifier, timeline=timeline)
        locale = self._attempt("locale", lambda: read_locale(session))
        if locale is not None:
            server = replace(server, locale_provider=locale[0], locale=locale[1])
        settings = self._attempt("settings", lambda: read_settings(session))
        if settings is not None:
            server = replace(server, settings=settings[0], search_path=settings[1])
        counters = self._attempt("database counters", lambda: read_activity(session))
        if counters is not None:
            server = replace(server, activity=counters[0], statistics_reset_at=counters[1])
        server = replace(
            server,
            role_settings=self._all("role settings", lambda: read_role_settings(session)),
            extensions=self._all("extensions", lambda: read_extensions(session)),
            service_marks=self._all("the service", lambda: read_service_marks(session)),
        )
        tablespaces = self._attempt("tablespaces", lambda: read_tablespaces(session))
        if tablespaces is not None:
            server = replace(server, tablespaces=tablespaces[0], default_tablespace=tablespaces[1])
        server = self._state(server)
        return server, search_paths(server.search_path, server.role_settings)

    def _state(self, server: Server) -> Server:
        """Read what the whole server is busy with; what it refuses is left out, with a reason."""
        found: dict[str, Any] = {
            one.field: self._attempt(
                one.what, partial(one.read, self._session), may_be_refused=True
            )
            for one in STATE_READS
        }
        server = replace(server, **found)
        senders = server.wal_senders
        count = None if senders is None else streaming_count(senders)
        return replace(server, streaming_replica_count=count)

    def _privileges(self) -> None:
        schemas = self._rows("schemas", "schema_privileges", *self._options.values)
        for row in self._rows("privileges", "privileges"):
            self._unavailable += check_privileges(row, schemas)

    def _schema(self, snapshot: Snapshot, identity: Identity) -> Snapshot:
        session, options = self._session, self._options
        found = self._attempt("tables", lambda: read_tables(session, options)) or Tables()
        indexes, locked_indexes = self._pair("indexes", lambda: read_indexes(session, options))
        constraints, locked_constraints = self._pair(
            "constraints", lambda: read_constraints(session, options)
        )
        views, locked_views = self._pair("views", lambda: read_views(session, options))
        sequences, hidden = self._pair(
            "sequences", lambda: read_sequences(session, options, identity.role)
        )
        # A table that is locked has nothing true to tell; what belongs to it goes with it.
        left_out = {oid for oid, _ in found.locked}
        for name in (*(name for _, name in found.locked), *locked_views):
            self._locked.add(name.rpartition(".")[2])
        self._unavailable += (
            *locked("table", (name for _, name in found.locked)),
            *locked("index", locked_indexes),
            *locked("constraint", locked_constraints),
            *locked("view", locked_views),
            *hidden,
        )
        return replace(
            snapshot,
            tables=found.tables,
            indexes=tuple(index for index in indexes if index.table_oid not in left_out),
            constraints=tuple(one for one in constraints if one.table_oid not in left_out),
            views=views,
            sequences=sequences,
            types=self._all("types", lambda: read_types(session)),
        )

    def _statistics(self, snapshot: Snapshot, role: str) -> Snapshot:
        session, options = self._session, self._options
        tables = {table.oid: table for table in snapshot.tables}
        oids = {(table.schema, table.name): table.oid for table in snapshot.tables}
        oids |= {(index.schema, index.name): index.oid for index in snapshot.indexes}
        columns = self._all(
            "column statistics", lambda: read_column_statistics(session, options, oids)
        )
        ranges, hidden = self._pair(
            "histograms of ranges", lambda: read_range_statistics(session, options, oids)
        )
        columns = with_ranges(columns, ranges)
        self._unavailable += hidden
        access = self._rows("access to statistics", "statistics_access", *options.values)
        with_statistics = {row.relation_oid for row in columns}
        self._unavailable += hidden_statistics(access, tables, with_statistics, role)
        if columns:  # else all are hidden, which has been said
            self._unavailable += hidden_expression_statistics(
                snapshot.indexes, tables, with_statistics
            )
        extended, left_out = self._pair(
            "extended statistics", lambda: read_extended_statistics(session, options)
        )
        analysed = frozenset(oid for oid, table in tables.items() if table.rows > 0)
        self._unavailable += hidden_extended_statistics(extended, analysed)
        self._unavailable += left_out
        table_activity = self._all("table counters", lambda: read_table_activity(session, options))
        index_activity = self._all("index counters", lambda: read_index_activity(session, options))
        table_ages = self._all("ages of tables", lambda: read_table_ages(session, options))
        indexes = {index.oid for index in snapshot.indexes}
        return replace(
            snapshot,
            column_statistics=columns,
            extended_statistics=extended,
            table_activity=tuple(row for row in table_activity if row.table_oid in tables),
            index_activity=tuple(row for row in index_activity if row.index_oid in indexes),
            table_ages=table_ages,
        )

    def _statements(self, snapshot: Snapshot) -> Snapshot:
        server = snapshot.server
        self._unavailable += check_extension(server)
        extension = extension_of(server)
        if extension is None or not is_readable(server):
            return snapshot
        try:
            found = read_statements(self._session, extension, server)
        except ReadError as error:
            self._unavailable.append(statements_failed(error))
            return snapshot
        self._unavailable += found.unavailable
        server = replace(server, statements_info=found.info)
        return replace(snapshot, server=server, statements=found.statements)

    def _functions(self, snapshot: Snapshot) -> Snapshot:
        called = {name for one in snapshot.statements for name in called_names(one.text)}
        functions = self._all("functions", lambda: read_functions(self._session, called))
        others = self._all("other objects", lambda: read_other_objects(self._session))
        return replace(snapshot, functions=functions, other_objects=others)

    def _plans(self, snapshot: Snapshot, paths: SearchPaths) -> Snapshot:
        session, options = self._session, self._options
        statements = most_expensive(snapshot.statements, options.max_explained)
        if not options.explain or not statements:
            return snapshot
        functions = self._attempt(
            "functions that planning may run", lambda: session.read("planned_functions")
        )
        if functions is None:  # without the list nothing is known to be safe
            return snapshot
        policy = function_policy(functions, allows_user_functions=options.explain_user_functions)
        plans = self._all(
            "plans",
            lambda: read_plans(
                session,
                statements,
                policy=policy,
                paths=paths,
                options=options,
                locked=frozenset(self._locked),
                progress=lambda done, total: self._report("plans", done, total),
            ),
        )
        return replace(snapshot, plans=plans)

    def _check_identity(self, before: Identity) -> None:
        """Find out whether the same server has answered throughout."""
        facts = self._attempt("the server's identity", lambda: read_facts(self._session))
        if facts is not None and not before.is_same_server(identity_of(self._session, facts)):
            self._unavailable.append(
                Unavailable(
                    what="a consistent snapshot",
                    reason="another server, or the same one restarted, answered at the end",
                    consequence="figures of two servers are mixed",
                    remedy="Run again.",
                    is_failure=True,
                )
            )
        elif self._session.has_reconnected:
            self._unavailable.append(
                Unavailable(
                    what="an unbroken connection",
                    reason="the connection was lost once and opened again",
                    consequence="if the server crashed, its counters begin anew in between",
                )
            )

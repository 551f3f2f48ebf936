"""Builders of counters, statistics, statements, and of the snapshot that holds them all."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from pgadvisor.model.other_object import OtherObject
from pgadvisor.model.schema import (
    Constraint,
    ExtendedStatistics,
    Function,
    Index,
    Sequence,
    Table,
    UserType,
    View,
)
from pgadvisor.model.server import Extension, Server, Setting, StatementsInfo
from pgadvisor.model.snapshot import Snapshot, Unavailable
from pgadvisor.model.statement import Statement, StatementPlan, Statements
from pgadvisor.model.statistics import ColumnStatistics, IndexActivity, TableActivity
from pgadvisor.model.transaction_age import DatabaseAge, TableAge

COLLECTED_AT = datetime(2026, 3, 31, 12, 0, tzinfo=UTC)
"""When built snapshots are taken, by the server's clock."""
DEFAULT_AGE_DAYS = 90.0
"""Days that the counters of built snapshots cover."""
SnapshotObject = (
    Table
    | Index
    | Constraint
    | View
    | Sequence
    | UserType
    | Function
    | OtherObject
    | ExtendedStatistics
    | TableActivity
    | IndexActivity
    | TableAge
    | ColumnStatistics
    | Statement
    | StatementPlan
    | Unavailable
    | Setting
    | Extension
)
"""What a snapshot may be built of."""
SnapshotPart = SnapshotObject | Iterable[SnapshotObject]
"""One object, or several that belong together."""

_T = TypeVar("_T")


def table_activity(table: Table, **fields: Any) -> TableActivity:  # noqa: ANN401
    """Build a table's counters; its live rows are its ``reltuples`` unless given."""
    counters = TableActivity(table_oid=table.oid, live_rows=int(max(table.rows, 0)))
    return replace(counters, **fields)


def index_activity(index: Index, **fields: Any) -> IndexActivity:  # noqa: ANN401
    """Build an index's counters."""
    return replace(IndexActivity(index_oid=index.oid), **fields)


def column_statistics(
    relation: Table | Index,
    column: str,
    *,
    most_common: Iterable[tuple[str, float]] = (),
    **fields: Any,  # noqa: ANN401  (fields of ColumnStatistics)
) -> ColumnStatistics:
    """Build a row of ``pg_stats``; ``most_common`` are values with their ratios."""
    pairs = tuple(most_common)
    row = ColumnStatistics(
        relation_oid=relation.oid,
        column=column,
        n_distinct=float(len(pairs)) if pairs else -0.1,
        average_width_bytes=8,
        most_common_values=tuple(value for value, _ in pairs) or None,
        most_common_ratios=tuple(ratio for _, ratio in pairs) or None,
    )
    return replace(row, **fields)


def table_age(
    table: Table,
    transaction_age: int,
    **fields: Any,  # noqa: ANN401  (fields of TableAge)
) -> TableAge:
    """Build the age of a table, in transactions since its oldest one that is not frozen."""
    age = TableAge(
        table_oid=table.oid,
        schema=table.schema,
        name=table.name,
        transaction_age=transaction_age,
        multixact_age=0,
    )
    return replace(age, **fields)


def a_statement(
    text: str,
    *,
    calls: int = 90_000,
    mean_time_ms: float = 50.0,
    **fields: Any,  # noqa: ANN401  (fields of Statement)
) -> Statement:
    """Build a statement; its total time is its calls times its mean."""
    statement = Statement(
        id=hashlib.sha256(text.encode()).hexdigest()[:16],
        text=text,
        calls=calls,
        mean_time_ms=mean_time_ms,
        total_time_ms=calls * mean_time_ms,
        min_time_ms=mean_time_ms,
        max_time_ms=mean_time_ms,
        rows=calls,
    )
    return replace(statement, **fields)


def a_server(
    *,
    statistics_age_days: float | None = DEFAULT_AGE_DAYS,
    **fields: Any,  # noqa: ANN401  (fields of Server)
) -> Server:
    """Build a server, quiet but for what is given; None: nobody knows since when it counts."""
    reset_at = None
    if statistics_age_days is not None:
        reset_at = COLLECTED_AT - timedelta(days=statistics_age_days)
    server = Server(
        version_num=180004,
        version="18.4",
        database="shop",
        collected_at=COLLECTED_AT,
        statistics_reset_at=reset_at,
        statements_info=StatementsInfo(
            extension_version="1.12",
            schema="public",
            entries=200,
            max_entries=5_000,
            deallocations=0,
            reset_at=reset_at,
            track="top",
            session_commands=(),
        ),
        wal_senders=(),
        replication_slots=(),
        databases=(DatabaseAge(name="shop", transaction_age=0, multixact_age=0, is_current=True),),
        connections=(),
        open_transactions=(),
        prepared_transactions=(),
        blocking_sessions=(),
        running_vacuums=(),
        collation_versions=(),
    )
    return replace(server, **fields)


def a_snapshot(
    *objects: SnapshotPart,
    **server_fields: Any,  # noqa: ANN401  (fields of Server)
) -> Snapshot:
    """Build a snapshot of the objects given; groups of objects are taken apart.

    Args:
        objects: Tables, indexes, constraints, counters, statements, settings, ...
        server_fields: As :func:`a_server` takes them: ``statistics_age_days=29.9``.

    Raises:
        ValueError: An index, a constraint or a counter is of a table that is not given.
    """
    parts = tuple(_flat(objects))
    statements = sorted(_of(parts, Statement), key=lambda s: -s.total_time_ms)
    server = a_server(**server_fields)
    snapshot = Snapshot(
        server=replace(
            server,
            settings=server.settings + _of(parts, Setting),
            extensions=server.extensions + _of(parts, Extension),
        ),
        tables=_of(parts, Table),
        indexes=_of(parts, Index),
        constraints=_of(parts, Constraint),
        views=_of(parts, View),
        sequences=_of(parts, Sequence),
        types=_of(parts, UserType),
        functions=_of(parts, Function),
        other_objects=_of(parts, OtherObject),
        extended_statistics=_of(parts, ExtendedStatistics),
        table_activity=_of(parts, TableActivity),
        index_activity=_of(parts, IndexActivity),
        table_ages=_of(parts, TableAge),
        column_statistics=_of(parts, ColumnStatistics),
        statements=Statements(rows=tuple(statements)),
        plans=_of(parts, StatementPlan),
        unavailable=_of(parts, Unavailable),
        tool_version="test",
    )
    _refuse_strays(snapshot)
    return snapshot


def _refuse_strays(snapshot: Snapshot) -> None:
    known = {table.oid for table in snapshot.tables}
    owners = [(index.name, index.table_oid) for index in snapshot.indexes]
    owners += [(constraint.name, constraint.table_oid) for constraint in snapshot.constraints]
    owners += [("a row of counters", row.table_oid) for row in snapshot.table_activity]
    for name, table_oid in owners:
        if table_oid not in known:
            raise ValueError(f"{name} is of a table that the snapshot does not have")


def _flat(objects: Iterable[SnapshotPart]) -> Iterator[SnapshotObject]:
    for item in objects:
        if isinstance(item, Iterable):
            yield from item
        else:
            yield item


def _of(parts: tuple[SnapshotObject, ...], kind: type[_T]) -> tuple[_T, ...]:
    return tuple(part for part in parts if isinstance(part, kind))

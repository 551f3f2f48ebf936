"""Activity counters, and what ANALYZE sampled."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping

from pgadvisor.collect.scope import CollectOptions, counted, listed
from pgadvisor.collect.session import Record, Session
from pgadvisor.model.schema import Index, Table
from pgadvisor.model.snapshot import Unavailable
from pgadvisor.model.statistics import ColumnStatistics, IndexActivity, TableActivity
from pgadvisor.sqltext.quote import qualified, quote_identifier


def read_table_activity(session: Session, options: CollectOptions) -> tuple[TableActivity, ...]:
    """Read the usage counters of tables.

    Raises:
        ReadError: It failed.
    """
    rows = session.read("table_activity", *options.values)
    return tuple(TableActivity(**row) for row in rows)


def read_index_activity(session: Session, options: CollectOptions) -> tuple[IndexActivity, ...]:
    """Read the usage counters of indexes.

    Raises:
        ReadError: It failed.
    """
    rows = session.read("index_activity", *options.values)
    return tuple(IndexActivity(**row) for row in rows)


def read_column_statistics(
    session: Session, options: CollectOptions, oids: Mapping[tuple[str, str], int]
) -> tuple[ColumnStatistics, ...]:
    """Read ``pg_stats``, with the rows of inheritance parents and of indexed expressions.

    Args:
        session: Where to read.
        options: What to read.
        oids: OIDs of tables and indexes by schema and name; others are left out.

    Raises:
        ReadError: It failed.
    """
    found: list[ColumnStatistics] = []
    for row in session.read("column_statistics", *options.values):
        oid = oids.get((row.pop("schema"), row.pop("relation")))
        if oid is not None:
            found.append(ColumnStatistics(relation_oid=oid, **consistent(row)))
    found.sort(key=lambda one: (one.relation_oid, one.column, one.is_inherited))
    return tuple(found)


def consistent(row: Record) -> Record:
    """Drop value lists that were split wrongly: some types have a delimiter of their own."""
    for values, ratios in (("most_common_values", "most_common_ratios"),):
        if row[values] is not None and len(row[values]) != len(row[ratios] or ()):
            row[values] = row[ratios] = None
    return row


def hidden_statistics(
    access: Iterable[Record],
    tables: Mapping[int, Table],
    found: Collection[int],
    role: str,
) -> tuple[Unavailable, ...]:
    """Tell tables whose statistics are hidden from us from those never analysed.

    ``pg_stats`` hides rows silently, and advice must not be made from defaults unawares.

    Args:
        access: Rows of the read ``statistics_access``.
        tables: Tables by OID.
        found: OIDs of the relations that we got statistics of.
        role: Our role.
    """
    without_privilege: defaultdict[str, list[Table]] = defaultdict(list)
    row_secured: list[Table] = []
    for row in access:
        table = tables.get(row["oid"])
        if table is None or table.oid in found or not row["was_analysed"]:
            continue
        if not row["may_select"]:
            without_privilege[table.schema].append(table)
        elif row["is_row_secured"]:
            row_secured.append(table)
    hidden = [
        _without_privilege(schema, names, _count(tables, schema), role)
        for schema, names in sorted(without_privilege.items())
    ]
    if row_secured:
        hidden.append(_row_secured(row_secured, role))
    return tuple(hidden)


def hidden_expression_statistics(
    indexes: Iterable[Index], tables: Mapping[int, Table], found: Collection[int]
) -> tuple[Unavailable, ...]:
    """Name indexed expressions whose statistics are hidden, which no GRANT can change.

    An index has no privileges of its own, so ``pg_stats`` shows its rows to its owner alone.

    Args:
        indexes: All indexes.
        tables: Tables by OID.
        found: OIDs of the relations that we got statistics of.
    """
    hidden = [
        index
        for index in indexes
        if None in index.key_columns
        and not index.is_partitioned
        and index.oid not in found
        and index.table_oid in tables
        and tables[index.table_oid].rows > 0
    ]
    if not hidden:
        return ()
    names = listed(f"{index.schema}.{index.name}" for index in hidden)
    return (
        Unavailable(
            what=f"statistics of the expressions in {counted(len(hidden), 'index')}: {names}",
            reason="only the owner may read them, or ANALYZE has not run since the index was made",
            consequence="the share of rows that such an expression selects is a guess",
            remedy="Run ANALYZE on the table, or run as a member of the owner's role.",
        ),
    )


def _without_privilege(
    schema: str, hidden: list[Table], tables_in_schema: int, role: str
) -> Unavailable:
    grantee = quote_identifier(role)
    if len(hidden) == tables_in_schema:
        remedy = f"GRANT SELECT ON ALL TABLES IN SCHEMA {quote_identifier(schema)} TO {grantee};"
    else:
        remedy = "\n".join(
            f"GRANT SELECT ON {qualified(table.schema, table.name)} TO {grantee};"
            for table in hidden
        )
    return Unavailable(
        what=f"pg_stats of {counted(len(hidden), 'table')}: {_names(hidden)}",
        reason="the role may not read the tables, and so not their statistics either",
        consequence="no costs, and so no index advice, for statements on them",
        remedy=remedy,
    )


def _row_secured(hidden: list[Table], role: str) -> Unavailable:
    return Unavailable(
        what=f"pg_stats of {counted(len(hidden), 'table')}: {_names(hidden)}",
        reason="row security is in force for the role, which hides their statistics",
        consequence="no costs, and so no index advice, for statements on them",
        remedy=f"ALTER ROLE {quote_identifier(role)} BYPASSRLS;",
    )


def _names(tables: Iterable[Table]) -> str:
    return listed(table.qualified_name for table in tables)


def _count(tables: Mapping[int, Table], schema: str) -> int:
    return sum(table.schema == schema for table in tables.values())

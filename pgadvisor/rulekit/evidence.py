"""Evidence that many rules give: one name, one unit and one source for the same figure."""

from __future__ import annotations

from pgadvisor.model.finding import Evidence
from pgadvisor.model.schema import Index, Table
from pgadvisor.model.statement import Statement
from pgadvisor.rulekit.case import Case


def index_definition(index: Index, name: str = "definition") -> Evidence:
    """How an index was made."""
    return Evidence(name=name, value=index.definition, source="pg_get_indexdef")


def index_scans(case: Case, index: Index) -> Evidence:
    """Scans of an index, the parts of a partitioned one added up."""
    return Evidence(
        name="scans",
        value=case.scans_of(index),
        unit="scans",
        source="pg_stat_user_indexes.idx_scan",
    )


def index_size(case: Case, index: Index, name: str = "size") -> Evidence:
    """Length of an index in bytes, the parts of a partitioned one added up."""
    return Evidence(
        name=name, value=case.size_of_index(index), unit="bytes", source="pg_relation_size"
    )


def written_rows(case: Case, table: Table) -> Evidence:
    """Rows that are written to a table in a day; 0 where nobody knows since when they count."""
    return Evidence(
        name="rows written to the table a day",
        value=round(case.writes_per_day(table) or 0.0),
        unit="rows",
        source="pg_stat_user_tables.n_tup_ins, n_tup_upd, n_tup_del",
    )


def table_rows(case: Case, table: Table, name: str = "rows") -> Evidence:
    """Rows of a table as the planner would estimate them now."""
    return Evidence(
        name=name,
        value=round(case.rows_of(table)),
        unit="rows",
        source="pg_class.reltuples, scaled by the length now",
    )


def share_of_time(share: float) -> Evidence:
    """What statements take of the workload's execution time, as a share from 0 to 1."""
    return Evidence(
        name="share of execution time",
        value=round(share, 4),
        unit="ratio",
        source="pg_stat_statements.total_exec_time",
    )


def blocks_per_call(statement: Statement) -> Evidence:
    """Blocks that a call of a statement touches, in memory or not."""
    return Evidence(
        name="blocks touched a call",
        value=round(statement.blocks_per_call, 1),
        unit="blocks",
        source="pg_stat_statements.shared_blks_hit, shared_blks_read",
    )


def rows_per_call(statement: Statement) -> Evidence:
    """Rows that a call of a statement returns; it must have been called."""
    return Evidence(
        name="rows returned a call",
        value=round(statement.rows / statement.calls, 1),
        unit="rows",
        source="pg_stat_statements.rows",
    )

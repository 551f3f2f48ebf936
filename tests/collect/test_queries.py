"""The read files: each is one SELECT over PostgreSQL's own relations, with its header."""

from __future__ import annotations

import re
from pathlib import Path

import pglast
import pytest
from pglast import ast
from pglast.visitors import Visitor

from pgadvisor.collect.queries import EXTENSION_SCHEMA, MARKER, query

FILES = sorted((Path(__file__).parents[2] / "pgadvisor" / "collect" / "sql").glob("*.sql"))
EXTENSION = "the_extension"
SYSTEM = {"pg_catalog", "information_schema", EXTENSION}
READING_FUNCTIONS = {
    *("age", "array_agg", "cardinality", "clock_timestamp"),
    *("count", "current_database", "current_setting"),
    *("extract", "format", "format_type", "has_schema_privilege", "has_sequence_privilege"),
    *("has_table_privilege", "inet_server_addr", "max", "min", "mxid_age"),
    *("pg_backend_pid", "pg_blocking_pids", "pg_collation_actual_version", "pg_control_checkpoint"),
    *("pg_control_system", "pg_current_wal_lsn"),
    *("pg_database_collation_actual_version", "pg_encoding_to_char", "pg_get_constraintdef"),
    *("pg_get_expr", "pg_get_function_arguments", "pg_get_function_identity_arguments"),
    *("pg_get_function_result", "pg_get_functiondef", "pg_options_to_table"),
    *("pg_get_indexdef", "pg_get_partkeydef", "pg_get_statisticsobjdef"),
    *("pg_get_statisticsobjdef_expressions", "pg_get_viewdef", "pg_has_role"),
    *("pg_is_in_recovery", "pg_last_wal_replay_lsn", "pg_postmaster_start_time"),
    *("pg_relation_size", "pg_wal_lsn_diff"),
    *("pg_sequence_last_value", "pg_stat_get_blocks_fetched", "pg_stat_get_blocks_hit"),
    *("pg_stat_get_dead_tuples", "pg_stat_get_last_analyze_time"),
    *("pg_stat_get_last_autoanalyze_time", "pg_stat_get_last_autovacuum_time"),
    *("pg_stat_get_last_vacuum_time", "pg_stat_get_live_tuples", "pg_stat_statements"),
    *("quote_ident", "quote_literal", "regexp_matches", "row_security_active", "split_part"),
    *("strpos", "substr", "sum", "to_jsonb", "unnest"),
    *("version",),
}
"""Every function that a read calls; a new one is added here after a look at what it does."""


def _text(file: Path) -> str:
    return file.read_text().replace(EXTENSION_SCHEMA, EXTENSION)


class _Names(Visitor):
    """Collects every relation and function that a tree names."""

    def __init__(self) -> None:
        super().__init__()
        self.relations: set[tuple[str | None, str]] = set()
        self.ctes: set[str] = set()
        self.functions: set[tuple[str, ...]] = set()

    def visit_RangeVar(self, _ancestors: object, node: ast.RangeVar) -> None:  # noqa: N802
        self.relations.add((node.schemaname, node.relname or ""))

    def visit_CommonTableExpr(  # noqa: N802
        self, _ancestors: object, node: ast.CommonTableExpr
    ) -> None:
        self.ctes.add(node.ctename or "")

    def visit_FuncCall(self, _ancestors: object, node: ast.FuncCall) -> None:  # noqa: N802
        self.functions.add(tuple(part.sval for part in node.funcname or ()))


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_is_one_select_over_system_relations(file: Path) -> None:
    [statement] = pglast.parse_sql(_text(file))
    names = _Names()
    names(statement)

    assert isinstance(statement.stmt, ast.SelectStmt)
    assert not statement.stmt.intoClause
    assert not statement.stmt.lockingClause
    outside = {
        (schema, name)
        for schema, name in names.relations
        if schema not in SYSTEM and not (schema is None and name in names.ctes)
    }
    assert outside == set()
    assert {parts for parts in names.functions if parts[0] not in SYSTEM} == set()
    assert {parts[-1] for parts in names.functions} <= READING_FUNCTIONS


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_has_its_header(file: Path) -> None:
    lines = file.read_text().splitlines()

    for start in ("-- Purpose:   ", "-- Columns:   ", "-- Privilege: ", "-- Versions:  "):
        assert [line for line in lines if line.startswith(start)], start
    assert ("$1" in _text(file)) == any(line.startswith("-- Values:    ") for line in lines)
    assert all(len(line) <= 100 for line in lines)


def test_takes_the_newest_variant_that_the_version_has() -> None:
    by_major = [query("column_statistics", (major,)) for major in (13, 16, 17, 19)]
    by_extension = [
        query("statements", version, extension_schema="x")
        for version in ((1, 6), (1, 8), (1, 9), (1, 10), (1, 11), (1, 12), (2, 0))
    ]

    assert by_major[0] == by_major[1]
    assert by_major[1] != by_major[2]
    assert by_major[2] == by_major[3]
    assert len(set(by_extension)) == 5
    assert "s.total_time as" in by_extension[0]
    assert by_extension[4] == by_extension[5] == by_extension[6]


def test_marks_every_text_as_ours() -> None:
    for file in FILES:
        name = re.sub(r"(_\d+)+$", "", file.stem)

        assert MARKER in query(name, (0,))
        assert "--" not in query(name, (0,))


def test_quotes_the_schema_of_the_extension() -> None:
    text = query("statement_texts", (1, 12), extension_schema='we"ird; drop')

    assert '"we""ird; drop".pg_stat_statements(true)' in text
    assert EXTENSION_SCHEMA not in text

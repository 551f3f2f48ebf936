"""One statement: what kind it is, what it calls, and whether it may be explained."""

from __future__ import annotations

from dataclasses import dataclass

from pglast import ast

from pgadvisor.model.usage import StatementKind
from pgadvisor.parse import grammar
from pgadvisor.parse.grammar import StatementError
from pgadvisor.parse.normalise import UNPARSABLE, normalise

__all__ = [
    "UNPARSABLE",
    "ParsedStatement",
    "StatementError",
    "deny_listed_functions",
    "fingerprint",
    "function_name",
    "normalise",
    "parse_statement",
]

_KINDS: dict[type[ast.Node], StatementKind] = {
    ast.SelectStmt: StatementKind.SELECT,
    ast.InsertStmt: StatementKind.INSERT,
    ast.UpdateStmt: StatementKind.UPDATE,
    ast.DeleteStmt: StatementKind.DELETE,
    ast.MergeStmt: StatementKind.MERGE,
}

_DENIED_PREFIXES = (
    *("dblink", "crosstab", "query_to_xml", "table_to_xml", "cursor_to_xml", "schema_to_xml"),
    *("database_to_xml", "lo_", "pg_sleep", "pg_advisory", "pg_try_advisory", "pg_ls_"),
    *("pg_logical", "pg_replication", "pg_file_", "pg_wal_replay", "pg_create_", "pg_drop_"),
    *("pg_stat_reset", "pg_stat_statements_reset", "pg_read_", "pg_rotate_"),
)
_DENIED_NAMES = frozenset(
    {"xpath_table", "set_config", "pg_terminate_backend", "pg_cancel_backend", "pg_reload_conf"}
    | {"pg_switch_wal", "pg_promote", "pg_notify", "pg_export_snapshot", "pg_stat_file"}
    | {"loread", "lowrite", "setval", "pg_execute_server_program", "pg_backup_start"}
    | {"pg_backup_stop", "pg_start_backup", "pg_stop_backup", "pg_log_backend_memory_contexts"}
    | {"pg_restore_relation_stats", "pg_restore_attribute_stats", "pg_clear_relation_stats"}
    | {"pg_clear_attribute_stats", "pg_import_system_collations"}
    | {"pg_input_is_valid", "pg_input_error_info", "domain_in", "domain_recv", "array_in"}
    | {"array_recv", "record_in", "record_recv", "range_in", "range_recv", "multirange_in"}
    | {"multirange_recv"}
)
"""Denied are functions that act when they are planned or run, or that reach out of the database,
or that make values of a type that a string or a number names, and so run the check of a domain;
``nextval`` is not: it is volatile, so no planner runs it, and many an INSERT needs it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedStatement:
    """One statement that PostgreSQL's grammar accepts."""

    text: str
    kind: StatementKind
    parameter_count: int
    """The highest ``n`` of the ``$n`` in it; 0 for none."""
    functions: tuple[str, ...]
    """Functions it calls, in order of appearance, qualified where the text qualifies them."""
    is_explainable: bool
    """It is exactly one plain SELECT, INSERT, UPDATE, DELETE or MERGE: safe behind PREPARE."""
    has_squashed_lists: bool
    """PostgreSQL 18 has cut its lists down to one element: ``IN ($1 /*, ... */)``."""
    tree: ast.Node
    queries: tuple[ast.SelectStmt, ...]
    """All SELECTs and VALUES of the tree, itself and those in it, from the top."""


def parse_statement(text: str) -> ParsedStatement:
    """Parse exactly one statement.

    Raises:
        StatementError: The text is empty, holds several statements or impossible characters
            (a NUL, half of a surrogate pair), does not parse, or is nested too deeply.
    """
    found = grammar.parse(text)
    if len(found) != 1:
        what = f"holds {len(found)} statements where one is expected" if found else "empty"
        raise StatementError(what)
    tree = grammar.statement_of(found[0])
    nodes = tuple(grammar.walk(tree))
    kind = kind_of(tree)
    return ParsedStatement(
        text=text,
        kind=kind,
        parameter_count=max(
            (node.number or 0 for node in nodes if isinstance(node, ast.ParamRef)), default=0
        ),
        functions=tuple(
            dict.fromkeys(function_name(node) for node in nodes if isinstance(node, ast.FuncCall))
        ),
        is_explainable=kind is not StatementKind.UTILITY
        and not any(isinstance(node, ast.IntoClause) for node in nodes),
        has_squashed_lists="/*, ... */" in text,
        tree=tree,
        queries=tuple(node for node in nodes if isinstance(node, ast.SelectStmt)),
    )


def kind_of(tree: ast.Node) -> StatementKind:
    """What kind of statement a tree is."""
    return _KINDS.get(type(tree), StatementKind.UTILITY)


def function_name(call: ast.FuncCall) -> str:
    """The name of a function as the text has it; SQL's own syntax gives the bare name."""
    parts = grammar.name_parts(call.funcname)
    if call.funcformat is not None and call.funcformat.name == "COERCE_SQL_SYNTAX":
        parts = parts[-1:]
    return ".".join(parts)


def fingerprint(text: str) -> str:
    """Compute a fingerprint: it ignores literals, schemas, and what output columns are called.

    Aliases of tables do count.

    Raises:
        StatementError: The text does not parse.
    """
    return grammar.fingerprint_of(text)


def deny_listed_functions(parsed: ParsedStatement) -> tuple[str, ...]:
    """Name the functions called that must not be planned on somebody's server.

    Planning evaluates immutable and stable functions, so a plain EXPLAIN runs code.
    """
    return tuple(name for name in parsed.functions if _is_denied(name.rsplit(".", 1)[-1].lower()))


def _is_denied(name: str) -> bool:
    return name in _DENIED_NAMES or name.startswith(_DENIED_PREFIXES)

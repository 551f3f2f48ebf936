"""Command tags: what is kept of a statement that is not a query and so may hold a secret."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import cast

from pglast import ast
from pglast.enums.parsenodes import ObjectType, TransactionStmtKind

_TAGS: dict[str, str] = {
    "AlterDatabaseSetStmt": "ALTER DATABASE",
    "AlterObjectDependsStmt": "ALTER",
    "AlterRoleSetStmt": "ALTER ROLE",
    "AlterSeqStmt": "ALTER SEQUENCE",
    "AlterStatsStmt": "ALTER STATISTICS",
    "AlterTSConfigurationStmt": "ALTER TEXT SEARCH CONFIGURATION",
    "AlterTSDictionaryStmt": "ALTER TEXT SEARCH DICTIONARY",
    "AlterTableMoveAllStmt": "ALTER TABLE",
    "AlterTableSpaceOptionsStmt": "ALTER TABLESPACE",
    "AlterTableStmt": "ALTER TABLE",
    "CallStmt": "CALL",
    "CheckPointStmt": "CHECKPOINT",
    "ClosePortalStmt": "CLOSE CURSOR",
    "ClusterStmt": "CLUSTER",
    "CommentStmt": "COMMENT",
    "CompositeTypeStmt": "CREATE TYPE",
    "ConstraintsSetStmt": "SET CONSTRAINTS",
    "CopyStmt": "COPY",
    "CreateEnumStmt": "CREATE TYPE",
    "CreateEventTrigStmt": "CREATE EVENT TRIGGER",
    "CreateFdwStmt": "CREATE FOREIGN DATA WRAPPER",
    "CreateForeignServerStmt": "CREATE SERVER",
    "CreatePLangStmt": "CREATE LANGUAGE",
    "CreateRangeStmt": "CREATE TYPE",
    "CreateSeqStmt": "CREATE SEQUENCE",
    "CreateStatsStmt": "CREATE STATISTICS",
    "CreateStmt": "CREATE TABLE",
    "CreateTableAsStmt": "CREATE TABLE AS",
    "CreateTrigStmt": "CREATE TRIGGER",
    "CreatedbStmt": "CREATE DATABASE",
    "DeallocateStmt": "DEALLOCATE",
    "DeclareCursorStmt": "DECLARE CURSOR",
    "DefineStmt": "CREATE",
    "DiscardStmt": "DISCARD",
    "DoStmt": "DO",
    "DropdbStmt": "DROP DATABASE",
    "ExecuteStmt": "EXECUTE",
    "ExplainStmt": "EXPLAIN",
    "FetchStmt": "FETCH",
    "GrantRoleStmt": "GRANT ROLE",
    "GrantStmt": "GRANT",
    "ImportForeignSchemaStmt": "IMPORT FOREIGN SCHEMA",
    "IndexStmt": "CREATE INDEX",
    "ListenStmt": "LISTEN",
    "LoadStmt": "LOAD",
    "LockStmt": "LOCK TABLE",
    "NotifyStmt": "NOTIFY",
    "PrepareStmt": "PREPARE",
    "ReassignOwnedStmt": "REASSIGN OWNED",
    "RefreshMatViewStmt": "REFRESH MATERIALIZED VIEW",
    "ReindexStmt": "REINDEX",
    "RuleStmt": "CREATE RULE",
    "SecLabelStmt": "SECURITY LABEL",
    "TruncateStmt": "TRUNCATE TABLE",
    "UnlistenStmt": "UNLISTEN",
    "VacuumStmt": "VACUUM",
    "VariableSetStmt": "SET",
    "VariableShowStmt": "SHOW",
    "ViewStmt": "CREATE VIEW",
}
_WORD = re.compile(r"[A-Z][a-z]*")


def command_tag(tree: ast.Node) -> str:
    """The command that a statement is, without any of its names, options or literals."""
    maker = _BY_CONTENT.get(type(tree).__name__)
    return maker(tree) if maker else _tag_of(type(tree).__name__)


def is_command_tag(text: str) -> bool:
    """Whether a text is such a tag."""
    return text in _ALL_TAGS


def _tag_of(class_name: str) -> str:
    spelled = " ".join(_WORD.findall(class_name.removesuffix("Stmt"))).upper()
    return _TAGS.get(class_name, spelled)


def _object_name(kind: ObjectType | None) -> str:
    if kind is None:
        return "OBJECT"
    words = kind.name.removeprefix("OBJECT_").replace("_", " ")
    return _OBJECT_NAMES.get(words, words)


_OBJECT_NAMES = {
    "MATVIEW": "MATERIALIZED VIEW",
    "FDW": "FOREIGN DATA WRAPPER",
    "TABCONSTRAINT": "CONSTRAINT",
    "DOMCONSTRAINT": "CONSTRAINT",
    "OPCLASS": "OPERATOR CLASS",
    "OPFAMILY": "OPERATOR FAMILY",
    "TSCONFIGURATION": "TEXT SEARCH CONFIGURATION",
    "TSDICTIONARY": "TEXT SEARCH DICTIONARY",
    "TSPARSER": "TEXT SEARCH PARSER",
    "TSTEMPLATE": "TEXT SEARCH TEMPLATE",
    "STATISTIC EXT": "STATISTICS",
    "ACCESS METHOD": "ACCESS METHOD",
}
_TRANSACTION_TAGS = {
    kind.name: kind.name.removeprefix("TRANS_STMT_").replace("_", " ")
    for kind in TransactionStmtKind
} | {"TRANS_STMT_START": "START TRANSACTION"}


def _transaction(tree: ast.Node) -> str:
    kind = cast("ast.TransactionStmt", tree).kind
    return _TRANSACTION_TAGS[kind.name] if kind is not None else "TRANSACTION"


def _drop(tree: ast.Node) -> str:
    return f"DROP {_object_name(cast('ast.DropStmt', tree).removeType)}"


def _grant(tree: ast.Node) -> str:
    return "GRANT" if cast("ast.GrantStmt", tree).is_grant else "REVOKE"


def _create_as(tree: ast.Node) -> str:
    if cast("ast.CreateTableAsStmt", tree).objtype is ObjectType.OBJECT_MATVIEW:
        return "CREATE MATERIALIZED VIEW"
    return "CREATE TABLE AS"


def _vacuum(tree: ast.Node) -> str:
    return "VACUUM" if cast("ast.VacuumStmt", tree).is_vacuumcmd else "ANALYZE"


_BY_CONTENT: dict[str, Callable[[ast.Node], str]] = {
    "TransactionStmt": _transaction,
    "DropStmt": _drop,
    "GrantStmt": _grant,
    "CreateTableAsStmt": _create_as,
    "VacuumStmt": _vacuum,
}
_ALL_TAGS = frozenset(
    {_tag_of(name) for name in dir(ast) if name.endswith("Stmt")}
    | {f"DROP {_object_name(kind)}" for kind in ObjectType}
    | set(_TRANSACTION_TAGS.values())
    | {"REVOKE", "ANALYZE", "CREATE MATERIALIZED VIEW"}
) - {"SELECT", "INSERT", "UPDATE", "DELETE", "MERGE", "RAW"}

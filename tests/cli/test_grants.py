"""``pgadvisor grants``."""

from __future__ import annotations

import pglast
from pglast import ast

from tests.cli.conftest import Command

HOSTILE = 'we"ird\n; drop table x; --'


def test_prints_grants_for_each_schema(pgadvisor_run: Command) -> None:
    ended = pgadvisor_run(
        "grants", "--role", "Reader", "--database", "shop", "--schema", "a", "--schema", 'b"c'
    )

    kinds = [type(statement.stmt) for statement in pglast.parse_sql(ended.out)]
    assert ended.code == 0
    assert kinds == [ast.GrantStmt, ast.GrantRoleStmt, *[ast.GrantStmt] * 6]
    assert 'GRANT CONNECT ON DATABASE "shop" TO "Reader";' in ended.out
    assert 'GRANT USAGE ON SCHEMA "b""c" TO "Reader";' in ended.out


def test_a_hostile_name_stays_a_name(pgadvisor_run: Command) -> None:
    ended = pgadvisor_run("grants", "--role", HOSTILE, "--database", HOSTILE, "--schema", HOSTILE)

    kinds = [type(statement.stmt) for statement in pglast.parse_sql(ended.out)]
    assert kinds == [ast.GrantStmt, ast.GrantRoleStmt, *[ast.GrantStmt] * 3]


def test_refuses_an_empty_name(pgadvisor_run: Command) -> None:
    ended = pgadvisor_run("grants", "--role", "")

    assert ended.code == 2
    assert ended.message == "writing the grants: '' cannot be an identifier"

"""The SQL that makes a reading role."""

from __future__ import annotations

import pglast
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pglast import ast

from pgadvisor.collect.grants import grants_sql

HOSTILE = 'we"ird\n; drop table x; -- {role}'
_NAMES = st.text(st.characters(exclude_characters="\0", codec="utf-8"), min_size=1, max_size=30)


def test_grants_what_is_needed_and_no_more() -> None:
    lines = grants_sql("reader", "shop", ["public", "Other"]).splitlines()

    assert [line for line in lines if line and not line.startswith("--")] == [
        'GRANT CONNECT ON DATABASE "shop" TO "reader";',
        'GRANT pg_monitor TO "reader";',
        'GRANT USAGE ON SCHEMA "public" TO "reader";',
        'GRANT SELECT ON ALL TABLES IN SCHEMA "public" TO "reader";',
        'GRANT SELECT ON ALL SEQUENCES IN SCHEMA "public" TO "reader";',
        'GRANT USAGE ON SCHEMA "Other" TO "reader";',
        'GRANT SELECT ON ALL TABLES IN SCHEMA "Other" TO "reader";',
        'GRANT SELECT ON ALL SEQUENCES IN SCHEMA "Other" TO "reader";',
    ]


@pytest.mark.parametrize("role", ["none", "public"])
def test_refuses_what_no_role_can_be_called(role: str) -> None:
    with pytest.raises(ValueError, match=f"no role can be called {role}"):
        grants_sql(role, "shop", ["public"])


@example("none ", "0", "0")
@given(_NAMES.filter(lambda name: name not in {"none", "public"}), _NAMES, _NAMES)
def test_any_name_gives_grants_only(role: str, database: str, schema: str) -> None:
    kinds = [type(s.stmt) for s in pglast.parse_sql(grants_sql(role, database, [schema]))]

    assert kinds == [ast.GrantStmt, ast.GrantRoleStmt, *[ast.GrantStmt] * 3]


def test_a_hostile_name_stays_a_name() -> None:
    kinds = [type(s.stmt) for s in pglast.parse_sql(grants_sql(HOSTILE, HOSTILE, [HOSTILE]))]

    assert kinds == [ast.GrantStmt, ast.GrantRoleStmt, *[ast.GrantStmt] * 3]

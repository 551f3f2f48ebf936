"""Which statements may be planned on somebody's server."""

from __future__ import annotations

import pytest

from pgadvisor.collect.function_policy import FunctionPolicy, function_policy
from pgadvisor.parse.statement import parse_statement

POLICY = function_policy(
    [
        {"kind": "function", "name": "slug"},
        {"kind": "operator", "name": "~~~~"},
        {"kind": "relation", "name": "open_orders"},
        {"kind": "default", "name": "orders"},
    ],
    allows_user_functions=False,
)


@pytest.mark.parametrize(
    ("text", "objection"),
    [
        ("select pg_sleep($1)", "it calls pg_sleep, which acts when it is planned or run"),
        (
            "select * from orders where app.slug(note) = $1",
            "it calls slug, a function of the users that planning may run",
        ),
        (
            "select * from orders where note ~~~~ $1",
            "it uses the operator ~~~~ of the users, which planning may run",
        ),
        (
            'select * from app."open_orders"',
            "open_orders calls a function of the users that planning may run",
        ),
        (
            "insert into orders (note) values ($1)",
            "orders calls a function of the users that planning may run",
        ),
    ],
)
def test_objects(text: str, objection: str) -> None:
    assert POLICY.objection(parse_statement(text)) == objection


@pytest.mark.parametrize(
    "text",
    ["select slug from orders", "select lower(note) from orders", "delete from orders where id=$1"],
)
def test_lets_pass(text: str) -> None:
    assert POLICY.objection(parse_statement(text)) is None


def test_lets_user_functions_pass_where_that_is_wanted_but_never_denied_ones() -> None:
    policy = FunctionPolicy(functions=frozenset({"slug"}), allows_user_functions=True)

    assert policy.objection(parse_statement("select slug($1)")) is None
    assert policy.objection(parse_statement("select dblink_exec($1)")) is not None

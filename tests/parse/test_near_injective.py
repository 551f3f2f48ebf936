"""Which expressions keep values apart."""

from __future__ import annotations

import pytest

from pgadvisor.parse.grammar import StatementError
from pgadvisor.parse.near_injective import columns_whose_null_shows, tells_values_apart


@pytest.mark.parametrize(
    "expression",
    [
        "lower(email)",
        "lower((email)::text)",
        "upper(btrim(name, ' -'::text))",
        "(plate)::text",
        "COALESCE(name, 'none'::text)",
        'pg_catalog.lower("Odd name")',
        '(name COLLATE "C")',
        "((first_name || ' '::text) || COALESCE(last_name, ''::text))",
    ],
)
def test_keeps_values_apart(expression: str) -> None:
    assert tells_values_apart(expression)


@pytest.mark.parametrize(
    "expression",
    [
        "left(name, 2)",
        "length(name)",
        "split_part(email, '@'::text, 2)",
        "(attributes ->> 'size'::text)",
        "lower(left(name, 1))",
        "COALESCE(name, other)",
        "COALESCE('none'::text, name)",
        "btrim(name, other)",
        "now()",
        "'text'::text",
        "('a'::text || 'b'::text)",
        "(total + tax)",
        "(left(name, 1) || email)",
    ],
)
def test_may_throw_values_together(expression: str) -> None:
    assert not tells_values_apart(expression)


def test_tells_which_columns_make_it_null() -> None:
    expression = "lower(((first_name)::text || COALESCE(last_name, ''::text)) || btrim(mail))"

    assert columns_whose_null_shows(expression) == {"first_name", "mail"}


def test_refuses_what_is_no_expression() -> None:
    with pytest.raises(StatementError):
        tells_values_apart("lower(")

"""Quoting of names, literals and comments, checked against PostgreSQL's own grammar."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pglast import ast, parse_sql

from pgadvisor.sqltext.quote import (
    comment,
    cut_identifier,
    quote_array,
    quote_identifier,
    quote_literal,
)

HOSTILE = 'we"ird\n\\! ls\n; DROP TABLE x; --'
names = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=15)


def parsed_name(quoted: str) -> str | None:
    [raw] = parse_sql(f"TABLE {quoted}")
    assert isinstance(raw.stmt, ast.SelectStmt)
    relation = (raw.stmt.fromClause or (None,))[0]
    assert isinstance(relation, ast.RangeVar)
    return relation.relname


def parsed_constant(quoted: str) -> str | None:
    [raw] = parse_sql(f"SELECT {quoted}")
    assert isinstance(raw.stmt, ast.SelectStmt)
    target = (raw.stmt.targetList or (None,))[0]
    assert isinstance(target, ast.ResTarget)
    assert isinstance(target.val, ast.A_Const)
    assert isinstance(target.val.val, ast.String)
    return target.val.val.sval


@given(names)
def test_any_name_comes_back_as_it_was(name: str) -> None:
    assert parsed_name(quote_identifier(name)) == name


@given(st.text(st.characters(codec="utf-8", exclude_characters="\0")))
def test_any_text_comes_back_as_it_was(text: str) -> None:
    assert parsed_constant(quote_literal(text)) == text


@given(st.text())
def test_nothing_gets_out_of_a_comment(text: str) -> None:
    line = comment(text)

    assert line.startswith("--")
    assert len(line.splitlines()) == 1
    assert line.isprintable()


def test_a_hostile_name_stays_a_name() -> None:
    assert quote_identifier(HOSTILE) == '"we""ird\n\\! ls\n; DROP TABLE x; --"'
    assert parsed_name(quote_identifier(HOSTILE)) == HOSTILE


@pytest.mark.parametrize("name", ["", "a\0b"])
def test_refuses_what_no_name_can_be(name: str) -> None:
    with pytest.raises(ValueError, match="cannot be an identifier"):
        quote_identifier(name)


def test_refuses_a_nul_in_a_constant() -> None:
    with pytest.raises(ValueError, match="NUL"):
        quote_literal("a\0b")


@given(names, st.integers(1, 63))
def test_cuts_between_characters(name: str, max_bytes: int) -> None:
    cut = cut_identifier(name, max_bytes)

    assert name.startswith(cut)
    assert len(cut.encode()) <= max_bytes
    assert len(name.encode()) <= max_bytes or len(cut.encode()) > max_bytes - 4


@given(st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=8)))
def test_any_array_comes_back_as_it_was(values: list[str]) -> None:
    text = parsed_constant(quote_array(values))

    assert text is not None
    assert parsed_array(text) == values


def parsed_array(text: str) -> list[str]:
    """Read an array of quoted texts as PostgreSQL does."""
    assert text.startswith("{")
    assert text.endswith("}")
    found: list[str] = []
    rest = text[1:-1]
    while rest:
        place, value = 1, ""
        while rest[place] != '"':
            place += rest[place] == "\\"
            value += rest[place]
            place += 1
        found.append(value)
        rest = rest[place + 2 :]
    return found

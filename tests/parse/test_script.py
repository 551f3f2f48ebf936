"""Texts of several statements."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pgadvisor.parse.script import ScriptStatement, StatementError, is_complete, split_script


def test_tells_statements_with_their_lines() -> None:
    text = "-- first\nselect 'é;';\n\n  select\n2; "

    assert split_script(text) == (
        ScriptStatement(text="select 'é;'", line=2),
        ScriptStatement(text="select\n2", line=4),
    )


def test_what_does_not_parse_is_told_with_its_place() -> None:
    with pytest.raises(StatementError) as raised:
        split_script("select 1;\nselect from from")

    assert raised.value.position == 22


@pytest.mark.parametrize(
    "text", ["select 1;", "select ';';", "select 1; -- done", "select $$;$$;\n", ";", "select 1;;"]
)
def test_a_semicolon_at_the_end_completes_a_text(text: str) -> None:
    assert is_complete(text)


@pytest.mark.parametrize(
    "text",
    ["", "\n", "select 1", "select 1; select 2", "select ';", "select $$;", "/* ;", 'select ";'],
)
def test_a_text_goes_on_without_one(text: str) -> None:
    assert not is_complete(text)


@given(st.text("abc'$\";-/*\n ", max_size=40))
def test_whatever_is_typed_is_answered(text: str) -> None:
    complete = is_complete(text)

    assert not complete or ";" in text

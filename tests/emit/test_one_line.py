"""SQL with its control characters written by number means the same."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pglast import parse_sql
from pglast.stream import RawStream

from pgadvisor.emit.one_line import one_line
from pgadvisor.sqltext.quote import quote_identifier, quote_literal

texts = st.text(
    st.characters(codec="utf-8", exclude_characters="\0")
    | st.sampled_from(list("\n\r\t\x1b\x9b\u202e\u2028\\'\"$")),
    min_size=1,
    max_size=12,
)


def tree(sql: str) -> str:
    return RawStream()(parse_sql(sql))


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ('DROP INDEX "a"', 'DROP INDEX "a"'),
        ('DROP INDEX "a\nb\\"', 'DROP INDEX U&"a\\000ab\\\\"'),
        ("SELECT 'it''s\n\\!'", "SELECT E'it''s\\u000a\\\\!'"),
        ("SELECT E'a\\\n\\n\n'", "SELECT E'a\\u000a\\n\\u000a'"),
        ("SELECT $q$a'b\n\\$q$", "SELECT E'a''b\\u000a\\\\'"),
        ('SELECT "a\U000e0001"', 'SELECT U&"a\\+0e0001"'),
        ("SELECT 1,\n2", "SELECT 1,\n2"),
        ("SELECT 'a'\n'b'", "SELECT 'a'\n'b'"),
        ("SELECT 'never\nended", "SELECT 'never\nended"),
    ],
)
def test_writes_control_characters_by_number(sql: str, expected: str) -> None:
    assert one_line(sql) == expected


@given(texts, texts)
def test_any_name_and_any_text_mean_the_same(name: str, text: str) -> None:
    sql = f"SELECT {quote_literal(text)} FROM {quote_identifier(name)}"

    assert one_line(sql).isprintable()
    assert tree(one_line(sql)) == tree(sql)


@given(texts)
def test_a_dollar_quoted_text_means_the_same(text: str) -> None:
    sql = f"SELECT $pgadvisor${text}$pgadvisor$"

    assert one_line(sql).isprintable()
    assert tree(one_line(sql)) == tree(sql)

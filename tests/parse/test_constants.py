"""Literals by the numbers of the normalised text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pgadvisor.parse.constants import constants_of
from pgadvisor.parse.normalise import normalise
from pgadvisor.parse.parameters import substitute
from pgadvisor.parse.statement import fingerprint


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("select 1", {1: "1"}),
        ("select a from t where b = 'it''s' and c > -5.5", {1: "'it''s'", 2: "-5.5"}),
        ("select a from t where b = $1 and c = 5", {2: "5"}),
        ("select a from t /* 1 */ where b in (1, 2) -- 3", {1: "1", 2: "2"}),
        ("SELECT $x$it's$x$;", {1: "$x$it's$x$"}),
        ("select a from t", {}),
        ("select E'a\\'b', x'1F', 1e5", {1: "E'a\\'b'", 2: "x'1F'", 3: "1e5"}),
        ("select date '2026-01-01'", {1: "'2026-01-01'"}),
    ],
)
def test_each_literal_is_found(text: str, expected: dict[int, str]) -> None:
    assert constants_of(text, normalise(text)) == expected


@pytest.mark.parametrize(
    ("text", "normalised"),
    [
        ("select a from t where b in (1, 2, 3)", "select a from t where b in ($1, $2)"),
        ("select a from t", "select b from t"),
        ("select 1 from t", "select $1"),
        ("select 'open", "select $1"),
        ("select a", "select $1"),
    ],
)
def test_texts_that_differ_in_more_have_none(text: str, normalised: str) -> None:
    assert constants_of(text, normalised) is None


@given(st.lists(st.one_of(st.integers(0, 10**6).map(str), st.integers(1, 99).map(lambda n: f"-{n}"),
                          st.text(alphabet="a'é\\ ", max_size=5).map(
                              lambda t: "'" + t.replace("'", "''") + "'")),
                min_size=1, max_size=4))  # fmt: skip
def test_literals_that_are_put_back_make_the_statement_again(literals: list[str]) -> None:
    text = "select a from t where " + " and ".join(f"b = {literal}" for literal in literals)
    normalised = normalise(text)

    found = constants_of(text, normalised)

    assert found is not None
    assert list(found.values()) == literals
    assert fingerprint(substitute(normalised, found)) == fingerprint(text)

"""The guarded entrance to PostgreSQL's grammar."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pglast import ast

from pgadvisor.parse import grammar
from pgadvisor.parse.grammar import StatementError
from tests.parse.strategies import statements


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("SELECT 1\0; DROP TABLE x", "holds a NUL character"),
        ("SELECT '\ud800'", "holds half of a surrogate pair"),
        ("SELECT 'abc", "does not parse"),
        ("\ufeffSELECT 1", "does not parse"),
        ("SELECT " + "(" * 20_000 + "1" + ")" * 20_000, "nested too deeply"),
        ("SELECT " + "+".join(["1"] * 100_000), "nested too deeply"),
        ("SELECT 1" + "::int" * 100_000, "nested too deeply"),
        (" UNION ".join(["SELECT 1"] * 50_000), "nested too deeply"),
        (
            "CREATE VIEW v AS SELECT " + "+".join(["1"] * 100_000),
            "too long for a statement of that kind",
        ),
        (
            "SET a = 1; CREATE VIEW v AS SELECT " + "+".join(["1"] * 100_000) + "; SET b = 1",
            "too long for a statement of that kind",
        ),
        (
            "SELECT " + ", ".join(["я" * 100] * 20_000),
            "too long for a text with that many characters beyond ASCII",
        ),
    ],
)
def test_refuses_what_cannot_be_read_safely(text: str, reason: str) -> None:
    with pytest.raises(StatementError) as error:
        grammar.parse(text)

    assert error.value.reason == reason


def test_never_quotes_the_text_in_an_error() -> None:
    with pytest.raises(StatementError) as error:
        grammar.parse("SELECT 'secret' FROM WHERE")

    assert "secret" not in str(error.value)
    assert error.value.__cause__ is None
    assert error.value.position == 21


@pytest.mark.parametrize(
    "text",
    [
        "SELECT 1 IN (" + ",".join(map(str, range(10_000))) + ")",
        "SELECT '" + "x" * 1_000_000 + "'",
        "SELECT " + " AND ".join(["a = -1"] * 5_000),
        "SELECT 'ы' IN (" + ",".join(["'ыыыы'"] * 5_000) + ")",
        "CREATE TABLE t (" + ",".join(f"c{n} int" for n in range(1_600)) + ")",
    ],
)
def test_reads_long_texts(text: str) -> None:
    assert len(grammar.parse(text)) == 1


def test_reads_a_script_that_is_only_long_as_a_whole() -> None:
    script = "".join(f"SET work_mem = '{n}MB'; ANALYZE t{n}; " for n in range(5_000))

    assert len(grammar.parse(script)) == 10_000


def test_takes_a_script_to_pieces() -> None:
    text = "SELECT 'ü;'; -- ä;\nSELECT 2 /* ; */;"

    assert list(grammar.pieces(text)) == ["SELECT 'ü;'", " -- ä;\nSELECT 2 /* ; */", ""]


@given(st.lists(statements(), max_size=4))
def test_pieces_are_the_statements(found: list[str]) -> None:
    text = ";\n".join(found)

    parsed = [len(grammar.parse(piece)) for piece in grammar.pieces(text)]

    assert sum(parsed) == len(grammar.parse(text)) == len(found)


def test_finds_tokens_in_characters() -> None:
    text = "SELECT größe, 'ü' /* ö */ FROM $é$ ü $é$"

    assert [text[token.start : token.end] for token in grammar.tokens(text)] == [
        *("SELECT", "größe", ",", "'ü'", "/* ö */", "FROM", "$é$ ü $é$"),
    ]


@given(statements())
def test_scans_like_the_library_does(text: str) -> None:
    slow = [(token.start, token.end, token.name) for token in grammar._scan(text)]

    assert [(token.start, token.end, token.name) for token in grammar.tokens(text)] == slow


@pytest.mark.parametrize("word", ["selectés", "é", "currentéuser", "Zé", "éZ", "_é"])
def test_a_word_with_letters_beyond_ascii_is_no_keyword(word: str) -> None:
    [token] = grammar.tokens(word)

    assert token.name == "IDENT"


def test_splits_a_script() -> None:
    text = "-- SELECT 2;\nSELECT 'ü;'; /* x */ SELECT 2 ;;\nSELECT 3"

    assert [text[start:end] for start, end in grammar.split_statements(text)] == [
        *("SELECT 'ü;'", "SELECT 2", "SELECT 3"),
    ]


@given(st.lists(statements(), max_size=4))
def test_splits_what_was_joined(found: list[str]) -> None:
    assert len(grammar.split_statements("\n;\n".join(found))) == len(found)


def test_walks_a_tree_of_any_depth() -> None:
    [raw] = grammar.parse("SELECT " + "+".join(["1"] * 3_000))

    constants = [node for node in grammar.walk(raw) if isinstance(node, ast.A_Const)]
    assert len(constants) == 3_000


def test_says_what_cannot_be_written() -> None:
    [raw] = grammar.parse("SELECT " + "+".join(["1"] * 3_000))

    with pytest.raises(StatementError, match="nested too deeply"):
        grammar.deparse(raw)

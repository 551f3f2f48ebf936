"""normalise: what may be kept of a statement's text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pgadvisor.parse import grammar
from pgadvisor.parse.grammar import StatementError
from pgadvisor.parse.normalise import UNPARSABLE, normalise
from tests.parse.strategies import CANARY, statements

_LITERAL_TOKENS = {"SCONST", "USCONST", "BCONST", "XCONST", "FCONST"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("SELECT 'a', 5, 1.5 FROM t WHERE x = $1", "SELECT $2, $3, $4 FROM t WHERE x = $1"),
        ("SELECT 1 /* secret=42 */ FROM t -- token", "SELECT $1   FROM t"),
        ("  SELECT 1;  ", "SELECT $1"),
        ("SELECT 'a' -- x\n 'b'", "SELECT $1"),
        ("SELECT N'a', U&'d!0061' UESCAPE '!'", "SELECT $1, $2"),
        ("SELECT interval '1 day', date '2026-01-01'", "SELECT interval $1, date $2"),
        ("SELECT a FROM t ORDER BY 1 LIMIT 10", "SELECT a FROM t ORDER BY 1 LIMIT $1"),
        (
            "SELECT a FROM t WHERE a IN ($1 /*, ... */)",
            "SELECT a FROM t WHERE a IN ($1 /*, ... */)",
        ),
        ("SELECT -(5), 3 - -5", "SELECT -($1), $2 - -$3"),
        ("SELECT 1; SELECT 'x'", "SELECT $1; SELECT $2"),
        ("SELECT json_value(x, '$.a') FROM t", "SELECT json_value(x, $1) FROM t"),
    ],
)
def test_takes_literals_and_comments_out(text: str, expected: str) -> None:
    assert normalise(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("CREATE SERVER s FOREIGN DATA WRAPPER f OPTIONS (password 'p')", "CREATE SERVER"),
        ("COPY t FROM PROGRAM 'curl http://u:p@h'", "COPY"),
        ("ALTER ROLE r PASSWORD 'p'", "ALTER ROLE"),
        ("CREATE USER MAPPING FOR u SERVER s OPTIONS (password 'p')", "CREATE USER MAPPING"),
        ("COMMENT ON TABLE t IS 'secret'", "COMMENT"),
        ("SET search_path = 'x'", "SET"),
        ("DROP TABLE t", "DROP TABLE"),
        ("DROP MATERIALIZED VIEW t", "DROP MATERIALIZED VIEW"),
        ("CREATE MATERIALIZED VIEW v AS SELECT 'x'", "CREATE MATERIALIZED VIEW"),
        ("CREATE VIEW v AS SELECT 'secret'", "CREATE VIEW"),
        ("CREATE TABLE t AS SELECT 'secret'", "CREATE TABLE AS"),
        ("EXPLAIN SELECT 'x'", "EXPLAIN"),
        ("PREPARE p AS SELECT 'x'", "PREPARE"),
        ("EXECUTE p('x')", "EXECUTE"),
        ("DO $$ BEGIN END $$", "DO"),
        ("ANALYZE t", "ANALYZE"),
        ("VACUUM t", "VACUUM"),
        ("REVOKE ALL ON t FROM u", "REVOKE"),
        ("begin", "BEGIN"),
        ("start transaction", "START TRANSACTION"),
        ("rollback to savepoint a", "ROLLBACK TO"),
        ("CREATE INDEX ON t (a) WHERE b = 'x'", "CREATE INDEX"),
        ("DECLARE c CURSOR FOR SELECT 'x'", "DECLARE CURSOR"),
    ],
)
def test_keeps_the_command_tag_alone_of_other_statements(text: str, expected: str) -> None:
    assert normalise(text) == expected
    assert normalise(expected) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        ";;",
        "-- only a comment",
        "SELECT 'unterminated",
        "SELECT 1 /* unterminated",
        "SELECT 'secret' FROM WHERE",
        "\ufeffSELECT 1",
        "SELECT 1\0",
        "SELECT \ud800",
        "SELECT 1; CREATE SERVER s FOREIGN DATA WRAPPER f OPTIONS (password 'p')",
        "SELECT * FROM json_table(x, '$.a' COLUMNS (a int PATH '$.secret')) j",
        "SELECT " + "(" * 20_000 + "1" + ")" * 20_000,
        "SELECT " + "+".join(["1"] * 100_000),
        UNPARSABLE,
    ],
)
def test_keeps_nothing_of_what_it_cannot_read(text: str) -> None:
    assert normalise(text) == UNPARSABLE


def test_keeps_what_the_server_says_of_hidden_texts() -> None:
    assert normalise("<insufficient privilege>") == "<insufficient privilege>"


def test_reads_a_megabyte() -> None:
    assert normalise("SELECT '" + "x" * 1_000_000 + "'") == "SELECT $1"


def test_reads_a_list_of_ten_thousand() -> None:
    text = normalise("SELECT 1 IN (" + ",".join(map(str, range(10_000))) + ")")

    assert text.endswith(",$10001)")


@given(statements())
def test_no_literal_is_left(text: str) -> None:
    result = normalise(text)

    assert result != UNPARSABLE
    assert CANARY not in result
    assert not {token.name for token in grammar.tokens(result)} & _LITERAL_TOKENS


@given(statements())
def test_a_second_time_changes_nothing(text: str) -> None:
    once = normalise(text)

    assert normalise(once) == once


@given(st.text())
def test_any_text_has_a_result_that_stays(text: str) -> None:
    once = normalise(text)

    assert normalise(once) == once


@given(statements())
def test_the_identity_of_a_statement_stays(text: str) -> None:
    # The library loses the place of U&'' and N'' itself, so these have no identity to keep.
    try:
        before = grammar.fingerprint_of(text)
    except StatementError:
        return

    assert grammar.fingerprint_of(normalise(text)) == before

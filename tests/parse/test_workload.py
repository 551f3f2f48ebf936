"""Workload files."""

from __future__ import annotations

import pytest

from pgadvisor.errors import UsageError
from pgadvisor.parse.workload import statements_of


def test_reads_one_statement_as_it_is_written() -> None:
    [statement] = statements_of(
        "claims.sql", "-- the poll\nSELECT 'ü' FROM t -- why\n WHERE a = 5;\n"
    )

    assert statement.id == "claims.sql"
    assert statement.text == "SELECT 'ü' FROM t -- why\n WHERE a = 5"
    assert statement.source == "workload"
    assert statement.weight == 1.0
    assert statement.calls == 0
    assert statement.calls_or_weight == 1.0
    assert statement.fingerprint


def test_numbers_the_statements_of_a_file() -> None:
    found = statements_of("w.sql", "SELECT 1; SELECT 2;\nSELECT 3")

    assert [each.id for each in found] == ["w.sql", "w.sql#2", "w.sql#3"]


def test_a_weight_at_the_top_holds_for_the_whole_file() -> None:
    found = statements_of("w.sql", "-- weight: 120\nSELECT 1;\nSELECT 2;\n/* weight: 7 */ SELECT 3")

    assert [each.weight for each in found] == [120.0, 120.0, 7.0]


def test_a_weight_holds_for_the_statement_below_it() -> None:
    found = statements_of("w.sql", "SELECT 1;\n-- Weight: 1,000.5\nSELECT 2; SELECT 3")

    assert [each.weight for each in found] == [1.0, 1000.5, 1.0]


def test_a_weight_in_a_text_is_none() -> None:
    [statement] = statements_of("w.sql", "SELECT '-- weight: 5'")

    assert statement.weight == 1.0


def test_reads_a_file_with_a_byte_order_mark() -> None:
    assert len(statements_of("w.sql", "\ufeffSELECT 1")) == 1


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("SELECT 1;\n\nSELEC 'secret';", "line 3: does not parse"),
        ("SELECT 1;\n\n\nSELECT 'secret", "line 4: does not parse"),
        (
            "SELECT 1;\nCREATE TABLE t ();",
            "line 2: is no SELECT, INSERT, UPDATE, DELETE or MERGE that can be explained",
        ),
        ("SELECT 1;\n-- weight: many\nSELECT 2", "line 2: the weight is no number above zero"),
        ("-- weight: -3\nSELECT 2", "line 1: the weight is no number above zero"),
        ("-- weight: nan\nSELECT 2", "line 1: the weight is no number above zero"),
        ("SELECT 1;\nSELECT\0", "line 2: holds a NUL character"),
        ("-- nothing\n", "it holds no statement"),
        ("\\set x 1\nSELECT 1", "line 1: does not parse"),
    ],
)
def test_names_the_file_the_line_and_the_reason(text: str, message: str) -> None:
    with pytest.raises(UsageError) as error:
        statements_of("w.sql", text)

    assert error.value.attempted == "reading the workload file w.sql"
    assert error.value.happened == message
    assert "secret" not in str(error.value)

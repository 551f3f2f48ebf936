"""parse_statement, and the gate of what may be explained."""

from __future__ import annotations

import pytest

from pgadvisor.model.usage import StatementKind
from pgadvisor.parse.statement import (
    StatementError,
    deny_listed_functions,
    fingerprint,
    parse_statement,
)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("SELECT 1", StatementKind.SELECT),
        ("TABLE t", StatementKind.SELECT),
        ("VALUES (1)", StatementKind.SELECT),
        ("WITH w AS (DELETE FROM t RETURNING *) SELECT * FROM w", StatementKind.SELECT),
        ("INSERT INTO t VALUES (1)", StatementKind.INSERT),
        ("UPDATE t SET a = 1;", StatementKind.UPDATE),
        ("DELETE FROM t", StatementKind.DELETE),
        ("MERGE INTO t USING s ON true WHEN MATCHED THEN DELETE", StatementKind.MERGE),
    ],
)
def test_knows_a_plain_statement(text: str, kind: StatementKind) -> None:
    parsed = parse_statement(text)

    assert parsed.kind is kind
    assert parsed.is_explainable


@pytest.mark.parametrize(
    "text",
    [
        "EXPLAIN SELECT 1",
        "CREATE TABLE t AS SELECT 1",
        "SELECT 1 INTO t",
        "EXECUTE p",
        "DECLARE c CURSOR FOR SELECT 1",
        "COPY (SELECT 1) TO STDOUT",
        "CALL f()",
        "SET TRANSACTION READ WRITE",
    ],
)
def test_explains_nothing_else(text: str) -> None:
    assert not parse_statement(text).is_explainable


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "empty"),
        (";;;", "empty"),
        ("-- nothing", "empty"),
        ("SELECT 1; SELECT 2", "holds 2 statements where one is expected"),
        ("SELECT 1\0; DROP TABLE x", "holds a NUL character"),
        ("SELECT '\udc00'", "holds half of a surrogate pair"),
        ("SELEC 1", "does not parse"),
    ],
)
def test_refuses(text: str, reason: str) -> None:
    with pytest.raises(StatementError) as error:
        parse_statement(text)

    assert error.value.reason == reason


def test_counts_parameters_by_the_highest() -> None:
    assert parse_statement("SELECT $3, '$9', $1 /* $7 */").parameter_count == 3


def test_sees_lists_that_the_server_cut_down() -> None:
    assert parse_statement("SELECT 1 WHERE a IN ($1 /*, ... */)").has_squashed_lists
    assert not parse_statement("SELECT 1 WHERE a IN ($1)").has_squashed_lists


@pytest.mark.parametrize(
    "call",
    [
        "dblink('host=x', 'select 1')",
        "public.dblink_exec('x')",
        "crosstab2('select 1')",
        "xpath_table('a', 'b', 'c', 'd', 'e')",
        "query_to_xml('select 1', true, true, '')",
        "pg_read_file('/etc/passwd')",
        "pg_read_binary_file('x')",
        "lo_import('/etc/passwd')",
        "pg_sleep(1)",
        "pg_catalog.pg_sleep_for('1 s')",
        "pg_terminate_backend(1)",
        "pg_cancel_backend(1)",
        "pg_advisory_lock(1)",
        "pg_try_advisory_xact_lock(1)",
        "set_config('a', 'b', false)",
        "pg_stat_reset()",
    ],
)
def test_denies_functions_that_act(call: str) -> None:
    parsed = parse_statement(f"SELECT 1 FROM t WHERE a = (SELECT {call})")

    assert deny_listed_functions(parsed) == (call.partition("(")[0],)


def test_denies_no_others() -> None:
    parsed = parse_statement("SELECT lower(a), count(*), now(), nextval('s'), log(2) FROM t")

    assert deny_listed_functions(parsed) == ()


@pytest.mark.parametrize(
    ("other", "is_same"),
    [
        ("SELECT a FROM other.t AS x WHERE a IN (1, 2) LIMIT 5", True),
        ("select a as b from t as x where a in ($1) limit 9 -- c", True),
        ("SELECT a FROM public.t AS y WHERE a IN (1, 2) LIMIT 5", False),
        ("SELECT a FROM public.t AS x WHERE b IN (1, 2) LIMIT 5", False),
    ],
)
def test_a_fingerprint_ignores_literals_and_schemas(*, other: str, is_same: bool) -> None:
    one = fingerprint("SELECT a FROM public.t AS x WHERE a IN (1, 2) LIMIT 5")

    assert (fingerprint(other) == one) is is_same


def test_a_text_that_does_not_parse_has_no_fingerprint() -> None:
    with pytest.raises(StatementError):
        fingerprint("SELECT FROM WHERE")

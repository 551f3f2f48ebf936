"""Statements that only read, as far as their text can tell."""

from __future__ import annotations

import pytest

from pgadvisor.parse.executable import relation_names, type_names, why_not_only_reading
from pgadvisor.parse.statement import parse_statement


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("insert into t values (1)", "it is no SELECT: INSERT writes"),
        ("update t set a = 1", "it is no SELECT: UPDATE writes"),
        ("delete from t", "it is no SELECT: DELETE writes"),
        (
            "merge into t using s on t.a = s.a when matched then delete",
            "it is no SELECT: MERGE writes",
        ),
        ("select * into x from t", "it is a SELECT INTO, which creates a table"),
        ("select * from t for update", "it locks the rows that it reads (FOR UPDATE, FOR SHARE)"),
        (
            "select * from (select * from t for key share) as s",
            "it locks the rows that it reads (FOR UPDATE, FOR SHARE)",
        ),
        (
            "with gone as (delete from t returning *) select * from gone",
            "its WITH holds a statement that writes (DELETE)",
        ),
        (
            "select * from (with a as (insert into t values (1) returning 1) table a) as s",
            "its WITH holds a statement that writes (INSERT)",
        ),
        ("copy t to program 'id'", "it is the command COPY, which has no plan"),
        ("do $$ begin end $$", "it is the command DO, which has no plan"),
        ("explain analyze delete from t", "it is the command EXPLAIN, which has no plan"),
        ("execute q(1)", "it is the command EXECUTE, which has no plan"),
        ("create table x as select 1", "it is the command CREATE TABLE AS, which has no plan"),
        (
            "declare c cursor for select 1",
            "it is the command DECLARE CURSOR, which has no plan",
        ),
        ("call act()", "it is the command CALL, which has no plan"),
    ],
)
def test_tells_what_else_it_would_do(text: str, reason: str) -> None:
    assert why_not_only_reading(parse_statement(text)) == reason


@pytest.mark.parametrize(
    "text",
    [
        "select * from t where a = 1",
        "with x as (select 1) select * from x union all values (2)",
        "table t",
        "values (1), (2)",
    ],
)
def test_has_nothing_against_reading(text: str) -> None:
    assert why_not_only_reading(parse_statement(text)) is None


def test_finds_types_and_relations_wherever_they_stand() -> None:
    parsed = parse_statement(
        "select a::app.mood, cast(b as text[]) from app.t join (select * from u) as x on true"
        " cross join json_to_record('{}') as r (c app.checked)"
    )

    assert {"mood", "text", "checked"} <= type_names(parsed)
    assert relation_names(parsed) == {"t", "u"}

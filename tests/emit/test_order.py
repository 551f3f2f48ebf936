"""The order of a migration: nothing before what it needs, nothing twice, the same every time."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pgadvisor.emit.migration import build_migration
from pgadvisor.emit.script import down_units, up_units
from pgadvisor.errors import PgAdvisorError
from pgadvisor.model.action import (
    Action,
    AddPrimaryKeyUsingIndex,
    AnalyzeTable,
    CreateIndex,
    CreateStatistics,
    DropIndex,
    IndexDefinition,
    ManualSteps,
    RebuildIndex,
    RewriteStatement,
    SetTableOptions,
)
from pgadvisor.model.advice import Migration, Recommendation
from pgadvisor.model.finding import Confidence, Impact, Provenance, Severity
from pgadvisor.model.schema import IndexKey
from pgadvisor.parse.expression import count_statements, statement_kinds
from pgadvisor.sqltext.index import index_name
from pgadvisor.sqltext.quote import quote_identifier


def recommendation(*actions: Action, is_in_migration: bool = True) -> Recommendation:
    return Recommendation(
        title="Do it",
        actions=actions,
        finding_keys=(),
        severity=Severity.WARNING,
        confidence=Confidence.HIGH,
        provenance=Provenance.CATALOG,
        impact=Impact(),
        is_in_migration=is_in_migration,
    )


def create(column: str | None = "a", *, expression: str | None = None) -> CreateIndex:
    key = IndexKey(column=None if expression else column, expression=expression)
    index = IndexDefinition(table_oid=1, schema="s", table="t", keys=(key,))
    return CreateIndex(index=index, name=index_name(index))


def drop(name: str) -> DropIndex:
    return DropIndex(schema="s", name=name, recreate_sql=f"CREATE INDEX {name} ON s.t (a)")


KEY = AddPrimaryKeyUsingIndex(
    schema="s",
    table="t",
    index_name="u",
    constraint_name="u",
    recreate_sql="CREATE UNIQUE INDEX u ON s.t (id)",
)
OPTIONS = SetTableOptions(
    schema="s", table="t", options=(("fillfactor", "90"),), previous=(("fillfactor", None),)
)


def first_words(migration: Migration) -> list[str]:
    return [
        " ".join(statement.split()[:2])
        for unit in up_units(migration.steps)
        for statement in unit.statements
    ]


def test_creates_before_it_drops_and_leaves_settings_to_the_end() -> None:
    actions = (
        OPTIONS,
        AnalyzeTable(schema="s", table="t"),
        drop("old"),
        RebuildIndex(schema="s", name="r"),
        KEY,
        create(),
    )

    made = build_migration([recommendation(action) for action in actions])

    assert first_words(made) == [
        "CREATE INDEX",
        "ALTER TABLE",
        "REINDEX INDEX",
        "DROP INDEX",
        'ANALYZE "s"."t"',
        "ALTER TABLE",
    ]


def test_takes_back_from_the_last_to_the_first() -> None:
    made = build_migration([recommendation(create(), drop("old"))])

    assert [unit.title.split(" on ")[0] for unit in down_units(made.steps)] == [
        "Take back: Drop the index s.old",
        "Take back: Create an index",
    ]


def test_does_nothing_twice() -> None:
    twice = [recommendation(create(), drop("old")), recommendation(drop("old"), create())]

    assert build_migration(twice) == build_migration(twice[:1])


def test_drops_a_leftover_before_the_index_that_takes_its_name() -> None:
    made = build_migration([recommendation(create(), drop(create().name))])

    assert first_words(made) == ["DROP INDEX", "CREATE INDEX"]


def test_keeps_the_index_that_becomes_the_primary_key() -> None:
    made = build_migration([recommendation(drop("u"), drop("other")), recommendation(KEY)])

    assert first_words(made) == ["ALTER TABLE", "DROP INDEX"]
    assert 'DROP INDEX CONCURRENTLY IF EXISTS "s"."other"' in made.up_sql


def test_analyses_a_table_whose_new_index_is_on_an_expression() -> None:
    plain = build_migration([recommendation(create())])
    expression = build_migration([recommendation(create(expression="lower(a)"))])

    assert first_words(plain) == ["CREATE INDEX"]
    assert first_words(expression) == ["CREATE INDEX", 'ANALYZE "s"."t"']


def test_leaves_out_what_is_to_be_done_by_hand() -> None:
    made = build_migration(
        [
            recommendation(create(), is_in_migration=False),
            recommendation(
                RewriteStatement(before="a", after="b"), ManualSteps(title="t", steps=("Look.",))
            ),
        ]
    )

    assert made.is_empty
    assert count_statements(made.up_sql) == count_statements(made.down_sql) == 0


@pytest.mark.parametrize(
    "predicate", ["a > 1; DROP TABLE s.t", "a > 1 --", "a > 'unended", "a > 1) WHERE (b"]
)
def test_refuses_a_predicate_that_is_more_than_one(predicate: str) -> None:
    index = IndexDefinition(
        table_oid=1, schema="s", table="t", keys=(IndexKey(column="a"),), predicate=predicate
    )
    made = [recommendation(CreateIndex(index=index, name="i"))]

    with pytest.raises(PgAdvisorError, match="checking the migration"):
        build_migration(made)


names = st.text(
    st.characters(codec="utf-8", exclude_characters="\0")
    | st.sampled_from(list("\n\r\\\"';$-`<|\x1b\u202e")),
    min_size=1,
    max_size=20,
)


@given(schema=names, table=names, column=names, old=names)
def test_any_names_make_exactly_the_intended_statements(
    schema: str, table: str, column: str, old: str
) -> None:
    index = IndexDefinition(
        table_oid=1,
        schema=schema,
        table=table,
        keys=(IndexKey(column=column),),
        predicate=f"{quote_identifier(column)} IS NOT NULL",
    )
    recreate = f"CREATE INDEX {quote_identifier(old)} ON {quote_identifier(table)} (a)"
    actions = (
        CreateIndex(index=index, name=index_name(index)),
        DropIndex(schema=schema, name=old, recreate_sql=recreate),
    )

    made = build_migration([recommendation(*actions)])

    sets = ["VariableSetStmt", "VariableSetStmt"]
    create_and_check = [*sets, "IndexStmt", "SelectStmt"]
    assert list(statement_kinds(made.up_sql)) == [
        "VariableSetStmt",
        *create_and_check,
        *sets,
        "DropStmt",
    ]
    assert list(statement_kinds(made.down_sql)) == [
        "VariableSetStmt",
        *create_and_check,
        *sets,
        "DropStmt",
    ]
    for script in (made.up_sql, made.down_sql):
        assert not any(line.startswith("\\") for line in script.splitlines())
        assert all(line.isprintable() for line in script.split("\n"))
    assert made == build_migration([recommendation(*actions)])


@pytest.mark.parametrize("table", ["orders", "заказы"])
def test_has_room_for_any_number_of_recommendations(table: str) -> None:
    indexes = (
        IndexDefinition(table_oid=1, schema="s", table=table, keys=(IndexKey(column=f"c{n}"),))
        for n in range(1_500)
    )
    actions = [CreateIndex(index=index, name=index_name(index)) for index in indexes]

    made = build_migration([recommendation(action) for action in actions])

    assert statement_kinds(made.up_sql).count("IndexStmt") == 1_500
    assert statement_kinds(made.down_sql).count("DropStmt") == 1_500


def test_analyses_once_what_has_new_statistics() -> None:
    first = CreateStatistics(schema="s", table="t", name="n", columns=("a", "b"))
    second = CreateStatistics(schema="s", table="t", name="m", expressions=("lower(c)",))

    made = build_migration([recommendation(first, second, AnalyzeTable(schema="s", table="t"))])

    assert first_words(made) == ["CREATE STATISTICS", "CREATE STATISTICS", 'ANALYZE "s"."t"']

"""Actions as steps: what is run, outside a transaction or not, and what takes it back."""

from __future__ import annotations

import pytest

from pgadvisor.model.action import (
    AddPrimaryKeyUsingIndex,
    AnalyzeTable,
    CreateIndex,
    CreateStatistics,
    DropIndex,
    IndexDefinition,
    ManualSteps,
    PartitionIndex,
    RebuildIndex,
    RewriteStatement,
    SetTableOptions,
)
from pgadvisor.model.schema import IndexKey
from pgadvisor.sqltext.actions import is_concurrent, recreation_sql, steps_of, timeouts_ms
from pgadvisor.sqltext.statistics import statistics_name

INDEX = IndexDefinition(table_oid=1, schema="s", table="t", keys=(IndexKey(column="a"),))


def test_creates_an_index_without_blocking_and_checks_it() -> None:
    [step] = steps_of(CreateIndex(index=INDEX, name="i"))

    assert step.up == ('CREATE INDEX CONCURRENTLY IF NOT EXISTS "i" ON "s"."t" ("a")',)
    assert step.down == ('DROP INDEX CONCURRENTLY IF EXISTS "s"."i"',)
    assert not step.is_transactional
    assert step.lock_timeout_ms == 0
    [check] = step.checks
    assert """indexrelid = CAST('"s"."i"' AS pg_catalog.regclass)""" in check


def test_builds_the_indexes_of_partitions_one_by_one_and_attaches_them() -> None:
    tree = (
        PartitionIndex(schema="s", table="p1"),
        PartitionIndex(
            schema="s",
            table="p2",
            is_partitioned=True,
            children=(PartitionIndex(schema="s", table="p2a"),),
        ),
    )

    steps = steps_of(CreateIndex(index=INDEX, name="i", is_partitioned=True, partitions=tree))

    words = [" ".join(statement.split()[:4]) for step in steps for statement in step.up]
    assert words == [
        "CREATE INDEX IF NOT",
        "CREATE INDEX CONCURRENTLY IF",
        'ALTER INDEX "s"."i" ATTACH',
        "CREATE INDEX IF NOT",
        "CREATE INDEX CONCURRENTLY IF",
        words[5],
        'ALTER INDEX "s"."i" ATTACH',
    ]
    assert words[5].startswith('ALTER INDEX "s"."pgadv_p2_a_')
    assert steps[-1].checks, "the parent is valid only when all of its partitions are attached"


def test_drops_an_index_and_brings_it_back() -> None:
    action = DropIndex(schema="s", name="i", recreate_sql="CREATE UNIQUE INDEX i ON s.t (a)")

    [step] = steps_of(action)

    assert step.up == ('DROP INDEX CONCURRENTLY IF EXISTS "s"."i"',)
    assert step.down == ("CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS i ON s.t (a)",)
    assert len(step.down_checks) == 1


@pytest.mark.parametrize(
    ("definition", "sql"),
    [
        ("CREATE INDEX i ON ONLY s.t (a)", "CREATE INDEX IF NOT EXISTS i ON s.t (a)"),
        (
            'CREATE INDEX "x ON ONLY ""y" ON ONLY s.t (a)',
            'CREATE INDEX IF NOT EXISTS "x ON ONLY ""y" ON s.t (a)',
        ),
        ("CREATE INDEX i ON s.t (a)", "CREATE INDEX IF NOT EXISTS i ON s.t (a)"),
    ],
)
def test_brings_a_partitioned_index_back_with_its_parts(definition: str, sql: str) -> None:
    assert recreation_sql(definition, is_partitioned=True) == sql


def test_refuses_a_definition_that_is_none() -> None:
    with pytest.raises(ValueError, match="CREATE INDEX"):
        recreation_sql("DROP TABLE orders")


def test_sets_storage_parameters_and_takes_them_back() -> None:
    [step] = steps_of(
        SetTableOptions(
            schema="s",
            table="t",
            options=(("fillfactor", "90"), ("autovacuum_enabled", "on")),
            previous=(("fillfactor", "1_0"), ("autovacuum_enabled", None)),
        )
    )

    assert step.up == ("""ALTER TABLE "s"."t" SET (fillfactor = 90, autovacuum_enabled = 'on')""",)
    assert step.down == (
        """ALTER TABLE "s"."t" SET (fillfactor = '1_0')""",
        'ALTER TABLE "s"."t" RESET (autovacuum_enabled)',
    )


@pytest.mark.parametrize(
    ("index_name", "first"),
    [
        pytest.param("t_a_idx", "CREATE UNIQUE INDEX", id="unique-all-the-time"),
        pytest.param("t_pkey", "ALTER TABLE", id="the-name-is-taken-until-then"),
    ],
)
def test_takes_a_primary_key_back_to_its_index(index_name: str, first: str) -> None:
    [step] = steps_of(
        AddPrimaryKeyUsingIndex(
            schema="s",
            table="t",
            index_name=index_name,
            constraint_name="t_pkey",
            recreate_sql=f"CREATE UNIQUE INDEX {index_name} ON s.t (a)",
        )
    )

    assert step.up == (
        f'ALTER TABLE "s"."t" ADD CONSTRAINT "t_pkey" PRIMARY KEY USING INDEX "{index_name}"',
    )
    assert len(step.down) == 2
    assert step.down[0].startswith(first)


def test_rebuilds_and_analyses_without_a_way_back() -> None:
    [rebuild] = steps_of(RebuildIndex(schema="s", name="i"))
    [analyze] = steps_of(AnalyzeTable(schema="s", table="t", columns=("a", "b")))

    assert rebuild.up == ('REINDEX INDEX CONCURRENTLY "s"."i"',)
    assert analyze.up == ('ANALYZE "s"."t" ("a", "b")',)
    assert rebuild.down == analyze.down == ()
    assert rebuild.note
    assert analyze.note


def test_what_is_done_by_hand_has_no_steps() -> None:
    assert steps_of(RewriteStatement(before="a", after="b")) == ()
    assert steps_of(ManualSteps(title="t", steps=("Look.",))) == ()


@pytest.mark.parametrize(
    ("statement", "timeouts"),
    [
        ("CREATE UNIQUE INDEX CONCURRENTLY i ON t (a)", (0, 0)),
        ('DROP INDEX CONCURRENTLY IF EXISTS "i"', (0, 0)),
        ('REINDEX INDEX CONCURRENTLY "i"', (0, 0)),
        ('CREATE INDEX IF NOT EXISTS "i" ON ONLY "t" ("a")', (2_000, 30_000)),
        ('DROP INDEX IF EXISTS "i"', (2_000, 30_000)),
        ('ALTER TABLE "t" SET (fillfactor = 90)', (2_000, 30_000)),
        ('CREATE INDEX IF NOT EXISTS i ON "t" ("a")', (2_000, 0)),
        ('ANALYZE "t"', (2_000, 0)),
    ],
)
def test_gives_each_statement_its_time(statement: str, timeouts: tuple[int, int]) -> None:
    assert is_concurrent(statement) is (timeouts == (0, 0))
    assert timeouts_ms(statement) == timeouts


def test_creates_statistics_of_columns_and_takes_them_back() -> None:
    action = CreateStatistics(
        schema="s", table="t", name="n", columns=("a", "b"), kinds=("dependencies", "mcv")
    )

    [step] = steps_of(action)

    assert step.up == (
        'CREATE STATISTICS IF NOT EXISTS "s"."n" (dependencies, mcv) ON "a", "b" FROM "s"."t"',
    )
    assert step.down == ('DROP STATISTICS IF EXISTS "s"."n"',)
    assert step.is_transactional
    assert step.lock == "SHARE UPDATE EXCLUSIVE"
    assert timeouts_ms(step.up[0]) == (2_000, 30_000)


def test_creates_statistics_of_an_expression_without_kinds() -> None:
    action = CreateStatistics(schema="s", table="t", name="n", expressions=("lower(a)",))

    [step] = steps_of(action)

    assert step.up == ('CREATE STATISTICS IF NOT EXISTS "s"."n" ON (lower(a)) FROM "s"."t"',)


def test_names_statistics_after_what_they_are_of() -> None:
    name = statistics_name("s", "orders", ("city", "zip"))

    assert name.startswith("pgadv_orders_city_zip_stats_")
    assert name != statistics_name("other", "orders", ("city", "zip"))
    assert len(statistics_name("s", "t" * 63, ("c" * 63,)).encode()) == 63

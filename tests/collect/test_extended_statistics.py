"""What ANALYZE found for the objects of CREATE STATISTICS."""

from __future__ import annotations

import psycopg
import pytest

from pgadvisor.collect.assemble import collect
from pgadvisor.model.schema import ExtendedStatistics
from pgadvisor.model.snapshot import Snapshot
from pgadvisor.model.statistics import ColumnStatistics, CommonCombination
from tests.collect.rich import run
from tests.collect.roles import reading_role

pytestmark = pytest.mark.live

SCHEMA = (
    "create table plain (dropped int, a int, b text, c text)",
    "alter table plain drop column dropped",
    """insert into plain
    select i % 4, case when i % 4 > 0 then 'b "' || i % 4 || '"' end, 'c' || i % 2
    from generate_series(1, 400) as i""",
    "create statistics plain_all on c, b, a from plain",
    "create table parts (a int, b int) partition by range (a)",
    "create table parts_1 partition of parts for values from (0) to (10)",
    "insert into parts select i % 10, i % 10 from generate_series(1, 100) as i",
    "create statistics parts_all on a, b from parts",
)
EXPRESSIONS = (
    "create statistics plain_half on (a / 2) from plain",
    "create statistics plain_mixed on (a / 2), lower(b), c from plain",
)


def named(snapshot: Snapshot, name: str) -> ExtendedStatistics:
    [found] = [one for one in snapshot.extended_statistics if one.name == name]
    return found


@pytest.mark.matrix
def test_reads_values_of_every_kind(major_database: str) -> None:
    run(major_database, *SCHEMA, "analyze")

    snapshot = collect(major_database)

    plain, parts = named(snapshot, "plain_all"), named(snapshot, "parts_all")
    [values] = plain.values
    assert plain.has_values
    assert plain.columns == ("a", "b", "c")
    assert not values.is_inherited
    assert values.n_distinct is not None
    assert values.n_distinct.startswith('{"2, 3": 4,')
    assert values.n_distinct == plain.n_distinct
    assert values.dependencies is not None
    assert '"2 => 3": 1.000000' in values.dependencies
    assert values.dependencies == plain.dependencies
    assert values.most_common is not None
    assert set(values.most_common) == {
        CommonCombination(values=("0", None, "c0"), ratio=0.25, base_ratio=0.03125),
        CommonCombination(values=("1", 'b "1"', "c1"), ratio=0.25, base_ratio=0.03125),
        CommonCombination(values=("2", 'b "2"', "c0"), ratio=0.25, base_ratio=0.03125),
        CommonCombination(values=("3", 'b "3"', "c1"), ratio=0.25, base_ratio=0.03125),
    }
    assert values.expressions == ()
    [whole] = parts.values
    assert whole.is_inherited
    assert whole.most_common is not None
    assert len(whole.most_common) == 10


@pytest.mark.matrix
def test_reads_statistics_of_expressions(major_database: str) -> None:
    run(major_database, *SCHEMA)
    with psycopg.connect(major_database) as connection:
        if connection.info.server_version < 14_00_00:
            pytest.skip("13 has none")
    run(major_database, *EXPRESSIONS, "analyze")

    snapshot = collect(major_database)

    half, mixed = named(snapshot, "plain_half"), named(snapshot, "plain_mixed")
    [of_half], [of_mixed] = half.values, mixed.values
    [halves] = of_half.expressions
    assert half.kinds == ("e",)
    assert of_half.most_common is None
    assert halves is not None
    assert (halves.relation_oid, halves.column) == (half.table_oid, "-1")
    assert halves.n_distinct == 2
    assert dict(
        zip(halves.most_common_values or (), halves.most_common_ratios or (), strict=True)
    ) == {"0": 0.5, "1": 0.5}
    assert mixed.expressions == ("(a / 2)", "lower(b)")
    assert [one and one.column for one in of_mixed.expressions] == ["-1", "-2"]
    assert of_mixed.expressions[0] == halves
    assert isinstance(of_mixed.expressions[1], ColumnStatistics)
    assert of_mixed.expressions[1].null_ratio == 0.25
    assert of_mixed.n_distinct is not None
    assert '"4, -1": 4' in of_mixed.n_distinct


def test_tells_a_table_s_own_values_from_those_with_its_descendants(database: str) -> None:
    run(
        database,
        "create table above (a int, b int)",
        "create table below () inherits (above)",
        "insert into above select i % 5, i % 5 from generate_series(1, 100) as i",
        "insert into below select i % 7, i % 7 from generate_series(1, 100) as i",
        "create statistics twofold (ndistinct) on a, b, (a + b) from above",
        "analyze",
    )

    twofold = named(collect(database), "twofold")

    inherited, own = twofold.values
    assert inherited.is_inherited
    assert inherited.n_distinct is not None
    assert '"1, 2": 7' in inherited.n_distinct
    assert twofold.n_distinct == inherited.n_distinct
    assert not own.is_inherited
    assert own.n_distinct is not None
    assert '"1, 2": 5' in own.n_distinct
    assert [one and one.n_distinct for one in (*inherited.expressions, *own.expressions)] == [7, 5]


def test_says_that_another_role_s_values_are_hidden(database: str) -> None:
    run(database, *SCHEMA, *EXPRESSIONS, "analyze")

    with reading_role(database, "public") as reader:
        snapshot = collect(reader)

    assert [one.values for one in snapshot.extended_statistics] == [()] * 4
    [hidden] = [item for item in snapshot.unavailable if item.what.startswith("values of")]
    assert hidden.what.startswith("values of 4 extended statistics objects: public.parts_all")


def test_statistics_that_were_not_analysed_have_no_values(database: str) -> None:
    run(database, *SCHEMA, *EXPRESSIONS)

    snapshot = collect(database)

    assert [one.has_values for one in snapshot.extended_statistics] == [False] * 4


def test_does_not_wait_for_a_locked_table_with_expressions(database: str) -> None:
    run(
        database,
        *SCHEMA,
        *EXPRESSIONS,
        "create table other (a int)",
        "insert into other select generate_series(1, 100)",
        "create statistics other_half on (a / 2) from other",
        "analyze",
    )

    with psycopg.connect(database) as blocker:
        blocker.execute("lock table plain in access exclusive mode")
        snapshot = collect(database)
        blocker.rollback()

    assert not snapshot.is_partial
    assert {one.name for one in snapshot.extended_statistics} == {"parts_all", "other_half"}
    assert named(snapshot, "other_half").values[0].expressions == ()
    whats = [item.what for item in snapshot.unavailable]
    assert "3 statistics objects: public.plain_all, public.plain_half, public.plain_mixed" in whats
    assert "statistics of the expressions in 1 statistics object: public.other_half" in whats

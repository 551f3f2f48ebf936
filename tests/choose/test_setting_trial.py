"""Planner settings tried on the whole workload, on PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from pgadvisor.choose.setting_trial import SettingTrial, try_settings
from pgadvisor.model.action import ChangeSetting, SettingEffect, SettingScope
from pgadvisor.model.candidate import WeightedStatement
from pgadvisor.model.catalog import Catalog
from pgadvisor.model.finding import Confidence, Finding, Provenance
from pgadvisor.model.schema import RelationKind, Table
from pgadvisor.model.server import RoleSetting
from pgadvisor.model.snapshot import Snapshot
from pgadvisor.model.statement import Statement
from pgadvisor.testing import a_snapshot, a_statement, a_table, an_index, column_statistics
from pgadvisor.units import MiB
from pgadvisor.whatif.twin import Twin

pytestmark = [pytest.mark.live, pytest.mark.xdist_group("setting-trial")]

CUSTOMERS = replace(
    a_table("customers", "id bigint not null", "name text", rows=1_000_000), size_bytes=100 * MiB
)
ORDERS = replace(
    a_table("orders", "id bigint not null", "customer_id bigint", "note text", rows=1_000_000),
    size_bytes=100 * MiB,
)
KEY = replace(an_index(CUSTOMERS, "id", name="customers_id"), size_bytes=20 * MiB)
JOIN = a_statement(
    "select name from orders join customers on customers.id = customer_id where note = $1",
    roles=("shop",),
)
LOOKUP = a_statement("select name from customers where id = $1", roles=("reports",))
BROKEN = a_statement("select name from a_table_that_is_not_there", roles=("shop",))
RANDOM_PAGE_COST = ChangeSetting(
    name="random_page_cost",
    value="1.1",
    value_type="real",
    previous_value="4",
    previous_source="default",
    scope=SettingScope.DATABASE,
    database="shop",
    effect=SettingEffect.NEW_SESSIONS,
)


def snapshot_with(*given: RoleSetting) -> Snapshot:
    return a_snapshot(
        CUSTOMERS,
        ORDERS,
        KEY,
        column_statistics(ORDERS, "note", n_distinct=40.0),
        column_statistics(ORDERS, "customer_id", n_distinct=-0.5),
        column_statistics(CUSTOMERS, "id", n_distinct=-1.0),
        JOIN,
        LOOKUP,
        BROKEN,
        role_settings=given,
    )


def weighted(statement: Statement) -> WeightedStatement:
    return WeightedStatement(
        id=statement.id,
        text=statement.text,
        calls_per_day=1_000.0,
        mean_time_ms=statement.mean_time_ms,
    )


def finding_of(*actions: ChangeSetting) -> Finding:
    return Finding(
        subject="random_page_cost",
        summary="it is that of a disk",
        evidence=(),
        provenance=Provenance.STATISTICS,
        confidence=Confidence.MEDIUM,
        remedies=actions,
    )


@pytest.fixture(scope="module")
def twin() -> Iterator[Twin]:
    with Twin(snapshot_with()) as twin:
        yield twin


def run(twin: Twin, action: ChangeSetting, *given: RoleSetting) -> SettingTrial:
    statements = [weighted(each) for each in (JOIN, LOOKUP, BROKEN)]
    catalog = Catalog(snapshot_with(*given))
    trials = try_settings([finding_of(action)], statements, catalog, twin, frozenset())
    return trials[action]


def test_names_the_statement_whose_plan_changes(twin: Twin) -> None:
    trial = run(twin, RANDOM_PAGE_COST)

    [flip] = trial.flips
    assert flip.effect.statement_id == JOIN.id
    assert "Hash Join" in flip.before
    assert "Nested Loop" in flip.after
    assert "Index Scan using customers_id on customers" in flip.after
    assert 0 < flip.effect.cost_after < flip.effect.cost_before
    assert (trial.planned_count, trial.refused_count) == (2, 1)
    assert trial.time_before_ms == 100_000.0
    assert trial.time_after_ms == pytest.approx(50_000.0 * (1 + flip.effect.ratio))


def test_the_value_of_now_changes_no_plan(twin: Twin) -> None:
    trial = run(twin, replace(RANDOM_PAGE_COST, value="4"))

    assert trial.flips == ()
    assert trial.cost_before == trial.cost_after
    assert trial.time_before_ms == trial.time_after_ms


def test_a_roles_setting_concerns_the_roles_statements_alone(twin: Twin) -> None:
    of_role = replace(RANDOM_PAGE_COST, scope=SettingScope.ROLE_IN_DATABASE, role="reports")

    trial = run(twin, of_role)

    assert [effect.statement_id for effect in trial.effects] == [LOOKUP.id]
    assert trial.flips == ()


@pytest.mark.parametrize(
    ("given", "planned"),
    [
        pytest.param(("shop", None), 1, id="the-role-has-its-own"),
        pytest.param((None, "shop"), 2, id="it-is-that-which-changes"),
        pytest.param((None, None), 2, id="the-database-beats-all-roles"),
        pytest.param(("other", None), 2, id="another-role"),
    ],
)
def test_what_is_set_more_narrowly_stays(
    twin: Twin, given: tuple[str | None, str | None], planned: int
) -> None:
    role, database = given
    own = RoleSetting(role=role, database=database, name="random_page_cost", value="2")

    assert run(twin, RANDOM_PAGE_COST, own).planned_count == planned


def test_counts_what_is_no_longer_compiled(twin: Twin) -> None:
    bound = replace(
        RANDOM_PAGE_COST, name="jit_above_cost", value="1000000", previous_value="10000"
    )

    trial = run(twin, bound)

    assert trial.flips == ()
    assert trial.no_longer_compiled == (JOIN.id,)


@pytest.mark.parametrize("name", ["lock_timeout", "effective_io_concurrency"])
def test_passes_over_what_the_planner_does_not_look_at(twin: Twin, name: str) -> None:
    other = replace(RANDOM_PAGE_COST, name=name)

    assert (
        try_settings(
            [finding_of(other)], [weighted(JOIN)], Catalog(snapshot_with()), twin, frozenset()
        )
        == {}
    )


def partitioned(name: str) -> tuple[Table, ...]:
    columns = ("id bigint not null", "note text")
    parent = a_table(
        name,
        *columns,
        rows=-1,
        kind=RelationKind.PARTITIONED_TABLE,
        partition_key="HASH (id)",
        size_bytes=0,
    )
    parts = (
        replace(
            a_table(f"{name}_{number}", *columns, rows=500_000),
            size_bytes=50 * MiB,
            is_partition=True,
            parent_oids=(parent.oid,),
            partition_bound=f"FOR VALUES WITH (modulus 2, remainder {number})",
        )
        for number in range(2)
    )
    return parent, *parts


def test_a_join_partition_by_partition_is_another_plan() -> None:
    join = a_statement("select count(*) from booking join payment using (id)", roles=("shop",))
    snapshot = a_snapshot(partitioned("booking"), partitioned("payment"), join)
    action = replace(
        RANDOM_PAGE_COST,
        name="enable_partitionwise_join",
        value="on",
        value_type="bool",
        previous_value="off",
    )

    with Twin(snapshot) as twin:
        trials = try_settings(
            [finding_of(action)], [weighted(join)], Catalog(snapshot), twin, frozenset()
        )

    [flip] = trials[action].flips
    assert flip.before == ("all partitions first",)
    assert flip.after == ("Hash Join for each partition",)

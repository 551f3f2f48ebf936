"""Figures that values work out of their fields."""

from __future__ import annotations

from typing import Any

import pytest

from pgadvisor.model.action import IndexDefinition
from pgadvisor.model.advice import Migration
from pgadvisor.model.budget import Budget
from pgadvisor.model.candidate import StatementEffect, WeightedStatement
from pgadvisor.model.estimate import Fidelity, StatementFidelity
from pgadvisor.model.finding import Confidence, Severity
from pgadvisor.model.gates import Gate, Gates, GateState
from pgadvisor.model.schema import IndexKey
from pgadvisor.model.server import Setting
from pgadvisor.model.snapshot import Unavailable
from pgadvisor.model.statement import Statement, Statements
from pgadvisor.testing import (
    a_snapshot,
    a_statement,
    a_table,
    an_index,
    column_statistics,
)

ORDERS = a_table("orders", "id bigint not null", "status text")


def test_severity_and_confidence_have_an_order() -> None:
    assert sorted(Severity, key=lambda each: each.rank) == ["info", "warning", "critical"]
    assert sorted(Confidence, key=lambda each: each.rank) == ["low", "medium", "high"]


@pytest.mark.parametrize(
    "name",
    ["index_bytes", "max_indexes", "max_indexes_per_table", "build_ms", "time_limit_ms"],
)
def test_a_budget_is_not_negative(name: str) -> None:
    def bound(value: int) -> dict[str, Any]:
        return {name: value}

    with pytest.raises(ValueError, match=f"{name} is -1; a budget is zero or more"):
        Budget(**bound(-1))

    assert getattr(Budget(**bound(0)), name) == 0


@pytest.mark.parametrize(
    ("original", "twin", "error"), [(100.0, 110.0, 0.1), (100.0, 90.0, 0.1), (0, 0, 0), (0, 5, 1)]
)
def test_the_error_of_a_cost_is_a_share_of_the_original(
    original: float, twin: float, error: float
) -> None:
    compared = StatementFidelity(
        statement_id="1", is_same_shape=True, original_cost=original, twin_cost=twin
    )

    assert compared.cost_error_ratio == pytest.approx(error)


def test_fidelity_adds_up_statements() -> None:
    rows = tuple(
        StatementFidelity(
            statement_id=str(cost), is_same_shape=cost < 130, original_cost=100, twin_cost=cost
        )
        for cost in (100, 101, 110, 200)
    )

    assert Fidelity(statements=rows).same_shape_ratio == 0.75
    assert Fidelity(statements=rows).median_cost_error_ratio == pytest.approx(0.055)
    assert Fidelity(statements=rows[:3]).median_cost_error_ratio == pytest.approx(0.01)
    assert Fidelity(statements=rows, not_planned=(("x", "no type"),)).same_shape_ratio == 0.6
    assert [row.statement_id for row in Fidelity(statements=rows).differing] == [
        "200",
        "110",
        "101",
    ]
    assert Fidelity().same_shape_ratio is None
    assert Fidelity().median_cost_error_ratio is None


def test_an_effect_saves_the_share_of_the_measured_time_that_the_cost_falls_by() -> None:
    effect = StatementEffect(
        statement_id="1", calls_per_day=1_000, cost_before=200, cost_after=50, mean_time_ms=8
    )

    assert effect.ratio == 0.25
    assert effect.saved_ms_per_day == 6_000
    assert effect.saved_cost_per_day == 150_000


def test_an_effect_without_a_measured_time_saves_cost_only() -> None:
    effect = StatementEffect(statement_id="1", calls_per_day=10, cost_before=0, cost_after=0)

    assert effect.ratio == 1.0
    assert effect.saved_ms_per_day is None
    assert effect.saved_cost_per_day == 0


def test_a_weighted_statement_knows_its_time_only_where_it_was_measured() -> None:
    measured = WeightedStatement(id="1", text="", calls_per_day=10, mean_time_ms=2.5)
    written = WeightedStatement(id="2", text="", calls_per_day=10, mean_time_ms=None)

    assert (measured.time_ms_per_day, written.time_ms_per_day) == (25, None)


def test_a_statement_counts_by_its_calls_or_by_its_weight() -> None:
    counted = a_statement("select 1", calls=7)
    written = Statement(id="a.sql", text="select 1", source="workload", weight=120)

    assert (counted.calls_or_weight, written.calls_or_weight) == (7, 120)


def test_statements_become_a_frame() -> None:
    slow = a_statement("select 1", calls=10, mean_time_ms=5.0)
    fast = a_statement("select 2", calls=1, mean_time_ms=1.0)
    statements = a_snapshot(fast, slow).statements

    frame = statements.to_pandas()

    assert (len(statements), statements[0], list(statements)) == (2, slow, [slow, fast])
    assert frame["text"].tolist() == ["select 1", "select 2"]
    assert frame["total_time_ms"].tolist() == [50.0, 1.0]
    assert list(Statements().to_pandas().columns) == list(frame.columns)


@pytest.mark.parametrize(
    ("n_distinct", "rows", "count"), [(20, 1_000, 20), (-0.5, 1_000, 500), (0, 9, 1), (-1, -1, 1)]
)
def test_counts_distinct_values(n_distinct: float, rows: float, count: float) -> None:
    row = column_statistics(ORDERS, "status", n_distinct=n_distinct)

    assert row.distinct_count(rows) == count


def test_knows_the_share_of_a_most_common_value() -> None:
    row = column_statistics(ORDERS, "status", most_common=[("done", 0.9), ("open", 0.1)])

    assert (row.ratio_of("open"), row.ratio_of("lost")) == (0.1, None)


def test_a_unique_index_works_without_being_scanned() -> None:
    assert an_index(ORDERS, "id", is_unique=True).enforces_constraint
    assert not an_index(ORDERS, "id").enforces_constraint


def test_names_what_is_qualified_and_finds_columns() -> None:
    status = ORDERS.column("status")

    assert ORDERS.qualified_name == "public.orders"
    assert status is not None
    assert status.type_name == "text"
    assert ORDERS.column("no_such") is None


def test_equal_definitions_are_the_same_index() -> None:
    def made() -> IndexDefinition:
        keys = (IndexKey(column="status"), IndexKey(column=None, expression="lower(note)"))
        return IndexDefinition(table_oid=1, schema="public", table="orders", keys=keys)

    assert {made(), made()} == {made()}
    assert made().key_columns == ("status", None)


def test_a_server_knows_its_major_and_its_settings() -> None:
    setting = Setting(name="work_mem", value="4096", unit="kB", boot_value="4096")
    server = a_snapshot(setting, version_num=130_023).server

    assert server.major == 13
    assert server.setting("work_mem") is setting
    assert server.setting("no_such") is None
    assert setting.is_default
    assert not Setting(name="jit", value="off", boot_value="on").is_default


def test_a_snapshot_is_partial_when_something_broke_off() -> None:
    missing = Unavailable(what="pg_stat_statements", reason="it is not installed")
    failed = Unavailable(what="sequences", reason="the connection was lost", is_failure=True)

    assert not a_snapshot(missing).is_partial
    assert a_snapshot(missing, failed).is_partial


def test_a_gate_is_found_by_its_id() -> None:
    gate = Gate(id="eviction", state=next(iter(GateState)), detail="nothing was evicted")

    assert Gates(rows=(gate,)).gate("eviction") is gate
    with pytest.raises(KeyError, match="no-such"):
        Gates(rows=(gate,)).gate("no-such")


def test_a_migration_without_steps_is_empty() -> None:
    assert Migration().is_empty

"""The twin plans like the original."""

from __future__ import annotations

from dataclasses import replace

import psycopg
import pytest

from pgadvisor.model.plan import Plan
from pgadvisor.model.snapshot import Redaction, Snapshot
from pgadvisor.whatif.twin import Twin
from tests.whatif.original import cost_error, original_plan
from tests.whatif.statements import GIN_STATEMENTS, STATEMENTS

pytestmark = [pytest.mark.live, pytest.mark.xdist_group("whatif_shop")]


@pytest.mark.parametrize("statement", STATEMENTS)
def test_plans_like_the_original(statement: str, shop: str, twin: Twin) -> None:
    with psycopg.connect(shop) as connection:
        original = original_plan(connection, statement)

    plan = twin.explain(statement)

    assert plan.shape == original.shape
    assert cost_error(original, plan) <= 0.0001, (original.total_cost, plan.total_cost)


@pytest.mark.parametrize("statement", GIN_STATEMENTS)
def test_comes_near_the_cost_of_a_gin_index(statement: str, shop: str, twin: Twin) -> None:
    with psycopg.connect(shop) as connection:
        original = original_plan(connection, statement)

    plan = twin.explain(statement)

    assert plan.shape == original.shape
    assert cost_error(original, plan) <= 0.01, (original.total_cost, plan.total_cost)


def test_rebuilds_all_of_the_schema(twin: Twin) -> None:
    assert twin.notes == ()


def test_reports_how_near_it_comes_to_the_plans_of_the_snapshot(
    twin: Twin, snapshot: Snapshot
) -> None:
    fidelity = twin.fidelity()

    assert len(fidelity.statements) + fidelity.not_compared == len(snapshot.plans)
    assert len(fidelity.statements) == sum(one.plan is not None for one in snapshot.plans) > 0
    assert fidelity.same_shape_ratio == 1.0
    worst = max(fidelity.statements, key=lambda row: row.cost_error_ratio)
    assert worst.cost_error_ratio <= 0.001, worst
    assert fidelity.original_version == fidelity.twin_version == twin.version


def test_says_why_a_plan_may_differ(snapshot: Snapshot) -> None:
    known = next(p for p in snapshot.plans if p.plan is not None)
    assert known.plan is not None
    root = replace(known.plan.root, total_cost=known.plan.total_cost * 2)
    doubled = replace(known, plan=Plan(root=root))
    other = replace(snapshot, plans=(doubled,), redaction=Redaction(level="default"))

    with Twin(other) as redacted:
        [row] = redacted.fidelity().statements

    assert row.is_same_shape
    assert row.cost_error_ratio == pytest.approx(0.5, rel=0.001)
    assert row.reason == "values were redacted"


def test_names_what_the_twin_cannot_plan(snapshot: Snapshot) -> None:
    known = next(p for p in snapshot.plans if p.plan is not None)
    unknown = replace(known, explained_text="select * from orders where shape = $1")

    with Twin(replace(snapshot, plans=(unknown,))) as twin:
        fidelity = twin.fidelity()

    assert fidelity.not_planned == ((known.statement_id, 'column "shape" does not exist'),)
    assert fidelity.not_compared == 0
    assert fidelity.same_shape_ratio == 0.0


def test_says_of_a_table_that_it_has_grown(shop: str, snapshot: Snapshot) -> None:
    # Which statements the snapshot has plans of depends on the time that each of them took.
    text = "select count(*) from orders where customer_id < 200"
    with psycopg.connect(shop) as connection:
        plan = original_plan(connection, text)
    assert plan.index_names == {"orders_customer"}
    known = replace(snapshot.plans[0], plan=plan, explained_text=text, reason=None)
    tables = tuple(
        replace(t, size_bytes=t.size_bytes * 2) if t.name == "orders" else t
        for t in snapshot.tables
    )

    with Twin(replace(snapshot, tables=tables, plans=(known,))) as twin:
        [row] = twin.fidelity().statements

    assert not row.is_alike
    assert row.reason == "public.orders has changed its size since it was analysed"


def test_follows_a_table_that_has_grown_since_it_was_analysed(snapshot: Snapshot) -> None:
    tables = tuple(replace(t, size_bytes=t.size_bytes * 3) for t in snapshot.tables)

    with Twin(snapshot) as twin, Twin(replace(snapshot, tables=tables)) as grown:
        before = twin.explain("select * from products")
        after = grown.explain("select * from products")

    assert after.root.rows == pytest.approx(before.root.rows * 3, rel=0.001)


def test_holds_a_terabyte_in_files_that_take_no_space(snapshot: Snapshot) -> None:
    size_bytes = 1 << 40
    tables = tuple(
        replace(t, size_bytes=size_bytes, pages=size_bytes // 8192, rows=1e11)
        if t.name == "products"
        else t
        for t in snapshot.tables
    )

    with Twin(replace(snapshot, tables=tables)) as twin:
        plan = twin.explain("select * from products")
        data = twin._run("looking at its files").server.cluster.data_directory
        used = sum(file.stat().st_blocks * 512 for file in data.rglob("*") if file.is_file())

    assert plan.root.rows == pytest.approx(1e11, rel=0.001)
    assert used < 200 << 20

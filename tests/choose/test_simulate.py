"""What the planner is asked in one analysis."""

from __future__ import annotations

import pytest

from pgadvisor.choose.simulate import simulate
from pgadvisor.errors import ClusterError
from pgadvisor.model.action import DropIndex
from pgadvisor.model.budget import Budget
from pgadvisor.model.catalog import Catalog
from pgadvisor.model.finding import Confidence, Finding, Provenance
from pgadvisor.model.schema import Index
from pgadvisor.model.snapshot import Snapshot
from pgadvisor.rulekit import Case
from pgadvisor.testing import (
    a_case,
    a_snapshot,
    a_statement,
    a_table,
    an_index,
    column_statistics,
)
from pgadvisor.units import MiB
from pgadvisor.whatif.twin import Twin

ORDERS = a_table("orders")


@pytest.mark.live
def test_keeps_an_index_that_postgresql_does_not_drop_alone() -> None:
    orders = a_table("orders")
    index = an_index(orders, "id", name="orders_key", is_unique=True, constraint_name="orders_key")
    finding = Finding(
        subject="public.orders_key",
        summary="nobody scans it",
        evidence=(),
        provenance=Provenance.STATISTICS,
        confidence=Confidence.HIGH,
        remedies=(DropIndex(schema="public", name="orders_key", recreate_sql=index.definition),),
    )
    case = Case(catalog=Catalog(a_snapshot(orders, index)))

    simulation = simulate(case, (finding,), Budget(), Twin)

    assert simulation.unavailable == ()
    assert simulation.refused_drops == {
        ("public", "orders_key"): (
            "public.orders_key enforces the constraint orders_key; "
            "drop the constraint, and the index goes with it"
        )
    }


@pytest.mark.live
def test_predicts_what_large_btrees_would_take_and_no_others() -> None:
    orders = a_table("orders")
    bloated = an_index(orders, "id", size_bytes=500 * MiB)
    others = (
        an_index(orders, "customer_id", size_bytes=8 * MiB - 8192),
        an_index(orders, "status", access_method="hash", size_bytes=500 * MiB),
    )
    case = Case(catalog=Catalog(a_snapshot(orders, bloated, *others)))

    sizes = simulate(case, (), Budget(), Twin).choice.rebuilt_sizes

    # A million distinct keys of 8 bytes: 366 of them on a page.
    assert sizes is not None
    [size] = sizes
    assert size.index_oid == bloated.oid
    assert size.size_bytes == pytest.approx(1_000_000 / 366 * 8192, rel=0.02)


def a_drop_of(*indexes: Index) -> tuple[Finding, ...]:
    return tuple(
        Finding(
            subject=f"public.{index.name}",
            summary="nobody scans it",
            evidence=(),
            provenance=Provenance.STATISTICS,
            confidence=Confidence.HIGH,
            remedies=(DropIndex(schema="public", name=index.name, recreate_sql=index.definition),),
        )
        for index in indexes
    )


@pytest.mark.live
def test_drops_are_checked_together_and_say_how_many_statements_were_planned() -> None:
    """Either index serves the statement, so one may go and one has to stay."""
    narrow, wide = an_index(ORDERS, "customer_id"), an_index(ORDERS, "customer_id", "status")
    idle = an_index(ORDERS, "note")
    case = a_case(
        a_snapshot(
            *(ORDERS, narrow, wide, idle),
            column_statistics(ORDERS, "customer_id", n_distinct=50_000.0),
            a_statement("select * from orders where customer_id = $1"),
        )
    )

    simulation = simulate(case, a_drop_of(narrow, wide, idle), Budget(max_indexes=0), Twin)

    [(name, reason)] = simulation.refused_drops.items()
    assert name in {("public", narrow.name), ("public", wide.name)}
    assert reason.startswith("without it statement ")
    assert simulation.checked_drops[("public", idle.name)] == 0
    assert sorted(simulation.checked_drops.values()) == [0, 1]


def a_planner_that_fails(_snapshot: Snapshot) -> Twin:
    raise ClusterError("starting a server", "there is no room")


def test_without_a_planner_only_what_the_catalog_proves_is_dropped() -> None:
    index, equal = an_index(ORDERS, "note"), an_index(ORDERS, "note", name="equal")
    idle = an_index(ORDERS, "status")
    case = a_case(a_snapshot(ORDERS, index, equal, idle))
    [duplicate] = (found.index for found in case.redundancies)

    simulation = simulate(case, a_drop_of(duplicate, idle), Budget(), a_planner_that_fails)

    assert simulation.refused_drops == {
        ("public", idle.name): "no planner could show that no statement needs it"
    }
    assert simulation.choice.unavailable_reason == (
        "the planner twin failed: starting a server: there is no room"
    )

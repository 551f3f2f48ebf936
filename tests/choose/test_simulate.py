"""What the planner is asked in one analysis."""

from __future__ import annotations

import pytest

from pgadvisor.choose.simulate import simulate
from pgadvisor.model.action import DropIndex
from pgadvisor.model.budget import Budget
from pgadvisor.model.catalog import Catalog
from pgadvisor.model.finding import Confidence, Finding, Provenance
from pgadvisor.rulekit import Case
from pgadvisor.testing import a_snapshot, a_table, an_index
from pgadvisor.units import MiB
from pgadvisor.whatif.twin import Twin


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

    [size] = simulate(case, (), Budget(), Twin).choice.rebuilt_sizes or ()

    # A million distinct keys of 8 bytes: 366 of them on a page.
    assert size.index_oid == bloated.oid
    assert size.size_bytes == pytest.approx(1_000_000 / 366 * 8192, rel=0.02)

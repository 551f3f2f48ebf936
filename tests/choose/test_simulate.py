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

"""Indexes that PostgreSQL does not drop are not dropped on the twin either, which says why."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pgadvisor.errors import RefusedError
from pgadvisor.model.catalog import Catalog
from pgadvisor.model.schema import Constraint, ConstraintKind, Index
from pgadvisor.model.snapshot import Snapshot
from pgadvisor.testing import a_snapshot, a_table, an_index
from pgadvisor.whatif.backend import Configuration, NotPlanned
from pgadvisor.whatif.twin import Twin
from pgadvisor.whatif.undroppable import why_not_droppable

ORDERS = a_table("orders")
INDEX = an_index(ORDERS, is_unique=True)


def reason(index: Index, *constraints: Constraint, others: tuple[Index, ...] = ()) -> str | None:
    snapshot = a_snapshot(ORDERS, index, *others)
    return why_not_droppable(Catalog(replace(snapshot, constraints=constraints)), index)


def test_lets_a_plain_index_go() -> None:
    assert reason(INDEX) is None


def test_keeps_what_enforces_a_constraint() -> None:
    assert reason(replace(INDEX, constraint_name="orders_key")) == (
        f"{INDEX.schema}.{INDEX.name} enforces the constraint orders_key; "
        "drop the constraint, and the index goes with it"
    )


def test_keeps_what_a_foreign_key_relies_on() -> None:
    key = Constraint(
        oid=1,
        name="lines_order",
        kind=ConstraintKind.FOREIGN_KEY,
        table_oid=99,
        definition="FOREIGN KEY (order_id) REFERENCES orders (id)",
        referenced_table_oid=INDEX.table_oid,
        index_oid=INDEX.oid,
    )

    assert reason(INDEX, key) == (
        f"the foreign key lines_order relies on {INDEX.schema}.{INDEX.name}; drop that first"
    )
    assert reason(INDEX, replace(key, index_oid=INDEX.oid + 1)) is None


def test_keeps_a_part_of_a_partitioned_index() -> None:
    parent = replace(INDEX, oid=INDEX.oid + 1, name="whole", is_partitioned=True)

    assert reason(replace(INDEX, parent_oid=parent.oid), others=(parent,)) == (
        f"{INDEX.schema}.{INDEX.name} is a part of {INDEX.schema}.whole; "
        "drop that, and all parts go"
    )


@pytest.mark.live
@pytest.mark.xdist_group("whatif_shop")
def test_the_twin_refuses_with_that_reason(twin: Twin, snapshot: Snapshot) -> None:
    oid = next(i.oid for i in snapshot.indexes if i.name == "orders_pkey")

    with pytest.raises(RefusedError) as refused:
        twin.explain("select 1", drop=("orders_pkey",))
    outcome = twin.plan("select 1", Configuration(drop=frozenset({oid})))

    assert "enforces the constraint orders_pkey" in refused.value.happened
    assert outcome == NotPlanned(reason=refused.value.happened)

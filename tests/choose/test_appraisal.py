"""What plans take beyond the planner's estimate."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pgadvisor.choose.appraisal import Appraiser, as_planned, pages_fetched
from pgadvisor.model.action import IndexDefinition
from pgadvisor.model.catalog import Catalog
from pgadvisor.model.plan import Plan, PlanNode
from pgadvisor.model.schema import IndexKey
from pgadvisor.model.snapshot import Snapshot
from pgadvisor.model.statistics import TableActivity
from pgadvisor.testing import a_snapshot, a_table, column_statistics
from pgadvisor.testing.snapshot import SnapshotPart

SUPPLIERS = a_table("suppliers", "id bigint not null", "name text", rows=10_000, size_bytes=2 << 20)
ITEMS = a_table("items", "id bigint", "supplier_id bigint", rows=6_000_000, size_bytes=900 << 20)
BY_SUPPLIER = IndexDefinition(
    table_oid=ITEMS.oid, schema="public", table="items", keys=(IndexKey(column="supplier_id"),)
)
STATISTICS = (
    column_statistics(ITEMS, "supplier_id", n_distinct=10_000, correlation=0.01),
    column_statistics(SUPPLIERS, "id", n_distinct=-1, correlation=0.3),
)
PAGES = 900 << 7


def snapshot(*parts: SnapshotPart) -> Snapshot:
    return a_snapshot(SUPPLIERS, ITEMS, *(parts or STATISTICS))


def appraised(
    plan: PlanNode, of: Snapshot | None = None, settings: Mapping[str, str] | None = None
) -> float:
    appraiser = Appraiser(Catalog(of or snapshot()), {"by_supplier": BY_SUPPLIER})
    return appraiser.cost(Plan(root=plan, settings=tuple((settings or {}).items())))


def outer(rows: float = 800.0, node_type: str = "Seq Scan") -> PlanNode:
    return PlanNode(
        node_type=node_type,
        parent_relationship="Outer",
        schema="public",
        relation="suppliers",
        alias="s",
        rows=rows,
        total_cost=300.0,
    )


INNER = PlanNode(
    node_type="Index Scan",
    parent_relationship="Inner",
    schema="public",
    relation="items",
    alias="i",
    index_name="by_supplier",
    index_condition="(i.supplier_id = s.id)",
    filter="(i.shipped)",
    rows=180.0,
    total_cost=61.0,
)


def loop(
    inner: PlanNode = INNER, outside: PlanNode | None = None, total_cost: float = 49_000.0
) -> PlanNode:
    children = (outside or outer(), inner)
    return PlanNode(node_type="Nested Loop", total_cost=total_cost, children=children)


def test_each_row_that_a_repeated_index_scan_finds_is_a_visit_to_a_page() -> None:
    # A supplier has 600 items, whatever the filter leaves of them; the correlation hardly counts.
    per_loop = 3.0 + 0.5 * (600 * (1 - 0.01**2) + 0.01**2)

    assert appraised(loop()) == pytest.approx(49_000 + 800 * (per_loop - 61))


@pytest.mark.parametrize(("visible_ratio", "visits"), [(1.0, 0.0), (0.75, 0.25), (0.0, 1.0)])
def test_a_repeated_index_only_scan_descends_too_and_visits_pages_not_visible_to_all(
    visible_ratio: float, visits: float
) -> None:
    items = replace(ITEMS, all_visible_pages=int(PAGES * visible_ratio))
    alone = replace(INNER, node_type="Index Only Scan", total_cost=2.0)

    per_loop = 3.0 + visits * 0.5 * (600 * (1 - 0.01**2) + 0.01**2)
    assert appraised(loop(alone), a_snapshot(SUPPLIERS, items, *STATISTICS)) == pytest.approx(
        49_000 + 800 * (per_loop - 2)
    )


def test_what_the_planner_counts_itself_is_not_counted_again() -> None:
    assert appraised(loop(replace(INNER, total_cost=400.0))) == 49_000


def test_an_index_scan_that_is_not_repeated_costs_what_it_costs() -> None:
    assert appraised(replace(INNER, total_cost=61.0)) == 61.0


def walking(outer_rows: float = 1.0, condition: str = "(i.order_id = s.id)") -> float:
    """What is added to a nested loop over a join, whose inner side knows the index's second key."""
    joined = PlanNode(
        node_type="Hash Join",
        parent_relationship="Outer",
        rows=outer_rows,
        total_cost=300.0,
        children=(outer(), outer()),
    )
    inner = replace(INNER, index_condition=condition, rows=1.0, total_cost=11_000.0)
    return appraised(loop(inner, joined)) - 49_000


def test_a_whole_index_is_walked_ten_times_at_least_for_the_rows_of_a_join() -> None:
    assert walking(1.0) == pytest.approx(9 * 11_000)
    assert walking(4.0) == pytest.approx(6 * 11_000)
    assert walking(10.0) == 0.0


@pytest.mark.parametrize(
    "condition",
    [
        "(i.supplier_id = s.id)",
        "(supplier_id = s.id)",
        '("supplier_id" = s.id)',
        "((i.order_id = s.id) AND (i.supplier_id = 7))",
    ],
)
def test_an_index_whose_first_key_is_known_is_not_walked(condition: str) -> None:
    assert walking(condition=condition) == 0.0


def test_a_column_of_the_same_name_elsewhere_is_not_the_first_key() -> None:
    assert walking(condition="(i.order_id = s.supplier_id)") == pytest.approx(9 * 11_000)


def test_what_one_table_gives_is_believed() -> None:
    inner = replace(INNER, index_condition="(i.order_id = s.id)", total_cost=11_000.0)

    assert appraised(loop(inner, outer(rows=1.0))) == 49_000


def test_an_index_without_an_order_of_its_keys_is_not_walked() -> None:
    by_all = {"by_supplier": replace(BY_SUPPLIER, access_method="gin")}
    joined = replace(loop(INNER, outer(rows=1.0)), parent_relationship="Outer", rows=1.0)
    inner = replace(INNER, index_condition="(i.order_id @> s.id)", total_cost=11_000.0)

    appraiser = Appraiser(Catalog(snapshot()), by_all)

    assert appraiser.cost(Plan(root=loop(inner, joined))) < 49_000 + 11_000


@pytest.mark.parametrize("node_type", ["Hash", "Materialize", "Sort", "Memoize"])
def test_what_is_kept_is_not_repeated(node_type: str) -> None:
    kept = PlanNode(
        node_type=node_type, parent_relationship="Inner", total_cost=61.0, children=(INNER,)
    )

    assert appraised(loop(kept)) == 49_000


def test_repetitions_of_repetitions_multiply() -> None:
    upper = outer(rows=10.0)
    nested = replace(loop(total_cost=49_000.0), parent_relationship="Inner")

    once, ten_times = appraised(loop()), appraised(loop(nested, upper, total_cost=490_000.0))

    assert ten_times - 490_000 == pytest.approx(10 * (once - 49_000))


def test_rows_that_lie_together_are_one_visit() -> None:
    clustered = column_statistics(ITEMS, "supplier_id", n_distinct=10_000, correlation=1.0)

    cheap = replace(INNER, total_cost=1.0)
    assert appraised(loop(cheap), snapshot(clustered, STATISTICS[1])) == pytest.approx(
        49_000 + 800 * (3.0 + 0.5 - 1.0)
    )


def test_keys_that_are_looked_up_in_their_order_take_less() -> None:
    in_order = column_statistics(SUPPLIERS, "id", n_distinct=-1, correlation=1.0)
    clustered = column_statistics(ITEMS, "supplier_id", n_distinct=10_000, correlation=1.0)
    of = snapshot(clustered, in_order)
    cheap = replace(INNER, total_cost=1.0)

    assert appraised(loop(cheap), of) == pytest.approx(49_000 + 800 * (1.0 + 0.05 - 1.0))
    # By another index, they come in its order.
    by_index = outer(node_type="Index Scan")
    assert appraised(loop(cheap, by_index), of) > appraised(loop(cheap), of)


def test_the_same_key_several_times_in_a_row_finds_the_pages_in_memory() -> None:
    four_each = column_statistics(SUPPLIERS, "id", n_distinct=2_500, correlation=1.0)

    share = 0.25 + 0.1 * 0.75
    per_loop = 1.0 + 0.5 * (600 * (1 - 0.01**2) * share + 0.01**2 * 0.1)
    assert appraised(loop(), snapshot(STATISTICS[0], four_each)) == pytest.approx(
        49_000 + 800 * (per_loop - 61)
    )


def test_visits_to_pages_in_shared_buffers_take_a_tenth() -> None:
    hot = TableActivity(table_oid=ITEMS.oid, heap_blocks_hit=1_000_000)
    cheap = replace(INNER, total_cost=10.0)

    per_loop = 3.0 + 0.05 * (600 * (1 - 0.01**2) + 0.01**2)
    assert appraised(loop(cheap), snapshot(*STATISTICS, hot)) == pytest.approx(
        49_000 + 800 * (per_loop - 10)
    )


def test_a_few_blocks_tell_nothing_of_what_is_in_memory() -> None:
    hot = TableActivity(table_oid=ITEMS.oid, heap_blocks_hit=900)

    assert appraised(loop(), snapshot(*STATISTICS, hot)) == appraised(loop())


def test_without_statistics_the_rows_are_those_of_the_plan() -> None:
    assert appraised(loop(replace(INNER, total_cost=10.0)), a_snapshot(ITEMS, SUPPLIERS)) == (
        49_000 + 800 * (3.0 + 0.5 * 180 - 10.0)
    )


def bitmap(rows: float, total_cost: float) -> PlanNode:
    below = PlanNode(node_type="Bitmap Index Scan", index_name="by_supplier", rows=rows)
    return PlanNode(
        node_type="Bitmap Heap Scan",
        schema="public",
        relation="items",
        rows=rows,
        total_cost=total_cost,
        children=(below,),
    )


def test_a_bitmap_of_all_pages_takes_longer_than_a_scan_of_all_pages() -> None:
    assert appraised(bitmap(900_000.0, 168_000.0)) == pytest.approx(168_000 + 0.5 * PAGES)


def test_a_bitmap_of_few_pages_is_costed_as_dear_as_it_is() -> None:
    assert appraised(bitmap(5_000.0, 20_000.0)) == 20_000


def test_the_planner_s_own_settings_count() -> None:
    cheap = {"seq_page_cost": "0.1", "random_page_cost": "0.1"}

    assert appraised(bitmap(900_000.0, 168_000.0), settings=cheap) == pytest.approx(
        168_000 + 0.05 * PAGES
    )


def test_an_index_or_a_table_that_nobody_knows_changes_nothing() -> None:
    unknown = replace(INNER, relation="gone", index_name="gone")

    assert appraised(loop(unknown)) == 49_000


def test_what_the_planner_says_can_be_taken_as_it_is() -> None:
    assert as_planned(Plan(root=loop())) == 49_000


@given(rows=st.floats(1, 1e9), pages=st.integers(1, 10_000_000), cache=st.floats(1, 1e7))
def test_more_rows_are_on_more_pages_and_never_on_more_than_there_are_rows(
    rows: float, pages: int, cache: float
) -> None:
    found = pages_fetched(rows, pages, cache)

    assert 0 < found <= rows + 1
    assert found <= pages_fetched(rows * 2, pages, cache) + 1
    if pages <= cache:
        assert found <= pages

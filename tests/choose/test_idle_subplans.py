"""What an index seems to save in a subplan that calls have not run."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pgadvisor.choose.calibration import Calibration
from pgadvisor.choose.idle_subplans import IdleSubplans
from pgadvisor.model.catalog import Catalog
from pgadvisor.model.plan import Plan, PlanNode
from pgadvisor.testing import a_snapshot, a_table, an_index
from tests.choose.stated import a_weighted

LOG = replace(a_table("log", "id bigint", "page_id bigint", "deleted bool"), pages=1_000)
BY_ID = replace(an_index(LOG, "id"), name="log_id", size_bytes=500 * 8192)
DELETED = replace(an_index(LOG, "id", predicate="deleted"), name="log_deleted", size_bytes=8192)
CATALOG = Catalog(a_snapshot(LOG, BY_ID, DELETED))
SCAN = PlanNode(node_type="Seq Scan", schema="public", relation="log", total_cost=900.0)
WALK = replace(SCAN, node_type="Index Scan", index_name="log_id")
FILTER = "((ANY (id = (hashed SubPlan 1).col1)) OR (ANY (id = (hashed SubPlan 2).col1)))"


def planned(below: PlanNode, *, condition: str = FILTER, name: str = "SubPlan 2") -> Plan:
    """A scan whose filter asks a subplan."""
    subplan = replace(below, parent_relationship="SubPlan", subplan_name=name)
    root = replace(SCAN, total_cost=2_000.0, filter=condition, children=(subplan,))
    return Plan(root=PlanNode(node_type="Aggregate", total_cost=2_000.0, children=(root,)))


CHEAP = planned(PlanNode(node_type="Index Only Scan", total_cost=100.0))


def taken_back(
    now: Plan, then: Plan = CHEAP, *, blocks: float | None = 0.0, catalog: Catalog | None = CATALOG
) -> float:
    idle = IdleSubplans(catalog, [replace(a_weighted("1"), blocks_per_call=blocks)])
    idle.begin("1", now)
    return idle.taken_back("1", then)


@pytest.mark.parametrize(
    ("blocks", "expected"), [(0.0, 800.0), (250.0, 600.0), (999.0, 0.8), (1_000.0, 0.0)]
)
def test_a_subplan_that_few_calls_can_have_run_saves_little(blocks: float, expected: float) -> None:
    assert taken_back(planned(SCAN), blocks=blocks) == pytest.approx(expected)


def test_a_walk_through_a_whole_index_reads_the_index_and_the_table() -> None:
    only = replace(WALK, node_type="Index Only Scan")

    assert taken_back(planned(WALK), blocks=750.0) == pytest.approx(400.0)
    assert taken_back(planned(only), blocks=250.0) == pytest.approx(400.0)


def test_what_is_read_is_found_below_a_sort() -> None:
    ordered = PlanNode(node_type="Sort", total_cost=900.0, children=(SCAN,))

    assert taken_back(planned(ordered)) == pytest.approx(800.0)


@pytest.mark.parametrize(
    "now",
    [
        pytest.param(planned(SCAN, condition="(ANY (id = (SubPlan 2).col1))"), id="not-hashed"),
        pytest.param(planned(replace(SCAN, relation="other")), id="an-unknown-table"),
        pytest.param(planned(replace(WALK, index_condition="(id > 5)")), id="part-of-an-index"),
        pytest.param(planned(replace(WALK, index_name="other")), id="an-unknown-index"),
        pytest.param(planned(replace(WALK, index_name="log_deleted")), id="a-partial-index"),
        pytest.param(
            planned(PlanNode(node_type="Limit", total_cost=900.0, children=(SCAN,))), id="a-limit"
        ),
        pytest.param(
            planned(PlanNode(node_type="Hash Join", total_cost=900.0, children=(SCAN, SCAN))),
            id="a-join",
        ),
    ],
)
def test_nothing_is_taken_back_where_it_is_not_known_what_a_run_reads(now: Plan) -> None:
    assert taken_back(now) == 0.0


def test_nothing_is_taken_back_where_blocks_were_not_counted() -> None:
    assert taken_back(planned(SCAN), blocks=None) == 0.0
    assert taken_back(planned(SCAN), catalog=None) == 0.0


def test_another_subplan_and_a_dearer_one_are_what_they_are() -> None:
    assert taken_back(planned(SCAN), planned(SCAN, name="SubPlan 1")) == 0.0
    assert taken_back(planned(SCAN), planned(replace(SCAN, total_cost=950.0))) == 0.0


def test_a_plan_is_believed_to_cost_so_much_more() -> None:
    idle = IdleSubplans(CATALOG, [replace(a_weighted("1"), blocks_per_call=500.0)])
    calibration = Calibration(idle=idle)
    calibration.begin("1", planned(SCAN), 2_000.0)

    assert calibration.cost("1", CHEAP, 1_200.0) == pytest.approx(1_600.0)
    assert calibration.cost("2", CHEAP, 1_200.0) == 1_200.0

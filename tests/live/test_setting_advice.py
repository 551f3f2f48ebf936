"""Advice on a planner setting, from the counters to the migration."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pgadvisor.model.finding import Confidence, Provenance, Severity
from pgadvisor.model.server import Setting
from pgadvisor.model.snapshot import Snapshot
from pgadvisor.pipeline import advise
from pgadvisor.testing import (
    a_snapshot,
    a_statement,
    a_table,
    an_index,
    column_statistics,
    index_activity,
    table_activity,
)
from pgadvisor.units import MiB

pytestmark = [pytest.mark.live, pytest.mark.xdist_group("setting-trial")]

RULE = "pessimistic-random-page-cost"
COSTS = tuple(
    Setting(name=name, value=value, boot_value=value, value_type="real")
    for name, value in (("random_page_cost", "4"), ("seq_page_cost", "1"))
)
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
LOOKUP = a_statement("select name from customers where id = $1", roles=("shop",))


def snapshot_of(*statements: object) -> Snapshot:
    return a_snapshot(
        CUSTOMERS,
        ORDERS,
        KEY,
        COSTS,
        table_activity(
            CUSTOMERS, heap_blocks_hit=9_950_000, heap_blocks_read=50_000, sequential_scans=90_000
        ),
        index_activity(KEY, blocks_hit=9_990_000, blocks_read=10_000, scans=1_000),
        column_statistics(ORDERS, "note", n_distinct=40.0),
        column_statistics(ORDERS, "customer_id", n_distinct=-0.5),
        column_statistics(CUSTOMERS, "id", n_distinct=-1.0),
        *statements,  # type: ignore[arg-type]
    )


def test_a_cost_that_changes_a_plan_goes_into_the_migration() -> None:
    advice = advise(snapshot_of(JOIN, LOOKUP))

    [finding] = [f for f in advice.findings if f.rule_id == RULE]
    assert finding.provenance is Provenance.SIMULATED
    told = "With the new random_page_cost, 1 of the 2 planned statements of shop gets another plan"
    assert f"{told}: statement {JOIN.id} (" in finding.detail
    assert (
        'ALTER ROLE "shop" IN DATABASE "shop" SET random_page_cost = 1.1;'
        in advice.migration.up_sql
    )
    assert (
        'ALTER ROLE "shop" IN DATABASE "shop" RESET random_page_cost;' in advice.migration.down_sql
    )


def test_a_cost_that_changes_no_plan_is_left_to_a_person() -> None:
    advice = advise(snapshot_of(LOOKUP))

    [finding] = [f for f in advice.findings if f.rule_id == RULE]
    assert (finding.severity, finding.confidence) == (Severity.INFO, Confidence.LOW)
    assert finding.detail.endswith(
        "No plan of the workload changes with the new random_page_cost: the only one of shop "
        "keeps its own."
    )
    [made] = [r for r in advice.recommendations if finding.key in r.finding_keys]
    assert not made.is_in_migration
    assert made.review_reason == "no plan of the workload changes with it"
    assert "\nALTER ROLE" not in advice.migration.up_sql

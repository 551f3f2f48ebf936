"""serial-bitmap-reads."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pgadvisor.model.action import SettingScope
from pgadvisor.model.finding import Confidence, Severity
from pgadvisor.model.machine import Machine, StorageKind
from pgadvisor.model.plan import Plan, PlanNode
from pgadvisor.model.server import RoleSetting, Setting
from pgadvisor.model.statement import Statement, StatementPlan
from pgadvisor.testing import Outcome, a_snapshot, a_statement, a_table, diagnose
from tests.rules.changes import changes, up

RULE = "serial-bitmap-reads"
ORDERS = a_table("orders", "id bigint not null", "customer_id bigint")
LOOKUP = a_statement(
    "select * from orders where customer_id = $1",
    calls=1_000,
    mean_time_ms=10.0,
    block_read_time_ms=1_000.0,
    shared_blocks_read=10_000,
    roles=("shop",),
)
BITMAP = PlanNode(
    node_type="Bitmap Heap Scan",
    relation="orders",
    children=(PlanNode(node_type="Bitmap Index Scan", index_name="orders_customer_id_idx"),),
)
SETTING = Setting(
    name="effective_io_concurrency",
    value="1",
    value_type="integer",
    min_value="0",
    max_value="1000",
)
TIMING = Setting(name="track_io_timing", value="on")


def run(
    statement: Statement = LOOKUP,
    *,
    node: PlanNode = BITMAP,
    setting: Setting = SETTING,
    timing: Setting = TIMING,
    storage: StorageKind | None = StorageKind.SSD,
    role_settings: tuple[RoleSetting, ...] = (),
) -> Outcome:
    plan = StatementPlan(statement_id=statement.id, plan=Plan(root=node))
    snapshot = a_snapshot(ORDERS, statement, plan, setting, timing, role_settings=role_settings)
    return diagnose(RULE, snapshot, machine=Machine(storage=storage))


def test_reports_bitmap_scans_that_wait_for_each_block() -> None:
    [finding] = run().findings

    assert finding.key == "serial-bitmap-reads:shop"
    assert finding.severity is Severity.INFO
    assert finding.confidence is Confidence.MEDIUM
    assert finding.summary == (
        "Bitmap scans of shop spend 10 % of all execution time on reads, and ask for one block "
        "ahead"
    )
    assert [(e.name, e.value) for e in finding.evidence] == [
        ("effective_io_concurrency", 1),
        ("storage", "ssd"),
        ("time spent reading", 0.1),
        ("time of a block", "0.1 ms"),
    ]
    assert finding.statement_ids == (LOOKUP.id,)
    [change] = changes(finding)
    assert change.scope is SettingScope.ROLE_IN_DATABASE
    assert up(finding) == (
        'ALTER ROLE "shop" IN DATABASE "shop" SET effective_io_concurrency = 200',
    )


def test_a_volume_in_a_network_answers_many_requests_as_well() -> None:
    assert len(run(storage=StorageKind.NETWORK).findings) == 1


@pytest.mark.parametrize(
    "outcome",
    [
        pytest.param(run(storage=StorageKind.HDD), id="a-spinning-disk"),
        pytest.param(run(replace(LOOKUP, block_read_time_ms=999.0)), id="less-time-for-reads"),
        pytest.param(run(replace(LOOKUP, shared_blocks_read=10_001)), id="cached-blocks"),
        pytest.param(run(node=BITMAP.children[0]), id="no-bitmap-heap-scan"),
        pytest.param(run(setting=replace(SETTING, value="2")), id="somebody-has-set-it"),
        pytest.param(
            run(
                role_settings=(
                    RoleSetting(
                        role="shop", database=None, name="effective_io_concurrency", value="50"
                    ),
                )
            ),
            id="somebody-has-set-it-for-the-role",
        ),
    ],
)
def test_leaves_alone(outcome: Outcome) -> None:
    assert outcome.is_clear


def test_says_why_it_cannot_judge() -> None:
    assert run(storage=None).reasons == (
        "what the data lie on is not said: set storage in [machine] of pgadvisor.toml",
    )
    assert run(timing=replace(TIMING, value="off")).reasons == (
        "track_io_timing is off, so nobody knows what reads take",
    )
    assert run(setting=replace(SETTING, max_value="0")).reasons != ()
    ssd = Machine(storage=StorageKind.SSD)
    assert diagnose(RULE, a_snapshot(LOOKUP, TIMING), machine=ssd).reasons == (
        "values of effective_io_concurrency are not in the snapshot",
    )

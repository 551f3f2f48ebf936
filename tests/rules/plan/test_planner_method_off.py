"""planner-method-off."""

from __future__ import annotations

from typing import Any

import pytest

from pgadvisor.model.server import RoleSetting, Setting
from pgadvisor.parse.statement import fingerprint
from pgadvisor.testing import (
    Outcome,
    SnapshotPart,
    a_snapshot,
    a_statement,
    diagnose,
    executed,
)
from tests.rules.changes import changes, manual, up

RULE = "planner-method-off"
TEXT = "select sum(total) from orders where total > 0"
PLAN = f"""\
Query Text: {TEXT}
Aggregate  (cost=9..20 rows=1 width=8) (actual time=100.000..100.000 rows=1 loops=1)
  ->  Index Scan using orders_pkey on orders  (cost=0..9 rows=9 width=8) \
(actual time=0.000..80.000 rows=60000 loops=1)
Settings: enable_seqscan = 'off'
Execution Time: 101.000 ms
"""
OFF = Setting(
    name="enable_seqscan",
    value="off",
    value_type="bool",
    boot_value="on",
    source="configuration file",
)
ON = Setting(name="enable_seqscan", value="on", value_type="bool", boot_value="on")
STATEMENT = a_statement(TEXT, fingerprint=fingerprint(TEXT), roles=("web",))


def run(plan: str = PLAN, *objects: SnapshotPart, **server: Any) -> Outcome:  # noqa: ANN401  (fields of Server)
    snapshot = a_snapshot(*objects, **server)
    return diagnose(RULE, snapshot, executions=executed(plan, snapshot))


def test_reports_a_method_that_is_off() -> None:
    [finding] = run().findings

    assert finding.subject == "enable_seqscan"
    assert finding.summary == "enable_seqscan is off, which may have changed nodes of 80 ms"
    assert finding.key.endswith(":enable_seqscan")
    assert finding.impact.bound_ms == 80.0  # of the scan, not of the aggregate
    assert finding.nodes == (1,)
    assert changes(finding) == ()
    assert manual(finding)[0].startswith("`BEGIN; SET LOCAL enable_seqscan = on;`")


def test_switches_it_on_where_it_is_set() -> None:
    [finding] = run(PLAN, OFF).findings

    [change] = changes(finding)
    assert change.value == "on"
    assert change.review_reason.startswith("somebody switched it off for a reason")
    assert up(finding)[0] == "ALTER SYSTEM SET enable_seqscan = on"


def test_switches_it_on_for_the_role_that_has_it_off() -> None:
    own = RoleSetting(role="web", database="shop", name="enable_seqscan", value="off")

    [finding] = run(PLAN, ON, STATEMENT, role_settings=(own,)).findings

    assert up(finding) == ('ALTER ROLE "web" IN DATABASE "shop" SET enable_seqscan = on',)


def test_what_a_session_has_set_is_found_by_hand() -> None:
    [finding] = run(PLAN, ON, STATEMENT).findings

    assert changes(finding) == ()


@pytest.mark.parametrize(
    "plan",
    [
        PLAN.replace("cost=0..9", "cost=10000000000.00..10000000009.00"),
        PLAN.replace("rows=60000 loops=1)", "rows=60000 loops=1)\n        Disabled: true"),
    ],
)
def test_tells_that_what_is_forbidden_was_used_all_the_same(plan: str) -> None:
    [finding] = run(plan).findings

    assert finding.detail == (
        "The plan has what is forbidden all the same, as there was no other way."
    )


@pytest.mark.parametrize(
    "plan",
    [
        pytest.param(PLAN.replace("= 'off'", "= 'on'"), id="on"),
        pytest.param(
            PLAN.replace("enable_seqscan", "enable_partitionwise_join"), id="off by default"
        ),
        pytest.param(PLAN.replace("enable_seqscan", "enable_gathermerge"), id="no such node"),
        pytest.param(PLAN.replace("Settings: enable_seqscan = 'off'\n", ""), id="as usual"),
    ],
)
def test_leaves_alone(plan: str) -> None:
    assert run(plan).is_clear


@pytest.mark.parametrize(("took", "count"), [("10.000", 1), ("9.999", 0)])
def test_asks_for_some_time(took: str, count: int) -> None:
    assert len(run(PLAN.replace("..80.000", f"..{took}")).findings) == count


def test_cannot_judge_what_was_not_executed() -> None:
    assert run("Aggregate  (cost=9..20 rows=1 width=8)\n").reasons == (
        "the plan was not executed: use EXPLAIN (ANALYZE, BUFFERS)",
    )

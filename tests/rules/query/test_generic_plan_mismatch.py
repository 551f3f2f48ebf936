"""generic-plan-mismatch."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pgadvisor.model.action import ManualSteps
from pgadvisor.model.choice import Choice
from pgadvisor.model.finding import Confidence, Severity
from pgadvisor.model.sensitivity import (
    AskedColumns,
    ClassCost,
    PlansByValue,
    PlanVariant,
    ValueClass,
    ValueKind,
)
from pgadvisor.model.server import RoleSetting, Setting
from pgadvisor.testing import (
    Outcome,
    SnapshotPart,
    a_snapshot,
    a_statement,
    a_table,
    diagnose,
)

RULE = "generic-plan-mismatch"
ORDERS = a_table("orders")
BY_STATUS = a_statement(
    "select * from orders where status = $1", roles=("web",), stddev_time_ms=100.0
)
COMMON = PlanVariant(
    nodes=("Seq Scan on orders",), members=(ClassCost(classes=(), weight=0.01, cost=1_000.0),)
)
RARE = PlanVariant(
    nodes=("Index Scan using orders_status_idx",),
    members=(ClassCost(classes=(), weight=0.99, cost=90.0),),
    is_generic=True,
)
PLANS = PlansByValue(
    statement_id=BY_STATUS.id,
    variants=(RARE, COMMON),
    generic_cost=100.0,
    keeps_generic=True,
    is_notable=True,
)
CHOICE = Choice(costed_statements=1)


def run(*objects: SnapshotPart, plans: PlansByValue = PLANS, **server: object) -> Outcome:
    snapshot = a_snapshot(ORDERS, *objects, **server)
    return diagnose(RULE, snapshot, choice=CHOICE, plans_by_value=(plans,))


def test_reports_values_that_the_kept_plan_is_wrong_for() -> None:
    [finding] = run(BY_STATUS).findings

    assert finding.key == f"generic-plan-mismatch:{BY_STATUS.id}"
    assert finding.summary == (
        "Prepared, a statement on public.orders keeps one plan, and 1 % of its calls ask for "
        "values that need another (100 % of all time)"
    )
    assert finding.severity is Severity.INFO
    assert finding.confidence is Confidence.LOW
    assert [(e.name, e.value) for e in finding.evidence[:2]] == [
        ("cost of the plan for unknown values", 100.0),
        ("cost of the plan with Seq Scan on orders", 1_000.0),
    ]
    [action] = finding.remedies
    assert isinstance(action, ManualSteps)
    assert '`ALTER ROLE "web" SET plan_cache_mode = force_custom_plan`' in action.steps[1]
    assert '`ALTER ROLE "web" RESET plan_cache_mode`' in action.steps[1]


def test_a_plan_that_is_far_cheaper_than_the_kept_one_counts_too() -> None:
    cheap = replace(COMMON, members=(ClassCost(classes=(), weight=0.5, cost=10.0),))

    assert len(run(BY_STATUS, plans=replace(PLANS, variants=(RARE, cheap))).findings) == 1


@pytest.mark.parametrize(
    "plans",
    [
        pytest.param(replace(PLANS, keeps_generic=False), id="not-kept"),
        pytest.param(replace(PLANS, is_notable=False), id="not-notable"),
        pytest.param(replace(PLANS, generic_cost=None), id="no-generic-plan"),
        pytest.param(replace(PLANS, generic_cost=100.1), id="nearly-ten-times"),
        pytest.param(replace(PLANS, variants=(RARE,)), id="one-plan"),
        pytest.param(
            replace(PLANS, variants=(replace(COMMON, is_generic=True),)), id="the-kept-plan-itself"
        ),
        pytest.param(
            replace(
                PLANS,
                variants=(
                    replace(COMMON, members=(ClassCost(classes=(), weight=0.0099, cost=1e6),)),
                ),
            ),
            id="hardly-asked-for",
        ),
        pytest.param(replace(PLANS, statement_id="another"), id="unknown-statement"),
    ],
)
def test_leaves_alone(plans: PlansByValue) -> None:
    assert run(BY_STATUS, plans=plans).is_clear


def test_leaves_ranges_alone_whose_width_nobody_knows() -> None:
    asked = AskedColumns(table="public.orders", columns=("created_at",))
    half = ValueClass(asked=asked, kind=ValueKind.RANGE, low_ratio=0.5, high_ratio=0.5)
    value = replace(half, kind=ValueKind.VALUE)

    def found(*kinds: ValueClass) -> int:
        member = ClassCost(classes=kinds, weight=0.3, cost=1_000.0)
        plans = replace(PLANS, variants=(RARE, replace(COMMON, members=(member,))))
        return len(run(BY_STATUS, plans=plans).findings)

    assert found(half) == 0
    assert found(value, half) == 0
    assert found(value) == 1


def test_leaves_alone_what_somebody_has_decided() -> None:
    forced = Setting(name="plan_cache_mode", value="force_custom_plan")
    auto = Setting(name="plan_cache_mode", value="auto")
    of_role = RoleSetting(
        role="web", database=None, name="plan_cache_mode", value="force_custom_plan"
    )

    assert run(BY_STATUS, forced).is_clear
    assert run(BY_STATUS, role_settings=(of_role,)).is_clear
    assert len(run(BY_STATUS, auto).findings) == 1
    assert len(run(replace(BY_STATUS, roles=()), role_settings=(of_role,)).findings) == 1
    other = replace(of_role, role="reports")
    assert len(run(BY_STATUS, role_settings=(other,)).findings) == 1


@pytest.mark.parametrize(("deviation_ms", "count"), [(100.0, 1), (99.9, 0)])
def test_asks_for_calls_of_different_times(deviation_ms: float, count: int) -> None:
    assert len(run(replace(BY_STATUS, stddev_time_ms=deviation_ms)).findings) == count


def test_leaves_statements_alone_that_were_never_counted() -> None:
    assert run(replace(BY_STATUS, calls=0, source="workload")).is_clear


@pytest.mark.parametrize(("rest", "count"), [(199.0, 1), (200.0, 0)])
def test_asks_for_a_share_of_the_time(rest: float, count: int) -> None:
    other = replace(a_statement("select 1"), total_time_ms=rest)

    assert len(run(replace(BY_STATUS, total_time_ms=1.0), other).findings) == count


def test_cannot_judge_whether_a_plan_is_kept() -> None:
    assert run(BY_STATUS, plans=replace(PLANS, keeps_generic=None)).reasons == (
        "whether PostgreSQL would keep its generic plan is not known",
    )


def test_cannot_judge_without_a_planner() -> None:
    missing = Choice(unavailable_reason="the planner twin failed: no room")

    assert diagnose(RULE, a_snapshot(ORDERS, BY_STATUS), choice=missing).reasons == (
        "the planner twin failed: no room",
    )


def test_has_nothing_to_say_of_values_that_no_statement_asks_for() -> None:
    nothing_to_choose_from = Choice(total_statements=1)

    assert diagnose(RULE, a_snapshot(ORDERS, BY_STATUS), choice=nothing_to_choose_from).is_clear


def test_cannot_judge_without_statements() -> None:
    assert run().reasons == ("no statement was recorded, and no workload files were given",)

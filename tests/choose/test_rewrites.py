"""What the planner makes of statements that are written differently."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from pgadvisor.choose.rewrites import cost_rewrites, with_costs
from pgadvisor.model.action import IndexDefinition, ManualSteps, RewriteCost, RewriteStatement
from pgadvisor.model.finding import Confidence, Finding, Provenance
from pgadvisor.model.schema import IndexKey
from pgadvisor.pipeline import advise
from pgadvisor.testing import a_snapshot, a_statement, a_table, an_index, column_statistics
from pgadvisor.whatif.twin import Twin

ORDERS = a_table("orders")
INDEX = an_index(ORDERS, "created_at")
KEY = IndexDefinition(
    table_oid=ORDERS.oid, schema="public", table="orders", keys=(IndexKey(column="customer_id"),)
)
BY_DAY = RewriteStatement(
    before="select id from orders where date(created_at) = $1 and customer_id = $2",
    after="select id from orders where created_at >= $1::date and created_at < $1::date + 1 "
    "and customer_id = $2",
)


@pytest.fixture(scope="module")
def twin() -> Iterator[Twin]:
    snapshot = a_snapshot(ORDERS, INDEX, column_statistics(ORDERS, "customer_id", n_distinct=-0.1))
    with Twin(snapshot) as twin:
        twin.build([KEY])
        yield twin


def finding(*rewrites: RewriteStatement) -> Finding:
    return Finding(
        subject="public.orders",
        summary="it is slow",
        evidence=(),
        provenance=Provenance.STATISTICS,
        confidence=Confidence.HIGH,
        remedies=rewrites,
    )


def only(costed: tuple[Finding, ...]) -> object:
    [one] = costed
    [action] = one.remedies
    return action


@pytest.mark.live
def test_gives_the_costs_of_both_texts(twin: Twin) -> None:
    findings = (finding(BY_DAY),)

    action = only(with_costs(findings, cost_rewrites(findings, twin, frozenset())))

    assert isinstance(action, RewriteStatement)
    assert action.cost is not None
    assert action.cost.after < action.cost.before / 2
    assert action.cost.after_with_indexes is None


@pytest.mark.live
def test_gives_the_cost_with_the_indexes_of_the_advice(twin: Twin) -> None:
    findings = (finding(BY_DAY),)

    action = only(with_costs(findings, cost_rewrites(findings, twin, frozenset([KEY]))))

    assert isinstance(action, RewriteStatement)
    assert isinstance(action.cost, RewriteCost)
    assert action.cost.after_with_indexes is not None
    assert action.cost.after_with_indexes < action.cost.after / 10


@pytest.mark.live
def test_leaves_out_what_the_planner_refuses(twin: Twin) -> None:
    findings = (finding(RewriteStatement(before=BY_DAY.before, after="select gone from orders")),)

    action = only(with_costs(findings, cost_rewrites(findings, twin, frozenset())))

    assert isinstance(action, ManualSteps)
    assert action.steps[0].startswith("A rewrite is left out, as the planner refuses it (")
    assert 'column "gone" does not exist' in action.steps[0]


@pytest.mark.live
def test_says_why_a_rewrite_has_no_cost(twin: Twin) -> None:
    findings = (finding(RewriteStatement(before="select gone from orders", after=BY_DAY.after)),)

    action = only(with_costs(findings, cost_rewrites(findings, twin, frozenset())))

    assert isinstance(action, RewriteStatement)
    assert action.cost is None
    assert action.cost_note.startswith("the planner refuses the old text: ")


def test_leaves_findings_alone_where_no_planner_was_asked() -> None:
    assert with_costs((finding(BY_DAY),), {}) == (finding(BY_DAY),)


@pytest.mark.live
def test_an_analysis_costs_the_rewrites_of_all_rules() -> None:
    """Of the rules before the choice and of those after it."""
    days = a_statement("select id from orders where date(created_at) = $1")
    listed = a_statement("select id from users where id not in (select customer_id from orders)")
    users = a_table("users", "id bigint not null")

    advice = advise(a_snapshot(ORDERS, INDEX, users, days, listed))

    costs = {
        action.before: action.cost
        for made in advice.recommendations
        for action in made.actions
        if isinstance(action, RewriteStatement)
    }
    assert set(costs) == {days.text, listed.text}
    assert all(cost is not None and cost.after < cost.before for cost in costs.values())


@pytest.mark.live
def test_an_analysis_finds_a_plan_that_is_wrong_for_a_common_value() -> None:
    by_status = a_statement("select note from orders where status = $1", stddev_time_ms=500.0)
    common = [("done", 0.5), ("new", 0.0005)]
    skewed = column_statistics(ORDERS, "status", most_common=common, n_distinct=100_000.0)

    advice = advise(a_snapshot(ORDERS, an_index(ORDERS, "status"), skewed, by_status))

    [found] = [f for f in advice.findings if f.rule_id == "generic-plan-mismatch"]
    assert found.statement_ids == (by_status.id,)

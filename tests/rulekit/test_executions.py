"""Nodes of executed plans as rules see them, and the bound of what a finding saves."""

from __future__ import annotations

from dataclasses import replace

from pgadvisor.config import GateLimits
from pgadvisor.diagnose.gates import evaluate_gates
from pgadvisor.model.finding import Confidence, Finding, Provenance
from pgadvisor.model.gates import GateState
from pgadvisor.parse.statement import fingerprint
from pgadvisor.rulekit import Case, PlacedNode, at_nodes, executed_nodes, table_of, worst_of_each
from pgadvisor.testing import a_case, a_snapshot, a_statement, a_table, executed

JOIN = """\
Query Text: select * from orders o join customers c on c.id = o.customer_id where o.note = 'x'
Hash Join  (cost=10.00..900.00 rows=5 width=8) (actual time=40.000..90.000 rows=50 loops=1)
  Hash Cond: (o.customer_id = c.id)
  ->  Seq Scan on orders o  (cost=0..800 rows=5 width=8) (actual time=1.000..70.000 rows=50 loops=1)
        Filter: (note = 'x'::text)
        Rows Removed by Filter: 99950
  ->  Hash  (cost=5.00..5.00 rows=9 width=4) (actual time=12.000..12.000 rows=9 loops=1)
        ->  Seq Scan on customers c  (cost=0..5 rows=9 width=4) (actual time=0..10 rows=9 loops=1)
Execution Time: 91.000 ms
"""
ORDERS = a_table("orders", "id bigint not null", "customer_id bigint", "note text", rows=100_000)
TEXT = "select * from orders o join customers c on c.id = o.customer_id where o.note = $1"


def a_case_with(*plans: str) -> Case:
    snapshot = a_snapshot(ORDERS, a_statement(TEXT, id="42", fingerprint=fingerprint(TEXT)))
    return a_case(snapshot, executions=executed("\n".join(plans), snapshot))


def a_finding() -> Finding:
    return Finding(
        subject="orders",
        summary="It is slow.",
        evidence=(),
        provenance=Provenance.MEASURED,
        confidence=Confidence.HIGH,
    )


def nodes(case: Case) -> dict[str, PlacedNode]:
    return {node.name: node for node in executed_nodes(case)}


def test_a_node_knows_what_it_took_by_itself_and_what_is_around_it() -> None:
    found = nodes(a_case_with(JOIN))

    assert list(found) == ["Hash Join", "Seq Scan on orders o", "Hash", "Seq Scan on customers c"]
    join, scan = found["Hash Join"], found["Seq Scan on customers c"]
    assert join.exclusive_ms == 8.0
    assert join.total_ms == join.inclusive_ms == 90.0
    assert [child.name for child in join.children] == ["Seq Scan on orders o", "Hash"]
    assert [above.name for above in scan.ancestors()] == ["Hash", "Hash Join"]
    assert [below.name for below in found["Hash"].walk()] == ["Hash", "Seq Scan on customers c"]


def test_a_plan_belongs_to_the_statement_of_the_same_text() -> None:
    case = a_case_with(JOIN)

    assert case.executions[0].statement_id == "42"
    assert at_nodes(a_finding(), [nodes(case)["Hash"]]).statement_ids == ("42",)


def test_a_node_finds_its_table_unless_two_have_its_name() -> None:
    case = a_case_with(JOIN)
    scan = nodes(case)["Seq Scan on orders o"].node

    assert table_of(case, scan) == ORDERS
    twice = a_case(a_snapshot(ORDERS, replace(ORDERS, oid=ORDERS.oid + 1, schema="old")))
    assert table_of(twice, scan) is None
    assert table_of(twice, replace(scan, schema="public")) == ORDERS


def test_a_saving_is_never_more_than_what_the_nodes_took_by_themselves() -> None:
    found = nodes(a_case_with(JOIN))
    both = [found["Seq Scan on orders o"], found["Hash Join"]]

    assert at_nodes(a_finding(), both).impact.bound_ms == 78.0
    assert at_nodes(a_finding(), both, saved_ms=1_000.0).impact.bound_ms == 78.0
    assert at_nodes(a_finding(), both, saved_ms=20.0).impact.bound_ms == 20.0
    assert at_nodes(a_finding(), both, saved_ms=-1.0).impact.bound_ms == 0.0
    assert at_nodes(a_finding(), both).nodes == (1, 0)


def test_of_several_plans_of_a_statement_the_one_that_took_most_is_told() -> None:
    slower = JOIN.replace("1.000..70.000", "1.000..85.000").replace("40.000..90.000", "40.0..105.0")
    case = a_case_with(JOIN, slower)
    scans = [n for n in executed_nodes(case) if n.name == "Seq Scan on orders o"]

    [finding] = worst_of_each(at_nodes(a_finding(), [scan]) for scan in scans)

    assert finding.execution == 1
    assert finding.impact.bound_ms == 85.0


def test_nodes_of_one_name_are_told_apart() -> None:
    twice = JOIN.replace("customers c", "orders o")
    scans = [n for n in executed_nodes(a_case_with(twice)) if n.name == "Seq Scan on orders o"]

    first, second = (at_nodes(a_finding(), [scan]).identity for scan in scans)

    assert second == f"{first} #2"


def test_the_gate_opens_when_plans_are_given() -> None:
    closed = evaluate_gates(a_snapshot(ORDERS), GateLimits()).gate("executed-plans")
    opened = a_case_with(JOIN).gates.gate("executed-plans")

    assert (closed.state, closed.detail) == (GateState.CLOSED, "no executed plans were given")
    assert (opened.state, opened.detail) == (GateState.OPEN, "1 executed plan was read")

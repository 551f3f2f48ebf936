"""duplicate-index."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pgadvisor.model.action import DropIndex
from pgadvisor.model.finding import Finding, Severity
from pgadvisor.model.schema import Index, IndexKey
from pgadvisor.testing import (
    Outcome,
    SnapshotPart,
    a_primary_key,
    a_snapshot,
    a_table,
    a_unique_constraint,
    an_index,
    diagnose,
    index_activity,
)
from pgadvisor.units import MiB

RULE = "duplicate-index"
ORDERS = a_table("orders")
FIRST = an_index(ORDERS, "customer_id", name="first")
SECOND = an_index(ORDERS, "customer_id", name="second")


def run(*objects: SnapshotPart) -> Outcome:
    return diagnose(RULE, a_snapshot(ORDERS, *objects))


def dropped(finding: Finding) -> str:
    [action] = finding.remedies
    assert isinstance(action, DropIndex)
    return action.name


def test_drops_the_one_that_is_read_less() -> None:
    [finding] = run(
        FIRST, SECOND, index_activity(FIRST, scans=3), index_activity(SECOND, scans=4)
    ).findings

    assert dropped(finding) == "first"
    assert finding.summary == "public.first is the same index as second and takes 19.1 MB"
    assert finding.impact.freed_bytes == FIRST.size_bytes


def test_drops_exactly_one_of_two_that_nobody_reads() -> None:
    assert len(run(FIRST, SECOND).findings) == 1


def test_keeps_one_of_three() -> None:
    third = replace(FIRST, oid=7, name="third")

    findings = run(FIRST, SECOND, third).findings

    assert len({dropped(finding) for finding in findings}) == 2
    assert {finding.key for finding in findings} == {
        "duplicate-index:public.first=second=third",
        "duplicate-index:public.first=second=third#2",
    }


def test_is_the_same_finding_whichever_is_read_more() -> None:
    reads = [
        run(FIRST, SECOND, index_activity(FIRST, scans=a), index_activity(SECOND, scans=b))
        for a, b in ((3, 4), (4, 3))
    ]

    [one], [other] = (outcome.findings for outcome in reads)
    assert (dropped(one), dropped(other)) == ("first", "second")
    assert one.key == other.key == "duplicate-index:public.first=second"


def test_equal_ones_that_a_wider_one_covers_are_left_to_redundant_prefix_index() -> None:
    wider = an_index(ORDERS, "customer_id", "created_at")

    assert run(FIRST, SECOND, wider).is_clear


def test_keeps_the_one_that_enforces_a_constraint_however_little_it_is_read() -> None:
    plain = an_index(ORDERS, "customer_id", name="plain", is_unique=True)
    index, constraint = a_unique_constraint(ORDERS, "customer_id")

    [finding] = run(plain, index, constraint, index_activity(plain, scans=99)).findings

    assert dropped(finding) == "plain"


def test_leaves_two_constraints_alone() -> None:
    key, unique = a_primary_key(ORDERS, "id"), a_unique_constraint(ORDERS, "id")

    assert run(*key, *unique).is_clear


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(replace(SECOND, is_unique=True), id="unique"),
        pytest.param(replace(SECOND, predicate="(status = 'new'::text)"), id="partial"),
        pytest.param(replace(SECOND, include=("note",)), id="includes-a-column"),
        pytest.param(replace(SECOND, is_valid=False), id="invalid"),
        pytest.param(replace(SECOND, is_replica_identity=True), id="replica-identity"),
        pytest.param(an_index(ORDERS, "status", name="second"), id="other-column"),
        pytest.param(an_index(ORDERS, "customer_id desc", name="second"), id="other-direction"),
        pytest.param(
            an_index(ORDERS, "customer_id", name="second", access_method="hash"), id="other-method"
        ),
        pytest.param(
            an_index(
                ORDERS,
                IndexKey(column="customer_id", operator_class="x", is_default_operator_class=False),
                name="second",
            ),
            id="other-operator-class",
        ),
        pytest.param(
            an_index(ORDERS, IndexKey(column="customer_id", collation='"C"'), name="second"),
            id="other-collation",
        ),
        pytest.param(replace(SECOND, parent_oid=FIRST.oid), id="part-of-the-other"),
    ],
)
def test_leaves_alone(other: Index) -> None:
    first = replace(FIRST, is_replica_identity=other.is_replica_identity)

    assert run(first, other).is_clear


def test_finds_expressions_and_predicates_that_are_written_alike() -> None:
    key = IndexKey(column=None, expression="lower(note)")
    first = an_index(ORDERS, key, name="first", predicate="(status = 'new'::text)")

    assert len(run(first, replace(first, oid=5, name="second")).findings) == 1


def test_compares_other_methods_by_their_whole_definition() -> None:
    plain = "CREATE INDEX first ON public.orders USING gin (note)"
    first = replace(FIRST, access_method="gin", definition=plain)
    same = replace(first, oid=5, name="second", definition=plain.replace("first", "second"))
    tuned = replace(same, definition=f"{same.definition} WITH (fastupdate=off)")

    assert len(run(first, same).findings) == 1
    assert run(first, tuned).is_clear


@pytest.mark.parametrize(("rows", "severity"), [(10_000, Severity.WARNING), (9_999, Severity.INFO)])
def test_on_a_small_table_it_is_a_remark(rows: int, severity: Severity) -> None:
    small = a_table("orders", rows=rows, size_bytes=8 * MiB)
    same = (an_index(small, "note"), an_index(small, "note", name="again"))

    [finding] = diagnose(RULE, a_snapshot(small, *same)).findings

    assert finding.severity is severity

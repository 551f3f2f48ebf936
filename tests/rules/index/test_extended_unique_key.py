"""extended-unique-key."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pgadvisor.model.finding import Confidence
from pgadvisor.model.plan import Plan, PlanNode
from pgadvisor.model.schema import Index
from pgadvisor.model.statement import StatementPlan
from pgadvisor.sqltext.actions import steps_of
from pgadvisor.testing import (
    Outcome,
    SnapshotPart,
    a_foreign_key,
    a_primary_key,
    a_snapshot,
    a_statement,
    a_table,
    a_unique_constraint,
    an_index,
    diagnose,
    index_activity,
)
from pgadvisor.units import MiB

RULE = "extended-unique-key"
ORDERS = a_table("orders")
KEY = a_primary_key(ORDERS, "id")
LONG = an_index(ORDERS, "id", "status", size_bytes=20 * MiB)
READ = index_activity(LONG, scans=500)
FIND = a_statement("select * from orders where id = $1 and status = $2")


def run(*objects: SnapshotPart, index: Index = LONG, **server: float) -> Outcome:
    given = objects or (*KEY, READ)
    return diagnose(RULE, a_snapshot(ORDERS, index, FIND, *given, **server))


def test_reports_an_index_that_goes_on_after_the_primary_key() -> None:
    [finding] = run().findings

    assert finding.key == "extended-unique-key:public.orders_id_status_idx"
    assert finding.summary == (
        "public.orders_id_status_idx goes on with status after the unique key of orders_pkey, "
        "which finds one row already, and takes 20 MB"
    )
    assert finding.confidence is Confidence.MEDIUM
    [step] = steps_of(finding.remedies[0])
    assert step.up == ('DROP INDEX CONCURRENTLY IF EXISTS "public"."orders_id_status_idx"',)


def test_reads_the_unique_key_backwards_too() -> None:
    backwards = an_index(ORDERS, "id desc", "status", size_bytes=20 * MiB)

    assert len(run(*KEY, index_activity(backwards, scans=1), index=backwards).findings) == 1


@pytest.mark.parametrize(
    "index",
    [
        pytest.param(replace(LONG, is_unique=True), id="unique"),
        pytest.param(replace(LONG, constraint_name="c"), id="of-a-constraint"),
        pytest.param(replace(LONG, is_replica_identity=True), id="replica-identity"),
        pytest.param(replace(LONG, is_valid=False), id="invalid"),
        pytest.param(replace(LONG, is_extension_member=True), id="extension"),
        pytest.param(replace(LONG, access_method="gist"), id="other-method"),
        pytest.param(replace(LONG, predicate="(status = 'new'::text)"), id="other-rows"),
        pytest.param(replace(LONG, keys=LONG.keys[::-1]), id="another-order"),
        pytest.param(replace(LONG, keys=LONG.keys[:1]), id="no-longer"),
        pytest.param(replace(LONG, size_bytes=8 * MiB - 1), id="one-byte-too-small"),
    ],
)
def test_leaves_alone(index: Index) -> None:
    assert run(index=index).is_clear


def test_reports_one_of_just_the_size() -> None:
    assert len(run(index=replace(LONG, size_bytes=8 * MiB)).findings) == 1


def test_leaves_alone_what_follows_a_key_that_may_be_null_twice() -> None:
    index, constraint = a_unique_constraint(ORDERS, "customer_id")
    longer = an_index(ORDERS, "customer_id", "status", size_bytes=20 * MiB)
    read = index_activity(longer, scans=1)
    strict = replace(index, nulls_not_distinct=True)

    assert run(index, constraint, read, index=longer).is_clear
    assert len(run(strict, constraint, read, index=longer).findings) == 1


def test_leaves_alone_what_a_plan_reads_in_the_place_of_the_table() -> None:
    scan = PlanNode(
        node_type="Index Only Scan", schema="public", relation="orders", index_name=LONG.name
    )
    plan = StatementPlan(statement_id=FIND.id, plan=Plan(root=scan))
    other = StatementPlan(
        statement_id=FIND.id, plan=Plan(root=replace(scan, node_type="Index Scan"))
    )

    assert run(*KEY, READ, plan).is_clear
    assert len(run(*KEY, READ, other).findings) == 1


def test_leaves_alone_the_only_index_of_a_foreign_key() -> None:
    other = a_table("versions", "id bigint not null", "status text not null")
    key = a_foreign_key(ORDERS, ("id", "status"), other, ("id", "status"))

    assert run(*KEY, READ, other, key).is_clear


def test_leaves_alone_what_nobody_scans_for_another_rule() -> None:
    assert run(*KEY).is_clear
    assert len(run(*KEY, statistics_age_days=20).findings) == 1


def test_leaves_alone_what_stands_in_for_a_redundant_index() -> None:
    narrow = an_index(ORDERS, "id")

    assert run(*KEY, READ, narrow).is_clear


def test_is_skipped_where_no_statement_is_known() -> None:
    outcome = diagnose(RULE, a_snapshot(ORDERS, LONG, *KEY, READ))

    assert outcome.reasons == ("no statement was recorded, and no workload files were given",)

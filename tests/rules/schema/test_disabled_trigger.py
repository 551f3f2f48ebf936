"""disabled-trigger."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pgadvisor.model.action import ManualSteps
from pgadvisor.model.finding import Severity
from pgadvisor.model.schema import RelationKind, Table, Trigger
from pgadvisor.testing import Outcome, a_foreign_key, a_snapshot, a_table, diagnose

RULE = "disabled-trigger"
AUDIT = Trigger(name="orders_audit", firing="D", fires_on_update=True)
KEY = Trigger(
    name="RI_ConstraintTrigger_c_16400", firing="D", constraint_name="orders_customer_id_fkey"
)


def orders(*triggers: Trigger, rows: float = 1_000.0) -> Table:
    return a_table("orders", rows=rows, triggers=triggers)


def run(*tables: Table) -> Outcome:
    return diagnose(RULE, a_snapshot(*tables))


def test_reports_a_foreign_key_that_is_not_checked() -> None:
    [finding] = run(orders(KEY, replace(KEY, name="RI_ConstraintTrigger_c_16401"))).findings

    assert finding.key == "disabled-trigger:public.orders"
    assert finding.summary == ("On public.orders the check of orders_customer_id_fkey is disabled")
    assert finding.severity is Severity.WARNING
    [action] = finding.remedies
    assert isinstance(action, ManualSteps)
    assert action.steps[1].startswith('`ALTER TABLE "public"."orders" ENABLE TRIGGER ALL`')


def test_a_trigger_of_ones_own_is_a_remark() -> None:
    [finding] = run(orders(AUDIT)).findings

    assert finding.summary == "On public.orders the trigger orders_audit is disabled"
    assert finding.severity is Severity.INFO
    [action] = finding.remedies
    assert isinstance(action, ManualSteps)
    assert action.steps[0] == (
        '`ALTER TABLE "public"."orders" ENABLE TRIGGER "orders_audit"`, or drop it if nobody '
        "needs it."
    )


def test_names_both_in_one_finding() -> None:
    [finding] = run(orders(AUDIT, KEY)).findings

    assert finding.summary == (
        "On public.orders the check of orders_customer_id_fkey and the trigger orders_audit are "
        "disabled"
    )


@pytest.mark.parametrize(
    "trigger",
    [
        pytest.param(replace(AUDIT, firing="O"), id="it-fires"),
        pytest.param(replace(AUDIT, firing="R"), id="on-replicas-only"),
        pytest.param(replace(AUDIT, firing="A"), id="always"),
    ],
)
def test_leaves_alone(trigger: Trigger) -> None:
    assert run(orders(trigger)).is_clear


@pytest.mark.parametrize(("rows", "count"), [(1.0, 1), (0.0, 0)])
def test_leaves_empty_tables_alone(rows: float, count: int) -> None:
    assert len(run(orders(KEY, rows=rows)).findings) == count


def test_names_the_parent_alone_for_what_partitions_have_from_it() -> None:
    parent = a_table("orders", kind=RelationKind.PARTITIONED_TABLE, triggers=(AUDIT,), rows=0)
    part = a_table("orders_1", parent_oids=(parent.oid,), is_partition=True)
    same = replace(part, triggers=(replace(AUDIT, is_inherited=True),))
    other = replace(part, triggers=(replace(AUDIT, name="own"),))

    assert [f.subject for f in run(parent, same).findings] == ["public.orders"]
    assert [f.subject for f in run(parent, other).findings] == ["public.orders", "public.orders_1"]


def test_leaves_a_partition_alone_whose_foreign_key_is_its_parents() -> None:
    customers = a_table("customers", "id bigint not null")
    parent = a_table("orders", kind=RelationKind.PARTITIONED_TABLE, rows=0)
    part = a_table("orders_1", parent_oids=(parent.oid,), is_partition=True, triggers=(KEY,))
    key = a_foreign_key(part, "customer_id", customers)
    inherited = replace(key, name="orders_customer_id_fkey", is_inherited=True)
    own = replace(inherited, is_inherited=False)

    assert diagnose(RULE, a_snapshot(customers, parent, part, inherited)).is_clear
    assert len(diagnose(RULE, a_snapshot(customers, parent, part, own)).findings) == 1


def test_says_that_it_does_not_know_the_triggers_of_an_old_snapshot() -> None:
    outcome = run(a_table("orders", triggers=None))

    assert outcome.findings == ()
    assert outcome.reasons == ("its triggers are not in the snapshot",)

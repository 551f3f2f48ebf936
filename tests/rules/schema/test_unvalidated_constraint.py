"""unvalidated-constraint."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pgadvisor.model.action import ManualSteps
from pgadvisor.model.finding import Finding, Severity
from pgadvisor.model.schema import Constraint, ConstraintKind, RelationKind, Table
from pgadvisor.model.snapshot import Redaction
from pgadvisor.testing import (
    Outcome,
    SnapshotPart,
    a_foreign_key,
    a_snapshot,
    a_table,
    diagnose,
    oid_of,
    table_activity,
)

RULE = "unvalidated-constraint"
ORDERS = a_table("orders", "id bigint not null", "amount numeric", "customer_id bigint")
CUSTOMERS = a_table("customers", "id bigint not null")
CHECK = Constraint(
    oid=oid_of("amount_check"),
    name="amount_check",
    kind=ConstraintKind.CHECK,
    table_oid=ORDERS.oid,
    columns=("amount",),
    definition="CHECK ((amount > (0)::numeric)) NOT VALID",
    is_validated=False,
)
BUILT = a_foreign_key(ORDERS, "customer_id", CUSTOMERS)
KEY = replace(BUILT, definition=f"{BUILT.definition} NOT VALID", is_validated=False)


def run(*objects: SnapshotPart, table: Table = ORDERS) -> Outcome:
    return diagnose(RULE, a_snapshot(table, CUSTOMERS, *objects))


def steps_of(finding: Finding) -> tuple[str, ...]:
    [remedy] = finding.remedies
    assert isinstance(remedy, ManualSteps)
    return remedy.steps


def test_reports_a_check_that_the_old_rows_were_not_held_to() -> None:
    [finding] = run(CHECK).findings

    assert finding.key == "unvalidated-constraint:public.orders.amount_check"
    assert finding.summary == (
        "The check constraint amount_check of public.orders is NOT VALID: "
        "1,000,000 rows may break it"
    )
    assert finding.severity is Severity.INFO
    assert finding.impact.risk == (
        "old rows that break it cannot be updated, whatever column is set"
    )
    assert steps_of(finding) == (
        (
            'Count the rows that break it: `SELECT count(*) FROM "public"."orders" AS t '
            "WHERE NOT ((amount > (0)::numeric))`."
        ),
        "Mend or remove them, in batches. Where they have to stay, leave the constraint.",
        (
            '`ALTER TABLE "public"."orders" VALIDATE CONSTRAINT "amount_check"`, with a lock '
            "timeout. Reads and writes go on while it looks at every row."
        ),
        (
            'The way back is `ALTER TABLE "public"."orders" DROP CONSTRAINT "amount_check", ADD '
            'CONSTRAINT "amount_check" CHECK ((amount > (0)::numeric)) NOT VALID`.'
        ),
    )


def test_reports_a_foreign_key_whose_old_rows_may_refer_to_nothing() -> None:
    [finding] = run(KEY).findings

    assert finding.summary.startswith("The foreign key constraint orders_customer_id_fkey")
    assert finding.impact.risk == (
        "old rows may refer to rows of public.customers that do not exist"
    )
    assert steps_of(finding)[0] == (
        'Count the rows that break it: `SELECT count(*) FROM "public"."orders" AS t WHERE '
        't."customer_id" IS NOT NULL AND NOT EXISTS (SELECT FROM "public"."customers" AS r '
        'WHERE r."id" = t."customer_id")`.'
    )


def test_reports_a_not_null_of_postgresql_18() -> None:
    not_null = replace(CHECK, kind=ConstraintKind.NOT_NULL, definition="NOT NULL amount NOT VALID")

    [finding] = run(not_null).findings

    assert finding.summary.startswith("The NOT NULL constraint amount_check of public.orders")
    assert steps_of(finding)[0].endswith('AS t WHERE "amount" IS NULL`.')


def test_a_check_without_inheritance_is_still_an_expression() -> None:
    [finding] = run(replace(CHECK, definition="CHECK ((a > 0)) NO INHERIT NOT VALID")).findings

    assert steps_of(finding)[0].endswith("AS t WHERE NOT ((a > 0))`.")


@pytest.mark.parametrize(
    "constraint",
    [
        pytest.param(
            replace(KEY, definition=f"{BUILT.definition} MATCH FULL NOT VALID"), id="full"
        ),
        pytest.param(replace(KEY, referenced_table_oid=1), id="of-an-unknown-table"),
    ],
)
def test_writes_no_query_that_may_be_wrong(constraint: Constraint) -> None:
    [finding] = run(constraint).findings

    assert steps_of(finding)[0] == "Look for rows that break it."


def test_writes_no_query_out_of_redacted_constants() -> None:
    snapshot = replace(a_snapshot(ORDERS, CHECK), redaction=Redaction(level="default"))

    [finding] = diagnose(RULE, snapshot).findings

    assert steps_of(finding)[0] == "Look for rows that break it."
    assert steps_of(finding)[-1].endswith('ADD CONSTRAINT "amount_check" ... NOT VALID`.')


@pytest.mark.parametrize(
    "constraint",
    [
        pytest.param(BUILT, id="valid"),
        pytest.param(replace(CHECK, is_inherited=True), id="from-a-parent"),
        pytest.param(
            replace(CHECK, definition="CHECK ((amount > (0)::numeric)) NOT ENFORCED"),
            id="not-enforced",
        ),
        pytest.param(replace(CHECK, kind=ConstraintKind.TRIGGER), id="a-constraint-trigger"),
    ],
)
def test_leaves_alone(constraint: Constraint) -> None:
    assert run(constraint).is_clear


@pytest.mark.parametrize(("rows", "count"), [(0, 0), (1, 1)])
def test_leaves_alone_empty_tables(rows: int, count: int) -> None:
    table = replace(ORDERS, rows=float(rows), size_bytes=0, pages=0)

    assert len(run(CHECK, table=table).findings) == count


def test_counts_the_rows_of_a_table_that_was_never_analysed() -> None:
    table = replace(ORDERS, rows=-1.0, size_bytes=0, pages=0)

    [finding] = run(CHECK, table_activity(table, live_rows=5), table=table).findings

    assert finding.summary.endswith("5 rows may break it")


def test_a_partition_has_constraints_of_its_own() -> None:
    parent = a_table("log", kind=RelationKind.PARTITIONED_TABLE, rows=0)
    partition = replace(ORDERS, parent_oids=(parent.oid,), is_partition=True)

    [finding] = run(parent, CHECK, table=partition).findings

    assert finding.subject == "public.orders.amount_check"
    foreign = replace(partition, kind=RelationKind.FOREIGN_TABLE)
    assert run(parent, CHECK, table=foreign).is_clear


def test_a_constraint_of_the_parent_is_reported_once() -> None:
    parent = a_table("log", kind=RelationKind.PARTITIONED_TABLE, rows=0)
    partition = replace(ORDERS, parent_oids=(parent.oid,), is_partition=True)
    own = replace(CHECK, table_oid=parent.oid, oid=3)
    inherited = replace(CHECK, is_inherited=True)

    [finding] = run(parent, own, inherited, table=partition).findings

    assert finding.subject == "public.log.amount_check"
    assert finding.summary.endswith("1,000,000 rows may break it")


@given(kind=st.sampled_from(ConstraintKind))
def test_a_valid_constraint_is_never_reported(kind: ConstraintKind) -> None:
    assert run(replace(CHECK, kind=kind, is_validated=True)).is_clear

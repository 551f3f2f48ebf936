"""nullable-not-in."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pgadvisor.model.action import ManualSteps, RewriteStatement
from pgadvisor.model.finding import Confidence, Severity
from pgadvisor.model.schema import Constraint, ConstraintKind
from pgadvisor.testing import (
    Outcome,
    SnapshotPart,
    a_snapshot,
    a_statement,
    a_table,
    column_statistics,
    diagnose,
    oid_of,
)

RULE = "nullable-not-in"
USERS = a_table("users", "id bigint not null", "name text")
ORDERS = a_table("orders")
WITHOUT_ORDERS = a_statement(
    "select * from users u where u.id not in (select o.customer_id from orders o)"
)
WITH_NULLS = column_statistics(ORDERS, "customer_id", null_ratio=0.25)
WITHOUT_NULLS = column_statistics(ORDERS, "customer_id", null_ratio=0.0)
CHECK = Constraint(
    oid=oid_of("orders_check"),
    name="orders_check",
    kind=ConstraintKind.CHECK,
    table_oid=ORDERS.oid,
    columns=("customer_id",),
    definition="CHECK ((customer_id IS NOT NULL))",
)


def run(*objects: SnapshotPart) -> Outcome:
    return diagnose(RULE, a_snapshot(USERS, ORDERS, *objects))


def asking(text: str) -> Outcome:
    return run(a_statement(text))


def test_reports_a_subquery_with_nulls() -> None:
    [finding] = run(WITHOUT_ORDERS, WITH_NULLS).findings

    assert finding.key == "nullable-not-in:public.orders.customer_id"
    assert finding.summary == (
        "NOT IN of a statement reads public.orders.customer_id in a subquery, "
        "which is NULL in 25 % of the rows"
    )
    assert finding.severity is Severity.WARNING
    assert finding.confidence is Confidence.HIGH
    assert finding.statement_ids == (WITHOUT_ORDERS.id,)
    action, rewrite = finding.remedies
    assert isinstance(rewrite, RewriteStatement)
    assert rewrite.before == WITHOUT_ORDERS.text
    assert rewrite.after == (
        "SELECT * FROM users AS u WHERE NOT EXISTS "
        "(SELECT 1 FROM orders AS o WHERE o.customer_id = u.id)"
    )
    assert rewrite.condition == "no row of the subquery has a NULL in o.customer_id"
    assert isinstance(action, ManualSteps)
    assert action.steps[0].startswith("Ask whether there is such a row: as in the rewrite.")
    assert '`"customer_id" IS NOT NULL`' in action.steps[1]
    assert 'ALTER TABLE "public"."orders" ADD CHECK' in action.steps[2]


def test_only_remarks_on_a_column_without_nulls() -> None:
    [finding] = run(WITHOUT_ORDERS, WITHOUT_NULLS).findings

    assert finding.severity is Severity.INFO
    assert finding.summary.endswith("which may be NULL, though no NULL was seen")


def test_warns_where_nobody_knows_of_nulls() -> None:
    [finding] = run(WITHOUT_ORDERS).findings

    assert finding.severity is Severity.WARNING
    assert finding.confidence is Confidence.MEDIUM
    assert finding.summary.endswith("which may be NULL")


def test_warns_of_what_an_outer_join_leaves_empty() -> None:
    text = """
        select * from users where id not in (
            select o.id from users u left join orders o on o.customer_id = u.id)
    """

    [finding] = run(a_statement(text), column_statistics(ORDERS, "id")).findings

    assert finding.severity is Severity.WARNING
    assert finding.summary.endswith("which is NULL where the outer join finds no partner")
    action = finding.remedies[0]
    assert isinstance(action, ManualSteps)
    assert "SET NOT NULL" not in " ".join(action.steps)


def test_shows_a_skeleton_where_it_cannot_write_the_statement() -> None:
    text = "select * from users u where u.id not in (select o.customer_id from orders o limit 5)"

    [finding] = asking(text).findings

    [action] = finding.remedies
    assert isinstance(action, ManualSteps)
    assert (
        '`NOT EXISTS (SELECT 1 FROM "public"."orders" AS "o" '
        'WHERE "o"."customer_id" = "u"."id" AND ...)`'
    ) in action.steps[0]


def test_takes_statements_on_one_column_together() -> None:
    other = a_statement(
        "delete from users where id not in (select customer_id from orders)", mean_time_ms=99.0
    )

    [finding] = run(WITHOUT_ORDERS, other).findings

    assert finding.statement_ids == (other.id, WITHOUT_ORDERS.id)
    assert finding.summary.startswith("NOT IN of 2 statements reads")


def test_tells_the_two_sides_of_a_table_apart() -> None:
    table = a_table("users", "id bigint not null", "referrer_id bigint")
    statement = a_statement(
        "select * from users where id not in (select referrer_id from users where id > $1)"
    )

    [finding] = diagnose(RULE, a_snapshot(table, statement)).findings

    [action] = finding.remedies
    assert isinstance(action, ManualSteps)
    assert (
        'FROM "public"."users" AS "other_users" '
        'WHERE "other_users"."referrer_id" = "users"."id" AND ...'
    ) in action.steps[0]


def test_leaves_dots_where_the_left_side_is_no_column() -> None:
    text = "select 1 from users where $1 not in (select customer_id from orders)"

    [finding] = asking(text).findings

    [action] = finding.remedies
    assert isinstance(action, ManualSteps)
    assert '"orders"."customer_id" = ... AND ...' in action.steps[0]


@pytest.mark.parametrize(
    "condition",
    [
        pytest.param("id not in (select id from orders)", id="not-null"),
        pytest.param("id in (select customer_id from orders)", id="in"),
        pytest.param("id not in ($1, $2)", id="list"),
        pytest.param("id not in (select coalesce(customer_id, 0) from orders)", id="computed"),
        pytest.param(
            "not exists (select 1 from orders where customer_id = users.id)", id="not-exists"
        ),
        pytest.param(
            "id not in (select customer_id from orders where customer_id is not null)",
            id="filtered",
        ),
        pytest.param(
            "id not in (select customer_id from orders where customer_id > $1)", id="compared"
        ),
        pytest.param(
            "id not in (select o.customer_id from orders o join users u on u.id = o.customer_id)",
            id="joined",
        ),
    ],
)
def test_leaves_alone(condition: str) -> None:
    assert asking(f"select * from users where {condition}").is_clear


@pytest.mark.parametrize(
    "condition",
    [
        pytest.param("customer_id is null", id="looks-for-nulls"),
        pytest.param("customer_id is not distinct from $1", id="keeps-nulls"),
        pytest.param("customer_id > $1 or status = $2", id="below-or"),
        pytest.param("status = $1", id="another-column"),
    ],
)
def test_another_condition_does_not_filter_nulls_out(condition: str) -> None:
    text = f"select * from users where id not in (select customer_id from orders where {condition})"

    assert len(asking(text).findings) == 1


@pytest.mark.parametrize(
    ("check", "count"),
    [
        pytest.param(CHECK, 0, id="not-null"),
        pytest.param(replace(CHECK, is_validated=False), 1, id="not-validated"),
        pytest.param(replace(CHECK, columns=("status",)), 1, id="another-column"),
        pytest.param(replace(CHECK, kind=ConstraintKind.UNIQUE), 1, id="no-check"),
        pytest.param(replace(CHECK, definition="CHECK ((customer_id > 0))"), 1, id="of-values"),
        pytest.param(
            replace(CHECK, definition="CHECK (((customer_id IS NOT NULL) OR (id > 5)))"),
            1,
            id="or-something-else",
        ),
    ],
)
def test_a_check_is_as_good_as_not_null(check: Constraint, count: int) -> None:
    assert len(run(WITHOUT_ORDERS, check).findings) == count


@pytest.mark.parametrize(("calls", "count"), [(10, 1), (9, 0)])
def test_asks_for_ten_calls(calls: int, count: int) -> None:
    assert len(run(replace(WITHOUT_ORDERS, calls=calls)).findings) == count


def test_a_workload_file_needs_no_calls() -> None:
    assert len(run(replace(WITHOUT_ORDERS, source="workload", calls=0)).findings) == 1


def test_leaves_alone_what_belongs_to_an_extension() -> None:
    theirs = replace(ORDERS, is_extension_member=True)

    assert diagnose(RULE, a_snapshot(USERS, theirs, WITHOUT_ORDERS)).is_clear


def test_cannot_judge_without_statements() -> None:
    assert run().reasons == ("no statement was recorded, and no workload files were given",)

"""The same statement in several schemas is one finding with its parts."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pgadvisor.emit.recommendation_view import view_finding
from pgadvisor.model.action import RewriteStatement
from pgadvisor.model.schema import Table
from pgadvisor.model.statement import Statement
from pgadvisor.parse.statement import fingerprint
from pgadvisor.registry import load_rules
from pgadvisor.testing import SnapshotPart, a_case, a_snapshot, a_statement, a_table, diagnose

COLUMNS = ("id bigint not null", "customer_id bigint", "created_at timestamptz not null")
PAGE = "select id from {}.orders order by created_at limit $1 offset $2"


def orders(schema: str, *columns: str) -> Table:
    return a_table("orders", *(columns or COLUMNS), schema=schema)


def page(schema: str, time_ms: float = 1_000.0, text: str = PAGE) -> Statement:
    written = text.format(schema)
    return replace(
        a_statement(written, calls=100),
        fingerprint=fingerprint(written),
        total_time_ms=time_ms,
        shared_blocks_hit=100_000,
        roles=(f"{schema}_app",),
    )


def run(*objects: SnapshotPart) -> list[str]:
    return [finding.key for finding in diagnose("deep-offset", a_snapshot(*objects)).findings]


KEY = f"deep-offset:*.orders:{fingerprint(PAGE.format('a'))}"


def test_tenants_are_the_parts_of_one_finding() -> None:
    tables = [orders(schema) for schema in "abc"]
    statements = [page("a"), page("b", 3_000.0), page("c", 2_000.0)]

    [finding] = diagnose("deep-offset", a_snapshot(tables, statements)).findings

    assert finding.key == KEY
    assert finding.subject == "b.orders"
    assert finding.summary == (
        "A statement pages through b.orders with OFFSET and touches 1,000 blocks a call "
        "(100 % of all time); the same in 2 more schemas"
    )
    assert [part.subject for part in finding.parts] == ["b.orders", "c.orders", "a.orders"]
    assert finding.statement_ids == (statements[1].id, statements[2].id, statements[0].id)
    [action] = finding.remedies
    assert isinstance(action, RewriteStatement)
    assert "b.orders" in action.before


def test_says_which_schemas_it_is_about() -> None:
    tables = [orders(f"t{number}") for number in range(7)]
    statements = [page(f"t{number}", 1_000.0 * (9 - number)) for number in range(7)]

    [finding] = diagnose("deep-offset", a_snapshot(tables, statements)).findings

    assert view_finding(finding).parts == (
        "By schema: t0.orders (9 s in 100 calls, by t0_app), "
        "t1.orders (8 s in 100 calls, by t1_app), t2.orders (7 s in 100 calls, by t2_app), "
        "t3.orders (6 s in 100 calls, by t3_app), t4.orders (5 s in 100 calls, by t4_app), "
        "and 2 more."
    )


def test_a_limit_is_held_against_all_tenants_together() -> None:
    """Each of them takes less of the time than the rule asks for."""
    tables = [orders(f"t{number}") for number in range(10)]
    statements = [page(f"t{number}", 1.0) for number in range(10)]
    other = replace(a_statement("select 1"), total_time_ms=5_000.0)

    assert run(tables, statements, other) == [KEY]
    assert run(tables, statements[:4], other) == []


def test_the_key_stays_when_the_statements_of_a_tenant_go() -> None:
    """They may be evicted; the tenant's table is still there."""
    tables = [orders("a"), orders("b")]

    assert run(tables, page("a"), page("b")) == run(tables, page("b")) == [KEY]


def test_the_key_of_a_table_without_its_like_has_its_schema() -> None:
    assert run(orders("a"), page("a")) == [KEY.replace("*", "a")]


def test_tables_of_other_columns_are_no_tenants() -> None:
    other = orders("b", "id bigint not null", "created_at timestamptz", "note text")

    found = run(orders("a"), other, page("a"), page("b"))

    assert len(found) == 2
    assert {key.split(":")[1] for key in found} == {"a.orders", "b.orders"}


def test_the_shape_tells_such_tables_apart() -> None:
    other = orders("b", "id bigint not null", "created_at timestamptz", "note text")
    case = a_case(a_snapshot(orders("a"), other, page("a"), page("b")))
    first, second = case.snapshot.statements

    assert case.shape_of(first) != case.shape_of(second)
    assert case.share_of_all((first,)) == 0.5


def test_tenants_share_a_shape() -> None:
    case = a_case(a_snapshot(orders("a"), orders("b"), page("a"), page("b")))
    first, second = case.snapshot.statements

    assert case.shape_of(first) == case.shape_of(second) == fingerprint(first.text)
    assert case.share_of_all((first,)) == 1.0


def test_a_finding_about_a_column_is_taken_together_too() -> None:
    users = [a_table("users", "id bigint not null", schema=schema) for schema in "ab"]
    tables = [orders("a"), orders("b")]
    text = "select 1 from {0}.users where id not in (select customer_id from {0}.orders)"
    statements = [page(schema, text=text) for schema in "ab"]

    [finding] = diagnose("nullable-not-in", a_snapshot(users, tables, statements)).findings

    assert finding.key == "nullable-not-in:*.orders.customer_id"
    assert len(finding.parts) == 2


def test_a_finding_about_tables_stays_with_each() -> None:
    tables = [a_table("orders", "id bigint", schema=schema) for schema in "ab"]

    found = diagnose("no-primary-key", a_snapshot(tables)).findings

    assert {finding.key for finding in found} == {
        "no-primary-key:a.orders",
        "no-primary-key:b.orders",
    }


@pytest.mark.parametrize("rule", [rule.id for rule in load_rules().values()])
def test_no_rule_reports_tenants_twice(rule: str) -> None:
    """The engine refuses two findings of one key."""
    texts = (
        PAGE,
        "select * from {}.orders where date(created_at) = $1",
        "select count(*) from {}.orders",
        "select id from {}.orders where customer_id in ($1, $2)",
        "with w as materialized (select * from {}.orders) select * from w where id = $1",
        "update {}.orders set customer_id = $1 where id = $2",
    )
    tables = [a_table("orders", *COLUMNS, schema=schema, rows=20_000_000) for schema in "ab"]
    statements = [page(schema, text=text) for text in texts for schema in "ab"]

    found = diagnose(rule, a_snapshot(tables, statements)).findings

    assert len({finding.key for finding in found}) == len(found)

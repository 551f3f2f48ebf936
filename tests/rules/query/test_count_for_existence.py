"""count-for-existence."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pgadvisor.model.action import RewriteStatement
from pgadvisor.model.finding import Confidence, Severity
from pgadvisor.testing import Outcome, SnapshotPart, a_snapshot, a_statement, a_table, diagnose

RULE = "count-for-existence"
ORDERS = a_table("orders")
USERS = a_table("users", "id bigint not null", "name text")
WITH_ORDERS = a_statement(
    "select name from users u where (select count(*) from orders where customer_id = u.id) > $1",
    calls=1_000,
    shared_blocks_hit=100_000,
)


def run(*objects: SnapshotPart) -> Outcome:
    return diagnose(RULE, a_snapshot(ORDERS, USERS, *objects))


def test_reports_a_count_that_is_compared_with_nothing() -> None:
    [finding] = run(WITH_ORDERS).findings

    assert finding.key == f"count-for-existence:{WITH_ORDERS.id}"
    assert finding.subject == "public.orders, public.users"
    assert finding.summary == (
        "A statement on public.orders, public.users counts rows to know whether there is any, and "
        "touches 100 blocks a call (100 % of all time)"
    )
    assert finding.severity is Severity.WARNING
    assert finding.confidence is Confidence.LOW
    [action] = finding.remedies
    assert isinstance(action, RewriteStatement)
    assert action.after == (
        "SELECT name FROM users AS u WHERE EXISTS (SELECT 1 FROM orders WHERE customer_id = u.id)"
    )
    assert action.condition == "$1 of the old text is 0"


def test_is_sure_where_the_number_stands_in_the_text() -> None:
    [finding] = run(replace(WITH_ORDERS, text=WITH_ORDERS.text.replace("$1", "0"))).findings

    assert finding.confidence is Confidence.HIGH


@pytest.mark.parametrize(
    ("old", "new"),
    [
        pytest.param("> $1", "> u.id", id="compared-with-a-column"),
        pytest.param("> $1", "> 3", id="more-than-three"),
        pytest.param("count(*)", "count(note)", id="counts-a-column"),
        pytest.param(" = u.id", " = u.id group by status limit 1", id="groups"),
        pytest.param("(select count(*)", "exists (select 1", id="exists"),
    ],
)
def test_leaves_alone(old: str, new: str) -> None:
    text = WITH_ORDERS.text.replace(old, new)

    assert run(replace(WITH_ORDERS, text=text)).is_clear


def test_leaves_a_count_alone_that_is_returned() -> None:
    text = "select count(*) from orders where customer_id = $1"

    assert run(replace(WITH_ORDERS, text=text)).is_clear


@pytest.mark.parametrize(("blocks", "count"), [(100_000, 1), (99_999, 0)])
def test_asks_for_a_hundred_blocks_a_call(blocks: int, count: int) -> None:
    assert len(run(replace(WITH_ORDERS, shared_blocks_hit=blocks)).findings) == count


@pytest.mark.parametrize(
    ("rest", "severity"),
    [(199.0, Severity.WARNING), (200.0, Severity.INFO), (999.0, Severity.INFO), (1_000.0, None)],
)
def test_asks_for_a_share_of_the_time(rest: float, severity: Severity | None) -> None:
    other = replace(a_statement("select 1"), total_time_ms=rest)

    found = run(replace(WITH_ORDERS, total_time_ms=1.0), other).findings

    assert [finding.severity for finding in found] == ([severity] if severity else [])


def test_takes_statements_of_one_shape_together() -> None:
    twins = (replace(WITH_ORDERS, fingerprint="f"), replace(WITH_ORDERS, fingerprint="f", id="2"))

    [finding] = run(twins).findings

    assert finding.statement_ids == (WITH_ORDERS.id, "2")


def test_leaves_statements_alone_that_were_never_counted() -> None:
    assert run(replace(WITH_ORDERS, source="workload", calls=0)).is_clear


def test_cannot_judge_without_statements() -> None:
    assert run().reasons == ("no statement was recorded, and no workload files were given",)

"""deep-offset."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pgadvisor.model.action import ManualSteps, RewriteStatement
from pgadvisor.model.finding import Confidence, Severity
from pgadvisor.testing import (
    Outcome,
    SnapshotPart,
    a_primary_key,
    a_snapshot,
    a_statement,
    a_table,
    an_index,
    diagnose,
)

RULE = "deep-offset"
ORDERS = a_table("orders")
KEY = a_primary_key(ORDERS, "id")
PAGE = a_statement(
    "select id, note from orders order by created_at, id limit $1 offset $2",
    calls=1_000,
    shared_blocks_hit=100_000,
    rows=50_000,
)


def run(*objects: SnapshotPart) -> Outcome:
    return diagnose(RULE, a_snapshot(ORDERS, *objects))


def test_rewrites_a_page_by_key() -> None:
    [finding] = run(PAGE, KEY).findings

    assert finding.key == f"deep-offset:public.orders:{PAGE.id}"
    assert finding.summary == (
        "A statement pages through public.orders with OFFSET and touches 100 blocks a call "
        "(100 % of all time)"
    )
    [action] = finding.remedies
    assert isinstance(action, RewriteStatement)
    assert "offset" not in action.after.lower()
    assert "(created_at, id)" in action.after.lower()


def test_warns_of_an_order_that_is_not_unique() -> None:
    page = replace(PAGE, text="select id from orders order by created_at limit $1 offset $2")

    [finding] = run(page, KEY).findings

    assert "is not unique" in finding.detail
    [action] = finding.remedies
    said = action.condition if isinstance(action, RewriteStatement) else action
    assert "unique" in str(said)


@pytest.mark.parametrize(
    ("keys", "confidence"),
    [
        (("created_at", "id"), Confidence.MEDIUM),
        (("customer_id", "created_at"), Confidence.MEDIUM),
        (("status", "created_at"), Confidence.LOW),
    ],
)
def test_is_less_sure_where_every_page_sorts_all_rows(
    keys: tuple[str, ...], confidence: Confidence
) -> None:
    text = "select id from orders where customer_id = $3 order by created_at, id limit $1 offset $2"

    [finding] = run(replace(PAGE, text=text), KEY, an_index(ORDERS, *keys)).findings

    assert finding.confidence is confidence
    is_low = confidence is Confidence.LOW
    assert ("the first page reads as much as the last" in finding.detail) is is_low


def test_takes_statements_of_one_shape_together() -> None:
    first = replace(PAGE, fingerprint="f")
    second = replace(PAGE, fingerprint="f", id="2", total_time_ms=60_000.0)

    [finding] = run(first, second, KEY).findings

    assert finding.key == "deep-offset:public.orders:f"
    assert finding.statement_ids == ("2", PAGE.id)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("select id from orders order by created_at limit $1", id="no-offset"),
        pytest.param("select id from orders limit $1 offset $2", id="no-order"),
        pytest.param(
            "select id from (select id, note from orders order by created_at offset $1) o "
            "where note > $2",
            id="a-subquery-that-is-kept-apart",
        ),
        pytest.param("select id from orders order by id limit $1 offset 0", id="the-first-page"),
    ],
)
def test_leaves_alone(text: str) -> None:
    assert run(replace(PAGE, text=text)).is_clear


@pytest.mark.parametrize(("blocks", "count"), [(100_000, 1), (99_999, 0)])
def test_asks_for_a_hundred_blocks_a_call(blocks: int, count: int) -> None:
    assert len(run(replace(PAGE, shared_blocks_hit=blocks)).findings) == count


@pytest.mark.parametrize(
    ("rest", "severity"),
    [(199.0, Severity.WARNING), (200.0, Severity.INFO), (999.0, Severity.INFO), (1_000.0, None)],
)
def test_asks_for_a_share_of_the_time(rest: float, severity: Severity | None) -> None:
    other = replace(a_statement("select 1"), total_time_ms=rest)

    found = run(replace(PAGE, total_time_ms=1.0), other).findings

    assert [finding.severity for finding in found] == ([severity] if severity else [])


def test_leaves_small_tables_alone() -> None:
    assert diagnose(RULE, a_snapshot(a_table("orders", rows=9_999), PAGE)).is_clear


def test_leaves_statements_alone_that_were_never_counted() -> None:
    assert run(replace(PAGE, source="workload", calls=0, total_time_ms=0.0)).is_clear


def test_says_what_to_do_by_hand_where_there_is_no_template() -> None:
    text = """
        with page as (select id, created_at from orders order by created_at limit $1 offset $2)
        select * from page union all select $3, now()
    """

    [finding] = run(replace(PAGE, text=text)).findings

    assert isinstance(finding.remedies[0], ManualSteps)


def test_cannot_judge_without_statements() -> None:
    assert run().reasons == ("no statement was recorded, and no workload files were given",)

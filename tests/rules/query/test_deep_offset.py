"""deep-offset."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pgadvisor.model.action import ManualSteps, RewriteStatement
from pgadvisor.model.finding import Confidence, Severity
from pgadvisor.model.log import LoggedCall
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
    shared_blocks_hit=500_000,
    rows=50_000,
)
"""Ten times the blocks of a first page, if an index gives its order."""
IN_ORDER = an_index(ORDERS, "created_at", "id")
CUSTOMERS = a_table("customers", "id bigint not null", "name text")
CUSTOMERS_KEY = a_primary_key(CUSTOMERS, "id")
JOINED = (
    "select * from orders o left join customers c on c.id = o.customer_id "
    "order by o.created_at limit $1 offset $2"
)


def run(*objects: SnapshotPart) -> Outcome:
    return diagnose(RULE, a_snapshot(ORDERS, *objects))


def logged(*offsets: str) -> dict[str, tuple[LoggedCall, ...]]:
    calls = (LoggedCall(text="", values=((1, "50"), (2, offset))) for offset in offsets)
    return {PAGE.id: tuple(calls)}


def test_rewrites_a_page_by_key() -> None:
    [finding] = run(PAGE, KEY, IN_ORDER).findings

    assert finding.key == f"deep-offset:public.orders:{PAGE.id}"
    assert (finding.severity, finding.confidence) == (Severity.WARNING, Confidence.MEDIUM)
    assert finding.detail == ""
    assert finding.summary == (
        "A statement pages through public.orders with OFFSET and touches 500 blocks a call "
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
    ("keys", "is_known"),
    [
        (("created_at", "id"), False),
        (("customer_id", "created_at"), True),
        (("customer_id", "status", "created_at"), False),
        (("status", "created_at"), False),
    ],
)
def test_tells_the_depth_where_an_index_holds_the_very_rows_in_order(
    keys: tuple[str, ...], *, is_known: bool
) -> None:
    text = "select id from orders where customer_id = $3 order by created_at, id limit $1 offset $2"

    [finding] = run(replace(PAGE, text=text), KEY, an_index(ORDERS, *keys)).findings

    assert (finding.severity is Severity.WARNING) is is_known
    assert (finding.confidence is Confidence.MEDIUM) is is_known
    assert ("How deep pages are is not known" in finding.detail) is not is_known


def test_says_that_every_page_sorts_all_rows() -> None:
    [finding] = run(PAGE, KEY).findings

    assert (finding.severity, finding.confidence) == (Severity.INFO, Confidence.LOW)
    assert "the first page reads as much as the last" in finding.detail


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(
            "select id from orders where status = $3 order by created_at limit $1 offset $2",
            id="a-filter",
        ),
        pytest.param(
            "select id from orders where lower(status) = $3 order by created_at limit $1 offset $2",
            id="an-expression",
        ),
        pytest.param(
            "select id from orders where created_at < $3 or id = $4 order by created_at "
            "limit $1 offset $2",
            id="an-alternative",
        ),
        pytest.param(JOINED.replace("order by", "where c.name = $3 order by"), id="a-join"),
        pytest.param(JOINED.replace("c.id =", "c.name ="), id="a-join-without-an-index"),
    ],
)
def test_does_not_know_the_depth_where_rows_may_be_discarded(text: str) -> None:
    page = replace(PAGE, text=text, shared_blocks_hit=10_000_000)

    [finding] = run(page, KEY, IN_ORDER, CUSTOMERS, CUSTOMERS_KEY).findings

    assert finding.severity is Severity.INFO


def test_a_range_of_the_order_itself_discards_nothing() -> None:
    text = "select id from orders where created_at < $3 order by created_at limit $1 offset $2"

    [finding] = run(replace(PAGE, text=text), IN_ORDER).findings

    assert finding.severity is Severity.WARNING


@pytest.mark.parametrize(("blocks", "count"), [(275_000, 1), (274_999, 0)])
def test_asks_for_the_blocks_of_five_first_pages(blocks: int, count: int) -> None:
    found = run(replace(PAGE, shared_blocks_hit=blocks), KEY, IN_ORDER).findings

    assert len(found) == count


@pytest.mark.parametrize(("blocks", "count"), [(1_525_000, 1), (1_524_999, 0)])
def test_a_first_page_looks_up_what_is_joined(blocks: int, count: int) -> None:
    page = replace(PAGE, text=JOINED, shared_blocks_hit=blocks)

    assert len(run(page, KEY, IN_ORDER, CUSTOMERS, CUSTOMERS_KEY).findings) == count


@pytest.mark.parametrize(
    ("offsets", "count"),
    [
        (("1000", *["0"] * 9), 1),
        (("'1000'", *["0"] * 9), 1),
        (("1000", *["0"] * 10), 0),
        (("999",), 0),
        (("0",), 0),
    ],
)
def test_goes_by_what_logged_calls_skip(offsets: tuple[str, ...], count: int) -> None:
    snapshot = a_snapshot(ORDERS, PAGE, KEY)

    found = diagnose(RULE, snapshot, logged_calls=logged(*offsets)).findings

    assert [(f.severity, f.confidence) for f in found] == [
        (Severity.WARNING, Confidence.HIGH)
    ] * count


def test_shows_how_many_logged_calls_are_deep_and_no_value_of_them() -> None:
    calls = logged("123456", "0", "20", "NULL")

    [finding] = diagnose(RULE, a_snapshot(ORDERS, PAGE, KEY), logged_calls=calls).findings

    [share] = [e for e in finding.evidence if e.name.startswith("logged calls")]
    assert (share.name, share.value) == ("logged calls that skip 1,000 rows or more", 0.3333)
    assert "123" not in str(finding.evidence)


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

    found = run(replace(PAGE, total_time_ms=1.0), other, IN_ORDER).findings

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

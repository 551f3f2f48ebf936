"""or-across-columns."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pgadvisor.model.action import ManualSteps, RewriteStatement
from pgadvisor.model.finding import Confidence, Severity
from pgadvisor.model.schema import Index, RelationKind
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

RULE = "or-across-columns"
MESSAGES = a_table(
    "messages",
    *("id bigint not null", "sender_id bigint", "recipient_id bigint", "body text"),
    "sent_at timestamptz",
)
USERS = a_table("users", "id bigint not null")
INBOX = a_statement(
    "select * from messages where sender_id = $1 or recipient_id = $2 "
    "order by sent_at desc limit $3",
    calls=1_000,
    rows=20_000,
    shared_blocks_hit=4_000_000,
)


def run(*objects: SnapshotPart) -> Outcome:
    return diagnose(RULE, a_snapshot(MESSAGES, USERS, *objects))


def steps(outcome: Outcome) -> tuple[str, ...]:
    [finding] = outcome.findings
    action = finding.remedies[0]
    assert isinstance(action, ManualSteps)
    return action.steps


def rewrites(outcome: Outcome) -> list[RewriteStatement]:
    [finding] = outcome.findings
    return [action for action in finding.remedies if isinstance(action, RewriteStatement)]


def test_reports_a_page_of_two_columns() -> None:
    outcome = run(INBOX)

    [finding] = outcome.findings
    assert finding.key == f"or-across-columns:public.messages:{INBOX.id}"
    assert finding.summary == (
        "A page of public.messages by sender_id or recipient_id touches 4,000 blocks to return "
        "20 rows (100 % of all time)"
    )
    assert finding.severity is Severity.WARNING
    assert finding.confidence is Confidence.MEDIUM
    assert steps(outcome)[:3] == (
        (
            '`CREATE INDEX CONCURRENTLY ON "public"."messages" ("sender_id", "sent_at" DESC)`, '
            "so that the arm comes in order."
        ),
        (
            '`CREATE INDEX CONCURRENTLY ON "public"."messages" ("recipient_id", "sent_at" DESC)`, '
            "so that the arm comes in order."
        ),
        "Write one query for each arm and unite them, as in the rewrite.",
    )
    [rewrite] = rewrites(outcome)
    assert rewrite.before == INBOX.text
    assert rewrite.after == (
        "(SELECT * FROM messages WHERE sender_id = $1 ORDER BY sent_at DESC LIMIT $3) UNION ALL "
        "(SELECT * FROM messages WHERE recipient_id = $2 AND (sender_id = $1) IS NOT TRUE "
        "ORDER BY sent_at DESC LIMIT $3) ORDER BY sent_at DESC LIMIT $3"
    )
    assert rewrite.condition == (
        "no two rows are equal in sent_at (of those that are, others may be on the page)"
    )


def test_shows_a_skeleton_where_it_cannot_write_the_statement() -> None:
    text = INBOX.text.replace("select *", "select id, is_friend(sender_id)")

    outcome = run(replace(INBOX, text=text))

    assert rewrites(outcome) == []
    assert steps(outcome)[2] == (
        "Write one query for each arm and unite them: `"
        '(SELECT ... FROM "public"."messages" WHERE "sender_id" = ... '
        'ORDER BY "sent_at" DESC LIMIT ...) UNION ALL '
        '(SELECT ... FROM "public"."messages" WHERE "recipient_id" = ... '
        'AND ("sender_id" = ...) IS NOT TRUE ORDER BY "sent_at" DESC LIMIT ...) '
        'ORDER BY "sent_at" DESC LIMIT ...`.'
    )


def test_writes_three_statements_out() -> None:
    twins = (replace(INBOX, fingerprint="f", id=str(number)) for number in range(5))

    outcome = run(twins)

    assert len(rewrites(outcome)) == 3


@pytest.mark.parametrize(
    ("index", "is_enough"),
    [
        pytest.param(an_index(MESSAGES, "sender_id", "sent_at"), True, id="in-order"),
        pytest.param(an_index(MESSAGES, "sender_id", "sent_at", "id"), True, id="wider"),
        pytest.param(an_index(MESSAGES, "sender_id"), False, id="without-the-order"),
        pytest.param(
            an_index(MESSAGES, "sender_id", "sent_at", is_valid=False), False, id="invalid"
        ),
        pytest.param(
            an_index(MESSAGES, "sender_id", "sent_at", predicate="id > 5"), False, id="partial"
        ),
        pytest.param(
            an_index(MESSAGES, "sender_id", "sent_at", access_method="gist"), False, id="gist"
        ),
    ],
)
def test_asks_for_no_index_that_is_there(index: Index, is_enough: bool) -> None:  # noqa: FBT001
    created = [step for step in steps(run(INBOX, index)) if step.startswith("`CREATE INDEX")]

    assert len(created) == (1 if is_enough else 2)


def test_excludes_all_earlier_arms() -> None:
    text = INBOX.text.replace("where ", "where id = $4 or ").replace("*", "id, spin(id)")

    assert (
        'AND ("id" = ...) IS NOT TRUE AND ("sender_id" = ...) IS NOT TRUE'
        in (steps(run(replace(INBOX, text=text)))[3])
    )


def test_builds_no_index_of_a_partitioned_table_at_once() -> None:
    parent = replace(MESSAGES, kind=RelationKind.PARTITIONED_TABLE, rows=0.0, size_bytes=0)
    part = a_table("messages_1", parent_oids=(parent.oid,), is_partition=True)

    said = steps(diagnose(RULE, a_snapshot(parent, part, INBOX)))

    assert said[0].startswith('`CREATE INDEX ON ONLY "public"."messages"')
    assert said[2] == "Build each index on every partition, and attach it."


def test_keeps_the_order_of_nulls() -> None:
    text = INBOX.text.replace("sent_at desc", "sent_at desc nulls last, id nulls first")

    assert (
        '("sender_id", "sent_at" DESC NULLS LAST, "id" NULLS FIRST)'
        in (steps(run(replace(INBOX, text=text)))[0])
    )


def test_says_one_row_of_one_row() -> None:
    [finding] = run(replace(INBOX, rows=1_000)).findings

    assert "to return 1 row (" in finding.summary


def test_takes_statements_of_one_shape_together() -> None:
    twins = (replace(INBOX, fingerprint="f"), replace(INBOX, fingerprint="f", id="2"))

    [finding] = run(twins).findings

    assert finding.statement_ids == (INBOX.id, "2")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        pytest.param(" or ", " and ", id="and"),
        pytest.param("recipient_id", "sender_id", id="one-column"),
        pytest.param("recipient_id =", "recipient_id >", id="a-range"),
        pytest.param(" limit $3", "", id="no-limit"),
        pytest.param("limit $3", "limit $3 offset $4", id="offset"),
        pytest.param("order by sent_at desc ", "", id="no-order"),
        pytest.param("sent_at desc", "lower(body)", id="order-of-an-expression"),
        pytest.param("sent_at desc", "sent_at, lower(body)", id="order-ends-in-an-expression"),
        pytest.param("select *", "select count(*)", id="counts"),
    ],
)
def test_leaves_alone(old: str, new: str) -> None:
    text = INBOX.text.replace(old, new)

    assert run(replace(INBOX, text=text)).is_clear


def test_leaves_a_row_alone_that_is_found_by_its_key() -> None:
    text = INBOX.text.replace("where ", "where id = $4 and (").replace(" order", ") order")

    assert run(replace(INBOX, text=text), a_primary_key(MESSAGES, "id")).is_clear
    assert len(run(replace(INBOX, text=text)).findings) == 1


@pytest.mark.parametrize(("blocks", "count"), [(1_000_000, 1), (999_999, 0)])
def test_asks_for_a_thousand_blocks_a_call(blocks: int, count: int) -> None:
    assert len(run(replace(INBOX, shared_blocks_hit=blocks)).findings) == count


@pytest.mark.parametrize(("rows", "count"), [(1_000_000, 1), (1_000_001, 0)])
def test_leaves_large_results_alone(rows: int, count: int) -> None:
    assert len(run(replace(INBOX, rows=rows)).findings) == count


@pytest.mark.parametrize(
    ("rest", "severity"),
    [(199.0, Severity.WARNING), (200.0, Severity.INFO), (999.0, Severity.INFO), (1_000.0, None)],
)
def test_asks_for_a_share_of_the_time(rest: float, severity: Severity | None) -> None:
    other = replace(a_statement("select 1"), total_time_ms=rest)

    found = run(replace(INBOX, total_time_ms=1.0), other).findings

    assert [finding.severity for finding in found] == ([severity] if severity else [])


def test_leaves_small_tables_alone() -> None:
    small = replace(MESSAGES, rows=9_999.0, size_bytes=0)

    assert diagnose(RULE, a_snapshot(small, INBOX)).is_clear


def test_leaves_statements_alone_that_were_never_counted() -> None:
    assert run(replace(INBOX, source="workload", calls=0, total_time_ms=0.0)).is_clear


def test_cannot_judge_without_statements() -> None:
    assert run().reasons == ("no statement was recorded, and no workload files were given",)

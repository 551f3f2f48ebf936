"""no-room-for-hot-updates."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pgadvisor.model.finding import Severity
from pgadvisor.model.schema import Index, IndexKey, RelationKind, Table
from pgadvisor.model.snapshot import Snapshot
from pgadvisor.sqltext.actions import steps_of
from pgadvisor.testing import (
    Outcome,
    SnapshotPart,
    a_primary_key,
    a_snapshot,
    a_statement,
    a_table,
    an_index,
    diagnose,
    table_activity,
)

RULE = "no-room-for-hot-updates"
ACCOUNTS = a_table(
    "accounts", "id bigint not null", "owner text", "balance numeric", "seen_at timestamptz"
)
KEY = a_primary_key(ACCOUNTS, "id")
UPDATED = table_activity(ACCOUNTS, rows_updated=1_800_000, rows_hot_updated=360_000)
PAY = a_statement("update accounts set balance = balance + $1 where id = $2", calls=1_700_000)


def run(*objects: SnapshotPart, table: Table = ACCOUNTS) -> Outcome:
    return diagnose(RULE, a_snapshot(table, KEY, *objects))


def test_proposes_a_fillfactor() -> None:
    [finding] = run(UPDATED, PAY).findings

    assert finding.key == "no-room-for-hot-updates:public.accounts"
    assert finding.severity is Severity.INFO
    assert finding.summary == (
        "Only 20 % of the updates of public.accounts are heap-only, though they change no "
        "indexed column"
    )
    assert finding.detail.startswith("16,000 updates a day make a new entry in its index.")
    assert [(e.name, e.value) for e in finding.evidence] == [
        ("heap-only updates", 0.2),
        ("other updates a day", 16_000),
        ("bytes of a row", 102),
        ("fillfactor", 100),
    ]
    assert finding.impact.added_bytes == round(ACCOUNTS.size_bytes / 9)
    assert finding.statement_ids == (PAY.id,)
    [step] = steps_of(finding.remedies[0])
    assert step.up == ('ALTER TABLE "public"."accounts" SET (fillfactor = 90)',)
    assert step.down == ('ALTER TABLE "public"."accounts" RESET (fillfactor)',)


@pytest.mark.parametrize(
    "index",
    [
        pytest.param(an_index(ACCOUNTS, "owner", "balance"), id="as-a-key"),
        pytest.param(an_index(ACCOUNTS, "owner", include=("balance",)), id="included"),
        pytest.param(
            an_index(ACCOUNTS, IndexKey(column=None, expression="round(balance)")),
            id="in-an-expression",
        ),
        pytest.param(an_index(ACCOUNTS, "owner", predicate="(balance < 0)"), id="in-a-predicate"),
    ],
)
def test_leaves_alone_what_changes_an_indexed_column(index: Index) -> None:
    assert run(UPDATED, PAY, index).is_clear


def test_a_brin_index_is_no_obstacle_since_postgresql_16() -> None:
    brin = an_index(ACCOUNTS, "balance", access_method="brin")

    assert len(run(UPDATED, PAY, brin).findings) == 1
    old = a_snapshot(ACCOUNTS, KEY, UPDATED, PAY, brin, version_num=150000)
    assert diagnose(RULE, old).is_clear


@pytest.mark.parametrize(("calls", "count"), [(188_000, 1), (190_000, 0)])
def test_a_tenth_of_the_rows_may_change_an_indexed_column(calls: int, count: int) -> None:
    seen = a_statement("update accounts set seen_at = $1 where id = $2", calls=calls)
    index = an_index(ACCOUNTS, "seen_at")

    assert len(run(UPDATED, PAY, seen, index).findings) == count


@pytest.mark.parametrize(("calls", "count"), [(899_999, 0), (900_000, 1)])
def test_half_of_the_updates_have_to_be_known(calls: int, count: int) -> None:
    outcome = run(UPDATED, replace(PAY, rows=calls))

    assert len(outcome.findings) == count
    if not count:
        [reason] = outcome.reasons
        assert "made by statements that are not known" in reason


@pytest.mark.parametrize(("hot", "count"), [(900_000, 0), (899_999, 1)])
def test_leaves_alone_what_is_mostly_heap_only(hot: int, count: int) -> None:
    assert len(run(replace(UPDATED, rows_hot_updated=hot), PAY).findings) == count


@pytest.mark.parametrize(("updated", "count"), [(899_999, 0), (900_000, 1)])
def test_asks_for_ten_thousand_updates_a_day(updated: int, count: int) -> None:
    counters = replace(UPDATED, rows_updated=updated, rows_hot_updated=0)

    assert len(run(counters, PAY).findings) == count


@pytest.mark.parametrize(
    ("row_bytes", "fillfactor"), [(409, "90"), (411, "80"), (819, "80"), (820, None)]
)
def test_leaves_room_for_two_rows(row_bytes: int, fillfactor: str | None) -> None:
    size_bytes = 1_000_000 * row_bytes
    table = replace(ACCOUNTS, size_bytes=size_bytes, pages=size_bytes // 8192)

    findings = run(UPDATED, PAY, table=table).findings

    proposed = [dict(action.options)["fillfactor"] for f in findings for action in f.remedies]  # type: ignore[union-attr]
    assert proposed == ([fillfactor] if fillfactor else [])


@pytest.mark.parametrize(
    "table",
    [
        pytest.param(replace(ACCOUNTS, options=("fillfactor=100",)), id="a-fillfactor"),
        pytest.param(replace(ACCOUNTS, kind=RelationKind.MATERIALIZED_VIEW), id="a-view"),
    ],
)
def test_leaves_alone(table: Table) -> None:
    assert run(UPDATED, PAY, table=table).is_clear


@pytest.mark.parametrize(("pages", "count"), [(1_023, 0), (1_024, 1)])
def test_asks_for_a_table_that_is_not_small(pages: int, count: int) -> None:
    table = replace(ACCOUNTS, rows=80.0 * pages, pages=pages, size_bytes=8192 * pages)

    assert len(run(UPDATED, PAY, table=table).findings) == count


def test_leaves_alone_what_has_no_index() -> None:
    assert diagnose(RULE, a_snapshot(ACCOUNTS, UPDATED, PAY)).is_clear


def test_leaves_alone_what_is_only_inserted_into() -> None:
    assert run(table_activity(ACCOUNTS, rows_inserted=10**9), PAY).is_clear


def test_sets_it_for_the_partitions_that_are_updated() -> None:
    parent = a_table("books", "id bigint", "note text", kind=RelationKind.PARTITIONED_TABLE, rows=0)
    parts = [
        a_table(name, "id bigint", "note text", parent_oids=(parent.oid,), is_partition=True)
        for name in ("books_1", "books_2")
    ]
    index = an_index(parts[0], "id")
    busy = table_activity(parts[0], rows_updated=1_800_000)
    update = a_statement("update books set note = $1 where id = $2", calls=1_800_000)

    [finding] = diagnose(RULE, a_snapshot(parent, parts, index, busy, update)).findings

    assert finding.subject == "public.books"
    [action] = finding.remedies
    [step] = steps_of(action)
    assert step.up == ('ALTER TABLE "public"."books_1" SET (fillfactor = 90)',)


@pytest.mark.parametrize(
    ("snapshot", "reason"),
    [
        (
            a_snapshot(ACCOUNTS, KEY, PAY),
            "the counters of tables are not in the snapshot",
        ),
        (
            a_snapshot(ACCOUNTS, KEY, PAY, UPDATED, is_in_recovery=True),
            "this is a standby: its primary counts what is written",
        ),
        (
            a_snapshot(ACCOUNTS, KEY, PAY, UPDATED, statistics_age_days=6),
            "statistics cover 6 days, 7 days are needed (since pg_stat_database.stats_reset)",
        ),
        (
            a_snapshot(ACCOUNTS, KEY, UPDATED),
            "no statement was recorded, and no workload files were given",
        ),
    ],
    ids=["counters", "standby", "window", "statements"],
)
def test_cannot_judge(snapshot: Snapshot, reason: str) -> None:
    assert diagnose(RULE, snapshot).reasons == (reason,)

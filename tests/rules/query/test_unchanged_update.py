"""unchanged-update."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pgadvisor.model.action import ManualSteps, RewriteStatement
from pgadvisor.model.finding import Confidence, Severity
from pgadvisor.model.schema import Index, IndexKey, Table, Trigger
from pgadvisor.model.statement import Statement
from pgadvisor.testing import (
    Outcome,
    SnapshotPart,
    a_snapshot,
    a_statement,
    a_table,
    an_index,
    diagnose,
    table_activity,
)

RULE = "unchanged-update"
DAYS = 90
DEVICES = a_table("devices", "id bigint not null", "state text", "seen_at timestamptz")
INDEX = an_index(DEVICES, "state")
SET = a_statement(
    "update devices set state = $1 where id = $2", calls=DAYS * 20_000, rows=DAYS * 20_000
)


def run(
    *statements: Statement,
    moved: int = 0,
    index: Index = INDEX,
    table: Table = DEVICES,
    inserted: int = 0,
) -> Outcome:
    updated = DAYS * 40_000
    counters = table_activity(
        table,
        rows_updated=updated,
        rows_hot_updated=updated - DAYS * moved,
        rows_inserted=DAYS * inserted,
    )
    parts: tuple[SnapshotPart, ...] = (table, index, counters, *(statements or (SET,)))
    return diagnose(RULE, a_snapshot(*parts))


def test_reports_an_update_of_an_indexed_column_that_stays_heap_only() -> None:
    [finding] = run(moved=5_000).findings

    assert finding.key == f"unchanged-update:public.devices:{SET.id}"
    assert finding.summary == (
        "An update of state in public.devices writes 20,000 rows a day, of which at least 75 % "
        "keep their values"
    )
    assert finding.severity is Severity.WARNING
    assert finding.confidence is Confidence.MEDIUM
    assert [(one.name, one.value) for one in finding.evidence[:2]] == [
        ("rows that the statement writes a day", 20_000),
        ("updates of the table a day that are not heap-only", 5_000),
    ]
    [rewrite] = finding.remedies
    assert isinstance(rewrite, RewriteStatement)
    assert rewrite.after == (
        "UPDATE devices SET state = $1 WHERE id = $2 AND state IS DISTINCT FROM $1"
    )
    assert "nobody counts the rows that are updated" in rewrite.condition


def test_says_what_to_do_by_hand_where_there_is_no_rewrite() -> None:
    text = "update devices set state = $1 where id = $2 returning id"

    [finding] = run(replace(SET, text=text)).findings

    [action] = finding.remedies
    assert isinstance(action, ManualSteps)
    assert "suppress_redundant_updates_trigger()" in action.steps[1]


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("update devices set seen_at = $1 where id = $2", id="no-index"),
        pytest.param("update devices set state = $1, seen_at = $3 where id = $2", id="another-one"),
        pytest.param("delete from devices where state = $1", id="no-update"),
        pytest.param("insert into devices values ($1, $2, $3)", id="an-insert"),
    ],
)
def test_leaves_alone(text: str) -> None:
    assert run(replace(SET, text=text)).is_clear


@pytest.mark.parametrize(("moved", "count"), [(10_000, 1), (10_001, 0)])
def test_asks_for_half_of_the_rows(moved: int, count: int) -> None:
    assert len(run(moved=moved).findings) == count


@pytest.mark.parametrize(("rows", "count"), [(10_000, 1), (9_999, 0)])
def test_asks_for_ten_thousand_rows_a_day(rows: int, count: int) -> None:
    assert len(run(replace(SET, rows=DAYS * rows)).findings) == count


def test_takes_all_inserted_rows_for_those_of_an_upsert() -> None:
    upsert = replace(
        SET,
        text="insert into devices (id, state) values ($1, $2) "
        "on conflict (id) do update set state = excluded.state",
    )

    assert len(run(upsert, inserted=10_000).findings) == 1
    assert run(upsert, inserted=10_001).is_clear


@pytest.mark.parametrize(
    ("index", "count"),
    [
        (an_index(DEVICES, "id", include=("state",)), 1),
        (an_index(DEVICES, "id", predicate="(state = 'on'::text)"), 1),
        (an_index(DEVICES, IndexKey(column=None, expression="lower(state)")), 1),
        (an_index(DEVICES, "state", access_method="brin"), 0),
        (replace(INDEX, is_ready=False), 0),
        (an_index(DEVICES, "id"), 0),
    ],
)
def test_counts_whatever_an_index_reads_of_a_row(index: Index, count: int) -> None:
    assert len(run(index=index).findings) == count


@pytest.mark.parametrize(
    ("trigger", "count"),
    [
        (Trigger(name="t", fires_on_update=True), 0),
        (Trigger(name="t", fires_on_update=True, firing="D"), 1),
        (Trigger(name="t"), 1),
    ],
)
def test_leaves_tables_alone_whose_triggers_wait_for_updates(trigger: Trigger, count: int) -> None:
    assert len(run(table=replace(DEVICES, triggers=(trigger,))).findings) == count


def test_says_that_it_does_not_know_the_triggers_of_an_old_snapshot() -> None:
    outcome = run(table=replace(DEVICES, triggers=None))

    assert outcome.findings == ()
    assert outcome.reasons == ("its triggers are not in the snapshot",)


def test_leaves_small_tables_alone() -> None:
    assert run(table=a_table("devices", "id bigint", "state text", rows=9_999)).is_clear


def test_takes_statements_of_one_shape_together() -> None:
    twins = (replace(SET, fingerprint="f"), replace(SET, fingerprint="f", id="2"))

    [finding] = run(*twins).findings

    assert finding.statement_ids == (SET.id, "2")
    assert "writes 40,000 rows a day" in finding.summary


def test_cannot_judge_on_a_standby() -> None:
    snapshot = a_snapshot(DEVICES, SET, is_in_recovery=True)

    assert diagnose(RULE, snapshot).reasons == (
        "this is a standby: its primary counts what is written",
    )


@given(moved=st.integers(0, 40_000), rows=st.integers(0, 100_000))
def test_never_claims_more_than_what_is_heap_only(moved: int, rows: int) -> None:
    found = run(replace(SET, rows=DAYS * rows), moved=moved).findings

    assert not found or rows - moved >= 10_000


def test_cannot_judge_without_statements() -> None:
    assert diagnose(RULE, a_snapshot(DEVICES)).reasons == (
        "no statement was recorded, and no workload files were given",
    )

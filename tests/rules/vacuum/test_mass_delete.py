"""mass-delete."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pgadvisor.model.action import ManualSteps
from pgadvisor.model.finding import Severity
from pgadvisor.model.schema import RelationKind
from pgadvisor.model.statement import Statement
from pgadvisor.testing import Outcome, SnapshotPart, a_snapshot, a_statement, a_table, diagnose
from pgadvisor.units import GiB

RULE = "mass-delete"
EVENTS = a_table(
    "events", "id bigint not null", "kind text", "created_at timestamptz not null", rows=10**8
)
EXPIRE = a_statement(
    "delete from events where created_at < $1",
    calls=90,
    mean_time_ms=240_000,
    rows=360_000_000,
    wal_bytes=90 * GiB,
)


def run(*objects: SnapshotPart) -> Outcome:
    return diagnose(RULE, a_snapshot(EVENTS, *objects))


def steps_in(outcome: Outcome) -> ManualSteps:
    [finding] = outcome.findings
    [steps] = finding.remedies
    assert isinstance(steps, ManualSteps)
    return steps


def like(text: str) -> Statement:
    return replace(EXPIRE, text=text)


def test_proposes_partitions_for_rows_that_grow_old() -> None:
    outcome = run(EXPIRE)

    [finding] = outcome.findings
    assert finding.key == f"mass-delete:public.events:{EXPIRE.id}"
    assert finding.severity is Severity.INFO
    assert finding.summary == "One DELETE takes 4,000,000 rows a call out of public.events"
    assert finding.detail == (
        "Each call takes 4 min and writes 1 GB of WAL; the dead rows stay until vacuum has been "
        "through the table and its indexes."
    )
    assert [(e.name, e.value) for e in finding.evidence] == [
        ("rows a call", 4_000_000),
        ("calls", 90),
        ("calls a day", 1.0),
    ]
    assert finding.statement_ids == (EXPIRE.id,)
    steps = steps_in(outcome)
    assert steps.title == "Partition public.events by created_at, and drop old partitions"
    assert '`PARTITION BY RANGE ("created_at")`' in steps.steps[0]
    assert steps.steps[-1] == (
        'Until then: `DELETE FROM "public"."events" WHERE ctid = ANY (ARRAY('
        'SELECT ctid FROM "public"."events" WHERE (its condition) LIMIT 10000))`, until it finds '
        "none."
    )


def test_sees_a_time_inside_an_expression() -> None:
    outcome = run(like("delete from events where created_at::date < $1"))

    assert steps_in(outcome).title.startswith("Partition public.events by created_at")


def test_proposes_to_truncate_what_is_emptied() -> None:
    steps = steps_in(run(like("delete from events")))

    assert steps.title == "Empty public.events by TRUNCATE"
    assert steps.steps[0].startswith('`TRUNCATE "public"."events"` in the place of the DELETE')


def test_proposes_batches_where_no_time_tells_the_rows() -> None:
    steps = steps_in(run(like("delete from events where kind = $1")))

    assert steps.title == "Delete rows of public.events in batches"
    assert steps.steps[0].startswith('`DELETE FROM "public"."events" WHERE ctid = ANY')


def test_proposes_to_drop_the_partitions_that_there_are() -> None:
    table = replace(EVENTS, kind=RelationKind.PARTITIONED_TABLE, partition_key="RANGE (created_at)")

    steps = steps_in(diagnose(RULE, a_snapshot(table, EXPIRE)))

    assert steps.title == "Drop partitions of public.events instead of their rows"
    assert 'ALTER TABLE "public"."events" DETACH PARTITION ... CONCURRENTLY`' in steps.steps[0]
    old = diagnose(RULE, a_snapshot(table, EXPIRE, version_num=130000))
    assert 'ALTER TABLE "public"."events" DETACH PARTITION ...`' in steps_in(old).steps[0]


def test_batches_go_partition_by_partition() -> None:
    table = replace(EVENTS, kind=RelationKind.PARTITIONED_TABLE, partition_key="HASH (id)")

    steps = steps_in(diagnose(RULE, a_snapshot(table, like("delete from events where kind = $1"))))

    assert steps.steps[0].startswith("`DELETE FROM (one partition) WHERE ctid = ANY")


def test_counts_a_statement_of_several_forms_once() -> None:
    again = replace(EXPIRE, id="2", text="delete from public.events where created_at < $1")
    both = (replace(EXPIRE, fingerprint="f"), replace(again, fingerprint="f"))

    [finding] = run(both).findings

    assert set(finding.statement_ids) == {EXPIRE.id, "2"}
    assert finding.key == "mass-delete:public.events:f"


@pytest.mark.parametrize(("rows", "count"), [(8_999_999, 0), (9_000_000, 1)])
def test_asks_for_a_hundred_thousand_rows_a_call(rows: int, count: int) -> None:
    assert len(run(replace(EXPIRE, rows=rows)).findings) == count


@pytest.mark.parametrize(("calls", "count"), [(2, 0), (3, 1)])
def test_leaves_alone_what_was_run_once_or_twice(calls: int, count: int) -> None:
    assert len(run(replace(EXPIRE, calls=calls)).findings) == count


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(
            "delete from events where id in (select id from events where created_at < $1 limit $2)",
            id="in-batches",
        ),
        pytest.param("select * from events where created_at < $1", id="no-delete"),
        pytest.param(
            "with gone as (select id from events) insert into copies select id from gone",
            id="into-another-table",
        ),
    ],
)
def test_leaves_alone(text: str) -> None:
    assert run(a_table("copies", "id bigint"), like(text)).is_clear


def test_does_not_count_what_a_workload_file_says() -> None:
    assert run(replace(EXPIRE, source="workload", calls=0, rows=0, weight=90)).is_clear


def test_says_nothing_of_calls_a_day_where_nobody_knows_since_when() -> None:
    snapshot = a_snapshot(EVENTS, EXPIRE, statistics_age_days=None)

    [finding] = diagnose(RULE, snapshot).findings

    assert [e.name for e in finding.evidence] == ["rows a call", "calls"]


def test_says_nothing_of_wal_where_it_is_not_counted() -> None:
    [finding] = run(replace(EXPIRE, wal_bytes=0)).findings

    assert finding.detail.startswith("Each call takes 4 min; the dead rows stay")


def test_cannot_judge_without_statements() -> None:
    assert run().reasons == ("no statement was recorded, and no workload files were given",)

"""The workload as the optimiser sees it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pgadvisor.choose.workload import Workload, weigh, with_proposals
from pgadvisor.model.action import CreateIndex, IndexDefinition
from pgadvisor.model.candidate import Candidate
from pgadvisor.model.catalog import Catalog
from pgadvisor.model.finding import Confidence, Finding, Provenance
from pgadvisor.model.schema import IndexKey
from pgadvisor.model.statement import Statement
from pgadvisor.model.usage import StatementUsage
from pgadvisor.parse.usage import usage_of
from pgadvisor.testing import (
    SnapshotObject,
    a_snapshot,
    a_statement,
    a_table,
    an_index,
    index_activity,
)

JOBS = a_table("jobs", "id bigint", "stage text", "status text", "created_at timestamptz")
POLL = a_statement(
    "select id from jobs where stage = $1 and status = $2 order by created_at limit $3"
)
WAITING = an_index(JOBS, "stage", "created_at", predicate="(status = 'pending'::text)")


def weighed(
    *statements: Statement, objects: tuple[SnapshotObject, ...] = (), days: float | None = 1.0
) -> tuple[Workload, dict[str, StatementUsage], Catalog]:
    catalog = Catalog(a_snapshot(JOBS, *objects, *statements))
    usages = {s.id: usage_of(s.id, s.text, catalog) for s in statements}
    return weigh(statements, usages, catalog, days), usages, catalog


def test_names_the_columns_that_an_index_could_begin_with() -> None:
    workload, _, _ = weighed(POLL)

    [statement] = workload.statements
    assert statement.columns == {
        (JOBS.oid, "stage"),
        (JOBS.oid, "status"),
        (JOBS.oid, "created_at"),
    }


def test_counts_calls_a_day() -> None:
    workload, _, _ = weighed(replace(POLL, calls=1_000), days=4.0)

    assert workload.statements[0].calls_per_day == 250.0


def test_takes_counters_of_unknown_age_as_one_day() -> None:
    workload, _, _ = weighed(replace(POLL, calls=1_000), days=None)

    assert workload.statements[0].calls_per_day == 1_000.0


def test_leaves_out_the_last_hundredth_of_the_time() -> None:
    tail = replace(a_statement("select id from jobs where id = $1"), total_time_ms=9.9)
    head = replace(POLL, total_time_ms=990.1)

    workload, _, _ = weighed(head, tail)

    assert [s.id for s in workload.statements] == [POLL.id]
    assert workload.covered_time_ratio == 990.1 / 1000


def test_keeps_statements_from_files_whatever_their_share() -> None:
    file = Statement(id="page.sql", text="select id from jobs", source="workload", weight=3.0)

    workload, _, _ = weighed(POLL, file)

    [_, kept] = workload.statements
    assert (kept.id, kept.calls_per_day, kept.mean_time_ms) == ("page.sql", 3.0, None)


def proposal() -> Finding:
    index = IndexDefinition(
        table_oid=JOBS.oid,
        schema="public",
        table="jobs",
        keys=(IndexKey(column="stage"), IndexKey(column="created_at")),
        predicate="status = 'pending'",
    )
    return Finding(
        subject="public.jobs",
        summary="",
        evidence=(),
        provenance=Provenance.STATISTICS,
        confidence=Confidence.HIGH,
        rule_id="queue-without-skip-locked",
        remedies=(CreateIndex(index=index, name="waiting"),),
        statement_ids=(POLL.id,),
    )


def test_plans_a_poll_for_the_value_that_a_rule_found_out() -> None:
    workload, usages, catalog = weighed(POLL)

    workload, [candidate] = with_proposals(workload, (), (proposal(),), usages, catalog)

    assert workload.statements[0].text == (
        "select id from jobs where stage = $1 and status = 'pending' order by created_at limit $3"
    )
    assert workload.assumed == ((POLL.id, "status = 'pending'"),)
    assert candidate.reason == "the proposal of queue-without-skip-locked"


def test_plans_a_poll_for_the_value_of_a_partial_index_that_is_read() -> None:
    workload, usages, catalog = weighed(POLL, objects=(WAITING, index_activity(WAITING, scans=5)))

    workload, candidates = with_proposals(workload, (), (), usages, catalog)

    assert "status = 'pending'" in workload.statements[0].text
    assert candidates == ()


def test_assumes_nothing_from_a_partial_index_that_nobody_reads() -> None:
    workload, usages, catalog = weighed(POLL, objects=(WAITING,))

    workload, _ = with_proposals(workload, (), (), usages, catalog)

    assert workload.statements[0].text == POLL.text
    assert workload.assumed == ()


def candidate(*columns: str) -> Candidate:
    index = IndexDefinition(
        table_oid=JOBS.oid,
        schema="public",
        table="jobs",
        keys=tuple(IndexKey(column=column) for column in columns),
    )
    return Candidate(definition=index, statement_ids=(POLL.id,), reason="")


@pytest.mark.parametrize(
    ("columns", "kept"),
    [
        pytest.param(("status", "stage", "created_at"), 0, id="the-same-in-full"),
        pytest.param(("stage", "status", "created_at"), 0, id="in-another-order"),
        pytest.param(("status", "created_at"), 1, id="in-an-order-that-it-has-not"),
        pytest.param(("stage", "id"), 1, id="another-index"),
    ],
)
def test_proposes_no_full_index_beside_a_partial_one_that_is_read(
    columns: tuple[str, ...], kept: int
) -> None:
    workload, usages, catalog = weighed(POLL, objects=(WAITING, index_activity(WAITING, scans=5)))

    _, left = with_proposals(workload, (candidate(*columns),), (), usages, catalog)

    assert len(left) == kept

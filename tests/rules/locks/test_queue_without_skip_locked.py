"""queue-without-skip-locked."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pgadvisor.model.action import CreateIndex, RewriteStatement
from pgadvisor.model.finding import Finding, Severity
from pgadvisor.model.schema import Index
from pgadvisor.model.snapshot import Redaction
from pgadvisor.model.statement import Statement
from pgadvisor.model.statistics import ColumnStatistics
from pgadvisor.sqltext.index import describe_index
from pgadvisor.testing import (
    Outcome,
    SnapshotPart,
    a_primary_key,
    a_snapshot,
    a_statement,
    a_table,
    an_index,
    column_statistics,
    diagnose,
)

RULE = "queue-without-skip-locked"
JOBS = a_table(
    "jobs",
    "id bigint not null",
    "stage text not null",
    "status text not null",
    "created_at timestamptz not null",
)
KEY = a_primary_key(JOBS, "id")
POLL = a_statement(
    "select id from jobs where stage = $1 and status = $2 order by created_at limit $3 for update"
)
FINISH = a_statement("update jobs set status = $1 where id = $2")
STATES = column_statistics(
    JOBS,
    "status",
    most_common=[("done", 0.95), ("pending", 0.02), ("running", 0.02), ("error", 0.01)],
)


def run(*objects: SnapshotPart) -> Outcome:
    return diagnose(RULE, a_snapshot(JOBS, KEY, *objects))


def index_of(finding: Finding) -> str | None:
    for action in finding.remedies:
        if isinstance(action, CreateIndex):
            return describe_index(action.index)
    return None


def rewrite_of(finding: Finding) -> str:
    [action] = [a for a in finding.remedies if isinstance(a, RewriteStatement)]
    return " ".join(action.after.lower().split())


def test_rewrites_the_poll_and_proposes_the_index_of_what_waits() -> None:
    [finding] = run(POLL, FINISH, STATES).findings

    assert finding.key == f"queue-without-skip-locked:public.jobs:{POLL.id}"
    assert finding.severity is Severity.CRITICAL
    assert "for update skip locked" in rewrite_of(finding)
    assert index_of(finding) == "public.jobs (stage, created_at) WHERE status = 'pending'"
    assert "a generic plan of a prepared statement" in finding.detail


def test_proposes_the_full_index_where_nothing_is_known_of_the_states() -> None:
    [finding] = run(POLL, FINISH).findings

    assert index_of(finding) == "public.jobs (status, stage, created_at)"
    assert "because there are no statistics of its values" in finding.detail


def states(*pairs: tuple[str, float]) -> ColumnStatistics:
    return column_statistics(JOBS, "status", most_common=pairs)


@pytest.mark.parametrize(
    ("statistics", "why"),
    [
        pytest.param(
            states(("done", 0.74), ("pending", 0.26)),
            "do not tell which one rare value",
            id="many-wait",
        ),
        pytest.param(
            states(("done", 0.9), ("alpha", 0.05), ("beta", 0.05)),
            "do not tell which one rare value",
            id="two-rare-ones",
        ),
        pytest.param(
            states(("done", 0.9), ("new", 0.05), ("retry", 0.05)),
            "do not tell which one rare value",
            id="two-that-wait",
        ),
        pytest.param(
            states(("queued", 0.9), ("running", 0.05), ("failed", 0.05)),
            "do not tell which one rare value",
            id="only-others-are-rare",
        ),
        pytest.param(
            replace(STATES, n_distinct=9.0), "do not hold all of its values", id="other-values"
        ),
        pytest.param(states(("done", 0.99999), ("pending", 0.00001)), "hardly a row", id="one-row"),
    ],
)
def test_proposes_the_full_index_where_the_statistics_do_not_tell(
    statistics: ColumnStatistics, why: str
) -> None:
    [finding] = run(POLL, FINISH, statistics).findings

    assert index_of(finding) == "public.jobs (status, stage, created_at)"
    assert why in finding.detail


def test_takes_an_unknown_word_where_it_is_the_only_rare_one() -> None:
    statistics = states(("done", 0.94), ("offen", 0.05), ("failed", 0.01))

    [finding] = run(POLL, FINISH, statistics).findings

    assert index_of(finding) == "public.jobs (stage, created_at) WHERE status = 'offen'"


def test_does_not_take_a_pseudonym_for_a_state() -> None:
    statistics = states(("done", 0.94), ("xq7", 0.05), ("failed", 0.01))
    snapshot = a_snapshot(JOBS, KEY, POLL, FINISH, statistics)

    [finding] = diagnose(RULE, replace(snapshot, redaction=Redaction(level="default"))).findings

    assert "WHERE" not in str(index_of(finding))
    assert "xq7" not in str(finding)


LITERAL = replace(
    POLL,
    text="select id from jobs where status = 'pending' order by created_at limit 1 for update",
)


def test_believes_the_literal_of_the_text() -> None:
    [finding] = run(LITERAL, FINISH).findings

    assert index_of(finding) == "public.jobs (created_at) WHERE status = 'pending'"


def test_doubts_a_literal_that_many_rows_have() -> None:
    [finding] = run(LITERAL, FINISH, states(("pending", 0.9), ("done", 0.1))).findings

    assert index_of(finding) == "public.jobs (status, created_at)"
    assert "90 % of the rows are in the polled state" in finding.detail


def test_reads_a_missing_time_as_a_state() -> None:
    jobs = a_table("jobs", "id bigint not null", "created_at timestamptz", "finished_state text")
    poll = a_statement(
        "select id from jobs where finished_state is null order by created_at limit 1 for update"
    )
    few = column_statistics(jobs, "finished_state", most_common=[("done", 0.98)], null_ratio=0.02)

    [finding] = diagnose(RULE, a_snapshot(jobs, poll, few)).findings

    assert index_of(finding) == "public.jobs (created_at) WHERE finished_state IS NULL"


def test_polls_for_several_states_get_the_full_index() -> None:
    poll = replace(
        POLL,
        text="select id from jobs where status in ($1, $2) order by created_at limit 1 for update",
    )

    [finding] = run(poll, FINISH, STATES).findings

    assert index_of(finding) == "public.jobs (status, created_at)"


@pytest.mark.parametrize(
    ("index", "wanted"),
    [
        pytest.param(an_index(JOBS, "stage", "status", "created_at"), None, id="the-same"),
        pytest.param(an_index(JOBS, "status", "stage", "created_at", "id"), None, id="a-wider-one"),
        pytest.param(
            an_index(JOBS, "status", "stage"),
            "public.jobs (status, stage, created_at)",
            id="without-the-order",
        ),
        pytest.param(
            an_index(JOBS, "stage", "status", "created_at", is_valid=False),
            "public.jobs (status, stage, created_at)",
            id="invalid",
        ),
    ],
)
def test_proposes_no_index_that_is_there(index: Index, wanted: str | None) -> None:
    [finding] = run(POLL, FINISH, index).findings

    assert index_of(finding) == wanted
    assert "skip locked" in rewrite_of(finding)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(f"{POLL.text} skip locked", id="skip-locked"),
        pytest.param(f"{POLL.text} nowait", id="nowait"),
        pytest.param(POLL.text.removesuffix(" for update"), id="no-lock"),
        pytest.param(POLL.text.replace("update", "share"), id="shared-lock"),
        pytest.param(POLL.text.replace("limit $3", ""), id="no-limit"),
        pytest.param(
            "select id from jobs where id = $1 and status = $2 limit 1 for update", id="by-key"
        ),
        pytest.param(
            "select id from jobs where created_at < $1 order by id limit 1 for update",
            id="no-state",
        ),
    ],
)
def test_leaves_alone(text: str) -> None:
    assert run(replace(POLL, text=text), FINISH, STATES).is_clear


def test_asks_for_three_signs_of_a_queue() -> None:
    accounts = a_table("accounts", "id bigint not null", "status text", "balance numeric")
    text = "select id from accounts where status = $1 order by balance limit 1 for update"
    snapshot = a_snapshot(accounts, a_statement(text))

    assert diagnose(RULE, snapshot).is_clear
    assert len(diagnose(RULE, snapshot, min_signs_count=1).findings) == 1


def test_leaves_a_rare_poll_alone() -> None:
    rare = replace(POLL, calls=90, total_time_ms=1.0)
    other = a_statement("select 1")

    assert run(rare, FINISH, STATES, other).is_clear
    often = replace(rare, calls=90 * 10_000)
    assert len(run(often, FINISH, STATES, other).findings) == 1


def test_takes_statements_of_one_shape_together() -> None:
    twins = tuple(replace(POLL, fingerprint="f", id=i) for i in ("1", "2"))

    [finding] = run(*twins, FINISH, STATES).findings

    assert finding.statement_ids == ("1", "2")


def test_finds_the_lock_inside_an_update() -> None:
    claim: Statement = replace(
        POLL,
        text="""
            update jobs set status = $1 where id = (
                select id from jobs where status = $2 order by created_at limit 1 for update
            ) returning id
        """,
    )

    [finding] = run(claim, STATES).findings

    assert "skip locked" in rewrite_of(finding)
    assert index_of(finding) == "public.jobs (created_at) WHERE status = 'pending'"


def test_cannot_judge_without_statements() -> None:
    assert run().reasons == ("no statement was recorded, and no workload files were given",)


@given(
    ratios=st.lists(st.floats(0.0001, 1.0), min_size=1, max_size=6),
    words=st.permutations(["pending", "done", "running", "new", "abc", "it's"]),
)
def test_a_partial_index_always_holds_few_rows(ratios: list[float], words: list[str]) -> None:
    scaled = [ratio / sum(ratios) for ratio in ratios]
    known = dict(zip(words, scaled, strict=False))

    [finding] = run(POLL, FINISH, states(*known.items())).findings

    for action in finding.remedies:
        if isinstance(action, CreateIndex) and action.index.predicate:
            value = action.index.predicate.partition(" = ")[2][1:-1].replace("''", "'")
            assert known[value] <= 0.25
            assert value not in {"done", "running"}

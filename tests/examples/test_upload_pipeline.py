"""The advisor on the upload pipeline: every planted fault, and nothing once it is mended."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest

import pgadvisor
from examples.upload_pipeline import generate, workload
from examples.upload_pipeline.faults import FAULTS, RULES, Reported, Score, score
from examples.upload_pipeline.server import SETTINGS, fresh_copy, load_origin
from examples.upload_pipeline.statements import HURRIED, MENDED, Statements
from pgadvisor.cluster.launch import Cluster
from pgadvisor.model.finding import Severity
from pgadvisor.model.statement import Statement
from pgadvisor.model.statement import Statements as Rows

pytestmark = [pytest.mark.live, pytest.mark.slow, pytest.mark.xdist_group("upload-pipeline")]

SCALE = generate.Scale()
PLAN = workload.Plan(warm_up_s=1, windows=2, window_s=5)
CONFIG = pgadvisor.load_config(generate.HERE / "pgadvisor.toml")


@pytest.fixture(scope="module")
def server() -> Iterator[Cluster]:
    """The demo's own server, with the pipeline loaded."""
    with Cluster(settings=SETTINGS) as cluster:
        load_origin(cluster, SCALE)
        yield cluster


def collected(dsn: str, statements: Statements) -> pgadvisor.Snapshot:
    """Run the workload and collect what is left of it."""
    workload.run(dsn, statements, scale=SCALE, plan=PLAN)
    if statements is MENDED:
        # What autovacuum, now well set, does in its next round, a few seconds from here.
        with psycopg.connect(dsn, autocommit=True) as connection:
            connection.execute("vacuum (analyze)")
    return pgadvisor.collect(dsn)


def analysed(snapshot: pgadvisor.Snapshot) -> pgadvisor.Advice:
    """Analyse with the demo's limits."""
    return pgadvisor.advise(snapshot, config=CONFIG)


def reported(advice: pgadvisor.Advice) -> tuple[Reported, ...]:
    """Each finding with what it is about: subject, key, and the texts of its statements.

    Mere hints count only of the rules that have something to find here: nothing was ever set on
    this server.
    """
    texts = {statement.id: statement.text for statement in advice.statements}
    return tuple(
        Reported(
            rule_id=finding.rule_id,
            text="\n".join(
                (finding.subject, finding.key, *(texts[i] for i in finding.statement_ids))
            ),
        )
        for finding in advice.findings
        if finding.severity is not Severity.INFO or finding.rule_id in RULES
    )


def said(result: Score) -> str:
    """The result as a person reads it."""
    lines = [f"recall {result.recall:.0%}, precision {result.precision:.0%}"]
    lines += [f"missed: {fault.rule_id}: {fault.pattern}" for fault in result.missed]
    lines += [f"false alarm: {found.rule_id}: {found.text}" for found in result.false_alarms]
    return "\n".join(lines)


@pytest.fixture(scope="module")
def hurried(server: Cluster) -> pgadvisor.Snapshot:
    """The pipeline as it went into production, after some seconds of work."""
    return collected(fresh_copy(server), HURRIED)


def test_finds_each_planted_fault_and_nothing_else(hurried: pgadvisor.Snapshot) -> None:
    advice = analysed(hurried)

    result = score(FAULTS, reported(advice))

    print(f"\nas it went into production: {said(result)}")  # noqa: T201 - the figures are asked for
    assert (result.recall, result.precision) == (1.0, 1.0), said(result)


def test_a_redacted_snapshot_gives_the_same_recommendations(
    hurried: pgadvisor.Snapshot, tmp_path: Path
) -> None:
    file = tmp_path / "uploads.pgsnap"
    pgadvisor.save(hurried, file)

    redacted = analysed(pgadvisor.load(file))

    assert redacted.redaction.pseudonymised_values > 0
    assert [made.title for made in redacted.recommendations] == [
        made.title for made in analysed(hurried).recommendations
    ]
    assert redacted.migration.up_sql == analysed(hurried).migration.up_sql


@pytest.fixture(scope="module")
def mended(server: Cluster) -> pgadvisor.Snapshot:
    """The pipeline as a careful team left it, after some seconds of work."""
    return collected(fresh_copy(server, is_mended=True), MENDED)


def test_finds_nothing_once_it_is_mended(mended: pgadvisor.Snapshot) -> None:
    advice = analysed(mended)

    result = score((), reported(advice))

    print(f"\nafter it was mended: {said(result)}")  # noqa: T201 - the figures are asked for
    judged = {*advice.clear, *(finding.rule_id for finding in advice.findings)}
    assert result.precision == 1.0, said(result)
    assert set(RULES) <= judged, f"could not judge: {sorted(set(RULES) - judged)}"
    # Nobody polls for jobs that are done, whatever share of the rows they are.
    assert advice.plans_by_value == ()


def test_a_statement_that_was_slow_by_chance_brings_no_index(mended: pgadvisor.Snapshot) -> None:
    total_ms = sum(statement.total_time_ms for statement in mended.statements)

    for statement in mended.statements:
        if statement.total_time_ms < 0.01 * total_ms:
            continue
        advice = analysed(slowed(mended, statement, 4.0))
        found = [f.key for f in advice.findings if f.rule_id == "missing-index"]
        assert found == [], f"with four times the time for {statement.text}"


def slowed(snapshot: pgadvisor.Snapshot, slow: Statement, factor: float) -> pgadvisor.Snapshot:
    """The snapshot as if each call of one statement had taken so many times as long."""
    rows = [
        replace(
            one,
            total_time_ms=one.total_time_ms * factor,
            mean_time_ms=one.mean_time_ms * factor,
            max_time_ms=one.max_time_ms * factor,
        )
        if one is slow
        else one
        for one in snapshot.statements
    ]
    rows.sort(key=lambda one: -one.total_time_ms)
    return replace(snapshot, statements=Rows(rows=tuple(rows)))

"""The advisor on the upload pipeline: every planted fault, and nothing once it is mended."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

import pgadvisor
from examples.upload_pipeline.faults import FAULTS, RULES, score
from examples.upload_pipeline.server import SETTINGS, fresh_copy, load_origin
from examples.upload_pipeline.statements import HURRIED, MENDED
from pgadvisor.cluster.launch import Cluster
from pgadvisor.model.statement import Statement
from pgadvisor.model.statement import Statements as Rows
from tests.fixtures.upload_pipeline import SCALE, analysed, collected, reported, said

pytestmark = [pytest.mark.live, pytest.mark.slow, pytest.mark.xdist_group("upload-pipeline")]


@pytest.fixture(scope="module")
def server() -> Iterator[Cluster]:
    """The demo's own server, with the pipeline loaded."""
    with Cluster(settings=SETTINGS) as cluster:
        load_origin(cluster, SCALE)
        yield cluster


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

"""The example system as it went into production, after its migration, and as it was mended."""

from __future__ import annotations

from dataclasses import dataclass

import psycopg

from examples.upload_pipeline.faults import FAULTS, Score, score
from examples.upload_pipeline.server import SETTINGS, fresh_copy, load_origin
from examples.upload_pipeline.statements import HURRIED, MENDED
from pgadvisor.advice import Advice
from pgadvisor.cluster.binaries import Binaries
from pgadvisor.cluster.launch import Cluster
from pgadvisor.model.finding import Finding, Severity
from tests.fixtures.upload_pipeline import SCALE, analysed, collected, reported

LEFT_TO_A_PERSON = (
    "alter table chunks alter column id type bigint",
    "alter sequence chunks_id_seq as bigint",
    "drop index documents_tenant_id_file_name_key",
)
"""What the report says that a person has to do or to decide; the statements are the rest of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExampleJudgement:
    """What was said of the example system."""

    hurried: Score
    """Of the faults that were planted."""
    after_migration: tuple[Finding, ...]
    """Above a remark, once its own migration is applied and a person has done the rest."""
    mended: tuple[Finding, ...]
    """Above a remark, once a careful team has mended it without us."""


def judge_example(binaries: Binaries) -> ExampleJudgement:
    """Let the example system work, analyse it, and again after its migration."""
    with Cluster(binaries=binaries, settings=SETTINGS, memory_bytes=2 << 30) as cluster:
        load_origin(cluster, SCALE)
        advice = analysed(collected(fresh_copy(cluster), HURRIED))
        migrated = fresh_copy(cluster)
        with psycopg.connect(migrated, autocommit=True) as session:
            for statement in (*_statements(advice), *LEFT_TO_A_PERSON):
                session.execute(statement.encode())
        after = analysed(collected(migrated, MENDED))
        mended = analysed(collected(fresh_copy(cluster, is_mended=True), MENDED))
    return ExampleJudgement(
        hurried=score(FAULTS, reported(advice)),
        after_migration=_loud(after),
        mended=_loud(mended),
    )


def _statements(advice: Advice) -> tuple[str, ...]:
    return tuple(text for step in advice.migration.steps for text in step.up)


def _loud(advice: Advice) -> tuple[Finding, ...]:
    return tuple(f for f in advice.findings if f.severity not in {None, Severity.INFO})

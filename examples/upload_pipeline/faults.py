"""What is wrong with the upload pipeline, as data: an advisor is measured by it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

RULES = (
    "missing-index",
    "unindexed-foreign-key",
    "duplicate-index",
    "redundant-prefix-index",
    "unused-index",
    "invalid-index",
    "no-primary-key",
    "integer-key-exhaustion",
    "stale-statistics",
    "coarse-autovacuum-scale-factor",
    "autovacuum-off",
    "non-sargable-predicate",
    "deep-offset",
    "spilling-statement",
    "queue-without-skip-locked",
)
"""The rules that have something to find here; on the mended database each must be silent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One thing that was done wrong on purpose."""

    rule_id: str
    pattern: str
    """A regular expression that the finding's text fulfils: its subject, its key, or the
    statements that it names."""
    why: str
    """How it hurts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reported:
    """A finding as far as it matters here."""

    rule_id: str
    text: str
    """Subject, key and statements, one a line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """How an advisor did."""

    missed: tuple[Fault, ...]
    false_alarms: tuple[Reported, ...]
    recall: float
    """The share of the planted faults that was found."""
    precision: float
    """The share of the findings that is a planted fault; 1 where nothing was reported."""


FAULTS = (
    Fault(
        rule_id="missing-index",
        pattern=r"upload_jobs \(.*(stage|status)",
        why="Each claim reads all jobs, finished ones too, to find the oldest pending one.",
    ),
    Fault(
        rule_id="missing-index",
        pattern=r"upload_jobs \(document_id",
        why="Showing a document reads all jobs.",
    ),
    Fault(
        rule_id="missing-index",
        pattern=r"chunks \(document_id",
        why="Showing a document reads all chunks.",
    ),
    Fault(
        rule_id="missing-index",
        pattern=r"documents \(\(?lower\(file_name\)",
        why="The search by name reads all documents.",
    ),
    Fault(
        rule_id="queue-without-skip-locked",
        pattern=r"upload_jobs",
        why="Workers of one stage wait for each other's row before they look at the next.",
    ),
    Fault(
        rule_id="unindexed-foreign-key",
        pattern=r"upload_jobs.*document_id",
        why="Erasing a document reads all jobs, under lock.",
    ),
    Fault(
        rule_id="unindexed-foreign-key",
        pattern=r"chunks.*document_id",
        why="Erasing a document reads all chunks, under lock.",
    ),
    Fault(
        rule_id="duplicate-index",
        pattern=r"idx_jobs_for_status_page|upload_jobs_tenant_id_created_at_idx",
        why="Every change of a job that is not heap-only is written to the same index twice.",
    ),
    Fault(
        rule_id="redundant-prefix-index",
        pattern=r"documents_tenant_id_idx",
        why="documents_tenant_id_uploaded_at_idx begins with the same column.",
    ),
    Fault(
        rule_id="unused-index",
        pattern=r"chunks_content_hash_idx",
        why="The largest index of all is written for every chunk and never read.",
    ),
    Fault(
        rule_id="invalid-index",
        pattern=r"documents_tenant_id_file_name_key",
        why="It failed on duplicates: it enforces nothing and serves no query.",
    ),
    Fault(
        rule_id="no-primary-key",
        pattern=r"stage_events",
        why="A wrong row cannot be named, and logical replication cannot update it.",
    ),
    Fault(
        rule_id="integer-key-exhaustion",
        pattern=r"chunks",
        why="At nine tenths of 2,147,483,647; then no document can be parsed any more.",
    ),
    Fault(
        rule_id="stale-statistics",
        pattern=r"storage_usage",
        why="Every row was changed since the last ANALYZE, and autovacuum is off.",
    ),
    Fault(
        rule_id="autovacuum-off",
        pattern=r"storage_usage",
        why="It was switched off for a load and never on again: no dead row is ever removed.",
    ),
    Fault(
        rule_id="coarse-autovacuum-scale-factor",
        pattern=r"upload_jobs",
        why="Each job is updated ten times, and vacuum waits for a fifth of all that ever were.",
    ),
    Fault(
        rule_id="coarse-autovacuum-scale-factor",
        pattern=r"documents",
        why="Erased documents stay in the way until a fifth of all of them is erased.",
    ),
    Fault(
        rule_id="coarse-autovacuum-scale-factor",
        pattern=r"chunks",
        why="So do their chunks.",
    ),
    Fault(
        rule_id="non-sargable-predicate",
        pattern=r"lower\(file_name\)",
        why="An index on file_name would not help: the search is for something else.",
    ),
    Fault(
        rule_id="deep-offset",
        pattern=r"offset",
        why="The list of jobs reads and throws away all pages before the one shown.",
    ),
    Fault(
        rule_id="spilling-statement",
        pattern=r"token_count",
        why="The tokens report groups all chunks in more memory than it has, by files.",
    ),
)


def score(faults: Iterable[Fault], findings: Iterable[Reported]) -> Score:
    """Compare what was planted with what was found."""
    planted, reported = tuple(faults), tuple(findings)
    missed = tuple(f for f in planted if not any(_is_about(f, found) for found in reported))
    false_alarms = tuple(r for r in reported if not any(_is_about(f, r) for f in planted))
    return Score(
        missed=missed,
        false_alarms=false_alarms,
        recall=1 - len(missed) / len(planted) if planted else 1.0,
        precision=1 - len(false_alarms) / len(reported) if reported else 1.0,
    )


def _is_about(fault: Fault, finding: Reported) -> bool:
    return fault.rule_id == finding.rule_id and bool(
        re.search(fault.pattern, finding.text, re.IGNORECASE)
    )

"""Indexes on a column of few values, all of them frequent, that no plan reads."""

from collections.abc import Iterator
from dataclasses import dataclass

from pgadvisor.rulekit import (
    Case,
    Confidence,
    Evidence,
    Finding,
    Impact,
    Index,
    ManualSteps,
    MiB,
    Outcome,
    Provenance,
    Severity,
    SkipRule,
    Table,
    format_ratio,
    format_size,
    has_other_duty,
    index_definition,
    index_scans,
    index_size,
    leaves_key_unserved,
    readers_by_plan,
    removal_step,
    rule,
    trial_step,
)

_WHOLE_RATIO = 0.999
"""From here on the most common values are all there are; ratios are rounded."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What is few, and what is frequent."""

    max_values_count: int = 5
    """Distinct values of the column, NULL among them."""

    min_value_ratio: float = 0.1
    """Share of the rows of the rarest one: an index that finds a tenth of the rows reads nearly
    every page of the table."""

    min_size_bytes: int = 32 * MiB
    """Of the index."""


@rule(severity=Severity.INFO, since="0.1", limits=Limits, requires=("usage-window", "eviction"))
def few_valued_index(case: Case, limits: Limits) -> Outcome:
    """Each value of an index finds a large part of the table, and no plan reads it.

    ## Why it matters
    A tenth of the rows lies on nearly all pages of a table, so that a sequential scan is the
    faster way to them, and the planner knows it.  The index is written with each row for nothing.

    ## What it leaves alone
    Columns with a rare value, which may be what the index is for; indexes with more keys, a
    predicate or included columns; those that the plan of a known statement reads, be it to count
    or together with another one; those that nobody scans, which another rule drops; those that
    enforce something or alone serve a foreign key; and small ones.

    ## Before you act
    It was scanned, by a statement whose plan is not known: find it first.  Where one value is to
    become rare (jobs that are done by tomorrow), an index of that value alone is what helps.

    ## Example
        SELECT most_common_vals, most_common_freqs FROM pg_stats
        WHERE tablename = 'orders' AND attname = 'is_paid';
        DROP INDEX CONCURRENTLY orders_is_paid_idx;
    """
    if case.user_indexes and not case.snapshot.column_statistics:
        raise SkipRule("statistics of columns are not in the snapshot")
    if not any(made.plan is not None for made in case.snapshot.plans):
        raise SkipRule("there are no plans in the snapshot that would tell who reads an index")
    dropped = {found.index.oid for found in case.redundancies}
    for table, index in case.user_indexes:
        if index.oid in dropped or index.oid in case.keepers or has_other_duty(index):
            continue
        rarest = _rarest(case, table, index, limits)
        if (
            rarest is not None
            and rarest >= limits.min_value_ratio
            and case.size_of_index(index) >= limits.min_size_bytes
            and case.scans_of(index) > 0
            and not readers_by_plan(case, index)
            and not leaves_key_unserved(case, table, index)
        ):
            yield _finding(case, table, index, rarest)


def _rarest(case: Case, table: Table, index: Index, limits: Limits) -> float | None:
    """Share of the rows of the rarest value, where all values of the only key are known."""
    is_plain = (
        index.access_method == "btree"
        and len(index.keys) == 1
        and index.keys[0].column is not None
        and index.predicate is None
        and not index.include
    )
    known = case.statistics_of(table, index.keys[0].column or "") if is_plain else None
    if known is None or not known.most_common_ratios:
        return None
    ratios = [ratio for ratio in (*known.most_common_ratios, known.null_ratio) if ratio > 0]
    if len(ratios) > limits.max_values_count or sum(ratios) < _WHOLE_RATIO:
        return None
    return min(ratios)


def _finding(case: Case, table: Table, index: Index, rarest: float) -> Finding:
    name, size_bytes = f"{index.schema}.{index.name}", case.size_of_index(index)
    return Finding(
        subject=name,
        summary=f"{name} ({format_size(size_bytes)}) finds {format_ratio(rarest)} of the rows at "
        "least by each value, and no known plan reads it",
        evidence=tuple(_evidence(case, index, rarest)),
        provenance=Provenance.STATISTICS,
        confidence=Confidence.MEDIUM if case.is_open("topology") else Confidence.LOW,
        guards=(
            "no value of the column is rare",
            "no known plan reads it",
            "no foreign key is left without an index",
            case.gates.gate("eviction").detail,
        ),
        remedies=(
            ManualSteps(
                title=f"See whether {table.qualified_name} can do without {index.name}",
                steps=(
                    trial_step(case, index),
                    f"Where they can do without: {removal_step(index)}",
                ),
            ),
        ),
        impact=Impact(
            freed_bytes=size_bytes, written_entries_per_day=case.saved_entries_per_day(table)
        ),
    )


def _evidence(case: Case, index: Index, rarest: float) -> Iterator[Evidence]:
    yield Evidence(
        name="rows of the rarest value",
        value=round(rarest, 4),
        unit="ratio",
        source="pg_stats.most_common_freqs, null_frac",
    )
    yield index_size(case, index)
    yield index_scans(case, index)
    yield index_definition(index)

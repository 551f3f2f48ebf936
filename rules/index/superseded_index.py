"""Existing indexes that a new one, created in the same migration, makes useless."""

from dataclasses import dataclass

from pgadvisor.rulekit import (
    Case,
    Choice,
    Confidence,
    Evidence,
    Finding,
    Impact,
    Index,
    Outcome,
    Provenance,
    Severity,
    SkipRule,
    SupersededIndex,
    costed_rule,
    format_count,
    format_size,
    index_definition,
    index_scans,
    removal_of,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """From when on it is worth a word."""

    min_size_bytes: int = 0
    """Smaller indexes are left where they are."""


@costed_rule(severity=Severity.INFO, since="0.1", limits=Limits)
def superseded_index(case: Case, choice: Choice, limits: Limits) -> Outcome:
    """An index becomes useless when the advised ones are there.

    ## Why it matters
    A new index that begins with all the keys of an old one serves every statement that the old
    one serves.  Both would be written with each row.

    ## What it leaves alone
    Indexes that enforce a constraint or are unique, replica identities, indexes that a table is
    clustered by, parts of partitioned indexes, partial indexes, indexes named by `--protect`; keys
    that no new index begins with, in the same order, with the same operator classes and
    collations; and any index without which the planner takes a statement for dearer.

    ## Before you act
    The new index has to be valid before the old one goes; the migration checks that.  Scans that
    return many rows of one key read a little more from a wider index.

    ## Example
        CREATE INDEX CONCURRENTLY ON orders (customer_id, created_at);
        DROP INDEX CONCURRENTLY orders_customer_id_idx;
    """
    if choice.unavailable_reason:
        raise SkipRule(choice.unavailable_reason)
    for row in choice.superseded:
        index = case.catalog.indexes.get(row.index_oid)
        if index is not None and case.size_of_index(index) >= limits.min_size_bytes:
            yield _finding(case, index, row)


def _finding(case: Case, index: Index, row: SupersededIndex) -> Finding:
    size_bytes = case.size_of_index(index)
    heirs = " and ".join(row.by)
    entries = format_count(row.freed_entries_per_day)
    return Finding(
        subject=f"{index.schema}.{index.name}",
        summary=f"{index.schema}.{index.name} does nothing that {heirs} will not do, and takes "
        f"{format_size(size_bytes)}",
        detail=f"Without it writes make {entries} index entries a day less."
        if row.freed_entries_per_day
        else "",
        evidence=(
            index_definition(index),
            Evidence(name="size", value=size_bytes, unit="bytes", source="pg_relation_size"),
            index_scans(case, index),
        ),
        provenance=Provenance.SIMULATED,
        confidence=Confidence.HIGH,
        guards=(
            f"{heirs} begins with all that it holds",
            "it enforces no constraint and is no replica identity",
            "no statement is planned dearer without it",
        ),
        remedies=(removal_of(case, index),),
        impact=Impact(freed_bytes=size_bytes, written_entries_per_day=-row.freed_entries_per_day),
    )

"""Large tables that autovacuum comes to only after millions of dead rows."""

import math
from dataclasses import dataclass

from pgadvisor.rulekit import (
    Case,
    Confidence,
    Evidence,
    Finding,
    Impact,
    Outcome,
    Provenance,
    RelationKind,
    SetTableOptions,
    Severity,
    SkipRule,
    Table,
    format_count,
    rule,
)

_FACTOR = "autovacuum_vacuum_scale_factor"
_OWN = (_FACTOR, "autovacuum_vacuum_threshold", "autovacuum_vacuum_max_threshold")
_SMALLEST_FACTOR = 0.001


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How many dead rows a vacuum may wait for."""

    min_table_rows: int = 10_000_000
    """In smaller tables a fifth of the rows is no great matter."""

    max_dead_rows: int = 10_000_000
    """Dead rows that autovacuum may wait for, at most."""

    target_dead_rows: int = 1_000_000
    """Dead rows that the proposed factor waits for."""


@rule(severity=Severity.WARNING, since="0.1", limits=Limits)
def coarse_autovacuum_scale_factor(case: Case, limits: Limits) -> Outcome:
    """Autovacuum waits for very many dead rows in a large table.

    ## Why it matters
    Autovacuum comes when a share of the table is dead.  A fifth of a hundred million rows is
    twenty million dead ones: scans read them, index-only scans visit the heap, and the vacuum
    that comes in the end is long.  Frequent small ones do less work each.

    ## What it leaves alone
    Small tables, tables that are only inserted into, tables with settings of their own, those
    for which autovacuum is switched off, and servers whose
    ``autovacuum_vacuum_max_threshold`` (PostgreSQL 18) bounds the wait already.

    ## Before you act
    Vacuum will run more often, for a shorter time each.  Watch its share of the disk's reads.

    ## Example
        ALTER TABLE events SET (autovacuum_vacuum_scale_factor = 0.01);
    """
    factor, threshold, bound = (
        _number(case, name)
        for name in (_FACTOR, "autovacuum_vacuum_threshold", "autovacuum_vacuum_max_threshold")
    )
    if factor is None or threshold is None:
        raise SkipRule("the settings of autovacuum are not in the snapshot")
    for table in case.user_tables:
        for leaf in case.catalog.leaves(table):
            rows = case.catalog.rows_now(leaf)
            trigger = threshold + factor * rows
            trigger = min(trigger, bound) if bound is not None and bound >= 0 else trigger
            is_coarse = rows >= limits.min_table_rows and trigger >= limits.max_dead_rows
            if is_coarse and not _is_left_alone(case, leaf):
                yield _finding(case, leaf, rows, trigger, limits)


def _number(case: Case, name: str) -> float | None:
    setting = case.snapshot.server.setting(name)
    return None if setting is None else float(setting.value)


def _is_left_alone(case: Case, table: Table) -> bool:
    names = table.option_values.keys()
    counters = case.catalog.activity_of(table)
    return (
        table.kind is RelationKind.MATERIALIZED_VIEW
        or bool(names & {*_OWN})
        or table.is_autovacuum_off
        or counters.rows_updated + counters.rows_deleted == 0
    )


def _finding(case: Case, table: Table, rows: float, trigger: float, limits: Limits) -> Finding:
    counters = case.catalog.activity_of(table)
    factor = _factor(limits.target_dead_rows / rows)
    return Finding(
        subject=table.qualified_name,
        summary=f"Autovacuum comes to {table.qualified_name} only after "
        f"{format_count(trigger)} dead rows",
        detail=f"With a factor of {factor:g} it comes after about {format_count(factor * rows)}.",
        evidence=(
            Evidence(
                name="rows",
                value=round(rows),
                unit="rows",
                source="pg_class.reltuples, scaled by the length now",
            ),
            Evidence(
                name="dead rows that autovacuum waits for",
                value=round(trigger),
                unit="rows",
                source=f"pg_settings.{_FACTOR}",
            ),
            Evidence(
                name="dead rows now",
                value=counters.dead_rows,
                unit="rows",
                source="pg_stat_user_tables.n_dead_tup",
            ),
        ),
        provenance=Provenance.STATISTICS,
        confidence=Confidence.HIGH,
        guards=(
            "it is updated or deleted from",
            "it has no autovacuum settings of its own",
        ),
        remedies=(
            SetTableOptions(
                schema=table.schema,
                table=table.name,
                options=((_FACTOR, f"{factor:g}"),),
                previous=((_FACTOR, None),),
            ),
        ),
        impact=Impact(risk="dead rows pile up between two long vacuums"),
    )


def _factor(exact: float) -> float:
    """Round to one digit, as a person would write it."""
    if exact <= _SMALLEST_FACTOR:
        return _SMALLEST_FACTOR
    digits = -math.floor(math.log10(exact))
    return round(exact, digits)

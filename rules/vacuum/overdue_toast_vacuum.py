"""TOAST tables in which more is dead than autovacuum should leave."""

from collections.abc import Iterator
from dataclasses import dataclass

from pgadvisor.rulekit import (
    MS_PER_DAY,
    Case,
    Confidence,
    Evidence,
    Finding,
    GiB,
    Impact,
    ManualSteps,
    Outcome,
    Provenance,
    SetTableOptions,
    Severity,
    Skipped,
    SkipRule,
    Table,
    TableActivity,
    format_count,
    format_ratio,
    format_size,
    qualified,
    rule,
)

_FACTOR = "autovacuum_vacuum_scale_factor"
_MS_PER_SECOND = 1_000.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """When it is overdue."""

    min_toast_bytes: int = 1 * GiB
    """Of the TOAST table; in a smaller one little can be won."""

    min_dead_ratio: float = 0.25
    """Dead pieces as a share of the live ones: a little more than autovacuum waits for."""

    min_vacuum_age_days: float = 1.0
    """Since the last vacuum of the TOAST table, whoever ran it."""

    proposed_ratio: float = 0.05
    """The proposed scale factor of the TOAST table."""


@rule(severity=Severity.WARNING, since="0.1", limits=Limits)
def overdue_toast_vacuum(case: Case, limits: Limits) -> Outcome:
    """Long values that are dead pile up in a TOAST table.

    ## Why it matters
    Values of more than two kilobytes are cut into pieces and kept in a table of their own, which
    autovacuum visits on its own.  A table whose rows are few but whose values are long can look
    clean while most of its TOAST table is dead, which is where its size comes from.

    ## What it leaves alone
    TOAST tables of less than a gigabyte; those with few dead pieces; those that were vacuumed in
    the last day; tables from which autovacuum is kept away, which another rule reports.

    ## Before you act
    If an old transaction holds vacuum up (``held-vacuum-horizon``), end that first.  A vacuum
    makes the room free for new values; it does not give it back to the disk.

    ## Example
        VACUUM (VERBOSE) document;
        ALTER TABLE document SET (toast.autovacuum_vacuum_scale_factor = 0.05);
        ALTER TABLE document RESET (toast.autovacuum_vacuum_scale_factor);  -- the way back
    """
    if case.snapshot.server.is_in_recovery:
        raise SkipRule("this is a standby: its primary vacuums, and counts what is written")
    if case.user_tables and not case.snapshot.table_activity:
        raise SkipRule("the counters of tables are not in the snapshot")
    for table in case.user_tables:
        for leaf in case.catalog.leaves(table):
            yield from _judge(case, leaf, limits)


def _judge(case: Case, table: Table, limits: Limits) -> Iterator[Finding | Skipped]:
    counters = case.catalog.activity_of(table)
    dead, live = counters.toast_dead_rows, counters.toast_live_rows
    if table.toast_size_bytes < limits.min_toast_bytes or not dead:
        return
    if dead < limits.min_dead_ratio * live or table.is_autovacuum_off:
        return
    age_ms = _age_ms(case, counters)
    if age_ms is None:
        days = case.counter_window.days
        if days is None or days < limits.min_vacuum_age_days:
            yield case.skip_table(
                table,
                "much of its TOAST table is dead, but the counters do not say since when there "
                f"was no vacuum: {case.counter_window.note}",
            )
            return
    elif age_ms < limits.min_vacuum_age_days * MS_PER_DAY:
        return
    yield _finding(table, counters, age_ms, limits)


def _age_ms(case: Case, counters: TableActivity) -> float | None:
    if counters.toast_last_vacuum is None:
        return None
    age = case.snapshot.server.collected_at - counters.toast_last_vacuum
    return age.total_seconds() * _MS_PER_SECOND


def _finding(
    table: Table, counters: TableActivity, age_ms: float | None, limits: Limits
) -> Finding:
    dead, live = counters.toast_dead_rows, counters.toast_live_rows
    share = dead / (dead + live)
    return Finding(
        subject=table.qualified_name,
        summary=f"{format_ratio(share)} of the {format_size(table.toast_size_bytes)} of long "
        f"values of {table.qualified_name} are dead",
        detail=f"{format_count(dead)} dead pieces wait for a vacuum of the TOAST table.",
        evidence=tuple(_evidence(table, counters, age_ms)),
        provenance=Provenance.STATISTICS,
        confidence=Confidence.MEDIUM,
        guards=("autovacuum is switched on for the table", "no vacuum has come for a day"),
        remedies=(_vacuum(table), *_factor(table, limits)),
        impact=Impact(
            freed_bytes=round(share * table.toast_size_bytes),
            risk="the table grows while much of it is dead",
        ),
    )


def _evidence(table: Table, counters: TableActivity, age_ms: float | None) -> Iterator[Evidence]:
    view = "pg_stat_all_tables of its TOAST table"
    yield Evidence(
        name="dead pieces",
        value=counters.toast_dead_rows,
        unit="rows",
        source=f"{view}: n_dead_tup",
    )
    yield Evidence(
        name="live pieces",
        value=counters.toast_live_rows,
        unit="rows",
        source=f"{view}: n_live_tup",
    )
    yield Evidence(
        name="size of the TOAST table",
        value=table.toast_size_bytes,
        unit="bytes",
        source="pg_relation_size(reltoastrelid)",
    )
    if age_ms is not None:
        yield Evidence(
            name="last vacuum of it",
            value=round(age_ms),
            unit="ms",
            source=f"{view}: last_vacuum, last_autovacuum",
        )


def _vacuum(table: Table) -> ManualSteps:
    return ManualSteps(
        title=f"Vacuum {table.qualified_name} and see what it cannot remove",
        steps=(
            (
                f"`VACUUM (VERBOSE) {qualified(table.schema, table.name)}`, outside a transaction; "
                "it goes on to the TOAST table, and tells how many pieces are dead but not yet "
                "removable."
            ),
        ),
    )


def _factor(table: Table, limits: Limits) -> Iterator[SetTableOptions]:
    """A lower factor, where the TOAST table has not got one as low."""
    parts = (option.partition("=") for option in table.toast_options)
    own = {name: value for name, _, value in parts}
    inherited = table.option_values.get(_FACTOR)
    now = own.get(_FACTOR, inherited)
    if now is None or float(now) > limits.proposed_ratio:
        yield SetTableOptions(
            schema=table.schema,
            table=table.name,
            options=((f"toast.{_FACTOR}", f"{limits.proposed_ratio:g}"),),
            previous=((f"toast.{_FACTOR}", own.get(_FACTOR)),),
        )

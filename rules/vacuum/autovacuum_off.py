"""Autovacuum that is switched off, for the server or for a table that is written."""

from collections.abc import Iterator
from dataclasses import dataclass

from pgadvisor.rulekit import (
    MS_PER_DAY,
    Action,
    Case,
    Confidence,
    Evidence,
    Finding,
    Impact,
    ManualSteps,
    MiB,
    Outcome,
    Provenance,
    RelationKind,
    SetTableOptions,
    Severity,
    Skipped,
    SkipRule,
    Table,
    change_where_set,
    format_count,
    format_ms,
    rule,
)

_OPTION = "autovacuum_enabled"
_OFF = frozenset({"off", "of", "false", "fals", "fal", "fa", "f", "no", "n", "0"})
"""What PostgreSQL reads as false; a storage parameter is kept as it was written."""
_REVIEW_REASON = (
    "vacuum the tables with the most dead rows by hand first, or all of them are vacuumed at once"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Which tables matter, and when somebody else vacuums them."""

    min_changed_rows: int = 10_000
    """Rows updated and deleted since the counters were reset; fewer leave little behind."""

    max_vacuum_age_days: float = 7.0
    """A table that was vacuumed by hand within that time is looked after by a job."""

    min_toast_bytes: int = 8 * MiB
    """Of a table whose TOAST table alone is left out; a smaller one does no harm."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Off:
    """A table, or one partition, and the parameter that keeps autovacuum away from it."""

    table: Table
    name: str
    value: str


@rule(severity=Severity.WARNING, since="0.1", limits=Limits)
def autovacuum_off(case: Case, limits: Limits) -> Outcome:
    """Autovacuum is switched off where rows are updated and deleted.

    ## Why it matters
    Dead rows are never removed and statistics are never refreshed: the table grows, scans slow
    down, plans go wrong.  It does not even spare the vacuum.  Shortly before transaction ids
    run out one comes all the same, at a time that nobody chose, and it is the longest of all.

    ## What it leaves alone
    Tables that are only inserted into, which is what a bulk load or a rotated table looks like;
    tables that are hardly changed; and tables that were vacuumed by hand in the last week, by a
    job that does autovacuum's work.  A server without autovacuum is always reported.

    ## Before you act
    Find out why it was switched off: a load that was to take an hour is the usual reason.  The
    first vacuum has all the old dead rows to remove; run it by hand at a quiet time.  The file
    does not shrink by it, its space is used again.

    ## Example
        SELECT reloptions FROM pg_class WHERE relname = 'orders';  -- {autovacuum_enabled=off}
        ALTER TABLE orders RESET (autovacuum_enabled);
    """
    if case.snapshot.server.is_in_recovery:
        raise SkipRule("this is a standby: its primary vacuums, and counts what is written")
    causes = {name: case.snapshot.server.setting(name) for name in ("autovacuum", "track_counts")}
    if any(setting is not None and setting.value in _OFF for setting in causes.values()):
        yield _server_finding(
            case, [name for name, found in causes.items() if found and found.value in _OFF]
        )
        return  # what a table's own parameter says makes no difference then
    if causes["autovacuum"] is None:
        reason = "the setting autovacuum is not in the snapshot"
        yield Skipped(rule_id="", subject="the server", reason=reason)
    if case.user_tables and not case.snapshot.table_activity:
        raise SkipRule("the counters of tables are not in the snapshot")
    for table in case.user_tables:
        found = [off for leaf in case.catalog.leaves(table) for off in _judge(case, leaf, limits)]
        if found:
            yield _table_finding(case, table, found)


def _judge(case: Case, table: Table, limits: Limits) -> Iterator[_Off]:
    """The parameters of one table that do harm; without its own, TOAST goes by the table's."""
    if table.kind is not RelationKind.TABLE or not _is_neglected(case, table, limits):
        return
    own = _off_value(table.options)
    if own is not None:
        yield _Off(table=table, name=_OPTION, value=own)
    toast = _off_value(table.toast_options)
    if toast is not None and table.toast_size_bytes >= limits.min_toast_bytes:
        yield _Off(table=table, name=f"toast.{_OPTION}", value=toast)


def _off_value(options: tuple[str, ...]) -> str | None:
    for option in options:
        name, _, value = option.partition("=")
        if name == _OPTION and value.lower() in _OFF:
            return value
    return None


def _is_neglected(case: Case, table: Table, limits: Limits) -> bool:
    counters = case.catalog.activity_of(table)
    if counters.rows_updated + counters.rows_deleted < limits.min_changed_rows:
        return False
    if counters.last_vacuum is None:
        return True
    age_days = (case.snapshot.server.collected_at - counters.last_vacuum).total_seconds() / 86_400
    return age_days > limits.max_vacuum_age_days


def _table_finding(case: Case, table: Table, found: list[_Off]) -> Finding:
    leaves = {off.table.oid: off.table for off in found}
    counters = [case.catalog.activity_of(leaf) for leaf in leaves.values()]
    changed = sum(c.rows_updated + c.rows_deleted for c in counters)
    parts = "" if table.oid in leaves else f" ({len(leaves)} partitions)"
    what = "" if any(off.name == _OPTION for off in found) else "the TOAST table of "
    return Finding(
        subject=table.qualified_name,
        summary=f"Autovacuum is switched off for {what}{table.qualified_name}{parts}, where "
        f"{format_count(changed)} rows were updated or deleted",
        evidence=(
            Evidence(
                name="parameter",
                value=", ".join(dict.fromkeys(f"{off.name}={off.value}" for off in found)),
                source="pg_class.reloptions",
            ),
            Evidence(
                name="rows updated and deleted",
                value=changed,
                unit="rows",
                source="pg_stat_user_tables.n_tup_upd, n_tup_del",
            ),
            Evidence(
                name="dead rows now",
                value=sum(c.dead_rows for c in counters),
                unit="rows",
                source="pg_stat_user_tables.n_dead_tup",
            ),
            Evidence(
                name="last vacuum by hand",
                value=_last_vacuum(case, list(leaves.values())),
                source="pg_stat_user_tables.last_vacuum",
            ),
        ),
        provenance=Provenance.CATALOG,
        confidence=Confidence.HIGH,
        guards=("it is updated or deleted from", "no job vacuums it by hand"),
        remedies=tuple(_remedies(found)),
        impact=Impact(risk="dead rows are removed only when transaction ids run short"),
    )


def _last_vacuum(case: Case, leaves: list[Table]) -> str:
    moments = [case.catalog.activity_of(leaf).last_vacuum for leaf in leaves]
    known = [moment for moment in moments if moment is not None]
    if not known:
        return "none since the counters were reset"
    age = case.snapshot.server.collected_at - max(known)
    return f"{format_ms(age.total_seconds() * 1_000)} ago"


def _remedies(found: list[_Off]) -> Iterator[Action]:
    for off in found:
        yield SetTableOptions(
            schema=off.table.schema,
            table=off.table.name,
            options=((off.name, "on"),),
            previous=((off.name, off.value),),
        )


def _server_finding(case: Case, causes: list[str]) -> Finding:
    changed = sum(a.rows_updated + a.rows_deleted for a in case.snapshot.table_activity)
    days = case.counter_window.days
    since = "" if days is None else f" in {format_ms(days * MS_PER_DAY)}"
    effect = (
        "it is switched off" if causes[0] == "autovacuum" else "it finds no work without counters"
    )
    return Finding(
        subject="the server",
        identity="server",
        summary=f"No table is vacuumed or analysed by autovacuum: {' and '.join(causes)} "
        f"{'is' if len(causes) == 1 else 'are'} off",
        detail=f"Autovacuum does nothing on this server: {effect}. Only what would run out of "
        "transaction ids is still vacuumed.",
        evidence=(
            *(Evidence(name=name, value="off", source=f"pg_settings.{name}") for name in causes),
            Evidence(
                name=f"rows updated and deleted{since}",
                value=changed,
                unit="rows",
                source="pg_stat_user_tables.n_tup_upd, n_tup_del",
            ),
        ),
        provenance=Provenance.CATALOG,
        confidence=Confidence.HIGH,
        guards=("this is no standby",),
        remedies=tuple(_server_remedies(case, causes)),
        impact=Impact(risk="dead rows are removed only when transaction ids run short"),
        severity=Severity.CRITICAL,
    )


def _server_remedies(case: Case, causes: list[str]) -> Iterator[Action]:
    refused = []
    for name in causes:
        try:
            yield change_where_set(case.snapshot.server, name, "on", review_reason=_REVIEW_REASON)
        except SkipRule as skip:
            refused.append(f"Ask who runs the server to switch {name} on: {skip}.")
    yield ManualSteps(
        title="Before it is switched on, catch up with what was left undone",
        steps=(
            *refused,
            (
                "Vacuum the tables with the most dead rows by hand, one by one, at a quiet time: "
                "`VACUUM (ANALYZE)`. All of them at once would take the disk for themselves."
            ),
            (
                "If vacuum disturbed the application, give it less to do at a time, by "
                "`autovacuum_vacuum_cost_delay`, and not nothing at all."
            ),
        ),
    )

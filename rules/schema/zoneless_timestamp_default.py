"""Timestamps without time zone that are filled with the session's local time."""

from collections.abc import Iterator
from dataclasses import dataclass

from pgadvisor.rulekit import (
    Case,
    Column,
    Confidence,
    Evidence,
    Finding,
    Impact,
    ManualSteps,
    Outcome,
    Provenance,
    RelationKind,
    Severity,
    SkipRule,
    Table,
    qualified,
    quote_identifier,
    quote_literal,
    rule,
)

_ZONELESS = "timestamp without time zone"
_LOCAL = (
    *("now()", "current_timestamp", "localtimestamp", "clock_timestamp()"),
    *("statement_timestamp()", "transaction_timestamp()"),
)
_CONVERTED = ("at time zone", "timezone(", "at local")
_UTC = {"utc", "uct", "gmt", "gmt0", "gmt+0", "gmt-0", "greenwich", "universal", "zulu"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Which tables matter."""

    min_table_rows: int = 1
    """An empty table can be changed at no cost, and is most likely not in use."""


@rule(severity=Severity.INFO, since="0.1", limits=Limits)
def zoneless_timestamp_default(case: Case, limits: Limits) -> Outcome:
    """A timestamp without time zone defaults to the local time of whoever writes.

    ## Why it matters
    ``timestamp DEFAULT now()`` keeps what a clock on the wall of the session showed, and not
    where it hung.  Sessions of another TimeZone (a driver may set its machine's) write other
    times for the same moment.  In a zone with summer time, one hour each autumn comes twice, and
    nobody can tell the two apart, nor sort by them.

    ## What it leaves alone
    Servers on which all known TimeZone settings are UTC: many frameworks keep UTC in such
    columns, which is sound.  Defaults that name their zone, ``now() AT TIME ZONE 'utc'``;
    columns without such a default, whose clock is the application's; empty tables; views.

    ## Before you act
    Find out what the values mean: the application may write its own times beside the default.
    The change rewrites the table unless TimeZone is UTC meanwhile.  Drivers give applications
    another type for timestamptz.

    ## Example
        CREATE TABLE orders (placed_at timestamp DEFAULT now());
        ALTER TABLE orders ALTER COLUMN placed_at TYPE timestamptz
            USING placed_at AT TIME ZONE 'Europe/Berlin';
    """
    zones = _zones(case)
    if all(_is_utc(zone) for zone in zones):
        return
    for table in case.user_tables:
        if table.kind is RelationKind.MATERIALIZED_VIEW:
            continue
        columns = tuple(column for column in table.columns if _is_local(column))
        if columns and _live_rows(case, table) >= limits.min_table_rows:
            yield _finding(table, columns, zones)


def _zones(case: Case) -> tuple[str, ...]:
    """The TimeZone of the server, then others that roles have in this database."""
    server = case.snapshot.server
    setting = server.setting("TimeZone")
    if setting is None:
        raise SkipRule("the setting TimeZone is not in the snapshot")
    own = [
        row.value
        for row in server.role_settings
        if row.name.lower() == "timezone" and row.database in {None, server.database}
    ]
    zones = {"utc" if _is_utc(z) else z.lower(): z for z in (*reversed(own), setting.value)}
    return tuple(sorted(zones.values(), key=lambda zone: (zone != setting.value, zone)))


def _is_utc(zone: str) -> bool:
    return zone.lower().removeprefix("etc/") in _UTC


def _is_local(column: Column) -> bool:
    default = (column.default_sql or "").lower()
    # A domain has the type below it changed, which is another matter.
    return (
        column.base_type_name == _ZONELESS
        and column.type_name.startswith("timestamp")
        and not column.generated
        and any(word in default for word in _LOCAL)
        and not any(word in default for word in _CONVERTED)
    )


def _live_rows(case: Case, table: Table) -> float:
    counted = sum(activity.live_rows for activity in case.activities_of(table))
    return max(counted, case.rows_of(table))


def _finding(table: Table, columns: tuple[Column, ...], zones: tuple[str, ...]) -> Finding:
    names = ", ".join(column.name for column in columns)
    differ = len(zones) > 1
    verb = "is" if len(columns) == 1 else "are"
    listed = ", ".join(zones)
    ending = f"sessions differ: {listed}" if differ else f"that is {listed}"
    return Finding(
        subject=table.qualified_name,
        summary=f"{names} of {table.qualified_name} {verb} filled with the session's local time, "
        f"without its zone; {ending}",
        evidence=tuple(_evidence(columns, zones)),
        provenance=Provenance.CATALOG,
        confidence=Confidence.HIGH if differ else Confidence.MEDIUM,
        guards=("the default does not name a zone", "TimeZone is not UTC everywhere"),
        remedies=(_remedy(table, columns, zones[0]),),
        impact=Impact(
            risk="one moment is written as several times"
            if differ
            else "an hour that comes twice in autumn cannot be told apart"
        ),
        severity=Severity.WARNING if differ else Severity.INFO,
    )


def _evidence(columns: tuple[Column, ...], zones: tuple[str, ...]) -> Iterator[Evidence]:
    for column in columns:
        yield Evidence(
            name=f"default of {column.name}",
            value=column.default_sql or "",
            source="pg_attrdef.adbin",
        )
    yield Evidence(
        name="time zone of the server",
        value=zones[0],
        source="pg_settings.setting of TimeZone",
    )
    if len(zones) > 1:
        yield Evidence(
            name="time zones of roles",
            value=", ".join(zones[1:]),
            source="pg_db_role_setting.setconfig",
        )


def _remedy(table: Table, columns: tuple[Column, ...], zone: str) -> ManualSteps:
    alter = f"ALTER TABLE {qualified(table.schema, table.name)}"

    def changes(word: str) -> str:
        return ", ".join(
            f"ALTER COLUMN {name} TYPE {column.type_name.replace('without', word)} "
            f"USING {name} AT TIME ZONE {quote_literal(zone)}"
            for column in columns
            for name in (quote_identifier(column.name),)
        )

    return ManualSteps(
        title=f"Keep moments, not local times, in {table.qualified_name}",
        steps=(
            f"Find out in which zone the values are; what follows takes it to be {zone}.",
            (
                f"`{alter} {changes('with')}` rewrites the table, and nobody can read it "
                "meanwhile. Where that takes too long: add columns of the new type, fill them by "
                "a trigger and in batches, and swap the names in one short transaction."
            ),
            f"The way back is `{alter} {changes('without')}`.",
            "See that applications read and write moments with their zone.",
        ),
    )

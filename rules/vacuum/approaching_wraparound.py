"""Databases whose transaction numbers come near their end."""

from collections.abc import Iterator
from dataclasses import dataclass

from pgadvisor.rulekit import (
    WRAPAROUND_AGE,
    Case,
    Confidence,
    DatabaseAge,
    Evidence,
    Finding,
    Impact,
    ManualSteps,
    Outcome,
    Provenance,
    Severity,
    SkipRule,
    TableAge,
    format_count,
    format_ratio,
    known,
    number_of,
    qualified,
    quote_identifier,
    rule,
)

_SHOWN = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How near is too near."""

    min_age_ratio: float = 0.5
    """Age as a share of the 2,147,483,647 transactions that there can be."""

    critical_age_ratio: float = 0.8
    """From here on it is a matter of days or hours, whatever the settings say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kind:
    """One of the two sorts of numbers that run out."""

    name: str
    """In the plural."""
    setting: str
    """The age at which autovacuum goes to a table, whatever else is set."""
    function: str
    is_multixact: bool

    def of_database(self, age: DatabaseAge) -> int:
        return age.multixact_age if self.is_multixact else age.transaction_age

    def of_table(self, age: TableAge) -> int:
        return age.oldest_multixact_age if self.is_multixact else age.oldest_transaction_age


_KINDS = (
    _Kind(
        name="transaction IDs",
        setting="autovacuum_freeze_max_age",
        function="age(datfrozenxid)",
        is_multixact=False,
    ),
    _Kind(
        name="multixact IDs",
        setting="autovacuum_multixact_freeze_max_age",
        function="mxid_age(datminmxid)",
        is_multixact=True,
    ),
)


@rule(severity=Severity.WARNING, since="0.1", limits=Limits)
def approaching_wraparound(case: Case, limits: Limits) -> Outcome:
    """Transaction numbers come near their end, at which the server stops writing.

    ## Why it matters
    Transactions have numbers of 32 bits, which are compared in a circle: rows older than two
    thousand million transactions would suddenly lie in the future.  Before that, the server
    refuses every statement that needs a new number, in all databases, until the old rows have
    been frozen.  Autovacuum does that long before; where the age has come to half of the way,
    something keeps it from finishing.

    ## What it leaves alone
    Databases below half of the way; those below ``autovacuum_freeze_max_age`` where that was
    raised, up to four fifths of the way; and those whose oldest table is being vacuumed right
    now, up to the same.

    ## Before you act
    Find what holds vacuum up first: an old transaction, a prepared one, a slot or a standby
    (``held-vacuum-horizon``), locks, or a vacuum that is too slow.  Freezing reads the whole
    table and writes WAL.  Never use single-user mode for it: a plain VACUUM works to the end.

    ## Example
        SELECT oid::regclass, age(relfrozenxid) FROM pg_class
        WHERE relkind IN ('r', 'm', 't') ORDER BY age(relfrozenxid) DESC LIMIT 5;
        VACUUM (FREEZE, VERBOSE) orders;
    """
    server = case.snapshot.server
    databases = known(server.databases, "ages of databases")
    if server.is_in_recovery:
        raise SkipRule("this is a standby: its primary freezes")
    for kind in _KINDS:
        freeze_age = number_of(server, kind.setting)
        for database in databases:
            ratio = kind.of_database(database) / WRAPAROUND_AGE
            if ratio >= limits.critical_age_ratio:
                yield _finding(case, database, kind, freeze_age, Severity.CRITICAL)
            elif (
                ratio >= limits.min_age_ratio
                and kind.of_database(database) > freeze_age
                and not _is_under_way(case, database, kind)
            ):
                yield _finding(case, database, kind, freeze_age, Severity.WARNING)


def _oldest(case: Case, kind: _Kind) -> tuple[TableAge, ...]:
    """Tables that have not half of the age of the oldest are not what keeps the database."""
    tables = sorted(case.snapshot.table_ages, key=kind.of_table, reverse=True)
    least = kind.of_table(tables[0]) / 2 if tables else 0
    return tuple(table for table in tables if kind.of_table(table) >= least)


def _is_under_way(case: Case, database: DatabaseAge, kind: _Kind) -> bool:
    if not database.is_current:
        return False
    running = {one.table_oid for one in case.snapshot.server.running_vacuums or ()}
    return any(table.table_oid in running for table in _oldest(case, kind)[:1])


def _finding(
    case: Case, database: DatabaseAge, kind: _Kind, freeze_age: float, severity: Severity
) -> Finding:
    age = kind.of_database(database)
    tables = _oldest(case, kind) if database.is_current else ()
    return Finding(
        subject=database.name,
        identity=f"{database.name}:{'multixact' if kind.is_multixact else 'transaction'}",
        summary=f"Database {database.name} has used {format_ratio(age / WRAPAROUND_AGE)} of its "
        f"{kind.name}: at the end the server stops writing",
        detail=_detail(case, database, kind, tables),
        evidence=tuple(_evidence(age, kind, freeze_age, tables[:_SHOWN])),
        provenance=Provenance.CATALOG,
        confidence=Confidence.HIGH,
        guards=(f"it is older than {kind.setting} allows, so that autovacuum should have come",)
        if age > freeze_age
        else (),
        remedies=(_remedy(database, tables),),
        impact=Impact(
            risk=f"the server refuses to write in {format_count(WRAPAROUND_AGE - age)} "
            f"{kind.name} at the latest"
        ),
        severity=severity,
    )


def _detail(case: Case, database: DatabaseAge, kind: _Kind, tables: tuple[TableAge, ...]) -> str:
    if not database.is_current:
        return "It is another database of the same server; all of them stop together."
    if not tables:
        return "Which tables are the oldest is not in the snapshot."
    oldest = tables[0]
    text = f"The oldest table is {oldest.schema}.{oldest.name}."
    if len(tables) > _SHOWN:
        text += (
            f" At least {format_count(len(tables) - 1)} others are at least half as old, so that "
            "it is no single table: something holds vacuum back in all of them."
        )
    if _is_under_way(case, database, kind):
        text += " It is being vacuumed now."
    if any(table.schema.startswith("pg_temp_") for table in tables):
        text += (
            " A temporary table is among the oldest: only its own session can vacuum it, so end "
            "that session."
        )
    return text


def _evidence(
    age: int, kind: _Kind, freeze_age: float, tables: tuple[TableAge, ...]
) -> Iterator[Evidence]:
    yield Evidence(
        name="age of the database",
        value=age,
        unit=kind.name,
        source=f"pg_database: {kind.function}",
    )
    yield Evidence(
        name=kind.setting, value=int(freeze_age), unit=kind.name, source="pg_settings.setting"
    )
    for table in tables:
        yield Evidence(
            name=f"age of {table.schema}.{table.name}",
            value=kind.of_table(table),
            unit=kind.name,
            source="pg_class, its TOAST table included",
        )


def _remedy(database: DatabaseAge, tables: tuple[TableAge, ...]) -> ManualSteps:
    return ManualSteps(
        title=f"Freeze the oldest rows of {database.name}",
        steps=(
            (
                "End what holds vacuum back: `SELECT pid, state, xact_start, "
                "greatest(age(backend_xid), age(backend_xmin)) FROM pg_stat_activity "
                "ORDER BY 4 DESC NULLS LAST`, then `pg_prepared_xacts` and `pg_replication_slots`."
            ),
            *_vacuums(database, tables),
            "There is no way back, and none is needed: frozen rows are the same rows.",
        ),
    )


def _vacuums(database: DatabaseAge, tables: tuple[TableAge, ...]) -> Iterator[str]:
    """One for each table, or for the whole database where too many are as old."""
    named = [table for table in tables if not table.schema.startswith("pg_temp_")]
    if not database.allows_connections:
        name = quote_identifier(database.name)
        yield (
            f"Nobody can connect to {database.name}: autovacuum freezes it by itself, once nothing "
            f"holds it back. If it does not, `ALTER DATABASE {name} ALLOW_CONNECTIONS true`, "
            f"connect to it, run `VACUUM (FREEZE, VERBOSE)`, and `ALTER DATABASE {name} "
            "ALLOW_CONNECTIONS false`."
        )
    elif not named or len(tables) > _SHOWN:
        yield (
            f"Connect to {database.name} and run `VACUUM (FREEZE, VERBOSE)`, of all its tables; it "
            "blocks neither reads nor writes."
        )
    else:
        for table in named:
            yield (
                f"`VACUUM (FREEZE, VERBOSE) {qualified(table.schema, table.name)}`, outside a "
                "transaction; it blocks neither reads nor writes."
            )

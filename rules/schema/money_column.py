"""Columns of type money, whose values depend on a setting."""

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
    Table,
    format_count,
    qualified,
    quote_identifier,
    rule,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Which tables matter."""

    min_table_rows: int = 1
    """An empty table is not in use yet."""


@rule(severity=Severity.INFO, since="0.1", limits=Limits)
def money_column(case: Case, limits: Limits) -> Outcome:
    """A column is of type money, and what it says depends on lc_monetary.

    ## Why it matters
    A money value is a whole number of the smallest unit of whatever ``lc_monetary`` says where it
    is read.  Under another locale the same bytes are another currency, and where that has no
    cents, a hundred times the amount.  A dump that is restored elsewhere fails, or is read wrong.
    There are no fractions of a cent, so that rates and shares of a bill get rounded early.

    ## What it leaves alone
    Empty tables, and materialised views, which take the type from their query.

    ## Before you act
    The change rewrites the table.  Convert under the locale that the values were written under.
    Applications that read ``$1,234.50`` read ``1234.50`` afterwards.

    ## Example
        SET lc_monetary = 'ja_JP.utf8';  -- $12.34 is now 1,234 yen
        ALTER TABLE orders ALTER COLUMN total TYPE numeric USING total::numeric;
    """
    for table in case.user_tables:
        if table.kind is RelationKind.MATERIALIZED_VIEW:
            continue
        rows = _live_rows(case, table)
        if rows < limits.min_table_rows:
            continue
        for column in table.columns:
            if (column.base_type_name or column.type_name) == "money":
                yield _finding(case, table, column, rows)


def _live_rows(case: Case, table: Table) -> float:
    counted = sum(activity.live_rows for activity in case.activities_of(table))
    return max(counted, case.rows_of(table))


def _finding(case: Case, table: Table, column: Column, rows: float) -> Finding:
    name = f"{table.qualified_name}.{column.name}"
    return Finding(
        subject=name,
        summary=f"{name} is money: what its {format_count(rows)} rows say depends on lc_monetary",
        evidence=tuple(_evidence(case, rows)),
        provenance=Provenance.CATALOG,
        confidence=Confidence.HIGH,
        guards=("the table is not empty",),
        remedies=(_remedy(table, column),),
        impact=Impact(risk="a dump that is restored under another locale holds other amounts"),
    )


def _evidence(case: Case, rows: float) -> Iterator[Evidence]:
    yield Evidence(name="type", value="money", source="pg_attribute.atttypid")
    yield Evidence(
        name="rows", value=round(rows), unit="rows", source="pg_stat_user_tables.n_live_tup"
    )
    setting = case.snapshot.server.setting("lc_monetary")
    if setting is not None:
        yield Evidence(
            name="locale of amounts", value=setting.value, source="pg_settings.lc_monetary"
        )


def _remedy(table: Table, column: Column) -> ManualSteps:
    name = quote_identifier(column.name)
    alter = f"ALTER TABLE {qualified(table.schema, table.name)} ALTER COLUMN {name} TYPE"
    return ManualSteps(
        title=f"Make {table.qualified_name}.{column.name} a numeric",
        steps=(
            "Add a column for the currency, if there is more than one.",
            (
                f"`{alter} numeric USING {name}::numeric` rewrites the table, and nobody can "
                "read it meanwhile. Run it under the lc_monetary that they were written under."
            ),
            f"The way back is `{alter} money USING {name}::money`, under the same lc_monetary.",
        ),
    )

"""money-column."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pgadvisor.model.action import ManualSteps
from pgadvisor.model.finding import Severity
from pgadvisor.model.schema import RelationKind, Table
from pgadvisor.model.server import Setting
from pgadvisor.testing import (
    Outcome,
    SnapshotPart,
    a_column,
    a_snapshot,
    a_table,
    diagnose,
    table_activity,
)

RULE = "money-column"
ORDERS = a_table("orders", "id bigint not null", "total money", rows=1_000)


def run(*objects: SnapshotPart, table: Table = ORDERS) -> Outcome:
    return diagnose(RULE, a_snapshot(table, *objects))


def test_reports_a_column_of_money() -> None:
    [finding] = run(Setting(name="lc_monetary", value="de_DE.utf8")).findings

    assert finding.key == "money-column:public.orders.total"
    assert finding.summary == (
        "public.orders.total is money: what its 1,000 rows say depends on lc_monetary"
    )
    assert finding.severity is Severity.INFO
    assert finding.evidence[-1].value == "de_DE.utf8"
    [remedy] = finding.remedies
    assert isinstance(remedy, ManualSteps)
    assert remedy.steps[1:] == (
        (
            '`ALTER TABLE "public"."orders" ALTER COLUMN "total" TYPE numeric USING '
            '"total"::numeric` rewrites the table, and nobody can read it meanwhile. Run it under '
            "the lc_monetary that they were written under."
        ),
        (
            'The way back is `ALTER TABLE "public"."orders" ALTER COLUMN "total" TYPE money USING '
            '"total"::money`, under the same lc_monetary.'
        ),
    )


def test_the_setting_need_not_be_known() -> None:
    assert len(run().findings) == 1


@pytest.mark.parametrize(
    "table",
    [
        pytest.param(replace(ORDERS, kind=RelationKind.MATERIALIZED_VIEW), id="materialised-view"),
        pytest.param(a_table("orders", "total numeric"), id="numeric"),
        pytest.param(a_table("orders", "money bigint"), id="a-number-of-cents"),
        pytest.param(a_table("orders", "total shop.money"), id="a-type-of-their-own"),
    ],
)
def test_leaves_alone(table: Table) -> None:
    assert run(table=table).is_clear


def test_looks_below_a_domain() -> None:
    table = a_table("orders", a_column("total public.price", base_type_name="money"))

    assert len(run(table=table).findings) == 1


@pytest.mark.parametrize(("rows", "count"), [(0, 0), (1, 1)])
def test_leaves_alone_empty_tables(rows: int, count: int) -> None:
    table = replace(ORDERS, rows=-1.0, size_bytes=0, pages=0)

    assert len(run(table_activity(table, live_rows=rows), table=table).findings) == count

"""uuid-in-text."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pgadvisor.model.action import ManualSteps
from pgadvisor.model.finding import Severity
from pgadvisor.model.schema import IndexKey, RelationKind, Table
from pgadvisor.model.snapshot import Redaction
from pgadvisor.model.statistics import ColumnStatistics
from pgadvisor.testing import (
    Outcome,
    SnapshotPart,
    a_foreign_key,
    a_snapshot,
    a_statement,
    a_table,
    an_index,
    column_statistics,
    diagnose,
)
from pgadvisor.units import MiB

RULE = "uuid-in-text"
ORDERS = a_table("orders", "id bigint not null", "token text", rows=10_000_000)
INDEX = an_index(ORDERS, "token")
UUIDS = tuple(str(UUID(int=number << 100)) for number in range(20))


def known(
    bounds: tuple[str, ...] = UUIDS, width: int = 37, null_ratio: float = 0.0
) -> ColumnStatistics:
    return column_statistics(
        ORDERS,
        "token",
        histogram_bounds=bounds,
        average_width_bytes=width,
        null_ratio=null_ratio,
    )


def run(*objects: SnapshotPart, table: Table = ORDERS) -> Outcome:
    return diagnose(RULE, a_snapshot(table, *objects))


def test_reports_a_text_column_of_uuids() -> None:
    [finding] = run(INDEX, known()).findings

    assert finding.key == "uuid-in-text:public.orders.token"
    assert finding.summary == (
        "public.orders.token holds UUIDs as text: as uuid, the table and an index would be "
        "401 MB smaller"
    )
    assert finding.severity is Severity.INFO
    assert finding.impact.freed_bytes == 10_000_000 * 21 * 2
    [remedy] = finding.remedies
    assert isinstance(remedy, ManualSteps)
    assert remedy.title == "Make public.orders.token a uuid"
    assert remedy.steps[1].startswith(
        '`ALTER TABLE "public"."orders" ALTER COLUMN "token" TYPE uuid USING "token"::uuid` '
    )
    assert remedy.steps[2] == (
        'The way back is `ALTER TABLE "public"."orders" ALTER COLUMN "token" TYPE text '
        'USING "token"::text`.'
    )


def test_names_the_columns_that_have_to_change_with_it() -> None:
    lines = a_table("lines", "order_token text")
    shops = a_table("shops", "token text")
    keys = (
        a_foreign_key(lines, "order_token", ORDERS, "token"),
        a_foreign_key(ORDERS, "token", shops, "token"),
    )

    [finding] = run(INDEX, known(), lines, shops, keys).findings

    [remedy] = finding.remedies
    assert isinstance(remedy, ManualSteps)
    assert remedy.steps[1] == (
        "Foreign keys tie it to public.lines.order_token, public.shops.token: drop them and add "
        "them again."
    )


@pytest.mark.parametrize("written", ["varchar(36)", "character(36)", "text"])
def test_knows_all_texts(written: str) -> None:
    table = replace(a_table("orders", f"token {written}"), rows=10_000_000.0, size_bytes=2**30)

    assert len(run(INDEX, known(), table=table).findings) == 1


@pytest.mark.parametrize(
    "value",
    [
        pytest.param("ABCDEF00-0000-4000-8000-00000000000G", id="no-hex-digit"),
        pytest.param("abcdef000000-4000-8000-000000000-0000", id="dashes-elsewhere"),
        pytest.param("abcdef00000040008000000000000000", id="without-dashes"),
        pytest.param("{bcdef00-0000-4000-8000-00000000000}", id="in-braces"),
        pytest.param("", id="empty"),
    ],
)
def test_one_value_of_another_form_is_enough(value: str) -> None:
    assert run(INDEX, known(bounds=(*UUIDS, value))).is_clear


def test_looks_at_common_values_too() -> None:
    common = (UUIDS[0], "none")
    statistics = replace(known(), most_common_values=common, most_common_ratios=(0.1, 0.1))

    assert run(INDEX, statistics).is_clear


def test_knows_capitals() -> None:
    assert len(run(INDEX, known(bounds=tuple(map(str.upper, UUIDS)))).findings) == 1


@pytest.mark.parametrize(("count", "found"), [(19, 0), (20, 1)])
def test_asks_for_twenty_values(count: int, found: int) -> None:
    assert len(run(INDEX, known(bounds=UUIDS[:count])).findings) == found


@pytest.mark.parametrize(("null_ratio", "count"), [(0.84, 1), (0.85, 0)])
def test_asks_for_64_mib(null_ratio: float, count: int) -> None:
    statistics = known(null_ratio=null_ratio)

    findings = run(INDEX, statistics).findings

    assert len(findings) == count
    assert all((f.impact.freed_bytes or 0) >= 64 * MiB for f in findings)


@pytest.mark.parametrize("width", [36, 38])
def test_leaves_alone_values_of_another_width(width: int) -> None:
    assert run(INDEX, known(width=width)).is_clear


def test_leaves_alone_a_column_without_index() -> None:
    assert run(known()).is_clear
    assert len(run(an_index(ORDERS, "id", include=("token",)), known()).findings) == 1


@pytest.mark.parametrize(
    "table",
    [
        pytest.param(replace(ORDERS, rows=9_999.0), id="few-rows"),
        pytest.param(replace(ORDERS, size_bytes=8 * MiB - 8192), id="few-bytes"),
        pytest.param(replace(ORDERS, kind=RelationKind.MATERIALIZED_VIEW), id="materialised-view"),
        pytest.param(a_table("orders", "token uuid", rows=10_000_000), id="uuid"),
    ],
)
def test_leaves_alone(table: Table) -> None:
    assert diagnose(RULE, a_snapshot(table, INDEX, known()), min_saved_bytes=0).is_clear


@pytest.mark.parametrize(
    "used",
    [
        pytest.param(a_statement("SELECT id FROM orders WHERE token LIKE $1"), id="by-pattern"),
        pytest.param(
            a_statement("SELECT id FROM orders WHERE lower(token) = $1"), id="by-function"
        ),
        pytest.param(
            an_index(ORDERS, IndexKey(column=None, expression="lower(token)")), id="in-expression"
        ),
        pytest.param(an_index(ORDERS, "token", access_method="gin", name="trigrams"), id="gin"),
    ],
)
def test_leaves_alone_what_is_used_as_a_text(used: SnapshotPart) -> None:
    assert run(INDEX, known(), used).is_clear


def test_equality_does_not_use_it_as_a_text() -> None:
    assert (
        len(run(INDEX, known(), a_statement("SELECT id FROM orders WHERE token = $1")).findings)
        == 1
    )


def test_cannot_judge_what_was_never_analysed() -> None:
    assert run(INDEX).reasons == ("what token holds is not known: no statistics",)
    assert run().is_clear


def test_cannot_judge_pseudonyms() -> None:
    snapshot = replace(a_snapshot(ORDERS, INDEX, known()), redaction=Redaction(level="default"))

    assert diagnose(RULE, snapshot).reasons == (
        (
            "values of token are as wide as UUIDs, but the snapshot is redacted, and they may be "
            "pseudonyms"
        ),
    )


@given(values=st.lists(st.uuids().map(str), min_size=20, max_size=30))
def test_every_uuid_is_known(values: list[str]) -> None:
    assert len(run(INDEX, known(bounds=tuple(values))).findings) == 1

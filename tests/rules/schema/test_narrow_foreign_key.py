"""narrow-foreign-key."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pgadvisor.model.action import ManualSteps
from pgadvisor.model.finding import Confidence, Severity
from pgadvisor.model.schema import Constraint, Sequence, Table
from pgadvisor.model.snapshot import Unavailable
from pgadvisor.testing import (
    Outcome,
    SnapshotPart,
    a_column,
    a_foreign_key,
    a_sequence,
    a_snapshot,
    a_table,
    diagnose,
)

RULE = "narrow-foreign-key"
INTEGER_MAX = 2**31 - 1
SMALLINT_MAX = 2**15 - 1
ORDERS = a_table("orders", "id bigint not null", rows=1_000)
LINES = a_table("lines", "order_id integer")
KEY = a_foreign_key(LINES, "order_id", ORDERS)
A_QUARTER = a_sequence(ORDERS, "id", INTEGER_MAX // 4)


def run(
    *objects: SnapshotPart, lines: Table = LINES, orders: Table = ORDERS, key: Constraint = KEY
) -> Outcome:
    return diagnose(RULE, a_snapshot(orders, lines, key, *objects))


def test_reports_a_column_that_its_key_is_about_to_outgrow() -> None:
    [finding] = run(A_QUARTER).findings

    assert finding.key == "narrow-foreign-key:public.lines.order_id"
    assert finding.summary == (
        "public.lines.order_id is integer and refers to public.orders.id, a bigint "
        "that has given out 25 % of what the column can hold"
    )
    assert finding.severity is Severity.WARNING
    assert finding.confidence is Confidence.HIGH
    [remedy] = finding.remedies
    assert isinstance(remedy, ManualSteps)
    assert remedy.title == "Make public.lines.order_id a bigint, without a rewrite under lock"


def test_a_small_table_is_altered_in_place() -> None:
    lines = replace(LINES, rows=100.0, size_bytes=8192, pages=1)

    [finding] = run(A_QUARTER, lines=lines).findings

    [remedy] = finding.remedies
    assert isinstance(remedy, ManualSteps)
    assert remedy.steps == (
        (
            '`ALTER TABLE "public"."lines" ALTER COLUMN "order_id" TYPE bigint`, with a lock '
            "timeout; the table is small, and its rewrite is short."
        ),
        (
            'The way back is `ALTER TABLE "public"."lines" ALTER COLUMN "order_id" TYPE integer`, '
            "as long as no value is larger."
        ),
    )


@pytest.mark.parametrize(
    ("last_value", "count"),
    [
        pytest.param(int(INTEGER_MAX * 0.1), 0, id="not-yet-a-tenth"),
        pytest.param(int(INTEGER_MAX * 0.1) + 1, 1, id="a-tenth"),
        pytest.param(int(INTEGER_MAX * 0.5), 1, id="not-yet-half"),
        pytest.param(int(INTEGER_MAX * 0.5) + 1, 0, id="another-rule-speaks"),
    ],
)
def test_speaks_between_a_tenth_and_a_half(last_value: int, count: int) -> None:
    assert len(run(replace(A_QUARTER, last_value=last_value)).findings) == count


@pytest.mark.parametrize(
    "sequence",
    [
        pytest.param(replace(A_QUARTER, max_value=INTEGER_MAX), id="ends-before"),
        pytest.param(
            replace(A_QUARTER, max_value=INTEGER_MAX, is_cycling=True), id="starts-over-before"
        ),
        pytest.param(replace(A_QUARTER, increment=-1), id="counts-downwards"),
    ],
)
def test_leaves_alone_a_key_that_stays_within(sequence: Sequence) -> None:
    assert run(sequence).is_clear


@pytest.mark.parametrize(
    "sequence",
    [
        pytest.param(replace(A_QUARTER, max_value=2**53 - 1), id="a-bound-of-its-own"),
        pytest.param(replace(A_QUARTER, is_cycling=True), id="starts-over"),
    ],
)
def test_speaks_to_the_end_where_no_other_rule_does(sequence: Sequence) -> None:
    assert len(run(replace(sequence, last_value=INTEGER_MAX - 1)).findings) == 1


def test_a_sequence_that_ends_just_beyond_is_not_within() -> None:
    assert len(run(replace(A_QUARTER, max_value=INTEGER_MAX + 1)).findings) == 1


@pytest.mark.parametrize("written", ["bigint", "numeric", "text"])
def test_leaves_alone_a_column_that_is_no_narrower(written: str) -> None:
    lines = a_table("lines", f"order_id {written}")

    assert run(A_QUARTER, lines=lines).is_clear


def test_leaves_alone_a_column_that_was_widened_before_its_key() -> None:
    orders = a_table("orders", "id integer not null", rows=1_000_000_000)
    lines = a_table("lines", "order_id bigint")

    assert run(orders=orders, lines=lines).is_clear


def test_leaves_alone_what_came_with_a_partitioned_parent() -> None:
    assert run(A_QUARTER, key=replace(KEY, is_inherited=True)).is_clear


def test_leaves_alone_a_key_whose_table_is_not_in_the_snapshot() -> None:
    assert run(A_QUARTER, key=replace(KEY, referenced_table_oid=1)).is_clear


def test_looks_below_a_domain() -> None:
    lines = a_table(
        "lines", a_column("order_id public.order_number", base_type_name="integer", type_oid=99)
    )

    [finding] = run(A_QUARTER, lines=lines).findings

    assert "is integer and refers to" in finding.summary


@pytest.mark.parametrize(("rows", "count"), [(3_276, 0), (3_277, 1), (SMALLINT_MAX, 1)])
def test_a_key_without_sequence_has_at_least_a_number_for_each_row(rows: int, count: int) -> None:
    orders = replace(ORDERS, rows=float(rows), size_bytes=0)
    lines = a_table("lines", "order_id smallint")

    findings = run(orders=orders, lines=lines).findings

    assert [finding.confidence for finding in findings] == [Confidence.MEDIUM] * count


def test_a_sequence_that_may_not_be_read_is_none() -> None:
    orders = replace(ORDERS, rows=1_073_741_823.0, size_bytes=0)

    [finding] = run(replace(A_QUARTER, last_value=None), orders=orders).findings

    assert finding.summary.endswith("that has rows for 50 % of what the column can hold")


def test_says_of_which_columns_the_key_may_not_be_read() -> None:
    denied = Unavailable(what="last values of 1 sequence", reason="permission denied")
    hidden = replace(A_QUARTER, last_value=None)

    [skipped] = run(hidden, denied).skipped

    assert skipped.subject == "public.lines.order_id"
    assert skipped.reason == "how far its key has come may not be read: permission denied"
    assert run(hidden).is_clear  # not used yet


def test_rows_say_nothing_of_one_column_of_several() -> None:
    orders = a_table("orders", "id bigint", "shop_id integer", rows=1_000_000_000)
    lines = a_table("lines", "order_id integer", "shop_id integer")
    key = a_foreign_key(lines, ("order_id", "shop_id"), orders, ("id", "shop_id"))

    assert run(orders=orders, lines=lines, key=key).is_clear
    assert len(run(A_QUARTER, orders=orders, lines=lines, key=key).findings) == 1


def test_says_it_once_of_a_column_with_two_keys() -> None:
    assert len(run(A_QUARTER, replace(KEY, oid=3, name="twice")).findings) == 1


@given(last_value=st.integers(0, 2**63 - 1))
def test_columns_as_wide_as_their_key_are_never_reported(last_value: int) -> None:
    lines = a_table("lines", "order_id bigint")

    assert run(a_sequence(ORDERS, "id", last_value), lines=lines).is_clear

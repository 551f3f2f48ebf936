"""integer-key-exhaustion."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pgadvisor.model.action import ManualSteps
from pgadvisor.model.finding import Severity
from pgadvisor.model.schema import Sequence
from pgadvisor.model.snapshot import Unavailable
from pgadvisor.testing import (
    Outcome,
    SnapshotPart,
    a_foreign_key,
    a_sequence,
    a_snapshot,
    a_table,
    diagnose,
    table_activity,
)

RULE = "integer-key-exhaustion"
INTEGER_MAX = 2**31 - 1
ORDERS = a_table("orders", "id integer not null")
FULL = a_sequence(ORDERS, "id", 1_900_000_000, type_name="integer", max_value=INTEGER_MAX)


def run(*objects: SnapshotPart) -> Outcome:
    return diagnose(RULE, a_snapshot(ORDERS, *objects))


def test_reports_a_key_that_is_nearly_used_up() -> None:
    [finding] = run(FULL).findings

    assert finding.key == "integer-key-exhaustion:public.orders.id"
    assert finding.summary == (
        "public.orders.id has used 88.5 % of its numbers (1,900,000,000 of 2,147,483,647)"
    )
    assert finding.severity is Severity.CRITICAL


def test_says_how_long_the_rest_lasts() -> None:
    [finding] = run(FULL, table_activity(ORDERS, rows_inserted=90 * 1_000_000)).findings

    assert finding.summary.endswith(", and the rest lasts 247 days")


@pytest.mark.parametrize(
    ("last_value", "severity"),
    [
        (INTEGER_MAX // 2, None),
        (INTEGER_MAX // 2 + 1, Severity.WARNING),
        (int(INTEGER_MAX * 0.75), Severity.WARNING),
        (int(INTEGER_MAX * 0.75) + 1, Severity.CRITICAL),
    ],
)
def test_is_graver_the_fuller_it_is(last_value: int, severity: Severity | None) -> None:
    found = run(replace(FULL, last_value=last_value)).findings

    assert [finding.severity for finding in found] == ([severity] if severity else [])


@pytest.mark.parametrize(
    "sequence",
    [
        pytest.param(replace(FULL, is_cycling=True), id="cycling"),
        pytest.param(replace(FULL, increment=-1), id="downwards"),
        pytest.param(replace(FULL, max_value=1_900_000_001), id="a-bound-of-its-own"),
        pytest.param(replace(FULL, last_value=None), id="not-used-yet"),
        pytest.param(replace(FULL, table_oid=None), id="of-no-column"),
    ],
)
def test_leaves_alone(sequence: Sequence) -> None:
    assert run(sequence).is_clear


@pytest.mark.parametrize(
    ("days", "severity"),
    [
        (365.0, Severity.CRITICAL),
        (365.1, Severity.WARNING),
        (3_650.0, Severity.WARNING),
        (3_650.1, Severity.INFO),
    ],
)
def test_is_graver_the_sooner_it_happens(days: float, severity: Severity) -> None:
    rows = 90_000_000_000
    left = round(rows / 90 * days)
    wide = replace(FULL, max_value=2**63 - 1, last_value=2**63 - 1 - left)
    table = a_table("orders", "id bigint not null")

    found = diagnose(
        RULE, a_snapshot(table, wide, table_activity(table, rows_inserted=rows))
    ).findings

    assert [finding.severity for finding in found] == [severity]


def test_is_critical_at_half_of_the_numbers_where_the_rest_lasts_for_months() -> None:
    half = replace(FULL, last_value=INTEGER_MAX // 2 + 1)

    [finding] = run(half, table_activity(ORDERS, rows_inserted=90 * 4_000_000)).findings

    assert finding.severity is Severity.CRITICAL


def test_says_nothing_of_what_lasts_for_ten_years_until_three_quarters_are_used() -> None:
    slow = table_activity(ORDERS, rows_inserted=90)

    assert run(replace(FULL, last_value=int(INTEGER_MAX * 0.75)), slow).is_clear
    [finding] = run(FULL, slow).findings
    assert finding.severity is Severity.INFO
    assert finding.summary.endswith(", and the rest lasts more than a hundred years")


def test_a_key_that_nobody_uses_any_more_is_not_critical() -> None:
    [finding] = run(FULL, table_activity(ORDERS, rows_inserted=0)).findings

    assert finding.severity is Severity.WARNING
    assert finding.summary.endswith(", and nothing was inserted since the counters were reset")


def test_a_standby_does_not_know_that_a_key_is_at_rest() -> None:
    snapshot = a_snapshot(
        ORDERS, FULL, table_activity(ORDERS, rows_inserted=0), is_in_recovery=True
    )

    [finding] = diagnose(RULE, snapshot).findings

    assert finding.severity is Severity.CRITICAL


def test_a_sequence_may_be_narrower_than_its_column() -> None:
    table = a_table("orders", "id bigint not null")

    [finding] = diagnose(RULE, a_snapshot(table, FULL)).findings

    [action] = finding.remedies
    assert isinstance(action, ManualSteps)
    assert action.title == "Widen the sequence of public.orders.id"


def test_reports_a_narrower_column_that_refers_to_the_key() -> None:
    orders = a_table("orders", "id bigint not null")
    sequence = a_sequence(orders, "id", 1_900_000_000)
    lines = a_table("lines", "order_id integer", "also_id integer")
    notes = a_table("notes", "order_id bigint")
    keys = (
        a_foreign_key(lines, "order_id", orders),
        replace(a_foreign_key(lines, "order_id", orders), oid=3, name="twice"),
        a_foreign_key(notes, "order_id", orders),
    )

    [finding] = diagnose(RULE, a_snapshot(orders, lines, notes, sequence, keys)).findings

    assert finding.subject == "public.lines.order_id"
    assert finding.severity is Severity.CRITICAL


def test_says_which_sequences_it_may_not_read() -> None:
    denied = Unavailable(what="last values of 1 sequence", reason="permission denied")

    outcome = run(replace(FULL, last_value=None), denied)

    [skipped] = outcome.skipped
    assert skipped.subject == "public.orders_id_seq"
    assert skipped.reason == "its last value may not be read: permission denied"


@given(last_value=st.integers(0, 2**62 - 2**12))
def test_a_bigint_that_is_less_than_half_used_is_never_reported(last_value: int) -> None:
    table = a_table("orders", "id bigint not null")
    sequence = a_sequence(table, "id", last_value)

    assert diagnose(RULE, a_snapshot(table, sequence)).is_clear

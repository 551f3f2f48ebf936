"""What becomes of the values of extended statistics when a snapshot is saved."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import msgspec
import pytest

from pgadvisor.model.schema import ExtendedStatistics
from pgadvisor.model.snapshot import Snapshot
from pgadvisor.model.statistics import ColumnStatistics, CommonCombination, ExtendedValues
from pgadvisor.snapshotfile import Level, redact
from pgadvisor.snapshotfile.codec import decode, encode
from pgadvisor.testing import a_snapshot, a_statement, a_table, column_statistics

KEY = b"k" * 32
ORDERS = a_table("orders", "status text", "customer text", "amount integer", rows=100_000)


def combination(*values: str | None, ratio: float = 0.1) -> CommonCombination:
    return CommonCombination(values=values, ratio=ratio, base_ratio=ratio / 10)


def extended(*combinations: CommonCombination, **changes: Any) -> ExtendedStatistics:  # noqa: ANN401
    """An object over all columns of the table."""
    values = ExtendedValues(n_distinct='{"1, 2": 7}', most_common=combinations)
    made = ExtendedStatistics(
        oid=7,
        schema="public",
        name="orders_stats",
        table_oid=ORDERS.oid,
        columns=("status", "customer", "amount"),
        definition="CREATE STATISTICS public.orders_stats ON status, customer, amount FROM orders",
        has_values=True,
        values=(values,),
    )
    return replace(made, **changes)


def snapshot_of(*parts: Any) -> Snapshot:  # noqa: ANN401
    """A snapshot in which statuses are known as such."""
    return a_snapshot(
        ORDERS,
        column_statistics(ORDERS, "status", most_common=[("open", 0.2), ("done", 0.8)]),
        column_statistics(ORDERS, "customer", most_common=[("Ann", 0.2)], n_distinct=-0.5),
        *parts,
    )


def values_of(snapshot: Snapshot) -> ExtendedValues:
    [one] = snapshot.extended_statistics
    [values] = one.values
    return values


def test_combinations_get_what_their_columns_get() -> None:
    snapshot = snapshot_of(
        extended(combination("open", "Ann", "70"), combination(None, None, "71")),
        a_statement("select 1 from orders where customer = 'Ann'"),
    )

    redacted = redact(snapshot, "default", key=KEY)

    customers = next(row for row in redacted.column_statistics if row.column == "customer")
    [pseudonym] = list(customers.most_common_values or ())
    values = values_of(redacted)
    assert pseudonym != "Ann"
    assert values.n_distinct == '{"1, 2": 7}'
    assert values.most_common == (
        combination("open", pseudonym, "70"),
        combination(None, None, "71"),
    )
    assert f"customer = '{pseudonym}'" in redacted.statements.rows[0].text


def test_nothing_is_kept_at_the_level_all_because_it_is_shared() -> None:
    redacted = redact(snapshot_of(extended(combination("open", "Ann", "4711"))), "all", key=KEY)

    [found] = list(values_of(redacted).most_common or ())
    assert "open" not in found.values
    assert "Ann" not in found.values
    assert found.values[2] == "4700"


@pytest.mark.parametrize("level", ["default", "all"])
def test_combinations_that_few_rows_share_are_left_out_and_counted(level: Level) -> None:
    snapshot = snapshot_of(
        extended(
            combination("open", "Ann", "70", ratio=0.0005),
            combination("open", "Ann", "71", ratio=0.00049),
        )
    )

    redacted = redact(snapshot, level, key=KEY)

    assert len(values_of(redacted).most_common or ()) == 1
    [note] = redacted.unavailable
    assert note.what == "1 combinations of values"
    assert note.reason.endswith("fewer than 50 rows share them")


def test_of_a_table_of_unknown_size_no_combination_stays() -> None:
    table = replace(ORDERS, rows=-1)
    snapshot = a_snapshot(table, extended(combination("open", "Ann", "70", ratio=1.0)))

    assert values_of(redact(snapshot, "default", key=KEY)).most_common is None


def test_descendants_count_where_the_values_cover_them() -> None:
    parent = replace(ORDERS, rows=0)
    child = a_table("orders_1", "status text", rows=100_000, parent_oids=(parent.oid,))
    values = ExtendedValues(is_inherited=True, most_common=(combination("open", "Ann", "70"),))

    redacted = redact(a_snapshot(parent, child, extended(values=(values,))), "default", key=KEY)

    assert len(values_of(redacted).most_common or ()) == 1


def test_a_named_column_hides_its_values_in_combinations_too() -> None:
    snapshot = snapshot_of(extended(combination("open", "done", "4711")))

    redacted = redact(snapshot, "default", columns=["customer", "amount"], key=KEY)

    [found] = list(values_of(redacted).most_common or ())
    [status, customer, amount] = found.values
    assert (status, customer) != ("open", "done")
    assert customer not in {"open", "done"}
    assert amount not in {"4711", "4700"}
    statuses = next(row for row in redacted.column_statistics if row.column == "status")
    # Hidden there, so hidden everywhere.
    assert "done" not in (statuses.most_common_values or ())
    assert "open" in (statuses.most_common_values or ())


def test_a_value_that_cannot_be_replaced_takes_the_list_with_it() -> None:
    snapshot = snapshot_of(extended(combination("open", "Ann", "no number")))

    redacted = redact(snapshot, "default", key=KEY)

    assert values_of(redacted).most_common is None
    assert [note.what for note in redacted.unavailable] == ["1 lists of values"]


def test_values_of_expressions_are_those_of_columns() -> None:
    lower = ColumnStatistics(
        relation_oid=ORDERS.oid,
        column="-1",
        n_distinct=2.0,
        most_common_values=("open", "ann"),
        most_common_ratios=(0.5, 0.0001),
        histogram_bounds=("berta", "caesar"),
    )
    snapshot = snapshot_of(
        extended(
            columns=("amount",),
            expressions=("lower(customer)",),
            values=(
                ExtendedValues(
                    most_common=(combination("70", "open"), combination("70", "berta")),
                    expressions=(lower,),
                ),
            ),
        )
    )

    values = values_of(redact(snapshot, "default", key=KEY))

    [row] = values.expressions
    assert row is not None
    assert row.most_common_values is not None
    assert row.most_common_values[0] == "open"
    assert row.most_common_values[1] != "ann"
    assert row.histogram_bounds is not None
    [first, second] = list(values.most_common or ())
    assert first.values == ("70", "open")
    assert second.values == ("70", row.histogram_bounds[0])


def test_a_named_column_hides_the_expressions_over_its_table() -> None:
    lower = ColumnStatistics(
        relation_oid=ORDERS.oid,
        column="-1",
        n_distinct=2.0,
        most_common_values=("open",),
        most_common_ratios=(0.5,),
    )
    snapshot = snapshot_of(
        extended(
            columns=(),
            expressions=("lower(customer)", "upper(customer)"),
            values=(ExtendedValues(expressions=(lower, None)),),
        )
    )

    values = values_of(redact(snapshot, "default", columns=["customer"], key=KEY))

    [row, missing] = values.expressions
    assert missing is None
    assert row is not None
    assert row.most_common_values != ("open",)


def test_survives_a_file() -> None:
    snapshot = snapshot_of(extended(combination("open", None, "70")))

    assert decode(encode(snapshot)) == snapshot


def test_a_file_without_values_is_read() -> None:
    snapshot = snapshot_of(extended(combination("open", None, "70")))
    content = msgspec.to_builtins(snapshot)
    [one] = content["extended_statistics"]
    del one["values"]

    [older] = msgspec.convert(content, type=Snapshot).extended_statistics

    assert older.values == ()
    assert older.has_values

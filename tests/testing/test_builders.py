"""Builders of snapshots."""

from __future__ import annotations

import pytest

from pgadvisor.errors import ConfigError
from pgadvisor.model.schema import IndexKey
from pgadvisor.parse.expression import same_expression
from pgadvisor.testing import (
    COLLECTED_AT,
    a_column,
    a_foreign_key,
    a_primary_key,
    a_snapshot,
    a_statement,
    a_table,
    an_index,
    diagnose,
    table_activity,
)


def test_equal_names_have_equal_oids() -> None:
    assert a_table("orders").oid == a_table("orders", "id bigint").oid
    assert a_table("orders").oid != a_table("orders", schema="sales").oid


@pytest.mark.parametrize(
    ("declaration", "type_name", "base", "length"),
    [
        ("id bigint not null", "bigint", "bigint", 8),
        ("name varchar(20)", "character varying(20)", "character varying", -1),
        ("at timestamptz", "timestamp with time zone", "timestamp with time zone", 8),
    ],
)
def test_reads_declarations(declaration: str, type_name: str, base: str, length: int) -> None:
    column = a_column(declaration)

    assert (column.type_name, column.base_type_name) == (type_name, base)
    assert column.type_length_bytes == length
    assert column.is_not_null == declaration.endswith("not null")


def test_writes_definitions_as_postgresql_would_take_them() -> None:
    key = IndexKey(column=None, expression="lower(note)")

    index = an_index(a_table(), "id", key, "status desc", predicate="(id > 5)", include=("note",))

    assert index.definition == (
        'CREATE INDEX "orders_id_expr_status_idx" ON "public"."orders" USING btree '
        '("id", (lower(note)), "status" DESC) INCLUDE (note) WHERE (id > 5)'
    )
    assert same_expression(index.predicate or "", "id > 5")


def test_takes_groups_of_objects_apart() -> None:
    orders, customers = a_table("orders"), a_table("customers", "id bigint")
    key = a_foreign_key(orders, "customer_id", customers)

    snapshot = a_snapshot([orders, customers], a_primary_key(orders, "id"), key)

    assert [index.name for index in snapshot.indexes] == ["orders_pkey"]
    assert len(snapshot.constraints) == 2


def test_puts_the_most_expensive_statement_first() -> None:
    cheap, dear = a_statement("select 1"), a_statement("select 2", mean_time_ms=99.0)

    assert a_snapshot(cheap, dear).statements.rows == (dear, cheap)


def test_counts_for_ninety_days_unless_told_otherwise() -> None:
    assert a_snapshot().server.statistics_age_days == 90
    assert a_snapshot(statistics_age_days=None).server.statistics_age_days is None
    assert a_snapshot().server.collected_at == COLLECTED_AT


def test_refuses_what_belongs_to_no_table() -> None:
    with pytest.raises(ValueError, match="orders_note_idx is of a table that"):
        a_snapshot(an_index(a_table(), "note"))
    with pytest.raises(ValueError, match="a row of counters is of a table that"):
        a_snapshot(table_activity(a_table()))


def test_diagnose_knows_no_rule_of_that_name() -> None:
    with pytest.raises(ConfigError, match="there is no rule called no-such-rule"):
        diagnose("no-such-rule", a_snapshot())


def test_diagnose_knows_no_limit_of_that_name() -> None:
    with pytest.raises(ConfigError, match="it has no limit called no_such_limit"):
        diagnose("unused-index", a_snapshot(), no_such_limit=1)

"""SQL and names of indexes."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pgadvisor.model.action import IndexDefinition
from pgadvisor.model.schema import IndexKey
from pgadvisor.parse.expression import statement_kinds
from pgadvisor.sqltext.index import create_index_sql, definition_sql, describe_index, index_name

names = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=40)
ORDERS = IndexDefinition(
    table_oid=1, schema="public", table="orders", keys=(IndexKey(column="customer_id"),)
)


@pytest.mark.parametrize(
    ("index", "text"),
    [
        pytest.param(ORDERS, '("customer_id")', id="plain"),
        pytest.param(
            replace(
                ORDERS,
                keys=(
                    IndexKey(column="a", is_descending=True, nulls_first=True),
                    IndexKey(column="b", is_descending=True),
                    IndexKey(column="c", nulls_first=True),
                ),
            ),
            '("a" DESC, "b" DESC NULLS LAST, "c" NULLS FIRST)',
            id="order",
        ),
        pytest.param(
            replace(
                ORDERS,
                keys=(
                    IndexKey(
                        column="note",
                        collation='"public"."de"',
                        operator_class="text_pattern_ops",
                        is_default_operator_class=False,
                    ),
                ),
                include=("total",),
                predicate="paid",
            ),
            '("note" COLLATE "public"."de" text_pattern_ops) INCLUDE ("total") WHERE paid',
            id="everything",
        ),
        pytest.param(
            replace(
                ORDERS, access_method="gin", keys=(IndexKey(column="tags", is_descending=True),)
            ),
            'USING "gin" ("tags")',
            id="no-order-in-gin",
        ),
        pytest.param(
            replace(ORDERS, keys=(IndexKey(column=None, expression="lower(email)"),)),
            "((lower(email)))",
            id="expression",
        ),
        pytest.param(
            replace(
                ORDERS,
                is_unique=True,
                nulls_not_distinct=True,
                options=(("fillfactor", "70"), ("deduplicate_items", "off")),
                predicate="paid",
            ),
            '("customer_id") NULLS NOT DISTINCT'
            """ WITH ("fillfactor" = 70, "deduplicate_items" = 'off') WHERE paid""",
            id="options",
        ),
    ],
)
def test_writes_what_stands_after_the_table(index: IndexDefinition, text: str) -> None:
    assert definition_sql(index) == text


def test_writes_each_word_of_the_statement() -> None:
    assert create_index_sql(
        replace(ORDERS, is_unique=True), "i", if_not_exists=True, only=True
    ) == ('CREATE UNIQUE INDEX IF NOT EXISTS "i" ON ONLY "public"."orders" ("customer_id")')
    assert create_index_sql(ORDERS, "i", concurrently=True, schema="s", table="part") == (
        'CREATE INDEX CONCURRENTLY "i" ON "s"."part" ("customer_id")'
    )


def test_names_an_index_after_table_and_columns() -> None:
    name = index_name(ORDERS)

    assert name.startswith("pgadv_orders_customer_id_")
    assert name == index_name(replace(ORDERS, table_oid=2)), "an OID is no part of the definition"


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(replace(ORDERS, is_unique=True), id="unique"),
        pytest.param(replace(ORDERS, predicate="paid"), id="partial"),
        pytest.param(replace(ORDERS, include=("total",)), id="include"),
        pytest.param(replace(ORDERS, access_method="hash"), id="method"),
        pytest.param(replace(ORDERS, schema="other"), id="schema"),
    ],
)
def test_gives_another_definition_another_name(other: IndexDefinition) -> None:
    assert index_name(other) != index_name(ORDERS)


@given(names, st.lists(names, min_size=1, max_size=3))
def test_a_name_fits_and_any_definition_is_one_statement(table: str, columns: list[str]) -> None:
    index = replace(ORDERS, table=table, keys=tuple(IndexKey(column=c) for c in columns))
    name = index_name(index)

    assert len(name.encode()) <= 63
    assert statement_kinds(create_index_sql(index, name, concurrently=True)) == ("IndexStmt",)


@given(names, names)
def test_partitions_with_long_names_get_names_of_their_own(table: str, other: str) -> None:
    base = "p" * 50
    first, second = index_name(ORDERS, base + table), index_name(ORDERS, base + other)

    assert (first == second) is (table == other)


def test_describes_an_index_for_people() -> None:
    index = replace(ORDERS, keys=(IndexKey(column="Order No"), IndexKey(column="paid")))

    assert describe_index(index) == 'public.orders ("Order No", paid)'

"""Usage in a few words a line, so that a test can say what it expects."""

from __future__ import annotations

from pgadvisor.model.catalog import Catalog
from pgadvisor.model.schema import View
from pgadvisor.model.usage import (
    JoinPredicate,
    Predicate,
    RelationUsage,
    SortKey,
    StatementUsage,
    WrappedPredicate,
)
from pgadvisor.parse.usage import usage_of
from pgadvisor.testing import a_snapshot, a_table

CATALOG = Catalog(
    a_snapshot(
        a_table(
            "users",
            *("id integer not null", "email text", "name character varying(40)", "active boolean"),
            "created_at timestamptz",
        ),
        a_table(
            "orders",
            *("id integer not null", "user_id integer", "status text", "total numeric"),
            *("created_at timestamptz", "tags text[]", "data jsonb"),
        ),
        a_table("items", "id integer not null", "order_id integer", "sku text", "qty integer"),
        a_table("orders", "id integer not null", "note text", schema="archive"),
        View(
            oid=1,
            schema="public",
            name="open_orders",
            definition="SELECT o.id, o.user_id, o.created_at, lower(o.status) AS st "
            "FROM public.orders o WHERE o.status = 'open'::text;",
            columns=("id", "user_id", "created_at", "st"),
        ),
        View(
            oid=2,
            schema="public",
            name="open_mail",
            definition="SELECT open_orders.id, u.email FROM public.open_orders "
            "JOIN public.users u ON u.id = open_orders.user_id;",
            columns=("order_id", "mail"),
        ),
        View(
            oid=3,
            schema="public",
            name="snake",
            definition="SELECT tail.id FROM public.tail;",
            columns=("id",),
        ),
        View(
            oid=4,
            schema="public",
            name="tail",
            definition="SELECT snake.id FROM public.snake;",
            columns=("id",),
        ),
    )
)


def usage(text: str) -> StatementUsage:
    """The usage of a statement on the catalog of these tests."""
    return usage_of("q", text, CATALOG)


def relation(text: str, alias: str) -> RelationUsage:
    """The usage of the only relation of that alias."""
    [found] = [each for each in usage(text).relations if each.alias == alias]
    return found


def conditions(text: str) -> list[str]:
    """All conditions of a statement: ``alias: what``, in the order of relations."""
    found = usage(text)
    return [
        f"{each.alias}: {line}"
        for each in found.relations
        for line in (
            *map(_predicate, each.predicates),
            *(_join(join, found) for join in each.joins),
            *map(_wrapped, each.wrapped),
        )
    ]


def order(text: str, alias: str) -> str:
    """The sort keys of a relation, with dots behind where others follow."""
    each = relation(text, alias)
    keys = ", ".join(map(_sort_key, each.sort_keys))
    return keys if each.is_sort_complete or not keys else f"{keys}, ..."


def reads(text: str, alias: str) -> tuple[str, ...]:
    """The columns of a relation that are read otherwise."""
    return relation(text, alias).output_columns


def _predicate(each: Predicate) -> str:
    value = f"${each.parameter}" if each.parameter is not None else each.literal
    parts = (each.column, each.kind.value, each.operator, value, "maybe" * each.is_optional)
    return " ".join(part for part in parts if part)


def _join(each: JoinPredicate, found: StatementUsage) -> str:
    other = "?" if each.other_relation < 0 else found.relations[each.other_relation].alias
    return f"{each.column} {each.operator} {other}.{each.other_column or '?'}"


def _wrapped(each: WrappedPredicate) -> str:
    parts = (f"[{each.expression}]", each.wrapper, each.operator, each.other_side)
    text = " ".join(part for part in parts if part)
    return f"{each.column} in {text}{' maybe' * each.is_optional}"


def _sort_key(key: SortKey) -> str:
    direction = " desc" * key.is_descending
    is_default = key.nulls_first is key.is_descending
    return f"{key.column}{direction}{'' if is_default else ' nulls other'}"

"""Kinds of tables that business applications have, with what is usual for each."""

from __future__ import annotations

from dataclasses import dataclass

from tests.benchmarks.generated.distributions import (
    Amounts,
    Counts,
    Distribution,
    Flag,
    Key,
    Moments,
    Names,
    Payload,
    Reference,
    Tags,
    Tenant,
    UniqueText,
    Words,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnIdea:
    """A column with its values."""

    declaration: str
    """Name, type and ``not null``; of a reference, the name is made of the other table's."""
    values: Distribution
    references: str = ""
    """The archetype that it refers to, with a foreign key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexIdea:
    """An index that somebody may have thought of."""

    keys: tuple[str, ...]
    """Columns, ``column desc``, expressions in parentheses; ``@accounts`` is a reference."""
    share: float = 1.0
    """How often somebody did."""
    is_unique: bool = False
    method: str = "btree"
    predicate: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Archetype:
    """A kind of table."""

    name: str
    nouns: tuple[str, ...]
    """Plurals that it is called by."""
    rows_per_account: float
    """The median; 0: a small table, whatever the number of accounts."""
    columns: tuple[ColumnIdea, ...]
    indexes: tuple[IndexIdea, ...] = ()
    weekly_growth: float = 0.01
    """Rows inserted a week, as a share of those that are there."""
    updates_per_insert: float = 1.0
    deletes_per_insert: float = 0.0
    """1: what comes goes, as in a queue."""


def column(declaration: str, values: Distribution, references: str = "") -> ColumnIdea:
    """Think of a column."""
    return ColumnIdea(declaration=declaration, values=values, references=references)


def to(
    archetype: str, *, exponent: float = 0.6, correlation: float = 0.1, null_ratio: float = 0.0
) -> ColumnIdea:
    """Refer to another table."""
    values = Reference(exponent=exponent, correlation=correlation, null_ratio=null_ratio)
    return column("bigint" if null_ratio else "bigint not null", values, references=archetype)


def index(
    *keys: str,
    share: float = 1.0,
    is_unique: bool = False,
    method: str = "btree",
    predicate: str | None = None,
) -> IndexIdea:
    """Think of an index."""
    return IndexIdea(
        keys=keys, share=share, is_unique=is_unique, method=method, predicate=predicate
    )


ID = column("id bigint not null", Key())
TENANT = column("tenant_id integer not null", Tenant())
CREATED = column("created_at timestamptz not null", Moments(correlation=0.995))
UPDATED = column("updated_at timestamptz not null", Moments(correlation=0.55))
DELETED = column("deleted_at timestamptz", Moments(correlation=0.2, null_ratio=0.96))
_ALIVE = "(deleted_at IS NULL)"

PLANS = Archetype(
    name="plans",
    nouns=("plans", "categories", "groups", "channels"),
    rows_per_account=0,
    columns=(
        ID,
        column("code text not null", UniqueText(form="code-{}")),
        column("title text not null", Names(distinct=900)),
        column("is_active boolean not null", Flag(true_ratio=0.93)),
        column("sort_order integer not null", Counts(lowest=1, distinct=40, exponent=0.2)),
    ),
    indexes=(index("code", is_unique=True), index("is_active", share=0.3)),
    weekly_growth=0.001,
)
ACCOUNTS = Archetype(
    name="accounts",
    nouns=("accounts", "customers", "members", "clients", "users"),
    rows_per_account=1.0,
    columns=(
        ID,
        TENANT,
        to("plans", exponent=1.2, null_ratio=0.1),
        column("email text not null", UniqueText(form="{}@example.com")),
        column("full_name text", Names(distinct=80_000, null_ratio=0.05)),
        column("status text not null", Words(words=("active", "invited", "locked", "closed"))),
        column("country text", Words(words=("de", "us", "fr", "gb", "at", "pl", "es", "it", "nl"))),
        column("settings jsonb", Payload(width_bytes=180, null_ratio=0.3)),
        column("last_seen_at timestamptz", Moments(correlation=0.15, null_ratio=0.2, days=200)),
        CREATED,
        DELETED,
    ),
    indexes=(
        index("(lower(email))", is_unique=True, share=0.5),
        index("email", share=0.5),
        index("tenant_id", share=0.7),
        index("tenant_id", "status", share=0.4),
        index("status", share=0.2),
        index("country", share=0.15),
        index("@plans", share=0.4),
    ),
    weekly_growth=0.008,
    updates_per_insert=20.0,
    deletes_per_insert=0.02,
)
PRODUCTS = Archetype(
    name="products",
    nouns=("products", "articles", "assets", "listings", "documents"),
    rows_per_account=0.4,
    columns=(
        ID,
        TENANT,
        to("plans", exponent=1.0),
        column("sku text not null", UniqueText(form="SKU-{}")),
        column("name text not null", Names(distinct=200_000, exponent=0.5)),
        column("price numeric(12,2) not null", Amounts(median=25.0)),
        column("tags text[]", Tags()),
        column("attributes jsonb not null", Payload(width_bytes=420)),
        column("is_published boolean not null", Flag(true_ratio=0.72)),
        CREATED,
        UPDATED,
        DELETED,
    ),
    indexes=(
        index("tenant_id", "sku", is_unique=True),
        index("tenant_id", share=0.5),
        index("tags", method="gin", share=0.5),
        index("@plans", share=0.5),
        index("is_published", share=0.3),
    ),
    weekly_growth=0.006,
    updates_per_insert=12.0,
    deletes_per_insert=0.1,
)
ORDERS = Archetype(
    name="orders",
    nouns=("orders", "bookings", "contracts", "requests", "tickets"),
    rows_per_account=9.0,
    columns=(
        ID,
        TENANT,
        to("accounts", exponent=0.75, correlation=0.05),
        column("number text not null", UniqueText(form="N-{}")),
        column(
            "status text not null",
            Words(
                words=("completed", "cancelled", "refunded", "shipped", "pending", "failed"),
                ratios=(0.9, 0.06, 0.02, 0.015, 0.004, 0.001),
            ),
        ),
        column("total numeric(12,2) not null", Amounts(median=80.0)),
        column("currency text not null", Words(words=("EUR", "USD", "GBP", "PLN"), exponent=2.0)),
        column("shipped_at timestamptz", Moments(correlation=0.97, null_ratio=0.12)),
        CREATED,
        UPDATED,
        DELETED,
    ),
    indexes=(
        index("@accounts", share=0.8),
        index("@accounts", "created_at desc", share=0.3),
        index("number", is_unique=True, share=0.7),
        index("status", share=0.4),
        index("created_at", share=0.4),
        index("tenant_id", share=0.5),
        index("currency", share=0.2),
        index("status", "created_at", share=0.15, predicate=_ALIVE),
    ),
    weekly_growth=0.012,
    updates_per_insert=3.0,
    deletes_per_insert=0.01,
)
ORDER_LINES = Archetype(
    name="order_lines",
    nouns=("order_lines", "line_items", "entries", "positions"),
    rows_per_account=28.0,
    columns=(
        ID,
        to("orders", exponent=0.1, correlation=0.985),
        to("products", exponent=0.9, correlation=0.03),
        column("quantity integer not null", Counts(lowest=1)),
        column("price numeric(12,2) not null", Amounts(median=25.0)),
        column("discount numeric(5,2) not null", Counts(distinct=12, exponent=2.5)),
        column("note text", Payload(width_bytes=60, null_ratio=0.9)),
    ),
    indexes=(
        index("@orders", share=0.75),
        index("@products", share=0.4),
        index("id", "@orders", share=0.1),
    ),
    weekly_growth=0.012,
    updates_per_insert=0.1,
    deletes_per_insert=0.02,
)
EVENTS = Archetype(
    name="events",
    nouns=("events", "activities", "readings", "page_views"),
    rows_per_account=120.0,
    columns=(
        ID,
        TENANT,
        to("accounts", exponent=0.85, correlation=0.02, null_ratio=0.15),
        column(
            "kind text not null",
            Words(
                words=("view", "click", "login", "search", "export", "error", "signup"),
                exponent=1.9,
            ),
        ),
        column("payload jsonb", Payload(width_bytes=260, null_ratio=0.1)),
        column("occurred_at timestamptz not null", Moments(correlation=0.9999, days=60)),
    ),
    indexes=(
        index("occurred_at", share=0.6),
        index("@accounts", share=0.4),
        index("kind", share=0.3),
        index("tenant_id", "occurred_at", share=0.3),
        index("occurred_at", method="brin", share=0.2),
    ),
    weekly_growth=0.12,
    updates_per_insert=0.0,
    deletes_per_insert=0.9,
)
JOBS = Archetype(
    name="jobs",
    nouns=("jobs", "tasks", "deliveries"),
    rows_per_account=4.0,
    columns=(
        ID,
        TENANT,
        column("queue text not null", Words(words=("default", "mail", "import", "billing"))),
        column(
            "state text not null",
            Words(
                words=("done", "failed", "pending", "running"),
                ratios=(0.985, 0.012, 0.0025, 0.0005),
            ),
        ),
        column("priority integer not null", Counts(distinct=5, exponent=2.2)),
        column("attempts integer not null", Counts(distinct=6, exponent=3.0)),
        column("payload jsonb not null", Payload(width_bytes=350)),
        column("run_at timestamptz not null", Moments(correlation=0.99, days=14, days_ahead=1.0)),
        column("finished_at timestamptz", Moments(correlation=0.98, null_ratio=0.003, days=14)),
        column(
            "locked_by text", Words(words=("worker-1", "worker-2", "worker-3"), null_ratio=0.9995)
        ),
    ),
    indexes=(
        index("run_at", share=0.3, predicate="(state = 'pending'::text)"),
        index("state", share=0.5),
        index("queue", "state", share=0.2),
        index("finished_at", share=0.3),
        index("tenant_id", share=0.3),
    ),
    weekly_growth=0.5,
    updates_per_insert=2.1,
    deletes_per_insert=0.95,
)

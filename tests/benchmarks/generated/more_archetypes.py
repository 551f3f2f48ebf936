"""Further kinds of tables, of which each module of an application has some."""

from __future__ import annotations

from tests.benchmarks.generated.archetypes import (
    ACCOUNTS,
    CREATED,
    EVENTS,
    ID,
    JOBS,
    ORDER_LINES,
    ORDERS,
    PLANS,
    PRODUCTS,
    TENANT,
    Archetype,
    column,
    index,
    to,
)
from tests.benchmarks.generated.distributions import (
    Amounts,
    Counts,
    Flag,
    Moments,
    Names,
    Payload,
    Reference,
    Tags,
    UniqueText,
    Words,
)

_ACCOUNT = to("accounts", exponent=0.7)

SETTINGS = Archetype(
    name="settings",
    nouns=("settings", "preferences", "options"),
    rows_per_account=0.5,
    columns=(
        ID,
        TENANT,
        column("name text not null", Names(distinct=60, exponent=0.3)),
        column("value jsonb", Payload(width_bytes=40, null_ratio=0.02)),
        column("updated_at timestamptz not null", Moments(correlation=0.6)),
    ),
    indexes=(
        index("tenant_id", "name", is_unique=True),
        index("name", share=0.3),
        index("tenant_id", share=0.4),
    ),
    weekly_growth=0.004,
    updates_per_insert=8.0,
)
PAYMENTS = Archetype(
    name="payments",
    nouns=("payments", "invoices", "charges"),
    rows_per_account=7.0,
    columns=(
        ID,
        TENANT,
        to("orders", exponent=0.05, correlation=0.97),
        column(
            "provider text not null",
            Words(words=("card", "transfer", "wallet", "voucher")),
        ),
        column("external_id text", UniqueText(form="ch_{}", null_ratio=0.08)),
        column(
            "state text not null",
            Words(
                words=("settled", "refunded", "open", "disputed"), ratios=(0.95, 0.03, 0.018, 0.002)
            ),
        ),
        column("amount numeric(12,2) not null", Amounts(median=80.0)),
        CREATED,
    ),
    indexes=(
        index("@orders", share=0.6),
        index("external_id", share=0.5, is_unique=True),
        index("provider", share=0.3),
        index("state", share=0.3),
        index("tenant_id", "created_at", share=0.4),
    ),
    weekly_growth=0.012,
    updates_per_insert=1.4,
)
COMMENTS = Archetype(
    name="comments",
    nouns=("comments", "notes", "messages"),
    rows_per_account=6.0,
    columns=(
        ID,
        _ACCOUNT,
        column(
            "subject_type text not null",
            Words(words=("order", "product", "account", "payment")),
        ),
        column("subject_id bigint not null", Reference(highest=400_000, exponent=0.3)),
        column("body text not null", Payload(width_bytes=240)),
        column("labels text[]", Tags(vocabulary=60, mean_length=2.0)),
        CREATED,
        column(
            "deleted_at timestamptz",
            Moments(correlation=0.3, null_ratio=0.93),
        ),
    ),
    indexes=(
        index("@accounts", share=0.5),
        index("subject_type", "subject_id", share=0.5),
        index("subject_type", share=0.3),
        index("labels", share=0.2, method="gin"),
    ),
    weekly_growth=0.01,
    updates_per_insert=0.2,
    deletes_per_insert=0.01,
)
SESSIONS = Archetype(
    name="sessions",
    nouns=("sessions", "devices", "tokens"),
    rows_per_account=2.0,
    columns=(
        ID,
        _ACCOUNT,
        column("token text not null", UniqueText(form="tok_{}")),
        column("user_agent text", Names(distinct=900, exponent=1.2)),
        column("last_seen_at timestamptz not null", Moments(correlation=0.2, days=30)),
        column(
            "expires_at timestamptz not null",
            Moments(correlation=0.6, days=40, days_ahead=30),
        ),
    ),
    indexes=(
        index("token", is_unique=True, share=0.85),
        index("@accounts", share=0.6),
        index("last_seen_at", share=0.3),
    ),
    weekly_growth=0.25,
    updates_per_insert=9.0,
    deletes_per_insert=0.98,
)
AUDIT_LOG = Archetype(
    name="audit_log",
    nouns=("audit_log", "history", "changes"),
    rows_per_account=40.0,
    columns=(
        ID,
        TENANT,
        column(
            "actor_id bigint",
            Reference(highest=20_000, exponent=1.0, null_ratio=0.2),
        ),
        column(
            "action text not null",
            Words(words=("update", "create", "delete", "login", "export"), exponent=1.3),
        ),
        column("object_id bigint not null", Reference(highest=900_000, exponent=0.4)),
        column("diff jsonb", Payload(width_bytes=500, null_ratio=0.2)),
        column("logged_at timestamptz not null", Moments(correlation=0.9999)),
    ),
    indexes=(
        index("object_id", share=0.5),
        index("logged_at", share=0.5),
        index("action", share=0.3),
        index("tenant_id", "action", "logged_at", share=0.2),
    ),
    weekly_growth=0.015,
    updates_per_insert=0.0,
)
MEMBERSHIPS = Archetype(
    name="memberships",
    nouns=("memberships", "assignments", "subscriptions"),
    rows_per_account=1.6,
    columns=(
        ID,
        _ACCOUNT,
        to("plans", exponent=1.1),
        column("role text not null", Words(words=("member", "editor", "owner"))),
        column("is_primary boolean not null", Flag(true_ratio=0.55)),
        CREATED,
    ),
    indexes=(
        index("@accounts", "@plans", is_unique=True, share=0.8),
        index("@accounts", share=0.5),
        index("@plans", share=0.4),
    ),
    weekly_growth=0.01,
    updates_per_insert=0.3,
    deletes_per_insert=0.3,
)
NOTIFICATIONS = Archetype(
    name="notifications",
    nouns=("notifications", "alerts", "reminders"),
    rows_per_account=22.0,
    columns=(
        ID,
        _ACCOUNT,
        column("kind text not null", Words(words=("mail", "push", "sms", "inbox"))),
        column("is_read boolean not null", Flag(true_ratio=0.97)),
        column("retries integer not null", Counts(exponent=3.0)),
        column("body text", Payload(width_bytes=130)),
        CREATED,
    ),
    indexes=(
        index("@accounts", share=0.6),
        index("is_read", share=0.3),
        index("@accounts", "is_read", share=0.3),
        index("created_at", share=0.3),
    ),
    weekly_growth=0.02,
    updates_per_insert=1.0,
    deletes_per_insert=0.5,
)

CORE = (PLANS, ACCOUNTS, PRODUCTS, ORDERS, ORDER_LINES, EVENTS)
"""Each module has them; what refers comes after what is referred to."""
FURTHER = (JOBS, SETTINGS, PAYMENTS, SESSIONS, COMMENTS, AUDIT_LOG, MEMBERSHIPS, NOTIFICATIONS)
EXTRA_COLUMNS = (
    column(
        "source text",
        Words(words=("web", "app", "api", "import"), null_ratio=0.1),
    ),
    column(
        "region text not null",
        Words(words=("eu", "us", "apac", "latam"), exponent=1.2),
    ),
    column("reference text", UniqueText(form="ref-{}", null_ratio=0.4)),
    column("weight integer not null", Counts(distinct=60, exponent=0.8)),
    column("is_test boolean not null", Flag(true_ratio=0.01)),
    column("archived_at timestamptz", Moments(correlation=0.7, null_ratio=0.85)),
    column("metadata jsonb", Payload(width_bytes=150, null_ratio=0.6)),
    column("description text", Payload(width_bytes=90, null_ratio=0.5)),
)
"""Some of them are found in any table."""

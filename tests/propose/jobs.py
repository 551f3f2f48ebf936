"""A table of jobs, and what is proposed for statements on it."""

from __future__ import annotations

from typing import Any

from pgadvisor.config import GateLimits
from pgadvisor.model.candidate import Candidate
from pgadvisor.model.catalog import Catalog
from pgadvisor.model.schema import Table
from pgadvisor.model.server import Extension
from pgadvisor.parse.usage import usage_of
from pgadvisor.propose.indexes import propose_indexes
from pgadvisor.propose.options import ProposalKind, ProposalOptions
from pgadvisor.sqltext.index import describe_keys
from pgadvisor.testing import SnapshotObject, a_column, a_snapshot, a_table, column_statistics
from pgadvisor.units import GiB

KEYS = frozenset({ProposalKind.KEYS})
COVERING = frozenset({ProposalKind.COVERING})
PARTIAL = frozenset({ProposalKind.PARTIAL})
EXPRESSIONS = frozenset({ProposalKind.EXPRESSIONS})
OTHER_METHODS = frozenset({ProposalKind.OTHER_METHODS})
MERGES = frozenset({ProposalKind.MERGES})
EXISTING = frozenset({ProposalKind.EXISTING})

JOBS = a_table(
    "jobs",
    *("id bigint", "tenant_id bigint", "owner_id bigint", "status text", "active boolean"),
    *("name text", "code varchar(20)", "country character(2)"),
    a_column("bytewise text", collation='pg_catalog."C"'),
    *("created_at timestamptz", "deleted_at timestamptz", "digest text", "settings json"),
    *("document jsonb", "tags text[]", "words tsvector", "span int4range", "place point"),
    "address inet",
    rows=1_000_000,
    size_bytes=GiB,
)
TENANTS = a_table("tenants", "id bigint", "plan text", "region bigint", rows=1_000_000)
TRIGRAMS = Extension(name="pg_trgm", version="1.6", schema="tools")


def candidates(
    statements: str | tuple[str, ...],
    *objects: SnapshotObject,
    limits: GateLimits | None = None,
    collation: str = "de_DE.UTF-8",
    locale_provider: str = "libc",
    **options: Any,  # noqa: ANN401  (fields of ProposalOptions)
) -> tuple[Candidate, ...]:
    """What is proposed for statements, whose ids are ``s1``, ``s2`` and so on."""
    texts = (statements,) if isinstance(statements, str) else statements
    given = {o.name for o in objects if isinstance(o, Table)}
    others = tuple(table for table in (JOBS, TENANTS) if table.name not in given)
    server = {"collation": collation, "locale_provider": locale_provider}
    catalog = Catalog(a_snapshot(*others, *objects, **server))
    usages = [usage_of(f"s{number}", text, catalog) for number, text in enumerate(texts, 1)]
    return propose_indexes(catalog, usages, limits or GateLimits(), ProposalOptions(**options))


def proposed(
    statements: str | tuple[str, ...],
    *objects: SnapshotObject,
    table: str = "jobs",
    **options: Any,  # noqa: ANN401  (fields of ProposalOptions)
) -> list[str]:
    """The same for people: keys, INCLUDE and WHERE of those on one table."""
    found = candidates(statements, *objects, **options)
    return [describe_keys(c.definition) for c in found if c.definition.table == table]


def statuses(done: float, new: float) -> SnapshotObject:
    """Statistics of the status, by the share of the rows that have it."""
    return column_statistics(
        JOBS, "status", most_common_values=("done", "new"), most_common_ratios=(done, new)
    )

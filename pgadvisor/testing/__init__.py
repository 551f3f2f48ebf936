"""Builders of snapshots for tests, and for authors of rules of their own.

Each builder has defaults that make a plausible whole, so that a test states only what it is
about::

    orders = a_table("orders", "id bigint not null", "customer_id bigint", rows=1_000_000)
    snapshot = a_snapshot(orders, a_primary_key(orders, "id"), an_index(orders, "customer_id"))

OIDs are made from names: equal names, equal OIDs.  ``diagnose`` runs one rule::

    [finding] = diagnose("unused-index", snapshot, min_size_bytes=0).findings
"""

from pgadvisor.testing.outcome import Outcome, a_case, diagnose, executed
from pgadvisor.testing.schema import (
    a_column,
    a_foreign_key,
    a_primary_key,
    a_sequence,
    a_table,
    a_unique_constraint,
    an_index,
    oid_of,
)
from pgadvisor.testing.snapshot import (
    COLLECTED_AT,
    SnapshotObject,
    SnapshotPart,
    a_server,
    a_snapshot,
    a_statement,
    column_statistics,
    index_activity,
    table_activity,
    table_age,
)

__all__ = [
    "COLLECTED_AT",
    "Outcome",
    "SnapshotObject",
    "SnapshotPart",
    "a_case",
    "a_column",
    "a_foreign_key",
    "a_primary_key",
    "a_sequence",
    "a_server",
    "a_snapshot",
    "a_statement",
    "a_table",
    "a_unique_constraint",
    "an_index",
    "column_statistics",
    "diagnose",
    "executed",
    "index_activity",
    "oid_of",
    "table_activity",
    "table_age",
]

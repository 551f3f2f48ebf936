"""Write shop.pgsnap: a database to try the rule on, where there is none at hand."""

from pathlib import Path

import pgadvisor
from pgadvisor.testing import a_primary_key, a_snapshot, a_table, column_statistics

orders = a_table("orders", "id bigint not null", "deleted_at timestamptz", rows=4_000_000)
snapshot = a_snapshot(
    orders,
    a_primary_key(orders, "id"),
    column_statistics(orders, "deleted_at", null_ratio=0.25),
)
pgadvisor.save(snapshot, Path("shop.pgsnap"))

"""A change capture that has a megabyte for transactions of ten."""

from __future__ import annotations

import psycopg

from tests.faults.fault import Fault
from tests.faults.shops import ORDERS

_TIMES = 4
_READ = (
    "select count(*) from pg_logical_slot_get_binary_changes("
    "'capture', null, null, 'proto_version', '1', 'publication_names', 'changes')"
)


def capture_large_transactions(dsn: str) -> None:
    """Change many rows at once, and let them be decoded."""
    with psycopg.connect(dsn, autocommit=True, user="postgres") as session:
        session.execute("set pg_stat_statements.track = 'none'")  # a reader is no statement
        for _ in range(_TIMES):
            session.execute("update orders set total = total + 1")
            session.execute(_READ.encode())
        # The session tells the server what it has counted when it ends, at the latest.


FAULT = Fault(
    subject="logical_decoding_work_mem",
    schema=ORDERS,
    restart_with={"wal_level": "logical"},
    plant=(
        "create publication changes for all tables",
        "select pg_create_logical_replication_slot('capture', 'pgoutput')",
        "alter system set logical_decoding_work_mem = '1MB'",
        "select pg_reload_conf()",
    ),
    act=capture_large_transactions,
    mend=(
        "alter system reset logical_decoding_work_mem",
        "select pg_reload_conf()",
        "select pg_drop_replication_slot('capture')",
    ),
    limits={"min_spilled_bytes": 1 << 20, "min_spilled_transactions_count": 2},
    why_lower="10 GiB of changes in a hundred transactions take an hour",
    days=8,
)

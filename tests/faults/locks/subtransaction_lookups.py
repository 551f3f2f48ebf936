"""A long transaction of many parts, and readers who have to look up whose each row is."""

from __future__ import annotations

import psycopg

from tests.faults.fault import Fault
from tests.faults.shops import CUSTOMERS

_PARTS = 80_000
"""Their numbers take more blocks than the cache has: 2,048 a block, and 32 blocks."""
_READS = 10

_WRITE_IN_PARTS = f"""
    do $$
    begin
        for n in 1..{_PARTS} loop
            begin
                insert into entries values (n);
            exception when unique_violation then
                null;
            end;
        end loop;
    end $$
"""


def read_beside_a_long_transaction(dsn: str) -> None:
    """Let readers meet rows of a transaction that is still open."""
    with psycopg.connect(dsn) as writer, psycopg.connect(dsn, autocommit=True) as reader:
        writer.execute(_WRITE_IN_PARTS.encode())
        # Who begins after this cannot tell by the number alone that the rows are not committed.
        reader.execute("select txid_current()")
        for _ in range(_READS):
            reader.execute("select count(*) from entries")
        writer.rollback()


FAULT = Fault(
    subject="subtransactions",
    schema=CUSTOMERS + "create table entries (id bigint primary key);",
    act=read_beside_a_long_transaction,
    mend=(),
    limits={"min_reads_per_day_count": 1},
    why_lower="a read a second for a week would take millions of parts",
    days=8,
)

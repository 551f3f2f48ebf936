"""A prepared transaction that its manager has forgotten, while others go on."""

from __future__ import annotations

import psycopg

from tests.faults.fault import Fault
from tests.faults.shops import ORDERS


def begin_many(dsn: str) -> None:
    """Let a hundred and ten thousand transactions begin and end."""
    with psycopg.connect(dsn, autocommit=True) as session:
        session.execute(
            """
            do $$ begin
                for _ in 1 .. 110000 loop
                    perform pg_current_xact_id();
                    commit;
                end loop;
            end $$
            """
        )


FAULT = Fault(
    subject="a prepared transaction of ",
    schema=ORDERS,
    restart_with={"max_prepared_transactions": "1"},
    plant=(
        "begin",
        "update orders set status = 'done' where id = 20",
        "prepare transaction 'forgotten'",
    ),
    act=begin_many,
    mend=("rollback prepared 'forgotten'",),
)

"""A hundred entries for temporary tables of three hundred names."""

from __future__ import annotations

import psycopg

from tests.faults.fault import Fault
from tests.faults.place import Place
from tests.faults.shops import ORDERS

_TIMES = 300


def name_tables_differently(dsn: str) -> None:
    """Make up a name for each report."""
    with psycopg.connect(dsn) as session:
        for number in range(_TIMES):
            name = f"report_{number}"
            session.execute(f"create temporary table {name} (id bigint) on commit drop".encode())
            session.execute("select total from orders where id = %s", (number + 1,))


def _make_room(place: Place) -> None:
    place.run("alter system set pg_stat_statements.max = 1000")
    place.cluster.restart()


FAULT = Fault(
    subject="pg_stat_statements.max",
    schema=ORDERS,
    restart_with={"pg_stat_statements.max": "100"},
    act=name_tables_differently,
    mend=_make_room,
    days=8,
)

"""Bookings and their payments, partitioned alike, and joined with too little memory for all."""

from __future__ import annotations

from tests.faults.fault import Calls, Fault

_PARTS = 8


def _table(name: str) -> str:
    parts = "".join(
        f"create table {name}_{number} partition of {name}"
        f" for values with (modulus {_PARTS}, remainder {number});\n"
        for number in range(_PARTS)
    )
    return f"""
        create table {name} (id bigint not null, amount numeric not null, note text not null,
            primary key (id)) partition by hash (id);
        {parts}
        insert into {name} select n, n % 1000, repeat('x', 100) from generate_series(1, 60000) n;
    """


FAULT = Fault(
    subject="app",
    schema=_table("booking") + _table("payment"),
    workload=(
        Calls(
            text="select count(*), sum(p.amount) from payment p join booking b on p.id = b.id"
            " where b.note <> p.note || %s",
            parameters=lambda n: (str(n),),
        ),
    ),
    limits={"min_mean_time_ms": 5},
    why_lower="a join of a second takes tables of millions of rows",
)

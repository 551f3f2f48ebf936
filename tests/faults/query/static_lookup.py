"""Currencies, which never change, and are asked for before each sale."""

from __future__ import annotations

from tests.faults.fault import Calls, Fault
from tests.faults.shops import ORDERS

SALE = Calls(
    text="select total from orders where id = %s",
    times=2_000,
    parameters=lambda n: (n % 2000 + 1,),
)
FAULT = Fault(
    subject="public.currencies",
    schema=ORDERS
    + """
        create table currencies (code text primary key, name text not null);
        insert into currencies select 'C' || n, 'currency ' || n from generate_series(1, 150) n;
    """,
    workload=(
        SALE,
        Calls(
            text="select name from currencies where code = %s",
            times=1_800,
            parameters=lambda n: (f"C{n % 150 + 1}",),
        ),
    ),
    mend=(),
    rewritten=(SALE, Calls(text="select code, name from currencies", times=2)),
    days=0.01,
)

"""Lists of orders that are written out, each time in another length."""

from __future__ import annotations

from tests.faults.fault import Calls, Fault, Parameters
from tests.faults.shops import ORDERS


def _ids(length: int) -> Parameters:
    return lambda n: tuple(range(n, n + length))


FAULT = Fault(
    subject="public.orders.id",
    schema=ORDERS,
    workload=tuple(
        Calls(
            text=f"select total from orders where id in ({', '.join(['%s'] * length)})",
            parameters=_ids(length),
        )
        for length in range(10, 30)
    ),
    mend=(),
    rewritten=(
        Calls(
            text="select total from orders where id = any (%s)",
            parameters=lambda n: (list(range(n, n + 20)),),
        ),
    ),
    majors=(15,),
)

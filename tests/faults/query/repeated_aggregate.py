"""A dashboard that computes the same figures for each visitor."""

from __future__ import annotations

from tests.faults.fault import Calls, Fault
from tests.faults.shops import ORDERS

FAULT = Fault(
    subject="public.orders",
    schema=ORDERS,
    workload=(
        Calls(
            text="select status, sum(exp(total / 100) + ln(total + 1)) from orders group by status",
            times=15,
        ),
    ),
    mend=(
        (
            "create materialized view figures as"
            " select status, sum(exp(total / 100) + ln(total + 1)) from orders group by status"
        ),
    ),
    rewritten=(Calls(text="select * from figures", times=15),),
    days=0.005,
)

"""Local times without their zone."""

from __future__ import annotations

from tests.faults.fault import Fault
from tests.faults.shops import ORDERS

FAULT = Fault(
    subject="public.orders",
    schema=ORDERS,
    plant=(
        "alter system set timezone = 'Europe/Berlin'",
        "select pg_reload_conf()",
        "alter table orders alter created_at type timestamp",
        "alter table orders alter created_at set default now()",
    ),
    mend=("alter table orders alter created_at type timestamptz",),
)

"""A nested loop that was planned for few addresses, and got a fifth of them."""

from __future__ import annotations

from tests.faults.fault import Fault
from tests.faults.shops import ADDRESSES, IN_ONE_TOWN

FAULT = Fault(
    subject="public.visits",
    schema=ADDRESSES
    + """
        create table visits (address_id bigint not null, visitor text not null);
        insert into visits
        select n % 200000 + 1, 'visitor ' || n from generate_series(1, 600000) n;
        create index visits_address_id_idx on visits (address_id);
    """,
    explained=(
        f"select count(visitor) from addresses join visits on address_id = id where {IN_ONE_TOWN}",
    ),
    mend=(
        "create statistics town (dependencies, mcv) on country, region, city, zip from addresses",
        "analyze addresses",
    ),
    beside={"correlated-columns": "it is the reason for the loop"},
)

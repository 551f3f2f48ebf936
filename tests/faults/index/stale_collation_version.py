"""An index on names, from before the library that sorts them was updated."""

from __future__ import annotations

from tests.faults.fault import Calls, Fault
from tests.faults.shops import CUSTOMERS

FAULT = Fault(
    subject="collation public.spoken",
    schema="""
        do $$
        begin
            if exists (select from pg_collation where collname = 'pg_c_utf8') then
                create collation spoken from pg_c_utf8;
            else
                create collation spoken (provider = icu, locale = 'de');
            end if;
        end $$;
    """
    + CUSTOMERS
    + """
        alter table customers alter name type text collate spoken;
        create index customers_name_idx on customers (name);
    """,
    plant=("update pg_collation set collversion = '0.1' where collname = 'spoken'",),
    workload=(
        Calls(
            text="select id from customers where name = %s",
            parameters=lambda n: (f"customer {n}",),
        ),
    ),
    mend=(
        "reindex index customers_name_idx",
        "alter collation spoken refresh version",
    ),
    needs="select exists (select from pg_collation where collprovider in ('i', 'b'))",
)

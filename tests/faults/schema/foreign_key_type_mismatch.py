"""Integers that refer to a numeric key."""

from __future__ import annotations

from tests.faults.fault import Calls, Fault

FAULT = Fault(
    subject="public.lines.invoice",
    schema="""
        create table invoices (number numeric primary key, paid boolean not null);
        insert into invoices select n, true from generate_series(1, 5000) n;
        create table lines (
            id bigint generated always as identity primary key,
            invoice integer not null references invoices (number),
            text text not null
        );
        insert into lines (invoice, text)
        select n % 4000 + 1, repeat('x', 120) from generate_series(1, 60000) n;
        create index lines_invoice_idx on lines (invoice);
    """,
    workload=(
        Calls(text="delete from invoices where number = %s", parameters=lambda n: (4100 + n,)),
    ),
    mend=("alter table lines alter invoice type numeric",),
)

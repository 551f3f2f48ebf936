"""A list of orders, and then for each of them a statement for its product."""

from __future__ import annotations

from tests.faults.fault import Calls, Fault
from tests.faults.shops import ORDERS

LIST = Calls(
    text="select id, product_id, total from orders where customer_id = %s",
    times=400,
    parameters=lambda n: (n + 1,),
)
FAULT = Fault(
    subject="public.products.id",
    schema=ORDERS
    + """
        create table products (
            id bigint generated always as identity primary key,
            name text not null
        );
        insert into products (name) select 'product ' || n from generate_series(1, 500) n;
        alter table orders add product_id bigint references products (id);
        update orders set product_id = id % 500 + 1;
    """,
    workload=(
        LIST,
        Calls(
            text="select name from products where id = %s",
            times=12_000,
            parameters=lambda n: (n % 500 + 1,),
        ),
    ),
    mend=(),
    rewritten=(
        LIST,
        Calls(
            text="select id, name from products where id = any (%s)",
            times=400,
            parameters=lambda n: ([n % 500 + 1, n % 400 + 2, n % 300 + 3],),
        ),
    ),
)

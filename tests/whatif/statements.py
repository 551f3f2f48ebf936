"""Statements over the shop, and indexes that some of them would like to have."""

from __future__ import annotations

STATEMENTS = (
    "select * from orders where id = 4711",
    "select * from orders where customer_id = 17 order by created_at desc limit 10",
    "select * from orders where status = 'open' and created_at > '2024-09-01' order by created_at",
    "select count(*) from orders where created_at between '2024-03-01' and '2024-03-08'",
    "select * from orders where status in ('returned', 'cancelled') and is_big(total)",
    "select status, count(*), sum(total) from orders group by status order by 2 desc",
    "select * from customers where normal(email) = 'user77@mail.example.com'",
    "select * from customers where email like 'user12%'",
    "select * from customers where country = 'PT' and tier >= 4 order by tier desc limit 20",
    "select * from customers where (home).city = 'City 7'",
    "select * from customers where reference = 'a87ff679-a2f3-e71d-9181-a67b7542122c'",
    (
        "select c.email, o.total from customers c join orders o on o.customer_id = c.id"
        " where c.country = 'FR' and o.created_at > '2024-10-01'"
    ),
    (
        "select o.id, sum(l.quantity * l.price) from orders o join order_lines l on order_id = o.id"
        " where o.customer_id = 99 group by o.id"
    ),
    "select * from good_customers order by amount desc limit 5",
    (
        "select p.title, sum(l.quantity) from order_lines l join products p on p.id = l.product_id"
        " where p.price > 800 group by p.id order by 2 desc limit 10"
    ),
    "select * from products where title ilike '%abc%'",
    "select quantity from order_lines where product_id = 1200",
    "select * from events where kind = 'kind3' and happened_at > '2024-06-01 00:00+00'",
    "select count(*) from events where customer_id = 5",
    "select max(happened_at) from events",
    "select * from bookings where room = 7 and during && tsrange('2024-03-01', '2024-03-03')",
    "select * from vehicles where plate = 'L77'",
    "select * from sales_by_day where day = '2024-05-05'",
    'select * from "Odd ""schema"."Odd table" where "Odd column" = 5',
    "select * from customers c where not exists (select from orders o where o.customer_id = c.id)",
    (
        "with recent as (select * from orders where created_at > '2024-10-15')"
        " select c.country, count(*) from recent join customers c on c.id = customer_id group by 1"
    ),
    (
        "select distinct on (customer_id) customer_id, total from orders"
        " where customer_id < 200 order by customer_id, created_at desc"
    ),
    (
        "select * from orders o where total > (select avg(total) from orders i"
        " where i.customer_id = o.customer_id) limit 50"
    ),
    "select id from orders where note = 'note 17' or id < 20",
    (
        "insert into orders (id, customer_id, status, total, created_at)"
        " values (1000000, 1, 'open', 5, '2024-12-01')"
    ),
    (
        "insert into customers (email, country, reference)"
        " select 'x', 'DE', reference from customers where id < 100"
    ),
    "update orders set status = 'paid' where id = 17",
    "delete from order_lines where order_id between 5010 and 5020",
    (
        "merge into products p using (select 17 as id, 3 as n) s on p.id = s.id"
        " when matched then update set price = p.price + s.n"
    ),
)
"""Every plan and cost of these is to be the same on the original and on the twin."""

GIN_STATEMENTS = ("select * from products where tags @> array['tag3']",)
"""Of these the cost rests on a GIN index's metapage, which the twin does not have."""

INDEXES = {
    "create index on orders (created_at)": (
        "select * from orders where created_at between '2024-03-01' and '2024-03-03'"
    ),
    "create index on orders (status, created_at desc)": (
        "select * from orders where status = 'returned' order by created_at desc limit 3"
    ),
    "create index on orders (status, total)": (
        "select id from orders where status = 'cancelled' and total > 950"
    ),
    "create index on orders (total) where status = 'returned'": (
        "select id, total from orders where status = 'returned' and total < 40"
    ),
    "create index on orders (note)": "select * from orders where note = 'note 17'",
    "create index on orders ((created_at::date))": (
        "select * from orders where created_at::date = '2024-02-02'"
    ),
    "create index on orders (shipped_on) include (total)": (
        "select sum(total) from orders where shipped_on between '2024-02-02' and '2024-02-09'"
    ),
    "create unique index on orders (ticket)": "select * from orders where ticket = 4000",
    "create index on customers (reference)": (
        "select * from customers where reference = 'a87ff679-a2f3-e71d-9181-a67b7542122c'"
    ),
    "create index on customers (country)": "select * from customers where country = 'PT'",
    "create index on customers (credit desc nulls last)": (
        "select * from customers order by credit desc nulls last limit 10"
    ),
    "create index on customers (email text_pattern_ops)": (
        "select * from customers where email like 'user12%'"
    ),
    "create index on order_lines (quantity, price)": (
        "select * from order_lines where quantity = 3 and price < 1"
    ),
    "create index on events (customer_id)": "select * from events where customer_id = 5",
    "create index on events (happened_at) where kind <> 'kind9'": (
        "select * from events where kind <> 'kind9' and happened_at > '2024-11-20 00:00+00'"
    ),
    "create index on products (price)": "select * from products where price > 890",
    "create index on products (lower(title))": (
        "select * from products where lower(title) = 'product 1'"
    ),
    "create index on lorries (weight)": "select * from lorries where weight = 5100",
}
"""CREATE INDEX statements, each with a statement that is glad of the index."""

OTHER_INDEXES = {
    "create index on orders using hash (ticket)": "select * from orders where ticket = 400",
    "create index on products using gin (attributes)": (
        "select * from products where attributes @> '{\"colour\": 3}'"
    ),
    "create index on orders using brin (shipped_on) with (pages_per_range = 8)": (
        "select * from orders where shipped_on = '2024-02-02'"
    ),
    "create index on bookings using gist (during)": (
        "select * from bookings where during @> timestamp '2024-03-03 12:00'"
    ),
    "create index on customers using spgist (email)": (
        "select * from customers where email = 'user8@mail.example.com'"
    ),
    "create index on products using gin (title gin_trgm_ops)": (
        "select * from products where title ilike '%abcd%'"
    ),
}
"""Other kinds than btree."""

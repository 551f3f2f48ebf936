-- A small shop with one of nearly everything that a planner looks at.
create extension pg_trgm;
create extension btree_gist;
create type order_status as enum ('open', 'paid', 'shipped', 'returned', 'cancelled');
create type address as (street text, city text);
create domain positive as integer check (value > 0);
create function normal(text) returns text language sql immutable strict
    as $$ select lower(btrim($1)) $$;
create function is_big(amount numeric) returns boolean language plpgsql immutable
    as $$ begin return amount > 500; end $$;
-- A number below the second argument that looks random, and is the same in every run.
create function pick(seed integer, below integer) returns integer language sql immutable
    as $$ select (hashint4extended(seed, below) & 2147483647) % below $$;

create table customers (
    id bigint generated always as identity primary key,
    email text not null,
    country char(2) not null,
    tier positive not null default 1,
    home address,
    credit double precision,
    reference uuid not null,
    created_at timestamptz not null default now(),
    constraint customers_email_key unique (email) deferrable
);
insert into customers (email, country, tier, home, credit, reference, created_at)
select
    'user' || i || '@' || case when i % 3 = 0 then 'example.org' else 'mail.example.com' end,
    case when pick(i, 10) < 6 then 'DE' when pick(i, 10) < 9 then 'FR' else 'PT' end,
    1 + pick(i, 5),
    row('Street ' || pick(i, 400), 'City ' || pick(i, 60))::address,
    case when i % 4 = 0 then null else pick(i, 10000) / 7.0 end,
    md5(i::text)::uuid,
    timestamptz '2024-01-01 00:00+00' + i * interval '30 minutes'
from generate_series(1, 20000) i;
create index customers_country_tier on customers (country, tier desc);
create index customers_normal_email on customers (normal(email));

create sequence ticket_numbers;
create table products (
    id integer primary key,
    sku text not null unique,
    title text not null,
    price numeric(10, 2) not null,
    price_with_tax numeric generated always as (price * 1.19) stored,
    attributes jsonb not null,
    tags text[] not null
);
insert into products (id, sku, title, price, attributes, tags)
select i, 'SKU-' || lpad(i::text, 6, '0'), 'Product ' || md5(i::text), pick(i, 9000) / 10.0,
    jsonb_build_object('colour', i % 7, 'size', i % 4),
    array['tag' || i % 11, 'tag' || i % 5]
from generate_series(1, 3000) i;
create index products_tags on products using gin (tags);

-- Statistics targets are such that ANALYZE sees every row of the larger tables.
create table orders (
    id bigint primary key,
    ticket bigint not null default nextval('ticket_numbers'),
    customer_id bigint not null references customers (id),
    status order_status not null,
    total numeric(12, 2) not null check (total >= 0),
    note text,
    created_at timestamp not null,
    shipped_on date
);
insert into orders (id, customer_id, status, total, note, created_at, shipped_on)
select i,
    1 + pick(i, 20000),
    case when i % 50 = 0 then 'open' when i % 50 < 10 then 'paid' when i % 50 < 45 then 'shipped'
        when i % 50 < 48 then 'returned' else 'cancelled' end::order_status,
    pick(i, 100000) / 100.0,
    case when i % 5 = 0 then null else 'note ' || pick(i, 300) end,
    timestamp '2024-01-01' + i * interval '7 minutes',
    case when i % 50 < 45 then date '2024-01-02' + (i * 7 / 1440) end
from generate_series(1, 60000) i;
alter table orders alter column id set statistics 300;
create index orders_customer on orders (customer_id);
create index orders_open on orders (created_at) where status = 'open';
create index orders_created_brin on orders using brin (created_at);

create table order_lines (
    order_id bigint not null references orders (id) on delete cascade,
    line_number smallint not null,
    product_id integer not null references products (id),
    quantity positive not null,
    price numeric(10, 2) not null,
    primary key (order_id, line_number)
);
insert into order_lines
select 1 + i / 2, 1 + i % 2, 1 + pick(i, 3000), 1 + i % 9, pick(i, 1000) / 10.0
from generate_series(0, 119999) i;
create index order_lines_product on order_lines (product_id) include (quantity);

create table events (
    id bigint not null,
    kind text not null,
    customer_id bigint,
    happened_at timestamptz not null,
    payload jsonb,
    primary key (id, happened_at)
) partition by range (happened_at);
create table events_2024_q1 partition of events
    for values from ('2024-01-01 00:00+00') to ('2024-04-01 00:00+00');
create table events_2024_q2 partition of events
    for values from ('2024-04-01 00:00+00') to ('2024-07-01 00:00+00');
create table events_2024_q3 partition of events
    for values from ('2024-07-01 00:00+00') to ('2024-10-01 00:00+00');
create table events_later partition of events default;
alter table events alter column id set statistics 200;
create index events_kind on events (kind, happened_at);
insert into events
select i, 'kind' || case when i % 20 = 0 then i % 7 else 9 end, pick(i, 20000),
    timestamptz '2024-01-01 00:00+00' + i * interval '12 minutes',
    case when i % 3 = 0 then null else jsonb_build_object('n', i) end
from generate_series(1, 40000) i;

create table bookings (
    room integer not null,
    during tsrange not null,
    guest text,
    constraint bookings_no_overlap exclude using gist (room with =, during with &&)
);
insert into bookings
select i % 40, tsrange(timestamp '2024-01-01' + (i / 40) * interval '1 day',
        timestamp '2024-01-01' + (i / 40) * interval '1 day' + interval '20 hours'), 'guest ' || i
from generate_series(0, 7999) i;

create table vehicles (id integer, plate text, weight integer);
create table lorries (axles integer) inherits (vehicles);
insert into vehicles select i, 'V' || i, i % 1000 from generate_series(1, 4000) i;
insert into lorries select i, 'L' || i, 5000 + i % 3000, 2 + i % 4 from generate_series(1, 6000) i;
create index vehicles_plate on vehicles (plate);
create index lorries_plate on lorries (plate);

create view order_totals as
    select o.id, o.customer_id, o.status, sum(l.quantity * l.price) as amount
    from orders o join order_lines l on l.order_id = o.id
    group by o.id;
create view good_customers as
    select c.id, c.email, t.amount from customers c join order_totals t on t.customer_id = c.id
    where t.amount > 500;
create materialized view sales_by_day as
    select created_at::date as day, count(*) as orders, sum(total) as total from orders group by 1;
create index sales_by_day_day on sales_by_day (day);

create schema "Odd ""schema";
create table "Odd ""schema"."Odd table" ("Odd column" integer, "select" text);
insert into "Odd ""schema"."Odd table" select i, 'text ' || i from generate_series(1, 3000) i;
create index "Odd index" on "Odd ""schema"."Odd table" ("Odd column");

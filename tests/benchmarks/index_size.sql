-- Tables of many types and distributions, for indexes whose size is to be predicted.
-- Statistics targets stay the default, so that ANALYZE samples a part of the larger tables.
select setseed(0.25);

-- Few have most: a number up to the given one, each as often as it is small (Zipf's law).
create function zipf(below integer) returns integer language sql volatile
    as $$ select floor(power(below, random()))::integer $$;
create type priority as enum ('low', 'medium', 'high', 'urgent');

create table orders (
    order_id bigint not null,
    customer_id bigint not null,
    status text not null,
    total numeric(12, 2) not null,
    ordered_on date not null,
    created_at timestamptz not null,
    shipped_at timestamptz,
    country char(2) not null,
    currency text not null,
    city text not null,
    clerk char(15) not null,
    importance priority not null,
    is_paid boolean not null,
    coupon text,
    level smallint,
    price_change real not null
);
insert into orders
select i, zipf(40000), (array['open', 'done', 'done', 'done', 'returned'])[1 + floor(random() * 5)],
    round((exp(random() * 9))::numeric, 2), date '2019-01-01' + i / 60,
    timestamptz '2019-01-01 00:00+00' + i * interval '24 minutes',
    case when random() < 0.7
        then timestamptz '2019-01-01 00:00+00' + random() * interval '1600 days' end,
    country, (array['EUR', 'USD', 'GBP', 'JPY'])[1 + ascii(country) % 4],
    country || ' city ' || zipf(60), 'Clerk#' || lpad(zipf(900)::text, 9, '0'),
    (enum_range(null::priority))[1 + floor(random() * 4)], random() < 0.9,
    case when random() < 0.05 then 'C-' || floor(random() * 900)::integer end,
    case when random() < 0.6 then floor(random() * 12) end, random() * 2 - 1
from (select i, chr(65 + zipf(20)) || 'X' as country from generate_series(1, 100000) i) as one;

create table lines (
    order_id bigint not null,
    line_number integer not null,
    part_id integer not null,
    supplier_id integer not null,
    quantity numeric(12, 2) not null,
    price numeric(12, 2) not null,
    discount numeric(4, 2) not null,
    shipped_on date not null,
    committed_on date not null,
    received_on date not null,
    return_flag char(1) not null,
    line_status char(1) not null,
    ship_mode char(10) not null,
    comment varchar(44) not null
);
insert into lines
select order_id, line_number, part_id,
    (part_id + floor(random() * 4)::integer * (500 + part_id / 2000)) % 2000 + 1,
    quantity, quantity * (90000 + part_id % 2000) / 100.0, floor(random() * 11) / 100.0, shipped_on,
    shipped_on + floor(random() * 60)::integer - 30, shipped_on + 1 + floor(random() * 30)::integer,
    case when shipped_on > '2022-06-17' then 'N' when random() < 0.5 then 'A' else 'R' end,
    case when shipped_on > '2022-06-17' then 'O' else 'F' end,
    (array['AIR', 'MAIL', 'SHIP', 'RAIL', 'TRUCK', 'FOB'])[1 + floor(random() * 6)],
    left(repeat(md5(random()::text), 2), 10 + floor(random() * 34)::integer)
from (
    select order_id, line_number, 1 + floor(random() * 20000)::integer as part_id,
        1 + floor(random() * 50)::integer as quantity,
        ordered_on + 1 + floor(random() * 121)::integer as shipped_on
    from orders, generate_series(1, 1 + (order_id % 5)::integer) as line_number
) as one;

create table people (
    id uuid not null,
    email text not null,
    name text not null,
    born_on date,
    seen_at timestamp,
    address inet not null,
    score double precision not null,
    flags bit(40) not null,
    biography text,
    group_id integer,
    deleted_at timestamptz,
    amount money not null,
    span interval not null
);
insert into people
select md5(i::text)::uuid, 'user.' || i || '@' || (array['example.org', 'mail.example', 'x.example'])[1 + i % 3],
    initcap(left(md5((i % 30000)::text), 4 + i % 9)) || ' ' || initcap(left(md5(zipf(5000)::text), 7)),
    case when random() < 0.8 then date '1950-01-01' + floor(random() * 20000)::integer end,
    timestamp '2023-01-01' + random() * interval '400 days',
    ('10.' || zipf(200) || '.' || floor(random() * 256)::integer || '.' || floor(random() * 256)::integer)::inet,
    random() * 1000, (floor(random() * 1000000)::bigint * 1000003)::bit(40),
    case when random() < 0.5 then repeat(md5(i::text) || ' ', 1 + floor(random() * 8)::integer) end,
    case when random() < 0.3 then zipf(3000) end,
    case when random() < 0.02 then now() - random() * interval '100 days' end,
    (random() * 500)::numeric::money, floor(random() * 5000) * interval '1 minute'
from generate_series(1, 120000) i;

create table documents (
    id integer not null,
    title text not null,
    tags text[],
    numbers integer[] not null,
    attributes jsonb not null,
    settings jsonb not null,
    body tsvector not null,
    abstract tsvector not null,
    labels hstore not null
);
insert into documents
select i,
    initcap(left(md5(zipf(4000)::text), 6)) || ' ' || left(md5(zipf(4000)::text), 8) || ' '
        || left(md5(i::text), 5),
    case when random() < 0.9 then
        array(select 'tag-' || zipf(500) from generate_series(1, 1 + i % 5)) end,
    array(select floor(random() * 20000)::integer from generate_series(1, 5 + i % 10)),
    jsonb_build_object(
        'kind', 'kind ' || zipf(8), 'size', floor(random() * 40), 'owner', 'owner ' || zipf(2000),
        'number', i, 'open', random() < 0.5,
        'tags', array(select 'tag-' || zipf(500) from generate_series(1, i % 4))),
    jsonb_build_object('theme', (array['dark', 'light', 'auto'])[1 + i % 3], 'size', i % 5,
        'panel', jsonb_build_object('left', random() < 0.5, 'width', 100 + i % 20)),
    array_to_tsvector(array(select distinct left(md5(zipf(20000)::text), 4 + n % 6)
        from generate_series(1, 30 + i % 50) n)),
    array_to_tsvector(array(select distinct left(md5(zipf(2000)::text), 4 + n % 5)
        from generate_series(1, 5 + i % 6) n)),
    hstore(array['a', 'b' || i % 7], array['x' || zipf(400), 'y' || i % 100])
from generate_series(1, 40000) i;

create table places (
    id integer not null,
    owner_id integer not null,
    position point not null,
    spot point not null,
    area box not null,
    outline polygon not null,
    round circle not null,
    open_during tsrange not null,
    numbers int4range not null,
    address inet not null,
    word text not null,
    path ltree not null,
    seen_on date not null,
    price numeric(10, 2) not null,
    started_at timestamp not null
);
insert into places
select i, zipf(2000), point(x, y), point(50 + 10 * (random() + random() + random()), random()),
    box(point(x, y), point(x + random() * 5, y + random() * 5)),
    polygon(box(point(x, y), point(x + random() * 5, y + random() * 5))), circle(point(x, y), random()),
    tsrange(at, at + random() * interval '3 days'), int4range(i, i + zipf(1000)),
    ('10.' || zipf(200) || '.' || floor(random() * 256)::integer || '.' || floor(random() * 256)::integer)::inet,
    left(md5(zipf(30000)::text), 3 + i % 12),
    text2ltree('top.b' || zipf(40) || '.c' || zipf(40) || '.d' || zipf(400)),
    date '2020-01-01' + floor(random() * 1500)::integer, round((random() * 900)::numeric, 2), at
from (
    select i, random() * 1000 as x, random() * 1000 as y,
        timestamp '2024-01-01' + random() * interval '365 days' as at
    from generate_series(1, 60000) i
) as one;

create table readings (
    id bigint not null,
    taken_at timestamp not null,
    sensor_id integer not null,
    value double precision not null,
    note text not null,
    address inet not null
) ;
insert into readings
select i, timestamp '2024-01-01' + i * interval '10 seconds', zipf(300), random() * 100,
    repeat('note ', 12 + i % 7), ('10.0.' || i / 2000 || '.' || i % 256)::inet
from generate_series(1, 250000) i;

create table pictures (id integer not null, seen vector(64) not null, short vector(8) not null, hash bit(64) not null);
insert into pictures
select i, array(select random() + i * 0 from generate_series(1, 64))::vector,
    array(select random() + i * 0 from generate_series(1, 8))::vector,
    (floor(random() * 1e9)::bigint * 1000000007)::bit(64)
from generate_series(1, 4000) i;

create statistics lines_part_supplier (ndistinct) on part_id, supplier_id from lines;
create statistics orders_country (ndistinct, dependencies) on country, currency, city from orders;

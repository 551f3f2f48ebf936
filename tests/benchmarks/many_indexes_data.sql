-- Columns of many types and distributions; every row is the same in each run.
create function pick(seed integer, below integer, salt integer default 0) returns integer
    language sql immutable
    as $$ select (hashint4extended(seed, below + salt * 1000003) & 2147483647) % below $$;
-- Few have most: the square of a number that is spread evenly.
create function skewed(seed integer, below integer, salt integer default 0) returns integer
    language sql immutable
    as $$ select floor(power(pick(seed, 100000, salt) / 100000.0, 3) * below)::integer $$;
create type trip_status as enum ('asked', 'running', 'done', 'cancelled', 'disputed');

create table trips (
    id bigint not null,
    driver_id integer not null,
    rider_id bigint not null,
    city text not null,
    status trip_status not null,
    fare numeric(10, 2) not null,
    day date not null,
    started_at timestamp not null,
    ended_at timestamp,
    email text not null,
    plate varchar(20) not null,
    flag char(6),
    reference uuid not null,
    distance_km double precision not null,
    rating smallint,
    client inet not null,
    is_paid boolean not null,
    note text
);
insert into trips
select i,
    1 + skewed(i, 5000, 1),
    1 + pick(i, 60000, 2),
    'City ' || (1 + skewed(i, 5000, 1)) % 20,
    case when pick(i, 1000, 3) < 4 then 'disputed' when pick(i, 1000, 3) < 60 then 'cancelled'
        when i > 199000 then 'running' else 'done' end::trip_status,
    pick(i, 10000, 4) / 100.0,
    date '2024-01-01' + i / 600,
    timestamp '2024-01-01' + i * interval '144 seconds',
    case when i > 199000 then null else
        timestamp '2024-01-01' + i * interval '144 seconds' + pick(i, 5400, 5) * interval '1 second'
        end,
    -- Everybody writes their own address in one way.
    'User' || pick(i, 70000, 6)
        || case when pick(i, 70000, 6) % 3 = 0 then '@Mail.example' else '@mail.example' end,
    'P' || lpad(pick(i, 9000, 7)::text, 6, '0'),
    case when pick(i, 50, 8) = 0 then 'x' || pick(i, 900, 9) end,
    md5(i::text)::uuid,
    pick(i, 1000000, 10) / 33333.0,
    case when pick(i, 5, 11) > 1 then 5 - skewed(i, 5, 12) end,
    ('10.0.' || i / 2000 || '.' || pick(i, 256, 13))::inet,
    pick(i, 40, 14) > 0,
    case when pick(i, 4, 15) = 0 then 'note ' || pick(i, 400, 16) || ' to the driver, please read' end
from generate_series(1, 200000) i;
alter table trips alter column id set statistics 1000;

create table drivers (id integer not null, name text not null);
insert into drivers select i, 'Driver ' || i from generate_series(1, 5000) i;

create table articles (
    id integer primary key,
    author_id integer not null,
    title text not null,
    tags text[],
    attributes jsonb not null,
    document tsvector not null
);
insert into articles
select i, pick(i, 300),
    'Of word' || skewed(i, 3000, 1) || ' and word' || pick(i, 3000, 2) || ' ' || md5(i::text),
    case when i % 10 > 0 then
        array(select distinct 'tag ' || skewed(i, 200, 10 + n) from generate_series(0, i % 6) n) end,
    jsonb_build_object('size', pick(i, 40, 3), 'colour', 'c' || pick(i, 9, 4), 'number', i)
        || case when i % 500 = 0 then '{"rare": true}' else '{}' end::jsonb,
    array_to_tsvector(array(
        select distinct 'word' || skewed(i, 3000, 20 + n) from generate_series(0, 7 + i % 20) n))
from generate_series(1, 20000) i;

create table places (
    id integer primary key,
    name text not null,
    owner_id integer not null,
    position point not null,
    area box not null,
    opened tsrange not null,
    network inet not null,
    path ltree not null
);
insert into places
select i, 'Place ' || pick(i, 100000), pick(i, 400, 1),
    point(pick(i, 100000, 2) / 100.0, pick(i, 100000, 3) / 100.0),
    box(point(pick(i, 100000, 2) / 100.0, pick(i, 100000, 3) / 100.0),
        point(pick(i, 100000, 2) / 100.0 + 3, pick(i, 100000, 3) / 100.0 + 2)),
    tsrange(timestamp '2024-01-01' + pick(i, 8760, 4) * interval '1 hour',
        timestamp '2024-01-01' + (pick(i, 8760, 4) + 1 + pick(i, 48, 5)) * interval '1 hour'),
    ('10.' || pick(i, 64, 6) || '.' || pick(i, 256, 7) || '.' || pick(i, 256, 8))::inet,
    text2ltree('top.b' || pick(i, 20, 9) || '.c' || pick(i, 20, 10) || '.d' || pick(i, 50, 11))
from generate_series(1, 30000) i;

create table pictures (id integer not null, embedding vector(24) not null);
insert into pictures
select i, array(select pick(i, 10000, n) / 10000.0 from generate_series(1, 24) n)::vector
from generate_series(1, 3000) i;

create table events (
    id bigint not null,
    kind text not null,
    customer_id bigint,
    amount integer not null,
    happened_at timestamp not null
) partition by range (happened_at);
create table events_q1 partition of events for values from ('2024-01-01') to ('2024-04-01');
create table events_q2 partition of events for values from ('2024-04-01') to ('2024-07-01');
create table events_q3 partition of events for values from ('2024-07-01') to ('2024-10-01');
create table events_later partition of events default;
alter table events alter column id set statistics 400;
insert into events
select i, 'kind ' || skewed(i, 30), pick(i, 4000, 1), pick(i, 100000, 2),
    timestamp '2024-01-01' + i * interval '5 minutes'
from generate_series(1, 100000) i;

create table vehicles (id integer not null, weight integer not null);
create table lorries (axles integer) inherits (vehicles);
insert into vehicles select i, pick(i, 900) from generate_series(1, 8000) i;
insert into lorries select i, 1000 + pick(i, 4000), pick(i, 300, 1) from generate_series(1, 20000) i;

create materialized view trips_by_driver as
    select driver_id, count(*) as trips, sum(fare) as fares from trips group by 1;

create unlogged table sessions (token text not null, user_id bigint not null);
insert into sessions select md5(i::text), pick(i, 5000) from generate_series(1, 20000) i;

create schema "Odd ""schema";
create table "Odd ""schema"."Odd table" ("Odd column" integer, "select" text);
insert into "Odd ""schema"."Odd table" select pick(i, 700), 'text ' || i
from generate_series(1, 10000) i;

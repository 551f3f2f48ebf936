-- Indexes of every kind, and below each of them statements that gain by it; one on a line.

-- btree
create unique index on trips (id);
    select * from trips where id = 4711;
    select count(*) from trips where id between 5000 and 9000;
    select * from trips order by id limit 20;
create index on trips (driver_id);
    select * from trips where driver_id = 17;
    select driver_id, count(*) from trips where driver_id in (3, 5, 8, 900) group by 1;
create index on trips (rider_id);
    select * from trips where rider_id = 1234;
create index on trips (fare);
    select * from trips where fare > 99.5;
create index on trips (day);
    select count(*) from trips where day = '2024-03-03';
create index on trips (started_at);
    select * from trips where started_at between '2024-03-01' and '2024-03-02';
    select max(started_at) from trips;
create index on trips (ended_at);
    select * from trips where ended_at > '2024-11-28 00:00';
create index on trips (city);
    select count(*) from trips where city = 'City 14';
create index on trips (email);
    select * from trips where email = 'User78@Mail.example';
create index on trips (plate);
    select * from trips where plate = 'P000123';
create index on trips (reference);
    select * from trips where reference = '00000000000000000000000000000000';
create index on trips (status);
    select count(*) from trips where status = 'disputed';
create index on trips (distance_km);
    select * from trips where distance_km < 0.05;
create index on trips (rating);
    select * from trips where rating = 1 and fare < 0.5;
create index on trips (client);
    select * from trips where client = '10.0.7.7';
create index on trips (is_paid);
    select count(*) from trips where not is_paid;
create index on trips (note);
    select * from trips where note = 'note 170 to the driver, please read';
create index on trips (flag);
    select * from trips where flag = 'x7';

-- btree, several columns
create index on trips (city, started_at desc);
    select * from trips where city = 'City 3' order by started_at desc limit 10;
    select count(*) from trips where city = 'City 3' and started_at > '2024-10-01';
create index on trips (driver_id, status, fare);
    select fare from trips where driver_id = 17 and status = 'done';
    select sum(fare) from trips where driver_id = 99;
create index on trips (rating desc nulls last, id);
    select * from trips order by rating desc nulls last, id limit 30;
create index on trips (city, driver_id);
    select count(*) from trips where city = 'City 2' and driver_id = 2002;
create index on trips (is_paid, day);
    select count(*) from trips where not is_paid and day > '2024-09-01';
    select count(*) from trips where day = '2024-05-05';
create index on trips (day, city, status, rider_id, fare);
    select rider_id, fare from trips where day = '2024-02-02' and city = 'City 1';

-- btree, include
create index on trips (rider_id) include (fare, started_at);
    select sum(fare) from trips where rider_id between 100 and 200;
create index on trips (day) include (note);
    select day, note from trips where day = '2024-05-06';

-- btree, partial
create index on trips (started_at) where status = 'disputed';
    select * from trips where status = 'disputed' order by started_at desc limit 5;
    select count(*) from trips where status = 'disputed';
create index on trips (fare) where rating is not null and not is_paid;
    select * from trips where rating is not null and not is_paid and fare > 80;
create index on trips (driver_id, started_at) where started_at >= '2024-10-01';
    select * from trips where driver_id = 5 and started_at >= '2024-10-10';
create unique index on trips (flag, id) where flag is not null;
    select * from trips where flag = 'x77';

-- btree, nulls not distinct
create unique index on trips (id, flag) nulls not distinct;
    select * from trips where id = 99 and flag is null;

-- btree, operator class
create index on trips (email text_pattern_ops);
    select * from trips where email like 'User12345%';
create index on trips (plate varchar_pattern_ops);
    select * from trips where plate like 'P00012%';

-- btree, collation
create index on trips (email collate "C");
    select * from trips where email like 'User12345%';
    select * from trips where email collate "C" = 'User5@mail.example';

-- btree, fill factor
create index on trips (driver_id) with (fillfactor = 60);
    select * from trips where driver_id = 18;

-- btree, not deduplicated
create index on trips (city) with (deduplicate_items = off);
    select count(*) from trips where city = 'City 15';

-- btree, expression
create index on trips ((started_at::date));
    select * from trips where started_at::date = '2024-02-02';
    select * from trips where started_at::date between '2024-02-02' and '2024-02-04';
create index on trips (lower(email));
    select * from trips where lower(email) = 'user77@mail.example';
create index on trips (upper(city));
    select * from trips where upper(city) = 'CITY 14';
    select * from trips where upper(city) in ('CITY 13', 'CITY 17');
create index on trips (date_trunc('week', started_at));
    select * from trips where date_trunc('week', started_at) = '2024-02-05';
    select * from trips where date_trunc('week', started_at) > '2024-11-11';
create index on trips (extract(hour from ended_at));
    select count(*) from trips where extract(hour from ended_at) = 7;
    select count(*) from trips where extract(hour from ended_at) > 22;
create index on trips (date_part('month', ended_at), city);
    select * from trips where date_part('month', ended_at) = 2 and city = 'City 4';
create index on trips (coalesce(rating, 0));
    select * from trips where coalesce(rating, 0) = 1;
    select count(*) from trips where coalesce(rating, 0) = 0;
create index on trips ((fare::integer));
    select * from trips where fare::integer = 42;
    select * from trips where fare::integer in (1, 2, 99);
create index on trips ((driver_id::bigint));
    select * from trips where driver_id::bigint = 17;
create index on trips ((rider_id::text));
    select * from trips where rider_id::text = '1234';
create index on trips (btrim(flag));
    select * from trips where btrim(flag) = 'x7';

-- btree, expression of several columns
create index on trips (lower(city || ' ' || email));
    select * from trips where lower(city || ' ' || email) = 'city 1 user1@mail.example';

-- btree, expression, not derived
create index on articles ((attributes ->> 'size'));
    select * from articles where attributes ->> 'size' = '7';

-- hash
create index on trips using hash (rider_id);
    select * from trips where rider_id = 4711;
create index on trips using hash (email);
    select * from trips where email = 'User78@mail.example';
create index on trips using hash (reference);
    select * from trips where reference = '11111111111111111111111111111111';
create index on trips using hash (driver_id);
    select * from trips where driver_id = 170;

-- brin
create index on trips using brin (started_at);
    select count(*) from trips where started_at between '2024-06-01' and '2024-06-08';
create index on trips using brin (id, day) with (pages_per_range = 16);
    select count(*) from trips where day = '2024-06-01' and id > 1000;
create index on trips using brin (id int8_minmax_multi_ops) with (pages_per_range = 32);
    select count(*) from trips where id between 90000 and 95000;
create index on trips using brin (day date_bloom_ops);
    select count(*) from trips where day = '2024-06-02';
create index on trips using brin (client inet_inclusion_ops);
    select count(*) from trips where client <<= '10.0.7.0/24';

-- gin
create index on articles using gin (tags);
    select * from articles where tags @> array['tag 33'];
    select * from articles where tags && array['tag 33', 'tag 88'];
create index on articles using gin (attributes);
    select * from articles where attributes @> '{"size": 7}';
    select * from articles where attributes ? 'rare';
create index on articles using gin (attributes jsonb_path_ops);
    select * from articles where attributes @> '{"size": 7, "colour": "c3"}';
create index on articles using gin (document);
    select * from articles where document @@ 'word77';
    select * from articles where document @@ 'word77 & word9 & word120';
create index on articles using gin (title gin_trgm_ops);
    select * from articles where title ilike '%abcd%';
    select * from articles where title like '%word77%';
create index on articles using gin (author_id, tags);
    select * from articles where author_id = 7 and tags @> array['tag 33'];
    select * from articles where author_id = 8;

-- gin, expression, not derived
create index on articles using gin (to_tsvector('simple', title));
    select * from articles where to_tsvector('simple', title) @@ 'word77';

-- gist
create index on places using gist (position);
    select * from places order by position <-> point '(500, 500)' limit 5;
    select * from places where position <@ box '((10, 10), (30, 30))';
create index on places using gist (area);
    select * from places where area && box '((100, 100), (101, 101))';
create index on places using gist (opened);
    select * from places where opened @> timestamp '2024-03-03 12:00';
create index on places using gist (owner_id, opened);
    select * from places where owner_id = 7 and opened && '[2024-03-01, 2024-03-02)';
create index on places using gist (network inet_ops);
    select * from places where network << '10.1.0.0/16';
create index on places using gist (path);
    select * from places where path <@ 'top.b7.c1';
create index on articles using gist (title gist_trgm_ops);
    select * from articles where title like '%word77%';
    select * from articles order by title <-> 'word77 word78' limit 3;
create index on articles using gist (document);
    select * from articles where document @@ 'word77 & word9';

-- spgist
create index on places using spgist (position);
    select * from places where position <@ box '((10, 10), (30, 30))';
    select * from places order by position <-> point '(500, 500)' limit 5;
create index on places using spgist (position kd_point_ops);
    select * from places where position <@ box '((10, 10), (30, 30))';
create index on places using spgist (opened);
    select * from places where opened @> timestamp '2024-03-03 12:00';
create index on places using spgist (network);
    select * from places where network << '10.1.0.0/16';
create index on places using spgist (name);
    select * from places where name ^@ 'Place 77';
create index on places using spgist (area);
    select * from places where area && box '((100, 100), (101, 101))';

-- bloom
create index on trips using bloom (driver_id, city, plate) with (length = 64);
    select * from trips where driver_id = 3 and city = 'City 3' and plate = 'P000001';
    select * from trips where plate = 'P000002';

-- hnsw
create index on pictures using hnsw (embedding vector_l2_ops);
    select id from pictures order by embedding <-> array_fill(0.5, array[24])::vector limit 5;
create index on pictures using hnsw (embedding vector_cosine_ops) with (m = 8);
    select id from pictures order by embedding <=> array_fill(0.5, array[24])::vector limit 5;

-- ivfflat
create index on pictures using ivfflat (embedding vector_l2_ops) with (lists = 20);
    select id from pictures order by embedding <-> array_fill(0.5, array[24])::vector limit 5;

-- btree, partitioned table
create index on events (customer_id);
    select * from events where customer_id = 5;
    select * from events where customer_id = 5 and happened_at < '2024-04-01';
create index on events (kind, happened_at desc) include (amount);
    select * from events where kind = 'kind 3' order by happened_at desc limit 10;
    select sum(amount) from events where kind = 'kind 4';

-- brin, partitioned table
create index on events using brin (happened_at) with (pages_per_range = 8);
    select count(*) from events where happened_at between '2024-05-05' and '2024-05-07';

-- btree, expression, partitioned table
create index on events ((happened_at::date));
    select * from events where happened_at::date = '2024-05-05';

-- btree, parent
create index on vehicles (weight);
    select * from vehicles where weight = 7;

-- btree, child
create index on lorries (axles);
    select * from lorries where axles = 17;

-- btree, materialised view
create unique index on trips_by_driver (driver_id);
    select * from trips_by_driver where driver_id = 99;

-- btree, unlogged table
create index on sessions (token);
    select * from sessions where token = 'ab';

-- btree, odd names
create index on "Odd ""schema"."Odd table" ("Odd column", "select" desc);
    select * from "Odd ""schema"."Odd table" where "Odd column" = 5;

-- btree, unique
create unique index on drivers (id);
    select t.id from trips t left join drivers d on d.id = t.driver_id where t.fare > 99.9;
    select t.fare, d.name from trips t join drivers d on d.id = t.driver_id where t.id < 20;

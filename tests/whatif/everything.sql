-- One of every kind of object that a planner looks at, with a few thousand rows each.
create schema tools;
create extension citext schema tools;
create extension hstore schema tools;
create extension ltree schema tools;
create extension btree_gist schema tools;
create extension fuzzystrmatch schema tools;
create extension postgres_fdw schema tools;
create extension file_fdw schema tools;
create schema everything;
set search_path = everything, tools, public;

-- A number below the second argument that looks random, and is the same in every run.
create function pick(seed integer, below integer) returns integer language sql immutable
    as $$ select (hashint4extended(seed, below) & 2147483647) % below $$;

-- Types -------------------------------------------------------------------------------------
create type mood as enum ('sad', 'ok', 'happy', 'over the moon');
create type point3 as (x integer, y integer, z numeric(8, 2));
create domain grade as integer check (value between 1 and 10);
create domain good_grade as grade check (value > 3);
create domain code as text collate "C" check (value ~ '^[A-Z]');
create domain moods as mood[];
create type span as range (subtype = float8, subtype_diff = float8mi);

create table typed (
    id integer primary key,
    mood mood not null,
    moods mood[],
    many_moods moods,
    place point3,
    places point3[],
    grade grade,
    good good_grade,
    code code,
    span span,
    days daterange,
    label citext,
    properties hstore,
    path ltree,
    bits bit(8),
    flags varbit(20),
    network cidr,
    address inet,
    mac macaddr,
    worth money,
    lasts interval,
    at_time time with time zone,
    spot point,
    area box,
    raw bytea,
    short char(4),
    variable varchar(30),
    kind regclass,
    words tsvector,
    document jsonb,
    matrix integer[][],
    unique_id uuid,
    ratio real
);
insert into typed
select i,
    (enum_range(null::mood))[1 + pick(i, 4)],
    array[(enum_range(null::mood))[1 + pick(i, 4)], (enum_range(null::mood))[1 + pick(i, 3)]],
    array[(enum_range(null::mood))[1 + pick(i, 2)]],
    row(pick(i, 20), pick(i, 30), pick(i, 900) / 7.0)::point3,
    array[row(pick(i, 5), 1, 2.5)::point3],
    1 + pick(i, 10),
    4 + pick(i, 7),
    chr(65 + pick(i, 26)) || pick(i, 500),
    span(pick(i, 1000), pick(i, 1000) + 1 + pick(i, 50)),
    daterange(date '2024-01-01' + pick(i, 300), date '2024-01-01' + pick(i, 300) + 1 + pick(i, 9)),
    case when i % 2 = 0 then 'Label ' else 'LABEL ' end || pick(i, 40),
    hstore('colour', (array['red', 'green', 'blue'])[1 + pick(i, 3)]) || hstore('n', i::text),
    ('top.' || chr(97 + pick(i, 9)) || '.leaf' || pick(i, 90))::ltree,
    pick(i, 256)::bit(8),
    pick(i, 1024)::bit(10)::varbit(20),
    ('10.' || pick(i, 200) || '.0.0/16')::cidr,
    ('10.1.' || pick(i, 200) || '.' || pick(i, 250))::inet,
    ('08:00:2b:01:02:' || lpad(to_hex(pick(i, 256)), 2, '0'))::macaddr,
    pick(i, 90000)::money,
    pick(i, 500) * interval '1 hour',
    (time '00:00' + pick(i, 1440) * interval '1 minute')::timetz,
    point(pick(i, 100), pick(i, 90)),
    box(point(pick(i, 100), pick(i, 90)), point(pick(i, 100) + 5, pick(i, 90) + 5)),
    decode(md5(i::text), 'hex'),
    chr(65 + pick(i, 26)),
    'v' || pick(i, 700),
    case when i % 3 = 0 then 'pg_class'::regclass else 'pg_type'::regclass end,
    to_tsvector('simple', 'word' || pick(i, 60) || ' and word' || pick(i, 70)),
    jsonb_build_object('a', pick(i, 30), 'b', jsonb_build_object('c', 'x' || pick(i, 20))),
    array[[pick(i, 9), 1], [2, pick(i, 8)]],
    md5(i::text)::uuid,
    pick(i, 100) / 3.0
from generate_series(1, 5000) i;
create index typed_mood on typed (mood, id);
create index typed_place on typed (place);
create index typed_code on typed (code);
create index typed_span on typed using gist (span);
create index typed_days on typed using spgist (days);
create index typed_label on typed (label);
create index typed_properties on typed using gin (properties);
create index typed_path on typed using gist (path);
create index typed_address on typed using gist (address inet_ops);
create index typed_spot on typed using spgist (spot);
create index typed_area on typed using gist (area);
create index typed_words on typed using gin (words);
create index typed_document on typed using gin (document jsonb_path_ops);
create index typed_variable on typed (variable varchar_pattern_ops);
create index typed_hash on typed using hash (unique_id);
create index typed_brin on typed using brin (id, ratio);

-- Collations --------------------------------------------------------------------------------
create collation plain (provider = libc, locale = 'C.UTF-8');
create table names (
    id integer primary key,
    bytewise text collate "C" not null,
    usual text not null,
    own text collate plain not null
);
insert into names
select i, 'name ' || pick(i, 900), 'name ' || pick(i, 800), 'name ' || pick(i, 700)
from generate_series(1, 4000) i;
create index names_bytewise on names (bytewise);
create index names_usual on names (usual);
create index names_usual_c on names (usual collate "C");
create index names_own on names (own desc nulls last);

-- Functions, operators, aggregates ----------------------------------------------------------
create function dear(integer) returns boolean language plpgsql immutable cost 5000
    as $$ begin return $1 % 7 = 0; end $$;
create function cheap(integer) returns boolean language plpgsql immutable cost 1 leakproof
    as $$ begin return $1 % 7 = 0; end $$;
create function some_rows(integer) returns setof integer language plpgsql stable rows 37 cost 11
    as $$ begin return query select generate_series(1, $1); end $$;
create function few_rows(integer, integer) returns setof integer language internal immutable strict
    support pg_catalog.generate_series_int4_support as 'generate_series_int4';
create function in_parallel(integer) returns integer language plpgsql immutable parallel safe
    as $$ begin return $1 + 1; end $$;
create function hushed(integer) returns boolean language sql stable
    set search_path = everything set work_mem = '8MB' as $$ select $1 > 17 $$;
create function inlined(integer) returns boolean language sql immutable
    as $$ select $1 between 20 and 30 $$;
create function as_definer(integer) returns boolean language sql stable security definer
    as $$ select exists (select from everything.names where id = $1) $$;
create function grades_of(text) returns table (id integer, grade integer) language sql stable
    as $$ select t.id, t.grade::integer from everything.typed t where t.variable = $1 $$;
create function foreign_code(text, text) returns integer language c immutable strict cost 20
    as '$libdir/fuzzystrmatch', 'levenshtein';
create function built_in(text) returns text language internal immutable strict as 'upper';
create function is_like(text, text) returns boolean language plpgsql immutable
    as $$ begin return $1 = $2; end $$;
create operator === (
    leftarg = text, rightarg = text, function = is_like, commutator = ===,
    restrict = eqsel, join = eqjoinsel
);
create function longest(text, text) returns text language sql immutable
    as $$ select case when length($1) >= length($2) then $1 else $2 end $$;
create aggregate longest_of (text) (sfunc = longest, stype = text, initcond = '');
create function backwards(integer, integer) returns integer language plpgsql immutable
    as $$ begin return case when $1 > $2 then -1 when $1 < $2 then 1 else 0 end; end $$;
create cast (text as mood) with inout as assignment;
create operator class backwards_ops for type integer using btree as
    operator 1 >, operator 2 >=, operator 3 =, operator 4 <=, operator 5 <,
    function 1 backwards(integer, integer);

create table things (
    id integer primary key,
    number integer not null,
    name text not null,
    gone integer,
    upper_name text generated always as (built_in(name)) stored,
    twice integer generated always as (number * 2) stored
) with (fillfactor = 70, parallel_workers = 1);
alter table things drop column gone;
insert into things (id, number, name)
select i, pick(i, 400), 'thing ' || pick(i, 600) from generate_series(1, 6000) i;
create index things_expression on things ((number % 10), lower(name));
alter index things_expression alter column 1 set statistics 20;
create index things_function on things (in_parallel(number));
create index things_twice on things (twice) include (name);
create index things_partial on things (id) where number > 390;
create table turned (number integer);
insert into turned select i from generate_series(1, 2000) i;
create index turned_number on turned (number backwards_ops);

-- Tables ------------------------------------------------------------------------------------
create unlogged table fleeting as
    select i as id, pick(i, 50) as kind from generate_series(1, 3000) i;
create table holder (id integer, whole fleeting, ordinary names);
insert into holder
select f.id, f, n from fleeting f join names n on n.id = f.id;
create type row_type as (a integer, b text);
create table of_type of row_type (a primary key);
insert into of_type select i, 'b' || pick(i, 30) from generate_series(1, 2500) i;

create table level1 (id integer, a integer);
create table level2 (b integer) inherits (level1);
create table level3 (c integer) inherits (level2);
create table other1 (id integer, o integer);
create table both_of (extra integer) inherits (level2, other1);
insert into level1 select i, pick(i, 30) from generate_series(1, 2000) i;
insert into level2 select i, pick(i, 60), pick(i, 9) from generate_series(2001, 4000) i;
insert into level3 select i, pick(i, 90), 1, 2 from generate_series(4001, 7000) i;
insert into both_of select i, pick(i, 20), 1, 2, 3 from generate_series(7001, 9000) i;
create index level1_id on level1 (id);
create index level2_id on level2 (id);
create index level3_id on level3 (id);
create index both_of_id on both_of (id);
alter table level3 add constraint level3_id_check check (id > 4000);

create table measures (
    id bigint not null,
    region text not null,
    taken_on date not null,
    value integer check (value >= 0)
) partition by list (region);
create table measures_north partition of measures for values in ('n', 'ne')
    partition by range (taken_on);
create table measures_north_old partition of measures_north
    for values from (minvalue) to ('2024-06-01');
create table measures_north_new partition of measures_north
    for values from ('2024-06-01') to (maxvalue);
create table measures_south partition of measures for values in ('s', null)
    partition by hash (id);
create table measures_south_0 partition of measures_south for values with (modulus 2, remainder 0);
create table measures_south_1 partition of measures_south for values with (modulus 2, remainder 1);
create table measures_rest partition of measures default;
create table measures_odd (note text, value integer, constraint measures_value_check
    check (value >= 0), region text not null,
    id bigint not null, taken_on date not null);
alter table measures_odd drop column note;
alter table measures attach partition measures_odd for values in ('odd');
create table measures_gone partition of measures for values in ('gone');
insert into measures
select i, (array['n', 'ne', 's', 'odd', 'w', 'gone'])[1 + pick(i, 6)],
    date '2024-01-01' + pick(i, 360), pick(i, 1000)
from generate_series(1, 12000) i;
alter table measures detach partition measures_gone;
create index measures_taken on measures (taken_on);
create unique index measures_north_id on measures_north (id, taken_on);
alter table measures_odd add constraint measures_odd_value check (value < 1000) not valid;

create table owners (
    id integer primary key,
    name text not null,
    email text not null,
    constraint owners_email unique (email) deferrable initially deferred,
    constraint owners_name_length check (length(name) < 100)
);
insert into owners select i, 'owner ' || i, 'o' || i || '@example.org' from generate_series(1, 1500) i;
create table pets (
    id integer generated by default as identity primary key,
    owner_id integer not null references owners (id) on delete cascade,
    mother_id integer references pets (id),
    kind text not null check (kind in ('cat', 'dog', 'bird')),
    born daterange,
    chip text,
    constraint pets_no_clone exclude using gist (owner_id with =, born with &&) where (chip is null),
    constraint pets_chip unique (chip) include (kind)
);
insert into pets (owner_id, mother_id, kind, born, chip)
select 1 + pick(i, 1500), case when i > 100 then 1 + pick(i, 100) end,
    (array['cat', 'dog', 'bird'])[1 + pick(i, 3)],
    daterange(date '2020-01-01' + pick(i, 900), null), 'chip ' || i
from generate_series(1, 4500) i;

-- Views -------------------------------------------------------------------------------------
create text search configuration plain_words (copy = pg_catalog.english);
create view cats as select * from pets where kind = 'cat';
create view old_cats as select c.*, o.name as owner from cats c join owners o on o.id = c.owner_id
    where lower(c.born) < '2021-01-01';
create view guarded with (security_barrier) as
    select id, number, name from things where number < 200;
create view checked as select * from things where number > 5 with cascaded check option;
create recursive view ancestors (id, mother_id) as
    select id, mother_id from pets where id = 4400
    union all select p.id, p.mother_id from pets p join ancestors a on p.id = a.mother_id;
create materialized view per_owner as
    select o.id, o.name, count(p.id) as pets from owners o left join pets p on p.owner_id = o.id
    group by o.id;
create unique index per_owner_id on per_owner (id);
create index per_owner_pets on per_owner (pets) where pets > 2;
create materialized view per_count as select pets, count(*) as owners from per_owner group by 1;
create view many as select * from per_owner where pets > 3;

-- Foreign tables ----------------------------------------------------------------------------
do $$ begin
    execute format(
        'create server loopback foreign data wrapper postgres_fdw'
        ' options (host %L, port %L, dbname %L, fdw_startup_cost %L, extensions %L)',
        trim('"' from split_part(current_setting('unix_socket_directories'), ', ', 1)),
        current_setting('port'), current_database(), '50', 'citext');
    execute format(
        'create server far foreign data wrapper postgres_fdw'
        ' options (host %L, port %L, dbname %L, fdw_tuple_cost %L, fetch_size %L)',
        trim('"' from split_part(current_setting('unix_socket_directories'), ', ', 1)),
        current_setting('port'), current_database(), '0.5', '500');
end $$;
create user mapping for public server loopback;
create user mapping for public server far;
create foreign table remote_things (
    id integer not null, number integer not null, name text collate "C" not null
) server loopback options (schema_name 'everything', table_name 'things');
create foreign table remote_typed (
    id integer not null,
    mood mood not null,
    label citext,
    grade grade,
    half integer generated always as (id / 2) stored
) server loopback options (schema_name 'everything', table_name 'remote_target', fetch_size '2000');
create table remote_target (
    id integer primary key, mood mood not null, label citext, grade grade, half integer);
insert into remote_target select id, mood, label, grade, id / 2 from typed where id < 3000;
create foreign table far_pets (id integer not null, owner_id integer, kind text)
    server far options (schema_name 'everything', table_name 'pets');
alter foreign table far_pets add constraint far_pets_id check (id > 0);
create foreign table never_analyzed (id integer, owner_id integer)
    server far options (schema_name 'everything', table_name 'pets');
create server files foreign data wrapper file_fdw;
create foreign table from_file (id integer) server files options (filename '/dev/null');
create table spread (id integer not null, kind text not null) partition by range (id);
create table spread_near partition of spread for values from (1) to (2000);
create table spread_store (id integer not null, kind text not null);
insert into spread_store select i, 'k' || pick(i, 5) from generate_series(2000, 5000) i;
create foreign table spread_far partition of spread for values from (2000) to (6000)
    server loopback options (schema_name 'everything', table_name 'spread_store');
insert into spread_near select i, 'k' || pick(i, 5) from generate_series(1, 1999) i;

-- Tablespaces: the one called fast exists ----------------------------------------------------
create table on_fast (id integer primary key, kind integer not null) tablespace fast;
insert into on_fast select i, pick(i, 300) from generate_series(1, 20000) i;
create index on_fast_kind on on_fast (kind) tablespace fast;
create index on_fast_slow on on_fast (kind, id);
create table on_slow (id integer, kind integer not null);
insert into on_slow select i, pick(i, 300) from generate_series(1, 20000) i;
create index on_slow_fast on on_slow (kind) tablespace fast;

-- A column of every kind of type, so that ANALYZE fills every kind of statistics.
create extension citext;
create extension hstore;
create extension ltree;
create type mood as enum ('sad', 'ok', 'happy');
create type pair as (a int, b text);
create domain positive as int check (value > 0);
create domain plain_text as text;
create domain numbers as int[] check (cardinality(value) < 100);
create domain really_positive as positive check (value < 1000000);
create type float_range as range (subtype = float8, subtype_diff = float8mi);
create table kinds as
select
    case when i % 7 <> 0 then i % 300 end::int2 as c_int2,
    i as c_int4, (i * 1000003::bigint) % 977 as c_int8,
    (i % 17 / 4.0)::float4 as c_float4, sin(i) as c_float8,
    (i % 50 / 7.0)::numeric as c_numeric, (i % 977 / 7.0)::numeric(12, 2) as c_money_like,
    i % 3 = 0 as c_bool,
    md5((i % 40)::text) as c_text, md5((i % 400)::text)::varchar as c_varchar,
    ('v' || i % 5)::varchar(30) as c_varchar_30, ('c' || i % 9)::char(5) as c_char,
    chr(65 + i % 9)::"char" as c_one_char, ('n' || i % 1000)::name as c_name,
    (case when i % 3 = 0 then E'a"b\\c{,}' || i % 4 else 'NULL' end) as c_odd,
    repeat(md5(i::text), 60) as c_wide,
    case when i % 2 = 0 then repeat('x', 2000) else 'y' || i % 3 end as c_half_wide,
    null::int as c_null,
    date '2024-01-01' + i % 200 as c_date, time '00:00' + i * interval '1 s' as c_time,
    (time '00:00' + i * interval '1 s')::timetz as c_timetz,
    timestamp '2024-01-01' + i * interval '1 h' as c_timestamp,
    timestamptz '2024-01-01 00:00+00' + i * interval '1 h' as c_timestamptz,
    (i % 100) * interval '1 h 3 s' as c_interval,
    md5((i % 700)::text)::uuid as c_uuid,
    ('10.0.' || i % 20 || '.' || i % 200)::inet as c_inet,
    ('10.' || i % 200 || '.0.0/16')::cidr as c_cidr,
    ('08:00:2b:01:02:' || lpad(to_hex(i % 200), 2, '0'))::macaddr as c_macaddr,
    ('08:00:2b:01:02:03:04:' || lpad(to_hex(i % 200), 2, '0'))::macaddr8 as c_macaddr8,
    decode(md5((i % 40)::text), 'hex') as c_bytea,
    (i % 256)::bit(8) as c_bit, (i % 16)::bit(4)::varbit as c_varbit,
    (i % 100)::money as c_money,
    json_build_object('a', i % 10) as c_json, jsonb_build_object('a', i % 10) as c_jsonb,
    xmlelement(name a, i) as c_xml,
    point(i, i) as c_point, box(point(i, i), point(0, 0)) as c_box,
    (i % 10)::oid as c_oid, (i % 10)::text::xid as c_xid, 'pg_class'::regclass as c_regclass,
    to_tsvector('simple', 'word' || i % 50 || ' other' || i % 7) as c_tsvector,
    to_tsquery('simple', 'word' || i % 50) as c_tsquery,
    array[i % 5, i % 11, null] as c_ints, array['t' || i % 5, 'u"' || i % 3] as c_texts,
    array['t' || i % 5]::varchar(9)[] as c_varchars,
    array[i::text::xid] as c_xids, array[point(i, i)] as c_points,
    array[array[i % 2, 1], array[2, i % 3]] as c_matrix,
    case when i % 9 = 0 then 'empty' else int4range(i % 100, i % 100 + i % 7) end as c_int4range,
    tstzrange(timestamptz '2024-01-01 00:00+00' + i * interval '1 h', null) as c_tstzrange,
    'empty'::int8range as c_empty_ranges,
    array[int4range(i % 10, i % 10 + 5)] as c_ranges,
    float_range(i, i + 1.5) as c_own_range,
    (array['sad', 'ok', 'happy'])[1 + i % 3]::mood as c_mood,
    array[(array['sad', 'ok', 'happy'])[1 + i % 3]::mood] as c_moods,
    row(i % 10, 'x' || i % 4)::pair as c_pair, array[row(i % 10, 'x"')::pair] as c_pairs,
    (1 + i % 30)::positive as c_positive, (1 + i % 30)::really_positive as c_really_positive,
    ('p' || i % 30)::plain_text as c_plain,
    array[i % 30]::numbers as c_numbers,
    ('Case' || i % 12)::citext as c_citext,
    hstore('k' || i % 3, 'v') as c_hstore, ('top.l' || i % 12)::ltree as c_ltree
from generate_series(1, 3000) i;
alter table kinds add c_c text collate "C";
update kinds set c_c = 'c' || c_int4 % 100;
create index kinds_lower on kinds (lower(c_text), (c_int4 % 13));
create index kinds_words on kinds using gin (to_tsvector('simple', c_text), (array[c_int4 % 5, 7]));
create index kinds_span on kinds using gist (int4range(c_int4, c_int4 + 10));
create index kinds_c on kinds ((c_text || 'x') collate "C");
create table measured (id int, taken date) partition by range (taken);
create table measured_1 partition of measured for values from ('2024-01-01') to ('2024-06-01');
create table measured_2 partition of measured for values from ('2024-06-01') to ('2025-01-01');
insert into measured select i, date '2024-01-01' + i % 300 from generate_series(1, 3000) i;
create table general (a int);
create table special (b text) inherits (general);
insert into general select i % 20 from generate_series(1, 1000) i;
insert into special select i % 90, 'x' from generate_series(1, 1000) i;

set search_path = everything, tools, public;
create table spans (id integer primary key, free int4multirange, others datemultirange);
insert into spans
select i, int4multirange(int4range(pick(i, 100), pick(i, 100) + 5), int4range(300, 300 + pick(i, 40) + 1)),
    datemultirange(daterange(date '2024-01-01' + pick(i, 50), date '2024-03-01' + pick(i, 50)))
from generate_series(1, 2000) i;
create index spans_free on spans using gist (free);
create function standard_body(integer) returns boolean language sql immutable
    return $1 in (3, 4, 5);
create table scattered (id integer not null, kind text not null) partition by range (id);
create foreign table scattered_far partition of scattered for values from (1) to (3000)
    server far options (schema_name 'everything', table_name 'spread_near', async_capable 'true');
create foreign table scattered_near partition of scattered for values from (3000) to (9000)
    server loopback options (table_name 'spread_store', schema_name 'everything',
        async_capable 'true');

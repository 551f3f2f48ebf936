set search_path = everything, tools, public;
create table spans (id integer primary key, free int4multirange, others datemultirange);
insert into spans
select i, int4multirange(int4range(pick(i, 100), pick(i, 100) + 5), int4range(300, 300 + pick(i, 40) + 1)),
    datemultirange(daterange(date '2024-01-01' + pick(i, 50), date '2024-03-01' + pick(i, 50)))
from generate_series(1, 2000) i;
create index spans_free on spans using gist (free);
create function standard_body(integer) returns boolean language sql immutable
    return $1 in (3, 4, 5);

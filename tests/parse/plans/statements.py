"""Statements whose plans have, between them, every node and line that EXPLAIN can print."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

SCHEMA = """
create table a (id integer primary key, b_id integer, kind text, n integer, at timestamptz);
create table b (id integer primary key, kind text, n integer, tags text[]);
create table "Odd  (cost=0.00..1.00 rows=1 width=4)" (
    id integer, "a, b" text, "->  Seq Scan on x" text, "line
break" text
);
create table log (id bigint generated always as identity, at date not null, n integer)
    partition by range (at);
create table log_1 partition of log for values from ('2024-01-01') to ('2024-02-01');
create table log_2 partition of log for values from ('2024-02-01') to ('2024-03-01');
create table log_3 partition of log for values from ('2024-03-01') to ('2024-04-01');
create table keeper (id integer primary key references b, n integer);
insert into b select i, 'k' || i % 7, i % 100, array['t' || i % 9] from generate_series(1, 5000) i;
insert into a
select i, 1 + i % 5000, 'k' || i % 11, i % 1000,
    timestamptz '2024-01-01' + i * interval '1 minute'
from generate_series(1, 40000) i;
insert into log (at, n) select date '2024-01-01' + i % 91, i from generate_series(0, 8999) i;
insert into "Odd  (cost=0.00..1.00 rows=1 width=4)"
select i, 'x', 'y', 'z' from generate_series(1, 50) i;
create index a_n on a (n);
create index a_kind on a (kind);
create index a_b on a (b_id);
create index b_tags on b using gin (tags);
create index "Odd ""Index"" -> x" on "Odd  (cost=0.00..1.00 rows=1 width=4)" (id);
create function slow_trigger() returns trigger language plpgsql as
    'begin return coalesce(new, old); end';
create trigger before_b before update on b for each row execute procedure slow_trigger();
create trigger after_b after update on b for each row execute procedure slow_trigger();
create view pairs as select a.id, b.kind from a join b on a.b_id = b.id;
analyze;
"""

PARALLEL = (
    "set max_parallel_workers_per_gather = 2",
    "set max_parallel_workers = {workers}",
    "set parallel_setup_cost = 0",
    "set parallel_tuple_cost = 0",
    "set min_parallel_table_scan_size = 0",
    "set min_parallel_index_scan_size = 0",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """A statement, and what is set for it."""

    sql: str
    settings: Sequence[str] = ()
    parallel: bool = False
    writes: bool = False
    since: int = 13
    """The first major that has it."""


def _s(sql: str, *settings: str, since: int = 13) -> Statement:
    return Statement(sql=sql, settings=[f"set {each}" for each in settings], since=since)


def _p(sql: str, *settings: str, since: int = 13) -> Statement:
    return Statement(
        sql=sql, settings=[f"set {each}" for each in settings], parallel=True, since=since
    )


def _w(sql: str, since: int = 13) -> Statement:
    return Statement(sql=sql, writes=True, since=since)


STATEMENTS: dict[str, Statement] = {
    "result": _s("select 1"),
    "one-time filter": _s("select * from a where 1 = 0"),
    "project set": _s("select generate_series(1, 20)"),
    "sequential scan": _s("select * from a where kind <> 'k1'"),
    "index scan": _s("select * from a where id = 5"),
    "index only scan": _s("select id from a where id < 50", "enable_seqscan = off"),
    "backward": _s("select * from a order by id desc limit 5"),
    "bitmap": _s("select * from a where n between 5 and 20"),
    "bitmap or": _s("select * from a where n = 5 or kind = 'k3' or n = 8"),
    "bitmap and": _s(
        "select * from a where n < 300 and kind = 'k3'", "enable_seqscan = off", "work_mem = '8MB'"
    ),
    "lossy bitmap": _s(
        "select count(*) from a where n < 600", "work_mem = '64kB'", "enable_seqscan = off"
    ),
    "gin": _s("select * from b where tags @> '{t1}'", "enable_seqscan = off"),
    "tid scan": _s("select * from a where ctid = '(0,1)'"),
    "tid range scan": _s("select * from a where ctid < '(3,1)'", since=14),
    "sample": _s("select count(*) from a tablesample system (10) repeatable (5)"),
    "function scan": _s("select * from generate_series(1, 1000) as g (x) where x > 990"),
    "values scan": _s("select * from (values (1, 'a'), (2, 'b,c')) v (x, y) where x > 1"),
    "table function": _s(
        "select * from xmltable('/r/i' passing xml '<r><i>1</i><i>2</i></r>'"
        " columns x integer path '.') t"
    ),
    "nested loop": _s("select * from b join a on a.b_id = b.id where b.id < 5"),
    "memoize": _s(
        "select count(*) from (select * from a where id < 3000) x join b on b.id = x.n"
        " where b.kind > 'k0'",
        "enable_hashjoin = off",
        "enable_mergejoin = off",
    ),
    "hash join": _s("select count(*) from a join b on a.b_id = b.id where b.n < 50"),
    "hash left join": _s("select count(*), count(b.id) from a left join b on a.n = b.id"),
    "hash full join": _s("select count(*) from a full join b on a.id = b.id"),
    "hash batches": _s(
        "select count(*) from a x join a y on x.id = y.b_id",
        "work_mem = '64kB'",
        "enable_mergejoin = off",
    ),
    "merge join": _s(
        "select count(*) from a join b on a.b_id = b.id",
        "enable_hashjoin = off",
        "enable_nestloop = off",
    ),
    "merge right join": _s(
        "select count(*) from b left join a on a.b_id = b.id and a.n < 3",
        "enable_hashjoin = off",
        "enable_nestloop = off",
    ),
    "semi join": _s("select * from b where exists (select from a where a.b_id = b.id and a.n = 7)"),
    "anti join": _s("select * from b where not exists (select from a where a.b_id = b.id)"),
    "join filter": _s("select count(*) from b x join b y on x.n < y.n - 97 where x.id < 60"),
    "quick sort": _s("select * from b order by n, kind desc"),
    "top-n sort": _s("select * from a order by at desc, kind limit 3"),
    "external sort": _s("select * from a order by kind, at", "work_mem = '64kB'"),
    "incremental sort": _s(
        "select * from a order by n, at", "enable_seqscan = off", "enable_sort = on"
    ),
    "incremental sort with limit": _s(
        "select * from a order by n, kind limit 400", "enable_seqscan = off"
    ),
    "aggregate": _s("select count(*), max(n) filter (where kind = 'k1') from a"),
    "hash aggregate": _s("select kind, count(*) from a group by kind having count(*) > 10"),
    "hash aggregate on disk": _s(
        "select id, count(*) from a group by id", "work_mem = '64kB'", "enable_sort = off"
    ),
    "group aggregate": _s("select n, count(*) from a group by n", "enable_hashagg = off"),
    "group": _s("select n from a group by n", "enable_hashagg = off"),
    "unique": _s("select distinct on (kind) kind, n from a order by kind, n"),
    "rollup": _s("select kind, n % 3, count(*) from a group by rollup (kind, n % 3)"),
    "cube": _s("select kind, n % 3, count(*) from a group by cube (kind, n % 3)"),
    "sorted grouping sets": _s(
        "select kind, n, count(*) from b group by grouping sets ((kind, n), (n), ())",
        "enable_hashagg = off",
    ),
    "single grouping set": _s("select kind, count(*) from b group by grouping sets ((kind))"),
    "window": _s(
        "select id, rank() over (partition by kind order by n), sum(n) over (order by id) from b"
    ),
    "window run condition": _s(
        "select * from (select id, row_number() over (order by id) r from b) x where r < 10"
    ),
    "set operation": _s("select n from a except select id from b"),
    "set operation all": _s("select kind from a intersect all select kind from b"),
    "union": _s("select id from b where id < 9 union select n from a where n < 9"),
    "append": _s("select * from b where id < 3 union all select * from b where id > 4990"),
    "merge append": _s("select * from log order by at limit 20", "enable_seqscan = on"),
    "pruned when planned": _s("select count(*) from log where at < '2024-02-01'"),
    "pruned when executed": _s("select count(*) from log where at < (select date '2024-01-20')"),
    "subplans removed": _s(
        "select count(*) from log where at < (now() - interval '9 years')::date"
    ),
    "cte": _s(
        "with x as materialized (select * from b where n < 5) select * from x where kind = 'k2'"
    ),
    "cte twice": _s(
        "with x as materialized (select * from a where n < 50)"
        " select count(*) from x join x y on x.id = y.b_id"
    ),
    "recursive": _s(
        "with recursive r (x) as (select 1 union all select x + 1 from r where x < 50)"
        " select sum(x) from r"
    ),
    "init plan": _s("select * from a where n > (select max(n) - 2 from a)"),
    "init plan in the output": _s("select id, (select avg(n) from a) from b order by n limit 9"),
    "two init plans": _s(
        "select count(*) from a where n between (select min(n) from b) and (select avg(n) from b)"
    ),
    "subplan": _s("select id, (select count(*) from a where a.b_id = b.id) from b where id < 40"),
    "hashed subplan": _s("select count(*) from a where b_id not in (select id from b where n = 4)"),
    "never executed": _s(
        "select * from b left join a on a.id = b.n and false join b c on c.id = b.id and c.n < 0"
    ),
    "never executed branch": _s(
        "select * from (select * from b where id < 0) x join a on a.b_id = x.id",
        "enable_hashjoin = off",
        "enable_mergejoin = off",
    ),
    "lock rows": _s("select * from b where id < 4 for update"),
    "materialize": _s(
        "select count(*) from (select * from b where id < 30) x cross join"
        " (select * from b where n = 3) y where x.n + y.n > 5",
        "enable_hashjoin = off",
    ),
    "lateral": _s(
        "select b.id, x.* from b cross join lateral"
        " (select * from a where a.b_id = b.id order by n limit 2) x where b.id < 20"
    ),
    "subquery scan": _s("select * from (select id, n from b order by n limit 50) x where id > 9"),
    "view": _s("select kind, count(*) from pairs where id < 500 group by 1"),
    "quoted names": _s(
        'select "a, b", count(*) from "Odd  (cost=0.00..1.00 rows=1 width=4)" "An ""Alias"""'
        ' where "line\nbreak" > \'\' and "->  Seq Scan on x" <> \'-> \' group by "a, b"'
        ' order by "a, b", min("line\nbreak")'
    ),
    "quoted index": _s(
        'select * from "Odd  (cost=0.00..1.00 rows=1 width=4)" where id = 7', "enable_seqscan = off"
    ),
    "literals like lines": _s(
        "select * from b where kind <> 'it''s  (cost=0.00..1.00 rows=1 width=4)'"
        " and kind <> '\n  ->  Seq Scan on x  (cost=0.00..1.00 rows=1 width=4)\nFilter: (\"a\n\n'"
        " and kind <> E'back\\\\slash \\t (' and n = 3"
    ),
    "parallel scan": _p("select count(*) from a where n < 900"),
    "parallel hash join": _p(
        "select count(*) from a join b on a.b_id = b.id", "enable_mergejoin = off"
    ),
    "parallel sort": _p("select * from a order by kind, at", "enable_indexscan = off"),
    "parallel aggregate": _p("select kind, sum(n) from a group by kind order by kind"),
    "parallel append": _p("select n % 7, count(*) from log group by 1"),
    "parallel bitmap": _p("select count(at) from a where n < 200", "enable_seqscan = off"),
    "parallel with an init plan": _p(
        "select count(*) from a where n > (select avg(x) from generate_series(1, 900) x)"
    ),
    "parallel subplan": _p(
        "select count(*) from a where n < 20 and (select b.n from b where b.id = a.b_id) < 50"
    ),
    "parallel nested loop": _p(
        "select count(*) from a join b on b.id = a.b_id where a.n < 100",
        "enable_hashjoin = off",
        "enable_mergejoin = off",
    ),
    "insert": _w(
        "insert into log (at, n) select date '2024-01-05', i from generate_series(1, 50) i"
    ),
    "insert on conflict": _w(
        "insert into b (id, n) select i, 0 from generate_series(4990, 5010) i"
        " on conflict (id) do update set n = excluded.n where b.n > 95"
    ),
    "insert with a foreign key": _w("insert into keeper select id, n from b where id < 30"),
    "update with triggers": _w("update b set n = n + 1 where id < 30"),
    "update of partitions": _w("update log set n = n + 1 where at < '2024-02-05' and n < 40"),
    "delete": _w("delete from a where n = 3"),
    "data-modifying cte": _w(
        "with gone as (delete from a where n = 4 returning *),"
        " unused as (update a set n = 5 where n = 6 returning id) select count(*) from gone"
    ),
    "update with an init plan": _w("update b set n = (select max(n) from a) where id < 10"),
    "merge": _w(
        "merge into b using (select * from a where id < 60) s on b.id = s.id"
        " when matched and s.n < 30 then update set n = s.n when matched then do nothing"
        " when not matched then insert (id, n) values (s.id, s.n)",
        since=15,
    ),
    "create table as": _w("create table c as select * from a where n < 3"),
}

-- Purpose:   objects made by CREATE STATISTICS
-- Columns:   fields of model.schema.ExtendedStatistics without values and expressions; is_locked
-- Privilege: none
-- Versions:  13 and later
-- Values:    $1 schemas to read (empty: all), $2 schemas to leave out
with locked as materialized (
    select distinct l.relation as oid
    from pg_catalog.pg_locks l
    where l.locktype = 'relation'
        and l.mode = 'AccessExclusiveLock'
        and l.pid is distinct from pg_catalog.pg_backend_pid()
)
select
    s.oid::bigint as oid,
    sn.nspname::text as schema,
    s.stxname::text as name,
    s.stxrelid::bigint as table_oid,
    array(
        select a.attname::text
        from pg_catalog.unnest(s.stxkeys::smallint[]) with ordinality as k (number, position)
            join pg_catalog.pg_attribute a on a.attrelid = s.stxrelid and a.attnum = k.number
        order by k.position
    ) as columns,
    s.stxkind::text[] as kinds,
    case when k.oid is null then pg_catalog.pg_get_statisticsobjdef(s.oid) end as definition,
    k.oid is not null as is_locked
from pg_catalog.pg_statistic_ext s
    join pg_catalog.pg_namespace sn on sn.oid = s.stxnamespace
    join pg_catalog.pg_class c on c.oid = s.stxrelid
    join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    left join locked k on k.oid = s.stxrelid
where c.relpersistence <> 't'
    and n.nspname !~ '^pg_'
    and n.nspname <> 'information_schema'
    and (pg_catalog.cardinality($1::text[]) = 0 or n.nspname = any ($1::text[]))
    and n.nspname <> all ($2::text[])
order by s.oid

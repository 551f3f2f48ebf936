-- Purpose:   indexes of every table, with their size now
-- Columns:   fields of model.schema.Index without keys and include; is_locked
-- Privilege: none
-- Versions:  13 and later
-- Values:    $1 schemas to read (empty: all), $2 schemas to leave out
with locked as materialized (
    select distinct l.relation as oid
    from pg_catalog.pg_locks l
    where l.locktype = 'relation'
        and l.mode = 'AccessExclusiveLock'
        and l.pid is distinct from pg_catalog.pg_backend_pid()
),
members as materialized (
    select d.objid as oid
    from pg_catalog.pg_depend d
    where d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass
        and d.deptype = 'e'
),
owners as materialized (
    select
        k.conindid as oid,
        pg_catalog.min(k.conname::text) as constraint_name
    from pg_catalog.pg_constraint k
    where k.contype in ('p', 'u', 'x')
    group by k.conindid
)
select
    x.indexrelid::bigint as oid,
    n.nspname::text as schema,
    c.relname::text as name,
    x.indrelid::bigint as table_oid,
    am.amname::text as access_method,
    case when not f.is_locked then pg_catalog.pg_get_indexdef(x.indexrelid) end as definition,
    case when not f.is_locked then pg_catalog.pg_get_expr(x.indpred, x.indrelid) end as predicate,
    x.indisunique as is_unique,
    x.indisprimary as is_primary,
    x.indisexclusion as is_exclusion,
    x.indisvalid as is_valid,
    x.indisready as is_ready,
    x.indisreplident as is_replica_identity,
    x.indisclustered as is_clustered,
    o.constraint_name,
    i.inhparent::bigint as parent_oid,
    c.relkind = 'I' as is_partitioned,
    m.oid is not null or mt.oid is not null as is_extension_member,
    case
        when f.is_locked or c.relkind = 'I' then 0
        else coalesce(pg_catalog.pg_relation_size(c.oid), 0)
    end as size_bytes,
    c.relpages as pages,
    c.reltuples::double precision as rows,
    coalesce(c.reloptions, '{}') as options,
    ts.spcname::text as tablespace,
    f.is_locked
from pg_catalog.pg_index x
    join pg_catalog.pg_class c on c.oid = x.indexrelid
    join pg_catalog.pg_class t on t.oid = x.indrelid
    join pg_catalog.pg_namespace n on n.oid = t.relnamespace
    join pg_catalog.pg_am am on am.oid = c.relam
    left join locked li on li.oid = x.indexrelid
    left join locked lt on lt.oid = x.indrelid
    left join owners o on o.oid = x.indexrelid
    left join pg_catalog.pg_inherits i on i.inhrelid = x.indexrelid
    left join members m on m.oid = x.indexrelid
    left join pg_catalog.pg_tablespace ts on ts.oid = c.reltablespace
    left join members mt on mt.oid = x.indrelid
    cross join lateral (select li.oid is not null or lt.oid is not null as is_locked) as f
where t.relkind in ('r', 'p', 'm')
    and t.relpersistence <> 't'
    and n.nspname !~ '^pg_'
    and n.nspname <> 'information_schema'
    and (pg_catalog.cardinality($1::text[]) = 0 or n.nspname = any ($1::text[]))
    and n.nspname <> all ($2::text[])
order by x.indrelid, c.relname

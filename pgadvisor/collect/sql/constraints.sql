-- Purpose:   constraints of every table
-- Columns:   fields of model.schema.Constraint, and is_locked
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
    k.oid::bigint as oid,
    k.conname::text as name,
    k.contype::text as kind,
    k.conrelid::bigint as table_oid,
    coalesce(own.names, '{}') as columns,
    case
        when locked.oid is null and locked_referenced.oid is null
        then pg_catalog.pg_get_constraintdef(k.oid)
    end as definition,
    nullif(k.confrelid, 0)::bigint as referenced_table_oid,
    coalesce(referenced.names, '{}') as referenced_columns,
    case when k.contype = 'f' then k.confdeltype::text else '' end as on_delete,
    nullif(k.conindid, 0)::bigint as index_oid,
    k.convalidated as is_validated,
    k.condeferrable as is_deferrable,
    k.conparentid <> 0 or (k.coninhcount > 0 and not k.conislocal) as is_inherited,
    locked.oid is not null or locked_referenced.oid is not null as is_locked
from pg_catalog.pg_constraint k
    join pg_catalog.pg_class c on c.oid = k.conrelid
    join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    left join locked on locked.oid = k.conrelid
    left join locked as locked_referenced on locked_referenced.oid = k.confrelid
    left join lateral (
        select pg_catalog.array_agg(a.attname::text order by u.position) as names
        from pg_catalog.unnest(k.conkey) with ordinality as u (number, position)
            join pg_catalog.pg_attribute a on a.attrelid = k.conrelid and a.attnum = u.number
    ) as own on true
    left join lateral (
        select pg_catalog.array_agg(a.attname::text order by u.position) as names
        from pg_catalog.unnest(k.confkey) with ordinality as u (number, position)
            join pg_catalog.pg_attribute a on a.attrelid = k.confrelid and a.attnum = u.number
    ) as referenced on true
where c.relkind in ('r', 'p', 'm', 'f')
    and c.relpersistence <> 't'
    -- PostgreSQL 18 lists NOT NULL here; that much the columns know, unless it is not yet valid.
    and (k.contype in ('p', 'u', 'f', 'c', 'x') or (k.contype = 'n' and not k.convalidated))
    and n.nspname !~ '^pg_'
    and n.nspname <> 'information_schema'
    and (pg_catalog.cardinality($1::text[]) = 0 or n.nspname = any ($1::text[]))
    and n.nspname <> all ($2::text[])
order by k.conrelid, k.conname, k.oid

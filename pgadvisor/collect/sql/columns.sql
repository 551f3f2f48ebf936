-- Purpose:   columns of every table
-- Columns:   fields of model.schema.Column, and table_oid
-- Privilege: none
-- Versions:  13 and later
-- Values:    $1 schemas to read (empty: all), $2 schemas to leave out
with recursive locked as materialized (
    select distinct l.relation as oid
    from pg_catalog.pg_locks l
    where l.locktype = 'relation'
        and l.mode = 'AccessExclusiveLock'
        and l.pid is distinct from pg_catalog.pg_backend_pid()
),
-- What a domain, or a domain over a domain, is made of.
domains (oid, base_oid) as (
    select t.oid, t.typbasetype
    from pg_catalog.pg_type t
    where t.typtype = 'd'
    union all
    select d.oid, t.typbasetype
    from domains d
        join pg_catalog.pg_type t on t.oid = d.base_oid
    where t.typtype = 'd'
),
bases as materialized (
    select d.oid, d.base_oid
    from domains d
        join pg_catalog.pg_type t on t.oid = d.base_oid
    where t.typtype <> 'd'
)
select
    a.attrelid::bigint as table_oid,
    a.attnum::integer as number,
    a.attname::text as name,
    pg_catalog.format_type(a.atttypid, a.atttypmod) as type_name,
    a.atttypid::bigint as type_oid,
    pg_catalog.format_type(coalesce(b.base_oid, a.atttypid), null) as base_type_name,
    a.attlen::integer as type_length_bytes,
    case a.attalign when 'c' then 1 when 's' then 2 when 'i' then 4 else 8 end
        as type_alignment_bytes,
    a.attnotnull as is_not_null,
    case when k.oid is null then pg_catalog.pg_get_expr(f.adbin, f.adrelid) end as default_sql,
    a.attidentity::text as identity,
    a.attgenerated::text as generated,
    case
        when a.attcollation not in (0, t.typcollation)
        then pg_catalog.quote_ident(cn.nspname) || '.' || pg_catalog.quote_ident(co.collname)
    end as collation,
    nullif(a.attstattarget, -1)::integer as statistics_target,
    a.attstorage::text as storage
from pg_catalog.pg_class c
    join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
    join pg_catalog.pg_type t on t.oid = a.atttypid
    left join bases b on b.oid = a.atttypid
    left join pg_catalog.pg_attrdef f on f.adrelid = c.oid and f.adnum = a.attnum
    left join pg_catalog.pg_collation co on co.oid = a.attcollation
    left join pg_catalog.pg_namespace cn on cn.oid = co.collnamespace
    left join locked k on k.oid = c.oid
where c.relkind in ('r', 'p', 'm', 'f')
    and c.relpersistence <> 't'
    and n.nspname !~ '^pg_'
    and n.nspname <> 'information_schema'
    and (pg_catalog.cardinality($1::text[]) = 0 or n.nspname = any ($1::text[]))
    and n.nspname <> all ($2::text[])
order by a.attrelid, a.attnum

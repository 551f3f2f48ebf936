-- Purpose:   plain views with their text
-- Columns:   fields of model.schema.View, and is_locked
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
-- The text of a view opens the relations that it reads.
blocked as materialized (
    select l.oid
    from locked l
    union
    select w.ev_class
    from pg_catalog.pg_depend d
        join pg_catalog.pg_rewrite w on w.oid = d.objid
        join locked l on l.oid = d.refobjid
    where d.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass
        and d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass
)
select
    c.oid::bigint as oid,
    n.nspname::text as schema,
    c.relname::text as name,
    case when b.oid is null then pg_catalog.pg_get_viewdef(c.oid) end as definition,
    array(
        select a.attname::text
        from pg_catalog.pg_attribute a
        where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
        order by a.attnum
    ) as columns,
    coalesce(c.reloptions, '{}') as options,
    exists (
        select from pg_catalog.pg_depend d
        where d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass
            and d.objid = c.oid
            and d.deptype = 'e'
    ) as is_extension_member,
    b.oid is not null as is_locked
from pg_catalog.pg_class c
    join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    left join blocked b on b.oid = c.oid
where c.relkind = 'v'
    and c.relpersistence <> 't'
    and n.nspname !~ '^pg_'
    and n.nspname <> 'information_schema'
    and (pg_catalog.cardinality($1::text[]) = 0 or n.nspname = any ($1::text[]))
    and n.nspname <> all ($2::text[])
order by n.nspname, c.relname

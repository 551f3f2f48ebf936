-- Purpose:   the key columns and the included columns of every index, in order
-- Columns:   index_oid, is_include, and the fields of model.schema.IndexKey
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
    x.indexrelid::bigint as index_oid,
    k.attnum > x.indnkeyatts as is_include,
    a.attname::text as column,
    case
        when a.attname is null and li.oid is null and lt.oid is null
        then pg_catalog.pg_get_indexdef(x.indexrelid, k.attnum, false)
    end as expression,
    case
        when oc.oid is null then ''
        when ocn.nspname = 'pg_catalog' then pg_catalog.quote_ident(oc.opcname)
        else pg_catalog.quote_ident(ocn.nspname) || '.' || pg_catalog.quote_ident(oc.opcname)
    end as operator_class,
    coalesce(oc.opcdefault, true) as is_default_operator_class,
    case
        when k.attcollation not in (0, coalesce(a.attcollation, kt.typcollation))
        then pg_catalog.quote_ident(cn.nspname) || '.' || pg_catalog.quote_ident(co.collname)
    end as collation,
    coalesce(x.indoption[k.attnum - 1] & 1, 0) = 1 as is_descending,
    coalesce(x.indoption[k.attnum - 1] & 2, 0) = 2 as nulls_first
from pg_catalog.pg_index x
    join pg_catalog.pg_class t on t.oid = x.indrelid
    join pg_catalog.pg_namespace n on n.oid = t.relnamespace
    -- An index has a column for each of its keys; the vectors of pg_index count from 0.
    join pg_catalog.pg_attribute k on k.attrelid = x.indexrelid
    join pg_catalog.pg_type kt on kt.oid = k.atttypid
    left join pg_catalog.pg_attribute a
        on a.attrelid = x.indrelid
        and a.attnum = x.indkey[k.attnum - 1]
        and a.attnum <> 0
    left join pg_catalog.pg_opclass oc on oc.oid = x.indclass[k.attnum - 1]
    left join pg_catalog.pg_namespace ocn on ocn.oid = oc.opcnamespace
    left join pg_catalog.pg_collation co on co.oid = k.attcollation
    left join pg_catalog.pg_namespace cn on cn.oid = co.collnamespace
    left join locked li on li.oid = x.indexrelid
    left join locked lt on lt.oid = x.indrelid
where t.relkind in ('r', 'p', 'm')
    and t.relpersistence <> 't'
    and n.nspname !~ '^pg_'
    and n.nspname <> 'information_schema'
    and (pg_catalog.cardinality($1::text[]) = 0 or n.nspname = any ($1::text[]))
    and n.nspname <> all ($2::text[])
order by x.indexrelid, k.attnum

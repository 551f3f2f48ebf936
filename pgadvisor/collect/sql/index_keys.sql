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
    k.position > x.indnkeyatts as is_include,
    a.attname::text as column,
    case
        when k.number = 0 and li.oid is null and lt.oid is null
        then pg_catalog.pg_get_indexdef(x.indexrelid, k.position::integer, false)
    end as expression,
    case
        when oc.oid is null then ''
        when ocn.nspname = 'pg_catalog' then pg_catalog.quote_ident(oc.opcname)
        else pg_catalog.quote_ident(ocn.nspname) || '.' || pg_catalog.quote_ident(oc.opcname)
    end as operator_class,
    coalesce(oc.opcdefault, true) as is_default_operator_class,
    case
        when k.collation_oid not in (0, coalesce(a.attcollation, it.typcollation))
        then pg_catalog.quote_ident(cn.nspname) || '.' || pg_catalog.quote_ident(co.collname)
    end as collation,
    coalesce(k.options & 1, 0) = 1 as is_descending,
    coalesce(k.options & 2, 0) = 2 as nulls_first
from pg_catalog.pg_index x
    join pg_catalog.pg_class t on t.oid = x.indrelid
    join pg_catalog.pg_namespace n on n.oid = t.relnamespace
    cross join lateral rows from (
        pg_catalog.unnest(x.indkey::smallint[]),
        pg_catalog.unnest(x.indclass::oid[]),
        pg_catalog.unnest(x.indcollation::oid[]),
        pg_catalog.unnest(x.indoption::smallint[])
    ) with ordinality as k (number, class_oid, collation_oid, options, position)
    left join pg_catalog.pg_attribute a
        on a.attrelid = x.indrelid and a.attnum = k.number and k.number <> 0
    left join pg_catalog.pg_attribute ia
        on ia.attrelid = x.indexrelid and ia.attnum = k.position
    left join pg_catalog.pg_type it on it.oid = ia.atttypid
    left join pg_catalog.pg_opclass oc on oc.oid = k.class_oid
    left join pg_catalog.pg_namespace ocn on ocn.oid = oc.opcnamespace
    left join pg_catalog.pg_collation co on co.oid = k.collation_oid
    left join pg_catalog.pg_namespace cn on cn.oid = co.collnamespace
    left join locked li on li.oid = x.indexrelid
    left join locked lt on lt.oid = x.indrelid
where t.relkind in ('r', 'p', 'm')
    and t.relpersistence <> 't'
    and n.nspname !~ '^pg_'
    and n.nspname <> 'information_schema'
    and (pg_catalog.cardinality($1::text[]) = 0 or n.nspname = any ($1::text[]))
    and n.nspname <> all ($2::text[])
order by x.indexrelid, k.position

-- Purpose:   columns of a range type that ANALYZE has looked at
-- Columns:   schema, relation, column, may_read (the role may read pg_statistic)
-- Privilege: none
-- Versions:  13 to 16; from 17 on pg_stats shows all that is known of them
-- Values:    $1 schemas to read (empty: all), $2 schemas to leave out
select
    n.nspname::text as schema,
    c.relname::text as relation,
    a.attname::text as column,
    pg_catalog.has_table_privilege('pg_catalog.pg_statistic', 'select') as may_read
from pg_catalog.pg_attribute a
    join pg_catalog.pg_type t on t.oid = a.atttypid
    join pg_catalog.pg_proc p on p.oid = t.typanalyze
    join pg_catalog.pg_class c on c.oid = a.attrelid
    join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    left join pg_catalog.pg_index i on i.indexrelid = c.oid
where p.proname in ('range_typanalyze', 'multirange_typanalyze')
    and a.attnum > 0
    and not a.attisdropped
    and c.relkind in ('r', 'p', 'm', 'f', 'i')
    and (i.indexrelid is null or i.indkey[a.attnum - 1] = 0)
    and c.reltuples > 0
    and c.relpersistence <> 't'
    and n.nspname !~ '^pg_'
    and n.nspname <> 'information_schema'
    and (pg_catalog.cardinality($1::text[]) = 0 or n.nspname = any ($1::text[]))
    and n.nspname <> all ($2::text[])
order by 1, 2, a.attnum

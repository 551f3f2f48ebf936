-- Purpose:   tables whose column statistics are hidden from us
-- Columns:   oid, may_select, is_row_secured, was_analysed
-- Privilege: none
-- Versions:  13 and later
-- Values:    $1 schemas to read (empty: all), $2 schemas to leave out
select
    c.oid::bigint as oid,
    pg_catalog.has_table_privilege(c.oid, 'select') as may_select,
    c.relrowsecurity and pg_catalog.row_security_active(c.oid) as is_row_secured,
    c.reltuples > 0
        or pg_catalog.pg_stat_get_last_analyze_time(c.oid) is not null
        or pg_catalog.pg_stat_get_last_autoanalyze_time(c.oid) is not null as was_analysed
from pg_catalog.pg_class c
    join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where c.relkind in ('r', 'p', 'm', 'f')
    and c.relpersistence <> 't'
    and n.nspname !~ '^pg_'
    and n.nspname <> 'information_schema'
    and (pg_catalog.cardinality($1::text[]) = 0 or n.nspname = any ($1::text[]))
    and n.nspname <> all ($2::text[])
    and (not pg_catalog.has_table_privilege(c.oid, 'select') or c.relrowsecurity)
order by c.oid

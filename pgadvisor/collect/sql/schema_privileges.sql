-- Purpose:   which schemas and tables our role may read, for the preflight
-- Columns:   schema, may_use, tables, unreadable_tables
-- Privilege: none
-- Versions:  13 and later
-- Values:    $1 schemas to read (empty: all), $2 schemas to leave out
select
    n.nspname::text as schema,
    pg_catalog.has_schema_privilege(n.oid, 'usage') as may_use,
    pg_catalog.count(*)::integer as tables,
    pg_catalog.count(*) filter (
        where not pg_catalog.has_table_privilege(c.oid, 'select')
    )::integer as unreadable_tables
from pg_catalog.pg_class c
    join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where c.relkind in ('r', 'p', 'm', 'f')
    and n.nspname !~ '^pg_'
    and n.nspname <> 'information_schema'
    and (pg_catalog.cardinality($1::text[]) = 0 or n.nspname = any ($1::text[]))
    and n.nspname <> all ($2::text[])
group by n.oid, n.nspname
order by n.nspname

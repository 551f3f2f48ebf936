-- Purpose:   names of all schemas, to resolve search paths
-- Columns:   schema
-- Privilege: none
-- Versions:  13 and later
select
    n.nspname::text as schema
from pg_catalog.pg_namespace n
where n.nspname !~ '^pg_(temp|toast)'
order by n.nspname

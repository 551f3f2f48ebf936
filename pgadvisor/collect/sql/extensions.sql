-- Purpose:   the extensions that are installed in this database
-- Columns:   fields of model.server.Extension
-- Privilege: none
-- Versions:  13 and later
select
    e.extname::text as name,
    e.extversion as version,
    n.nspname::text as schema,
    a.default_version
from pg_catalog.pg_extension e
    join pg_catalog.pg_namespace n on n.oid = e.extnamespace
    left join pg_catalog.pg_available_extensions a on a.name = e.extname
order by e.extname

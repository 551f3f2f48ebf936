-- Purpose:   what the planner knows of the disks: the costs of tablespaces, and the database's own
-- Columns:   fields of model.server.Tablespace, options as name=value; is_default
-- Privilege: none
-- Versions:  13 and later
select
    t.spcname::text as name,
    coalesce(t.spcoptions, '{}') as options,
    t.oid = d.dattablespace as is_default
from pg_catalog.pg_tablespace t
    cross join pg_catalog.pg_database d
where d.datname = pg_catalog.current_database()
    and (t.spcoptions is not null or t.oid = d.dattablespace)
order by t.spcname

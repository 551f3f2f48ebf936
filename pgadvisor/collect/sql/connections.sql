-- Purpose:   how many clients are connected to the server, and what they do
-- Columns:   fields of model.backends.ConnectionCount; no state: it is hidden from us
-- Privilege: pg_monitor to see the state
-- Versions:  13 and later
select
    a.usename::text as role,
    a.state,
    a.datname is not distinct from pg_catalog.current_database() as is_in_this_database,
    pg_catalog.count(*)::integer as count
from pg_catalog.pg_stat_activity a
where a.pid <> pg_catalog.pg_backend_pid()
    -- Of a session that is hidden, even its type is.
    and (a.backend_type = 'client backend' or (a.backend_type is null and a.usesysid is not null))
group by a.usename, a.state, is_in_this_database
order by count desc, role, a.state
limit 500

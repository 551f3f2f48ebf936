-- Purpose:   the oldest transactions that are open, without their statements
-- Columns:   fields of model.backends.OpenTransaction
-- Privilege: pg_monitor to see those of other roles
-- Versions:  13 and later
select
    a.usename::text as role,
    a.backend_type,
    a.state,
    a.datname is not distinct from pg_catalog.current_database() as is_in_this_database,
    extract(epoch from pg_catalog.clock_timestamp() - a.xact_start)::double precision * 1000
        as age_ms,
    extract(epoch from pg_catalog.clock_timestamp() - a.state_change)::double precision * 1000
        as state_age_ms,
    pg_catalog.age(a.backend_xmin) as snapshot_age,
    pg_catalog.age(a.backend_xid) as transaction_id_age,
    coalesce(a.wait_event_type = 'Lock', false) as is_waiting_for_lock,
    -- The statement itself stays where it is.
    case
        when a.query ~* '^\s*vacuum\M' then 'vacuum'
        when a.query ~* '^\s*analy[sz]e\M' then 'analyze'
        when a.query ~* '^\s*copy\M' then 'copy'
        when a.query ~* '^\s*create\s+(unique\s+)?index\M' then 'create index'
        when a.query ~* '^\s*reindex\M' then 'reindex'
        when a.query ~* '^\s*refresh\M' then 'refresh'
    end as command
from pg_catalog.pg_stat_activity a
where a.pid <> pg_catalog.pg_backend_pid()
    and (a.xact_start is not null or a.backend_xmin is not null or a.backend_xid is not null)
    -- Vacuum disregards the snapshots of its own kind; those of standbys are read with them.
    and a.backend_type not in (
        'autovacuum worker', 'autovacuum launcher', 'walsender', 'parallel worker'
    )
order by a.xact_start
limit 100

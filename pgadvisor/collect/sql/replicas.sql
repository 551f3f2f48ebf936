-- Purpose:   how many standbys stream from this server
-- Columns:   streaming, unknown (rows whose state is hidden from us)
-- Privilege: pg_monitor to see the state
-- Versions:  13 and later
select
    pg_catalog.count(*) filter (where r.state in ('streaming', 'catchup'))::integer as streaming,
    pg_catalog.count(*) filter (where r.state is null)::integer as unknown
from pg_catalog.pg_stat_replication r

-- Purpose:   which tables of this database are being vacuumed
-- Columns:   fields of model.backends.RunningVacuum
-- Privilege: pg_monitor to see those of other roles
-- Versions:  13 and later
select
    v.relid::bigint as table_oid,
    v.phase,
    a.backend_type = 'autovacuum worker' as is_autovacuum,
    extract(epoch from pg_catalog.clock_timestamp() - a.xact_start)::double precision * 1000
        as running_time_ms,
    v.heap_blks_total as total_blocks,
    v.heap_blks_scanned as scanned_blocks,
    v.index_vacuum_count as index_passes
from pg_catalog.pg_stat_progress_vacuum v
    join pg_catalog.pg_stat_activity a on a.pid = v.pid
where v.datname = pg_catalog.current_database()
    and v.relid is not null
    and a.backend_type is not null
order by v.relid

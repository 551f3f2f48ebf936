-- Purpose:   counters of this database and when they began
-- Columns:   fields of model.server.DatabaseActivity, and statistics_reset_at
-- Privilege: none
-- Versions:  18 and later
select
    s.xact_commit as commits,
    s.xact_rollback as rollbacks,
    s.blks_read as blocks_read,
    s.blks_hit as blocks_hit,
    s.temp_files,
    s.temp_bytes,
    s.deadlocks,
    s.conflicts,
    s.numbackends as backends,
    c.confl_lock as lock_conflicts,
    c.confl_snapshot as snapshot_conflicts,
    c.confl_bufferpin as buffer_pin_conflicts,
    s.sessions,
    s.session_time as session_time_ms,
    s.active_time as active_time_ms,
    s.idle_in_transaction_time as idle_in_transaction_time_ms,
    s.sessions_abandoned,
    s.sessions_fatal,
    s.sessions_killed,
    s.parallel_workers_to_launch as parallel_workers_planned,
    s.parallel_workers_launched,
    s.stats_reset as statistics_reset_at
from pg_catalog.pg_stat_database s
    join pg_catalog.pg_stat_database_conflicts c on c.datid = s.datid
where s.datname = pg_catalog.current_database()

-- Purpose:   checkpoints, and who has written changed pages
-- Columns:   fields of model.server_counters.WriteActivity
-- Privilege: none
-- Versions:  17 and later
with sessions as (
    select
        coalesce(pg_catalog.sum(i.writes), 0)::bigint as writes,
        coalesce(pg_catalog.sum(i.fsyncs), 0)::bigint as fsyncs
    from pg_catalog.pg_stat_io i
    where i.backend_type = 'client backend'
        and i.object = 'relation'
        and i.context = 'normal'
)
select
    c.num_timed as timed_checkpoints,
    c.num_requested as requested_checkpoints,
    c.write_time as write_time_ms,
    c.sync_time as sync_time_ms,
    c.buffers_written as checkpoint_pages,
    b.buffers_clean as cleaned_pages,
    b.maxwritten_clean as stopped_cleanings,
    s.writes as backend_pages,
    s.fsyncs as backend_syncs,
    c.stats_reset as reset_at
from pg_catalog.pg_stat_checkpointer c
    cross join pg_catalog.pg_stat_bgwriter b
    cross join sessions s

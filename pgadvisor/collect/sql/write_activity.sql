-- Purpose:   checkpoints, and who has written changed pages
-- Columns:   fields of model.server_counters.WriteActivity
-- Privilege: none
-- Versions:  13 to 16
select
    b.checkpoints_timed as timed_checkpoints,
    b.checkpoints_req as requested_checkpoints,
    b.checkpoint_write_time as write_time_ms,
    b.checkpoint_sync_time as sync_time_ms,
    b.buffers_checkpoint as checkpoint_pages,
    b.buffers_clean as cleaned_pages,
    b.maxwritten_clean as stopped_cleanings,
    b.buffers_backend as backend_pages,
    b.buffers_backend_fsync as backend_syncs,
    b.stats_reset as reset_at
from pg_catalog.pg_stat_bgwriter b

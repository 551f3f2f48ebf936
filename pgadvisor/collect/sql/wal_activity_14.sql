-- Purpose:   how much WAL was written, and how much of it was whole pages
-- Columns:   fields of model.server_counters.WalActivity
-- Privilege: none
-- Versions:  14 and later
select
    w.wal_records as records,
    w.wal_fpi as full_page_images,
    w.wal_bytes::bigint as wal_bytes,
    w.wal_buffers_full as full_buffers,
    w.stats_reset as reset_at
from pg_catalog.pg_stat_wal w

-- Purpose:   how much WAL was written, and how much of it was whole pages
-- Columns:   fields of model.server_counters.WalActivity
-- Privilege: none
-- Versions:  13, which does not count it
select
    null::bigint as records
where false

-- Purpose:   how often lists of lockers, and parents of subtransactions, were read from the disk
-- Columns:   fields of model.server_counters.LookupActivity
-- Privilege: none
-- Versions:  13 and later; the names were written otherwise before 17
select
    coalesce(pg_catalog.sum(s.blks_hit) filter (where s.name ~* '^multixact'), 0)::bigint
        as multixact_hits,
    coalesce(pg_catalog.sum(s.blks_read) filter (where s.name ~* '^multixact'), 0)::bigint
        as multixact_reads,
    coalesce(pg_catalog.sum(s.blks_hit) filter (where s.name ~* '^subtrans'), 0)::bigint
        as subtransaction_hits,
    coalesce(pg_catalog.sum(s.blks_read) filter (where s.name ~* '^subtrans'), 0)::bigint
        as subtransaction_reads,
    pg_catalog.max(s.stats_reset) as reset_at
from pg_catalog.pg_stat_slru s
where s.name ~* '^(multixact|subtrans)'

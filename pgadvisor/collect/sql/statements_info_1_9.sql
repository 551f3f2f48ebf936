-- Purpose:   how full pg_stat_statements is, and since when it counts
-- Columns:   entries, deallocations, reset_at
-- Privilege: none
-- Versions:  of the extension: 1.9 (PostgreSQL 14) and later
select
    (select pg_catalog.count(*) from @extschema@.pg_stat_statements(false) s)::integer as entries,
    i.dealloc as deallocations,
    i.stats_reset as reset_at
from @extschema@.pg_stat_statements_info i

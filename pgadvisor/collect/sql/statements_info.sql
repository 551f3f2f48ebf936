-- Purpose:   how full pg_stat_statements is
-- Columns:   entries, deallocations, reset_at
-- Privilege: none
-- Versions:  of the extension: up to 1.8, which does not tell when it was reset
select
    pg_catalog.count(*)::integer as entries,
    null::bigint as deallocations,
    null::timestamptz as reset_at
from @extschema@.pg_stat_statements(false) s

-- Purpose:   indexes that take nulls for equal
-- Columns:   index_oid
-- Privilege: none
-- Versions:  15 and later
select
    x.indexrelid::bigint as index_oid
from pg_catalog.pg_index x
where x.indnullsnotdistinct

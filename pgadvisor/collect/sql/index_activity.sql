-- Purpose:   usage counters of every index
-- Columns:   fields of model.statistics.IndexActivity
-- Privilege: none
-- Versions:  13 to 15
-- Values:    $1 schemas to read (empty: all), $2 schemas to leave out
select
    s.indexrelid::bigint as index_oid,
    s.idx_scan as scans,
    s.idx_tup_read as entries_read,
    s.idx_tup_fetch as rows_fetched,
    null::timestamptz as last_scan,
    pg_catalog.pg_stat_get_blocks_fetched(s.indexrelid)
        - pg_catalog.pg_stat_get_blocks_hit(s.indexrelid) as blocks_read,
    pg_catalog.pg_stat_get_blocks_hit(s.indexrelid) as blocks_hit
from pg_catalog.pg_stat_all_indexes s
    join pg_catalog.pg_class c on c.oid = s.relid
where s.schemaname !~ '^pg_'
    and s.schemaname <> 'information_schema'
    and c.relpersistence <> 't'
    and (pg_catalog.cardinality($1::text[]) = 0 or s.schemaname = any ($1::text[]))
    and s.schemaname <> all ($2::text[])
order by s.indexrelid

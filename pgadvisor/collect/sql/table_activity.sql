-- Purpose:   usage counters of every table
-- Columns:   fields of model.statistics.TableActivity
-- Privilege: none
-- Versions:  13 and later
-- Values:    $1 schemas to read (empty: all), $2 schemas to leave out
select
    s.relid::bigint as table_oid,
    coalesce(s.seq_scan, 0) as sequential_scans,
    coalesce(s.seq_tup_read, 0) as sequential_rows_read,
    coalesce(s.idx_scan, 0)::bigint as index_scans,
    coalesce(s.idx_tup_fetch, 0)::bigint as index_rows_fetched,
    s.n_tup_ins as rows_inserted,
    s.n_tup_upd as rows_updated,
    s.n_tup_del as rows_deleted,
    s.n_tup_hot_upd as rows_hot_updated,
    s.n_live_tup as live_rows,
    s.n_dead_tup as dead_rows,
    s.n_mod_since_analyze as rows_modified_since_analyze,
    s.n_ins_since_vacuum as rows_inserted_since_vacuum,
    s.last_vacuum,
    s.last_autovacuum,
    s.last_analyze,
    s.last_autoanalyze,
    s.vacuum_count,
    s.autovacuum_count,
    s.analyze_count,
    s.autoanalyze_count,
    pg_catalog.pg_stat_get_blocks_fetched(s.relid) - pg_catalog.pg_stat_get_blocks_hit(s.relid)
        as heap_blocks_read,
    pg_catalog.pg_stat_get_blocks_hit(s.relid) as heap_blocks_hit,
    coalesce(pg_catalog.pg_stat_get_live_tuples(c.reltoastrelid), 0) as toast_live_rows,
    coalesce(pg_catalog.pg_stat_get_dead_tuples(c.reltoastrelid), 0) as toast_dead_rows,
    greatest(
        pg_catalog.pg_stat_get_last_vacuum_time(c.reltoastrelid),
        pg_catalog.pg_stat_get_last_autovacuum_time(c.reltoastrelid)
    ) as toast_last_vacuum
from pg_catalog.pg_stat_all_tables s
    join pg_catalog.pg_class c on c.oid = s.relid
where s.schemaname !~ '^pg_'
    and s.schemaname <> 'information_schema'
    and c.relpersistence <> 't'
    and (pg_catalog.cardinality($1::text[]) = 0 or s.schemaname = any ($1::text[]))
    and s.schemaname <> all ($2::text[])
order by s.relid

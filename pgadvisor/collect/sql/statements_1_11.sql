-- Purpose:   counters of the statements of this database, without their texts: one text that is not
--            valid in our encoding would make the whole view fail
-- Columns:   role_oid, role, query_id, and fields of model.statement.Statement
-- Privilege: pg_read_all_stats for the statements of other roles; without it query_id is null
-- Versions:  of the extension: 1.11 (PostgreSQL 17) and later
select
    s.userid::bigint as role_oid,
    r.rolname::text as role,
    s.queryid as query_id,
    s.toplevel as is_top_level,
    s.calls,
    s.total_exec_time as total_time_ms,
    s.mean_exec_time as mean_time_ms,
    s.min_exec_time as min_time_ms,
    s.max_exec_time as max_time_ms,
    s.stddev_exec_time as stddev_time_ms,
    s.total_plan_time as planning_time_ms,
    s.rows,
    s.shared_blks_hit as shared_blocks_hit,
    s.shared_blks_read as shared_blocks_read,
    s.shared_blks_dirtied as shared_blocks_dirtied,
    s.shared_blks_written as shared_blocks_written,
    s.local_blks_read as local_blocks_read,
    s.temp_blks_read as temp_blocks_read,
    s.temp_blks_written as temp_blocks_written,
    s.shared_blk_read_time + s.local_blk_read_time as block_read_time_ms,
    s.shared_blk_write_time + s.local_blk_write_time as block_write_time_ms,
    s.temp_blk_read_time + s.temp_blk_write_time as temp_block_time_ms,
    s.wal_bytes::bigint as wal_bytes,
    s.jit_generation_time + s.jit_inlining_time
        + s.jit_optimization_time + s.jit_emission_time as jit_time_ms,
    s.stats_since as since
from @extschema@.pg_stat_statements(false) s
    join pg_catalog.pg_database d on d.oid = s.dbid
    left join pg_catalog.pg_roles r on r.oid = s.userid
where d.datname = pg_catalog.current_database()

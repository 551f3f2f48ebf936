-- Purpose:   texts of the statements of this database
-- Columns:   role_oid, query_id, is_top_level, text
-- Privilege: pg_read_all_stats for the statements of other roles
-- Versions:  of the extension: up to 1.8, which does not tell nested statements from others
select
    s.userid::bigint as role_oid,
    s.queryid as query_id,
    true as is_top_level,
    s.query as text
from @extschema@.pg_stat_statements(true) s
    join pg_catalog.pg_database d on d.oid = s.dbid
where d.datname = pg_catalog.current_database()

-- Purpose:   expressions that extended statistics are kept on
-- Columns:   oid, expressions
-- Privilege: none
-- Versions:  14 and later
with locked as materialized (
    select distinct l.relation as oid
    from pg_catalog.pg_locks l
    where l.locktype = 'relation'
        and l.mode = 'AccessExclusiveLock'
        and l.pid is distinct from pg_catalog.pg_backend_pid()
)
select
    s.oid::bigint as oid,
    pg_catalog.pg_get_statisticsobjdef_expressions(s.oid) as expressions
from pg_catalog.pg_statistic_ext s
where s.stxexprs is not null
    and s.stxrelid not in (select locked.oid from locked)

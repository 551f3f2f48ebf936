-- Purpose:   expressions that extended statistics are kept on
-- Columns:   oid, expressions
-- Privilege: none
-- Versions:  13, which has none
select
    s.oid::bigint as oid,
    '{}'::text[] as expressions
from pg_catalog.pg_statistic_ext s
where false

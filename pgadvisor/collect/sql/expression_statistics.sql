-- Purpose:   statistics of expressions, out of extended statistics
-- Columns:   oid and expression, and fields of model.statistics.ColumnStatistics
-- Privilege: none
-- Versions:  13, which has none
select
    s.oid::bigint as oid,
    null::text as expression,
    false as is_inherited
from pg_catalog.pg_statistic_ext s
where false

-- Purpose:   values of extended statistics; of a table with descendants, those that cover them too
-- Columns:   oid, n_distinct, dependencies
-- Privilege: owner of the table
-- Versions:  15 and later
select distinct on (s.oid)
    s.oid::bigint as oid,
    v.n_distinct::text as n_distinct,
    v.dependencies::text as dependencies
from pg_catalog.pg_stats_ext v
    join pg_catalog.pg_namespace n on n.nspname = v.statistics_schemaname
    join pg_catalog.pg_statistic_ext s on s.stxnamespace = n.oid and s.stxname = v.statistics_name
order by s.oid, v.inherited desc

-- Purpose:   values of extended statistics
-- Columns:   oid, n_distinct, dependencies
-- Privilege: owner of the table
-- Versions:  13 and 14
select
    s.oid::bigint as oid,
    v.n_distinct::text as n_distinct,
    v.dependencies::text as dependencies
from pg_catalog.pg_stats_ext v
    join pg_catalog.pg_namespace n on n.nspname = v.statistics_schemaname
    join pg_catalog.pg_statistic_ext s on s.stxnamespace = n.oid and s.stxname = v.statistics_name

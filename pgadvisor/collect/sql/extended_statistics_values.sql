-- Purpose:   values of extended statistics
-- Columns:   oid, and fields of model.statistics.ExtendedValues; common_values, common_ratios and
--            common_base_ratios are the lists that its most_common is made of
-- Privilege: owner of the table; on 13 SELECT on the columns
-- Versions:  13 and 14, where a partitioned table's cover its partitions, and others just the table
select
    s.oid::bigint as oid,
    c.relkind = 'p' as is_inherited,
    v.n_distinct::text as n_distinct,
    v.dependencies::text as dependencies,
    v.most_common_vals as common_values,
    v.most_common_freqs as common_ratios,
    v.most_common_base_freqs as common_base_ratios
from pg_catalog.pg_stats_ext v
    join pg_catalog.pg_namespace n on n.nspname = v.statistics_schemaname
    join pg_catalog.pg_statistic_ext s on s.stxnamespace = n.oid and s.stxname = v.statistics_name
    join pg_catalog.pg_class c on c.oid = s.stxrelid

-- Purpose:   statistics of expressions, out of extended statistics
-- Columns:   oid and expression, and fields of model.statistics.ColumnStatistics
-- Privilege: owner of the table
-- Versions:  15 and later
-- Note:      waits for a lock on a table that has such statistics, to write their expressions
select
    s.oid::bigint as oid,
    v.expr as expression,
    v.inherited as is_inherited,
    v.null_frac as null_ratio,
    v.avg_width as average_width_bytes,
    v.n_distinct,
    v.most_common_vals as most_common_values,
    v.most_common_freqs as most_common_ratios,
    v.histogram_bounds as histogram_bounds,
    v.correlation,
    v.most_common_elems as most_common_elements,
    v.most_common_elem_freqs as most_common_element_ratios,
    v.elem_count_histogram as element_count_histogram
from pg_catalog.pg_stats_ext_exprs v
    join pg_catalog.pg_namespace n on n.nspname = v.statistics_schemaname
    join pg_catalog.pg_statistic_ext s on s.stxnamespace = n.oid and s.stxname = v.statistics_name
where v.null_frac is not null

-- Purpose:   what ANALYZE found in columns and in indexed expressions
-- Columns:   schema and relation, and fields of model.statistics.ColumnStatistics
-- Privilege: SELECT on the table or the column, and no row security in force; without it
--            there are no rows, silently
-- Versions:  13 to 16
-- Note:      neither joined with OIDs nor sorted, which would write these wide rows to disk
-- Values:    $1 schemas to read (empty: all), $2 schemas to leave out
select
    s.schemaname::text as schema,
    s.tablename::text as relation,
    s.attname::text as column,
    s.inherited as is_inherited,
    s.null_frac as null_ratio,
    s.avg_width as average_width_bytes,
    s.n_distinct,
    s.most_common_vals as most_common_values,
    s.most_common_freqs as most_common_ratios,
    s.histogram_bounds as histogram_bounds,
    s.correlation,
    s.most_common_elems as most_common_elements,
    s.most_common_elem_freqs as most_common_element_ratios,
    s.elem_count_histogram as element_count_histogram,
    null::text[] as range_length_histogram,
    null::real as range_empty_ratio,
    null::text[] as range_bounds_histogram
from pg_catalog.pg_stats s
where s.schemaname !~ '^pg_'
    and s.schemaname <> 'information_schema'
    and (pg_catalog.cardinality($1::text[]) = 0 or s.schemaname = any ($1::text[]))
    and s.schemaname <> all ($2::text[])

-- Purpose:   what ANALYZE found in columns and in indexed expressions
-- Columns:   fields of model.statistics.ColumnStatistics; arrays of values in their text form
-- Privilege: SELECT on the table or the column, and no row security in force; without it
--            there are no rows, silently
-- Versions:  17 and later
-- Values:    $1 schemas to read (empty: all), $2 schemas to leave out
with relations as materialized (
    select c.oid, c.relname, n.nspname
    from pg_catalog.pg_class c
        join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    where c.relkind in ('r', 'p', 'm', 'f', 'i', 'I')
        and c.relpersistence <> 't'
        and n.nspname !~ '^pg_'
        and n.nspname <> 'information_schema'
        and (pg_catalog.cardinality($1::text[]) = 0 or n.nspname = any ($1::text[]))
        and n.nspname <> all ($2::text[])
)
select
    r.oid::bigint as relation_oid,
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
    s.range_length_histogram as range_length_histogram,
    s.range_empty_frac as range_empty_ratio,
    s.range_bounds_histogram as range_bounds_histogram
from pg_catalog.pg_stats s
    join relations r on r.nspname = s.schemaname and r.relname = s.tablename
order by r.oid, s.attname, s.inherited

-- Purpose:   histograms of the bounds and lengths of ranges, which pg_stats leaves out
-- Columns:   schema and relation, and fields of model.statistics.ColumnStatistics;
--            range_empty_ratios has at most one element
-- Privilege: SELECT on pg_statistic, which a superuser has
-- Versions:  13 to 16; from 17 on pg_stats shows all that is known of them
-- Values:    $1 schemas to read (empty: all), $2 schemas to leave out
select
    n.nspname::text as schema,
    c.relname::text as relation,
    a.attname::text as column,
    s.stainherit as is_inherited,
    case
        when s.stakind1 = 6 then s.stavalues1
        when s.stakind2 = 6 then s.stavalues2
        when s.stakind3 = 6 then s.stavalues3
        when s.stakind4 = 6 then s.stavalues4
        when s.stakind5 = 6 then s.stavalues5
    end as range_length_histogram,
    case
        when s.stakind1 = 6 then s.stanumbers1
        when s.stakind2 = 6 then s.stanumbers2
        when s.stakind3 = 6 then s.stanumbers3
        when s.stakind4 = 6 then s.stanumbers4
        when s.stakind5 = 6 then s.stanumbers5
    end as range_empty_ratios,
    case
        when s.stakind1 = 7 then s.stavalues1
        when s.stakind2 = 7 then s.stavalues2
        when s.stakind3 = 7 then s.stavalues3
        when s.stakind4 = 7 then s.stavalues4
        when s.stakind5 = 7 then s.stavalues5
    end as range_bounds_histogram
from pg_catalog.pg_statistic s
    join pg_catalog.pg_class c on c.oid = s.starelid
    join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    join pg_catalog.pg_attribute a on a.attrelid = s.starelid and a.attnum = s.staattnum
where 6 in (s.stakind1, s.stakind2, s.stakind3, s.stakind4, s.stakind5)
    and n.nspname !~ '^pg_'
    and n.nspname <> 'information_schema'
    and (pg_catalog.cardinality($1::text[]) = 0 or n.nspname = any ($1::text[]))
    and n.nspname <> all ($2::text[])

-- Purpose:   versions of the collations that indexes are sorted by, then and now
-- Columns:   fields of model.server_counters.CollationVersion
-- Privilege: none
-- Versions:  13 and 14, where the database's default has no version
with used as (
    select distinct pg_catalog.unnest(i.indcollation::oid[]) as oid
    from pg_catalog.pg_index i
    where i.indexrelid >= 16384
)
select
    pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(c.collname) as name,
    c.collversion as recorded,
    pg_catalog.pg_collation_actual_version(c.oid) as actual
from pg_catalog.pg_collation c
    join pg_catalog.pg_namespace n on n.oid = c.collnamespace
    join used u on u.oid = c.oid
where c.collversion is not null
order by name

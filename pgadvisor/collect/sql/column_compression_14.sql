-- Purpose:   columns whose values are compressed by a method of their own
-- Columns:   table_oid, number, compression
-- Privilege: none
-- Versions:  14 and later
select
    a.attrelid::bigint as table_oid,
    a.attnum::integer as number,
    a.attcompression::text as compression
from pg_catalog.pg_attribute a
where a.attcompression <> ''
    and a.attrelid >= 16384
    and a.attnum > 0
    and not a.attisdropped
order by a.attrelid, a.attnum

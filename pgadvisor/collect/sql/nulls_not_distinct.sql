-- Purpose:   indexes that take nulls for equal
-- Columns:   index_oid
-- Privilege: none
-- Versions:  13 and 14, which have none
select
    c.oid::bigint as index_oid
from pg_catalog.pg_class c
where false

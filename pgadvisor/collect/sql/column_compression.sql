-- Purpose:   columns whose values are compressed by a method of their own
-- Columns:   table_oid, number, compression
-- Privilege: none
-- Versions:  13, which knows one method only
select
    null::bigint as table_oid,
    null::integer as number,
    null::text as compression
where false

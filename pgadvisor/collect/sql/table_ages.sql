-- Purpose:   the tables with the oldest transaction numbers, their TOAST tables included
-- Columns:   fields of model.transaction_age.TableAge
-- Privilege: none
-- Versions:  13 and later
-- Values:    $1 schemas to read beside the system's (empty: all), $2 schemas to leave out
select
    c.oid::bigint as table_oid,
    n.nspname::text as schema,
    c.relname::text as name,
    pg_catalog.age(c.relfrozenxid) as transaction_age,
    pg_catalog.mxid_age(c.relminmxid) as multixact_age,
    pg_catalog.age(t.relfrozenxid) as toast_transaction_age,
    pg_catalog.mxid_age(t.relminmxid) as toast_multixact_age
from pg_catalog.pg_class c
    join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    left join pg_catalog.pg_class t on t.oid = c.reltoastrelid
where c.relkind in ('r', 'm')
    and c.relfrozenxid <> '0'
    and (
        pg_catalog.cardinality($1::text[]) = 0
        or n.nspname = any ($1::text[])
        or n.nspname ~ '^pg_'
    )
    and n.nspname <> all ($2::text[])
order by
    greatest(
        pg_catalog.age(c.relfrozenxid),
        pg_catalog.age(t.relfrozenxid),
        pg_catalog.mxid_age(c.relminmxid),
        pg_catalog.mxid_age(t.relminmxid)
    ) desc,
    c.oid
limit 500

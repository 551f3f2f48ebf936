-- Purpose:   how old the oldest transaction numbers are, here and in the oldest other databases
-- Columns:   fields of model.transaction_age.DatabaseAge
-- Privilege: none
-- Versions:  13 and later
select
    d.datname::text as name,
    pg_catalog.age(d.datfrozenxid) as transaction_age,
    pg_catalog.mxid_age(d.datminmxid) as multixact_age,
    d.datallowconn as allows_connections,
    d.datname = pg_catalog.current_database() as is_current
from pg_catalog.pg_database d
order by
    is_current desc,
    greatest(pg_catalog.age(d.datfrozenxid), pg_catalog.mxid_age(d.datminmxid)) desc
limit 20

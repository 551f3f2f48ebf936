-- Purpose:   transactions that were prepared and not ended, without their names
-- Columns:   fields of model.backends.PreparedTransaction
-- Privilege: none
-- Versions:  13 and later
select
    p.owner::text as role,
    p.database = pg_catalog.current_database() as is_in_this_database,
    extract(epoch from pg_catalog.clock_timestamp() - p.prepared)::double precision * 1000
        as age_ms,
    pg_catalog.age(p.transaction) as transaction_id_age
from pg_catalog.pg_prepared_xacts p
order by p.prepared
limit 100

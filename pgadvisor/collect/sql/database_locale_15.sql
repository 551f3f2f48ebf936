-- Purpose:   the provider of the database's default collation
-- Columns:   locale_provider, locale
-- Privilege: none
-- Versions:  15 and 16
select
    d.datlocprovider::text as locale_provider,
    d.daticulocale::text as locale
from pg_catalog.pg_database d
where d.datname = pg_catalog.current_database()

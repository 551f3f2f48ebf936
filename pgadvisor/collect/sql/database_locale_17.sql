-- Purpose:   the provider of the database's default collation
-- Columns:   locale_provider, locale
-- Privilege: none
-- Versions:  17 and later
select
    d.datlocprovider::text as locale_provider,
    d.datlocale::text as locale
from pg_catalog.pg_database d
where d.datname = pg_catalog.current_database()

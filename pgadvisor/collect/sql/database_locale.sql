-- Purpose:   the provider of the database's default collation
-- Columns:   locale_provider, locale
-- Privilege: none
-- Versions:  13 and 14, which have libc only
select
    'c' as locale_provider,
    null::text as locale

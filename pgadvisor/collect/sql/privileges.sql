-- Purpose:   what our role may read, for the preflight
-- Columns:   role, may_read_statistics, may_read_settings, is_superuser
-- Privilege: none
-- Versions:  13 and later
select
    current_user::text as role,
    pg_catalog.pg_has_role('pg_read_all_stats', 'usage') as may_read_statistics,
    pg_catalog.pg_has_role('pg_read_all_settings', 'usage') as may_read_settings

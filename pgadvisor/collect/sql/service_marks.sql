-- Purpose:   what only managed services have: settings (their prefixes alone), roles, a function
-- Columns:   words of model.server.Server.service_marks
-- Privilege: none
-- Versions:  13 and later
select 'setting ' || pg_catalog.split_part(s.name, '.', 1) as mark
from pg_catalog.pg_settings s
where s.name ~ '^(rds|cloudsql|alloydb|azure|neon)[.]'
union
select 'role ' || r.rolname::text
from pg_catalog.pg_roles r
where r.rolname in (
        'rds_superuser', 'cloudsqlsuperuser', 'alloydbsuperuser', 'azure_pg_admin',
        'supabase_admin', 'neon_superuser'
    )
union
select 'function ' || p.proname::text
from pg_catalog.pg_proc p
where p.proname = 'aurora_version' and p.pronamespace = 'pg_catalog'::regnamespace
order by 1

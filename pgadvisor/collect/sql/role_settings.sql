-- Purpose:   settings of roles and databases that the server itself or a known extension defines
-- Columns:   fields of model.server.RoleSetting
-- Privilege: none
-- Versions:  13 and later
select
    r.rolname::text as role,
    d.datname::text as database,
    pg_catalog.split_part(c.entry, '=', 1) as name,
    pg_catalog.substr(c.entry, pg_catalog.strpos(c.entry, '=') + 1) as value
from pg_catalog.pg_db_role_setting s
    left join pg_catalog.pg_roles r on r.oid = s.setrole
    left join pg_catalog.pg_database d on d.oid = s.setdatabase
    cross join lateral pg_catalog.unnest(s.setconfig) as c (entry)
where (s.setdatabase = 0 or d.datname = pg_catalog.current_database())
    and (s.setrole = 0 or r.oid is not null)
    -- Names with a dot may be an application's own, and hold its secrets.
    and pg_catalog.split_part(c.entry, '=', 1)
        ~ '^(auto_explain[.]|pg_stat_statements[.]|pg_trgm[.]|plpgsql[.])?[a-z_]+$'
    and pg_catalog.split_part(c.entry, '=', 1)
        !~ '(password|secret|token|conninfo|credential|passphrase|_command$|_file$)'
order by 1 nulls first, 2 nulls first, 3

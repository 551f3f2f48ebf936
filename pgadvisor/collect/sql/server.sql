-- Purpose:   who and what we are connected to
-- Columns:   fields of model.server.Server, and what tells a pooler and a failover
-- Privilege: none
-- Versions:  13 and later
select
    pg_catalog.current_setting('server_version_num')::integer as version_num,
    pg_catalog.current_setting('server_version') as version,
    pg_catalog.version() as version_text,
    d.datname::text as database,
    d.oid::bigint as database_oid,
    pg_catalog.pg_encoding_to_char(d.encoding)::text as encoding,
    d.datcollate::text as collation,
    d.datctype::text as character_type,
    pg_catalog.clock_timestamp() as collected_at,
    pg_catalog.pg_postmaster_start_time() as started_at,
    pg_catalog.pg_is_in_recovery() as is_in_recovery,
    pg_catalog.current_setting('is_superuser')::boolean as is_superuser,
    pg_catalog.current_setting('block_size')::integer as block_size_bytes,
    pg_catalog.pg_backend_pid() as backend_pid,
    pg_catalog.inet_server_addr()::text as server_address,
    current_user::text as role
from pg_catalog.pg_database d
where d.datname = pg_catalog.current_database()

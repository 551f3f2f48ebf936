-- Purpose:   settings with where they come from, without any that may hold a secret or a path
-- Columns:   fields of model.server.Setting, and the value that new sessions start with
-- Privilege: none; some settings are seen by pg_monitor only
-- Versions:  13 and later
select
    s.name,
    coalesce(s.setting, '') as value,
    s.unit,
    s.source,
    s.boot_val as boot_value,
    s.context,
    s.vartype as value_type,
    s.min_val as min_value,
    s.max_val as max_value,
    coalesce(s.enumvals, '{}') as enum_values,
    s.pending_restart as is_pending_restart,
    -- The file alone, not its path; null without pg_read_all_settings.
    s.sourcefile ~ 'postgresql[.]auto[.]conf$' as is_set_by_alter_system,
    coalesce(s.reset_val, '') as session_value
from pg_catalog.pg_settings s
where s.name not in (
        'primary_conninfo', 'primary_slot_name', 'promote_trigger_file', 'application_name',
        'cluster_name', 'listen_addresses', 'event_source', 'krb_server_keyfile', 'ssl_ciphers',
        'oauth_validator_libraries', 'archive_library', 'update_process_title',
        'recovery_target_name', 'session_authorization', 'role', 'seed', 'bonjour_name'
    )
    and s.name !~ '(_command|_directory|_directories|_file|_dir|_path|_socket.*|passphrase.*)$'
    and s.name !~ '(password|secret|token|conninfo|credential|key$|keyring)'
    -- An application's own settings (app.jwt_secret) are nobody's business; the extensions' are.
    and (
        s.name !~ '[.]'
        or s.name ~ '^(auto_explain|pg_stat_statements|pg_trgm|pg_prewarm|plpgsql|hypopg)[.]'
    )
    or s.name = 'search_path'
order by s.name

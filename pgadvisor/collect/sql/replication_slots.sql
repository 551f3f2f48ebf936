-- Purpose:   replication slots, with the WAL and the transaction numbers that they hold back
-- Columns:   fields of model.replication.ReplicationSlot
-- Privilege: none
-- Versions:  13, which does not tell since when a slot is inactive nor what was decoded
select
    s.slot_name::text as name,
    s.slot_type as kind,
    s.database::text as database,
    s.active as is_active,
    s.temporary as is_temporary,
    s.wal_status,
    s.safe_wal_size as safe_bytes,
    pg_catalog.pg_wal_lsn_diff(
        case
            when pg_catalog.pg_is_in_recovery() then pg_catalog.pg_last_wal_replay_lsn()
            else pg_catalog.pg_current_wal_lsn()
        end,
        s.restart_lsn
    )::bigint as retained_bytes,
    pg_catalog.age(s.xmin) as transaction_age,
    pg_catalog.age(s.catalog_xmin) as catalog_transaction_age,
    null::double precision as inactive_time_ms,
    null::bigint as spilled_transactions,
    null::bigint as spilled_bytes,
    null::bigint as decoded_bytes
from pg_catalog.pg_replication_slots s
order by s.slot_name

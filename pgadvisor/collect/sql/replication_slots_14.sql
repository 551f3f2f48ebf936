-- Purpose:   replication slots, with the WAL and the transaction numbers that they hold back
-- Columns:   fields of model.replication.ReplicationSlot
-- Privilege: none
-- Versions:  14 to 16, which do not tell since when a slot is inactive
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
    d.spill_txns as spilled_transactions,
    d.spill_bytes as spilled_bytes,
    d.total_bytes as decoded_bytes
from pg_catalog.pg_replication_slots s
    left join pg_catalog.pg_stat_replication_slots d on d.slot_name = s.slot_name::text
order by s.slot_name

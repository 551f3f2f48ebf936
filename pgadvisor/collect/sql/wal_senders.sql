-- Purpose:   who streams WAL from this server, and how far behind they are
-- Columns:   fields of model.replication.WalSender
-- Privilege: pg_monitor to see the state
-- Versions:  13 and later
with position as materialized (
    select
        case
            when pg_catalog.pg_is_in_recovery() then pg_catalog.pg_last_wal_replay_lsn()
            else pg_catalog.pg_current_wal_lsn()
        end as lsn
)
select
    coalesce(r.application_name, '') as application_name,
    r.state,
    r.sync_state,
    pg_catalog.pg_wal_lsn_diff(p.lsn, r.sent_lsn)::bigint as sent_lag_bytes,
    pg_catalog.pg_wal_lsn_diff(p.lsn, r.replay_lsn)::bigint as replay_lag_bytes,
    extract(epoch from r.replay_lag)::double precision * 1000 as replay_lag_ms,
    pg_catalog.age(r.backend_xmin) as transaction_age
from pg_catalog.pg_stat_replication r
    cross join position p
order by r.application_name, r.backend_start

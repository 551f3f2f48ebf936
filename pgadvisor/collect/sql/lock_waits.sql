-- Purpose:   sessions that wait for a lock, and those that they wait for, without their statements
-- Columns:   pid and blockers, which are forgotten once they are put together; the table whose
--            lock, or whose row's, is waited for; and fields of model.blocking.BlockingSession
-- Privilege: pg_monitor to see those of other roles
-- Versions:  13, which does not tell when a wait began: the statement's beginning stands for it
with waiting as materialized (
    select
        a.pid,
        -- It stops the lock manager for a moment, so it is asked of those alone that wait.
        pg_catalog.pg_blocking_pids(a.pid) as blockers,
        extract(epoch from pg_catalog.clock_timestamp() - a.state_change)::double precision * 1000
            as wait_ms
    from pg_catalog.pg_stat_activity a
    where a.wait_event_type = 'Lock'
        and a.pid <> pg_catalog.pg_backend_pid()
    order by a.state_change
    limit 100
),
involved as (
    select w.pid from waiting w
    union
    select pg_catalog.unnest(w.blockers) from waiting w
),
wanted as materialized (
    -- Who waits for the transaction that changed a row holds the lock of the row meanwhile.
    select l.pid, pg_catalog.max(l.relation)::bigint as table_oid
    from pg_catalog.pg_locks l
    where l.pid in (select w.pid from waiting w)
        and (not l.granted or l.locktype = 'tuple')
        and l.database = (
            select d.oid
            from pg_catalog.pg_database d
            where d.datname = pg_catalog.current_database()
        )
    group by l.pid
)
select
    a.pid,
    coalesce(w.blockers, '{}') as blockers,
    w.wait_ms,
    t.table_oid,
    a.usename::text as role,
    a.backend_type,
    a.state,
    a.datname is not distinct from pg_catalog.current_database() as is_in_this_database,
    extract(epoch from pg_catalog.clock_timestamp() - a.xact_start)::double precision * 1000
        as age_ms,
    extract(epoch from pg_catalog.clock_timestamp() - a.state_change)::double precision * 1000
        as state_age_ms,
    -- The statement itself stays where it is.
    case
        when a.query ~* '^\s*vacuum\M' then 'vacuum'
        when a.query ~* '^\s*analy[sz]e\M' then 'analyze'
        when a.query ~* '^\s*copy\M' then 'copy'
        when a.query ~* '^\s*create\s+(unique\s+)?index\M' then 'create index'
        when a.query ~* '^\s*reindex\M' then 'reindex'
        when a.query ~* '^\s*refresh\M' then 'refresh'
    end as command
from involved i
    join pg_catalog.pg_stat_activity a on a.pid = i.pid
    left join waiting w on w.pid = a.pid
    left join wanted t on t.pid = a.pid
order by a.pid

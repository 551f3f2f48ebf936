-- Purpose:   tables of every kind, with their size now
-- Columns:   fields of model.schema.Table without columns; is_locked: only the names are read,
--            since another session holds or awaits a lock that our functions would wait for
-- Privilege: none
-- Versions:  13 and later
-- Values:    $1 schemas to read (empty: all), $2 schemas to leave out
with locked as materialized (
    select distinct l.relation as oid
    from pg_catalog.pg_locks l
    where l.locktype = 'relation'
        and l.mode = 'AccessExclusiveLock'
        and l.pid is distinct from pg_catalog.pg_backend_pid()
),
-- The text of a materialised view opens the relations that it reads.
blocked as materialized (
    select l.oid
    from locked l
    union
    select w.ev_class
    from pg_catalog.pg_depend d
        join pg_catalog.pg_rewrite w on w.oid = d.objid
        join locked l on l.oid = d.refobjid
    where d.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass
        and d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass
),
parents as (
    select
        i.inhrelid as oid,
        pg_catalog.array_agg(i.inhparent::bigint order by i.inhseqno) as parent_oids
    from pg_catalog.pg_inherits i
    group by i.inhrelid
),
members as materialized (
    select d.objid as oid
    from pg_catalog.pg_depend d
    where d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass
        and d.deptype = 'e'
)
select
    c.oid::bigint as oid,
    n.nspname::text as schema,
    c.relname::text as name,
    c.relkind::text as kind,
    c.relpersistence::text as persistence,
    -- Before 14, zero pages and zero rows stand for "never vacuumed".
    case
        when c.reltuples = 0
            and c.relpages = 0
            and pg_catalog.current_setting('server_version_num')::integer < 140000
        then -1
        else c.reltuples
    end::double precision as rows,
    c.relpages as pages,
    c.relallvisible as all_visible_pages,
    coalesce(
        case
            when b.oid is null and c.relkind in ('r', 'm')
            then pg_catalog.pg_relation_size(c.oid)
        end,
        0
    ) as size_bytes,
    coalesce(
        case
            when b.oid is null and c.reltoastrelid <> 0
            then pg_catalog.pg_relation_size(c.reltoastrelid)
        end,
        0
    ) as toast_size_bytes,
    coalesce(c.reloptions, '{}') as options,
    coalesce(toast.reloptions, '{}') as toast_options,
    coalesce(parents.parent_oids, '{}') as parent_oids,
    c.relispartition as is_partition,
    case
        when b.oid is null and c.relispartition then pg_catalog.pg_get_expr(c.relpartbound, c.oid)
    end as partition_bound,
    case
        when b.oid is null and c.relkind = 'p' then pg_catalog.pg_get_partkeydef(c.oid)
    end as partition_key,
    c.relreplident::text as replica_identity,
    c.relrowsecurity as has_row_security,
    m.oid is not null as is_extension_member,
    case
        when b.oid is null and c.relkind = 'm' then pg_catalog.pg_get_viewdef(c.oid)
    end as definition,
    ts.spcname::text as tablespace,
    w.fdwname::text as foreign_wrapper,
    h.proname::text as foreign_handler,
    fs.srvname::text as foreign_server,
    -- Hosts, users and whatever else options may hold are nobody's business.
    array(
        select o.option_name || '=' || o.option_value
        from pg_catalog.pg_options_to_table(fs.srvoptions) o
        where o.option_name in (
            'fdw_startup_cost', 'fdw_tuple_cost', 'fetch_size', 'extensions', 'async_capable',
            'use_remote_estimate', 'updatable', 'batch_size'
        )
        order by o.option_name
    ) as foreign_server_options,
    array(
        select o.option_name || '=' || o.option_value
        from pg_catalog.pg_options_to_table(ft.ftoptions) o
        where o.option_name in (
            'fetch_size', 'async_capable', 'use_remote_estimate', 'updatable', 'batch_size'
        )
        order by o.option_name
    ) as foreign_options,
    b.oid is not null as is_locked
from pg_catalog.pg_class c
    join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    left join blocked b on b.oid = c.oid
    left join pg_catalog.pg_class toast on toast.oid = c.reltoastrelid
    left join parents on parents.oid = c.oid
    left join members m on m.oid = c.oid
    left join pg_catalog.pg_tablespace ts on ts.oid = c.reltablespace
    left join pg_catalog.pg_foreign_table ft on ft.ftrelid = c.oid
    left join pg_catalog.pg_foreign_server fs on fs.oid = ft.ftserver
    left join pg_catalog.pg_foreign_data_wrapper w on w.oid = fs.srvfdw
    left join pg_catalog.pg_proc h on h.oid = w.fdwhandler
where c.relkind in ('r', 'p', 'm', 'f')
    and c.relpersistence <> 't'
    and n.nspname !~ '^pg_'
    and n.nspname <> 'information_schema'
    and (pg_catalog.cardinality($1::text[]) = 0 or n.nspname = any ($1::text[]))
    and n.nspname <> all ($2::text[])
order by n.nspname, c.relname

-- Purpose:   sequences, how far they have come, and the column that each serves
-- Columns:   fields of model.schema.Sequence, may_read, is_locked
-- Privilege: SELECT or USAGE on the sequence for last_value
-- Versions:  13 and later
-- Values:    $1 schemas to read (empty: all), $2 schemas to leave out
with locked as materialized (
    select distinct l.relation as oid
    from pg_catalog.pg_locks l
    where l.locktype = 'relation'
        and l.mode = 'AccessExclusiveLock'
        and l.pid is distinct from pg_catalog.pg_backend_pid()
),
-- Owned by a column (a, i), or named in a column's default.
served as materialized (
    select distinct on (u.sequence_oid) u.sequence_oid, u.table_oid, u.number
    from (
        select d.objid, d.refobjid, d.refobjsubid, 0
        from pg_catalog.pg_depend d
        where d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass
            and d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass
            and d.deptype in ('a', 'i')
            and d.refobjsubid > 0
        union all
        select d.refobjid, f.adrelid, f.adnum, 1
        from pg_catalog.pg_depend d
            join pg_catalog.pg_attrdef f on f.oid = d.objid
        where d.classid = 'pg_catalog.pg_attrdef'::pg_catalog.regclass
            and d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass
            and d.deptype = 'n'
    ) as u (sequence_oid, table_oid, number, rank)
    order by u.sequence_oid, u.rank, u.table_oid, u.number
)
select
    c.oid::bigint as oid,
    n.nspname::text as schema,
    c.relname::text as name,
    pg_catalog.format_type(s.seqtypid, null) as type_name,
    case
        when p.may_read and k.oid is null then pg_catalog.pg_sequence_last_value(c.oid)
    end as last_value,
    s.seqstart as start,
    s.seqmin as min_value,
    s.seqmax as max_value,
    s.seqincrement as increment,
    s.seqcycle as is_cycling,
    v.table_oid::bigint as table_oid,
    a.attname::text as column,
    p.may_read,
    k.oid is not null as is_locked
from pg_catalog.pg_sequence s
    join pg_catalog.pg_class c on c.oid = s.seqrelid
    join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    left join served v on v.sequence_oid = c.oid
    left join pg_catalog.pg_attribute a on a.attrelid = v.table_oid and a.attnum = v.number
    left join locked k on k.oid = c.oid
    cross join lateral (
        -- An unlogged sequence has nothing to read on a standby.
        select pg_catalog.has_sequence_privilege(c.oid, 'select,usage')
            and (c.relpersistence = 'p' or not pg_catalog.pg_is_in_recovery()) as may_read
    ) as p
where c.relpersistence <> 't'
    and n.nspname !~ '^pg_'
    and n.nspname <> 'information_schema'
    and (pg_catalog.cardinality($1::text[]) = 0 or n.nspname = any ($1::text[]))
    and n.nspname <> all ($2::text[])
order by n.nspname, c.relname

-- Purpose:   functions of the database's users that planning a statement may run, and the
--            relations and operators through which it may do so unseen
-- Columns:   kind (function, operator, relation, default: a relation that is written to), name
-- Privilege: none
-- Versions:  13 and later
-- Note:      the planner runs immutable and stable functions; volatile ones it leaves to the
--            executor.  Those of extensions are left to the list of denied functions.
with recursive own as materialized (
    select p.oid, p.proname::text as name
    from pg_catalog.pg_proc p
        join pg_catalog.pg_namespace n on n.oid = p.pronamespace
    where p.provolatile <> 'v'
        and n.nspname <> 'pg_catalog'
        and n.nspname <> 'information_schema'
        and not exists (
            select from pg_catalog.pg_depend d
            where d.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass
                and d.objid = p.oid
                and d.deptype = 'e'
        )
),
-- A view, or a rule or policy of a table, that calls one; and the views on those.
relations (oid) as (
    select coalesce(w.ev_class, y.polrelid)
    from own
        join pg_catalog.pg_depend d
            on d.refobjid = own.oid
            and d.refclassid = 'pg_catalog.pg_proc'::pg_catalog.regclass
        left join pg_catalog.pg_rewrite w
            on d.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass and w.oid = d.objid
        left join pg_catalog.pg_policy y
            on d.classid = 'pg_catalog.pg_policy'::pg_catalog.regclass and y.oid = d.objid
    union
    select w.ev_class
    from relations r
        join pg_catalog.pg_depend d
            on d.refobjid = r.oid
            and d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass
            and d.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass
        join pg_catalog.pg_rewrite w on w.oid = d.objid
)
select
    'function' as kind,
    own.name
from own
union
select
    'operator',
    o.oprname::text
from own
    join pg_catalog.pg_operator o on o.oprcode = own.oid
where not exists (
    select from pg_catalog.pg_operator b
        join pg_catalog.pg_namespace n on n.oid = b.oprnamespace
    where b.oprname = o.oprname and n.nspname = 'pg_catalog'
)
union
select
    'relation',
    c.relname::text
from relations r
    join pg_catalog.pg_class c on c.oid = r.oid
union
select
    'default',
    c.relname::text
from own
    join pg_catalog.pg_depend d
        on d.refobjid = own.oid
        and d.refclassid = 'pg_catalog.pg_proc'::pg_catalog.regclass
        and d.classid = 'pg_catalog.pg_attrdef'::pg_catalog.regclass
    join pg_catalog.pg_attrdef f on f.oid = d.objid
    join pg_catalog.pg_class c on c.oid = f.adrelid
order by 1, 2

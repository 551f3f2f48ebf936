-- Purpose:   functions of the database's users that planning a statement may run, and the
--            relations and operators through which it may do so unseen
-- Columns:   kind (function, operator, relation, default: a relation that is written to), name
-- Privilege: none
-- Versions:  13 and later
-- Note:      the planner runs immutable and stable functions; volatile ones it leaves to the
--            executor.  But EXECUTE gives parameters their types, and so runs the checks of
--            domains, whatever these call and whether or not the text names the domain.  Functions
--            of extensions are left to the list of denied functions.
with recursive users as materialized (
    select p.oid, p.proname::text as name, p.provolatile
    from pg_catalog.pg_proc p
        join pg_catalog.pg_namespace n on n.oid = p.pronamespace
    where n.nspname <> 'pg_catalog'
        and n.nspname <> 'information_schema'
        and not exists (
            select from pg_catalog.pg_depend d
            where d.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass
                and d.objid = p.oid
                and d.deptype = 'e'
        )
),
own as (
    select u.oid, u.name from users u where u.provolatile <> 'v'
),
-- Domains with a check that calls one, and the types that are made of those.
types (oid) as (
    select k.contypid
    from users u
        join pg_catalog.pg_depend d
            on d.refobjid = u.oid
            and d.refclassid = 'pg_catalog.pg_proc'::pg_catalog.regclass
            and d.classid = 'pg_catalog.pg_constraint'::pg_catalog.regclass
        join pg_catalog.pg_constraint k on k.oid = d.objid
    where k.contypid <> 0
    union
    select made.oid
    from types
        cross join lateral (
            select t.oid
            from pg_catalog.pg_type t
            where t.typbasetype = types.oid or t.typelem = types.oid
            union all
            select c.reltype
            from pg_catalog.pg_attribute a
                join pg_catalog.pg_class c on c.oid = a.attrelid
            where a.atttypid = types.oid and not a.attisdropped and c.reltype <> 0
        ) as made
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
union
select
    'relation',
    t.typname::text
from types
    join pg_catalog.pg_type t on t.oid = types.oid
where t.typtype = 'd'
union
select
    'default',
    c.relname::text
from types
    join pg_catalog.pg_attribute a on a.atttypid = types.oid and not a.attisdropped
    join pg_catalog.pg_class c on c.oid = a.attrelid
where c.relkind in ('r', 'p', 'v', 'f')
union
select
    'function',
    p.proname::text
from types
    join pg_catalog.pg_proc p on types.oid = any (p.proargtypes)
where not exists (
    select from pg_catalog.pg_namespace n
    where n.oid = p.pronamespace and n.nspname = 'pg_catalog'
)
order by 1, 2

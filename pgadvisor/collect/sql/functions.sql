-- Purpose:   functions that an index, a default, a check, a generated column, a view or a statement
--            of the workload may need
-- Columns:   fields of model.schema.Function
-- Privilege: none
-- Versions:  13 and later
-- Values:    $1 names of functions that statements call
-- Note:      those of an extension come with the extension; procedures, aggregates and trigger
--            functions take no part in planning
with recursive needed (oid) as (
    select d.refobjid
    from pg_catalog.pg_depend d
    where d.refclassid = 'pg_catalog.pg_proc'::pg_catalog.regclass
        and d.classid in (
            'pg_catalog.pg_class'::pg_catalog.regclass,
            'pg_catalog.pg_attrdef'::pg_catalog.regclass,
            'pg_catalog.pg_constraint'::pg_catalog.regclass,
            'pg_catalog.pg_rewrite'::pg_catalog.regclass,
            'pg_catalog.pg_type'::pg_catalog.regclass,
            'pg_catalog.pg_operator'::pg_catalog.regclass,
            'pg_catalog.pg_statistic_ext'::pg_catalog.regclass
        )
    union
    select p.oid
    from pg_catalog.pg_proc p
    where p.proname = any ($1::text[])
    union
    select d.refobjid
    from needed
        join pg_catalog.pg_depend d on d.objid = needed.oid
    where d.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass
        and d.refclassid = 'pg_catalog.pg_proc'::pg_catalog.regclass
)
select
    p.oid::bigint as oid,
    n.nspname::text as schema,
    p.proname::text as name,
    pg_catalog.pg_get_function_identity_arguments(p.oid) as arguments,
    l.lanname::text as language,
    p.provolatile::text as volatility,
    pg_catalog.pg_get_functiondef(p.oid) as definition
from pg_catalog.pg_proc p
    join pg_catalog.pg_namespace n on n.oid = p.pronamespace
    join pg_catalog.pg_language l on l.oid = p.prolang
where p.oid in (select needed.oid from needed)
    and p.prokind in ('f', 'w')
    and p.prorettype not in (
        'pg_catalog.trigger'::pg_catalog.regtype, 'pg_catalog.event_trigger'::pg_catalog.regtype
    )
    and n.nspname !~ '^pg_'
    and n.nspname <> 'information_schema'
    and not exists (
        select from pg_catalog.pg_depend d
        where d.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass
            and d.objid = p.oid
            and d.deptype = 'e'
    )
order by p.oid

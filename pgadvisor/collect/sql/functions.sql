-- Purpose:   functions that an index, a default, a check, a generated column, a view or a statement
--            of the workload may need
-- Columns:   fields of model.schema.Function
-- Privilege: none
-- Versions:  13 and later
-- Values:    $1 names of functions that statements call
-- Note:      of those of extensions, and of those in languages other than SQL and PL/pgSQL, the
--            signature is read alone; procedures, aggregates and trigger functions take no part
--            in planning
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
            'pg_catalog.pg_cast'::pg_catalog.regclass,
            'pg_catalog.pg_operator'::pg_catalog.regclass,
            'pg_catalog.pg_statistic_ext'::pg_catalog.regclass
        )
        -- What is within an extension comes with it.
        and not exists (
            select from pg_catalog.pg_depend e
            where e.classid = d.classid and e.objid = d.objid and e.deptype = 'e'
        )
    union
    select p.oid
    from pg_catalog.pg_proc p
    where p.proname = any ($1::text[])
        -- Below are those that the server comes with.
        or (p.prokind = 'a' and p.oid >= 16384)
    union
    select d.refobjid
    from needed
        join pg_catalog.pg_depend d on d.objid = needed.oid
    where d.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass
        and d.refclassid = 'pg_catalog.pg_proc'::pg_catalog.regclass
        and not exists (
            select from pg_catalog.pg_depend e
            where e.classid = d.classid and e.objid = d.objid and e.deptype = 'e'
        )
)
select
    p.oid::bigint as oid,
    n.nspname::text as schema,
    p.proname::text as name,
    pg_catalog.pg_get_function_identity_arguments(p.oid) as arguments,
    l.lanname::text as language,
    p.provolatile::text as volatility,
    case
        when x.oid is null and l.lanname in ('sql', 'plpgsql')
        then pg_catalog.pg_get_functiondef(p.oid)
        else ''
    end as definition,
    pg_catalog.pg_get_function_arguments(p.oid) as signature,
    pg_catalog.pg_get_function_result(p.oid) as result,
    array(
        select pg_catalog.format_type(a.type_oid, null)
        from pg_catalog.unnest(p.proargtypes) with ordinality as a (type_oid, position)
        order by a.position
    ) as argument_types,
    p.procost::double precision as cost,
    p.prorows::double precision as rows,
    p.proparallel::text as parallel,
    p.proisstrict as is_strict,
    p.proleakproof as is_leakproof,
    pg_catalog.quote_ident(sn.nspname) || '.' || pg_catalog.quote_ident(s.proname) as support,
    x.extname::text as extension
from pg_catalog.pg_proc p
    join pg_catalog.pg_namespace n on n.oid = p.pronamespace
    join pg_catalog.pg_language l on l.oid = p.prolang
    left join pg_catalog.pg_proc s on s.oid = p.prosupport
    left join pg_catalog.pg_namespace sn on sn.oid = s.pronamespace
    left join pg_catalog.pg_depend e
        on e.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass
        and e.objid = p.oid
        and e.refclassid = 'pg_catalog.pg_extension'::pg_catalog.regclass
        and e.deptype = 'e'
    left join pg_catalog.pg_extension x on x.oid = e.refobjid
where p.oid in (select needed.oid from needed)
    and p.prokind in ('f', 'w')
    and p.prorettype not in (
        'pg_catalog.trigger'::pg_catalog.regtype, 'pg_catalog.event_trigger'::pg_catalog.regtype
    )
    and n.nspname !~ '^pg_'
    and n.nspname <> 'information_schema'
    and x.extname is distinct from 'pg_stat_statements'
    -- The constructors of a range come with its type.
    and not exists (
        select from pg_catalog.pg_depend d
        where d.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass
            and d.objid = p.oid
            and d.refclassid = 'pg_catalog.pg_type'::pg_catalog.regclass
            and d.deptype = 'i'
    )
order by p.oid

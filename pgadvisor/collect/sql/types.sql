-- Purpose:   enums, domains, composite types and ranges that the database defines itself
-- Columns:   fields of model.schema.UserType; attributes as pairs of name and type
-- Privilege: none
-- Versions:  13 and later
-- Note:      types of all schemas, since a table may use one from a schema that is left out; those
--            of an extension come with the extension
select
    t.oid::bigint as oid,
    n.nspname::text as schema,
    t.typname::text as name,
    t.typtype::text as kind,
    array(
        select e.enumlabel::text
        from pg_catalog.pg_enum e
        where e.enumtypid = t.oid
        order by e.enumsortorder
    ) as labels,
    case t.typtype
        when 'd' then pg_catalog.format_type(t.typbasetype, t.typtypmod)
        when 'r' then pg_catalog.format_type(r.rngsubtype, null)
    end as base_type_name,
    case
        when t.typtype = 'd' and t.typcollation not in (0, base.typcollation)
            or t.typtype = 'r' and r.rngcollation not in (0, base.typcollation)
        then pg_catalog.quote_ident(cn.nspname) || '.' || pg_catalog.quote_ident(co.collname)
    end as collation,
    case
        when not oc.opcdefault
        then pg_catalog.quote_ident(ocn.nspname) || '.' || pg_catalog.quote_ident(oc.opcname)
    end as operator_class,
    pg_catalog.quote_ident(pn.nspname) || '.' || pg_catalog.quote_ident(p.proname)
        as difference_function,
    pg_catalog.quote_ident(mn.nspname) || '.' || pg_catalog.quote_ident(m.typname)
        as multirange_name,
    t.typnotnull as is_not_null,
    t.typdefault as default_sql,
    array(
        select pg_catalog.pg_get_constraintdef(k.oid)
        from pg_catalog.pg_constraint k
        where k.contypid = t.oid and k.contype = 'c'
        order by k.conname
    ) as checks,
    array(
        select array[a.attname::text, pg_catalog.format_type(a.atttypid, a.atttypmod)]
        from pg_catalog.pg_attribute a
        where a.attrelid = t.typrelid and t.typtype = 'c' and a.attnum > 0 and not a.attisdropped
        order by a.attnum
    ) as attributes
from pg_catalog.pg_type t
    join pg_catalog.pg_namespace n on n.oid = t.typnamespace
    left join pg_catalog.pg_class c on c.oid = t.typrelid
    left join pg_catalog.pg_range r on r.rngtypid = t.oid
    left join pg_catalog.pg_type base on base.oid = coalesce(r.rngsubtype, t.typbasetype)
    left join pg_catalog.pg_collation co
        on co.oid = case t.typtype when 'r' then r.rngcollation else t.typcollation end
    left join pg_catalog.pg_namespace cn on cn.oid = co.collnamespace
    left join pg_catalog.pg_opclass oc on oc.oid = r.rngsubopc
    left join pg_catalog.pg_namespace ocn on ocn.oid = oc.opcnamespace
    left join pg_catalog.pg_proc p on p.oid = r.rngsubdiff
    left join pg_catalog.pg_namespace pn on pn.oid = p.pronamespace
    -- The column is there from 14 on.
    left join pg_catalog.pg_type m
        on m.oid = (pg_catalog.to_jsonb(r) ->> 'rngmultitypid')::pg_catalog.oid
    left join pg_catalog.pg_namespace mn on mn.oid = m.typnamespace
where t.typtype in ('e', 'd', 'c', 'r')
    -- Each table and view has a row type, too: those come with the table.
    and (t.typtype <> 'c' or c.relkind = 'c')
    and n.nspname !~ '^pg_'
    and n.nspname <> 'information_schema'
    and not exists (
        select from pg_catalog.pg_depend d
        where d.classid = 'pg_catalog.pg_type'::pg_catalog.regclass
            and d.objid = t.oid
            and d.deptype = 'e'
    )
order by t.oid

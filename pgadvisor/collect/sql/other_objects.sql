-- Purpose:   aggregates, operators, casts, collations and text search configurations that the
--            database defines itself, as the commands that make them
-- Columns:   fields of model.other_object.OtherObject
-- Privilege: none
-- Versions:  13 and later
-- Note:      those of an extension come with the extension; what only moves the work within an
--            aggregate (moving windows, serialisation) is left out, since no cost depends on it
with members as materialized (
    select d.classid, d.objid
    from pg_catalog.pg_depend d
    where d.deptype = 'e'
)
select
    p.oid::bigint as oid,
    'aggregate' as kind,
    n.nspname || '.' || p.proname || '('
        || pg_catalog.pg_get_function_identity_arguments(p.oid) || ')' as name,
    pg_catalog.format(
        'CREATE AGGREGATE %I.%I(%s) (SFUNC = %s, STYPE = %s%s%s%s%s%s%s%s)',
        n.nspname,
        p.proname,
        coalesce(nullif(pg_catalog.pg_get_function_identity_arguments(p.oid), ''), '*'),
        a.aggtransfn,
        pg_catalog.format_type(a.aggtranstype, null),
        case when a.aggtransspace <> 0 then ', SSPACE = ' || a.aggtransspace end,
        case when a.aggfinalfn <> 0 then ', FINALFUNC = ' || a.aggfinalfn end,
        case when a.aggfinalextra then ', FINALFUNC_EXTRA' end,
        case when a.aggcombinefn <> 0 then ', COMBINEFUNC = ' || a.aggcombinefn end,
        case
            when a.agginitval is not null
            then ', INITCOND = ' || pg_catalog.quote_literal(a.agginitval)
        end,
        case
            when p.proparallel <> 'u'
            then ', PARALLEL = ' || case p.proparallel when 's' then 'safe' else 'restricted' end
        end,
        case when a.aggkind = 'h' then ', HYPOTHETICAL' end
    ) as definition
from pg_catalog.pg_aggregate a
    join pg_catalog.pg_proc p on p.oid = a.aggfnoid
    join pg_catalog.pg_namespace n on n.oid = p.pronamespace
    left join members m
        on m.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass and m.objid = p.oid
where m.objid is null
    and n.nspname !~ '^pg_'
    and n.nspname <> 'information_schema'
union all
select
    o.oid::bigint,
    'operator',
    n.nspname || '.' || o.oprname || '('
        || case when o.oprleft = 0 then '' else pg_catalog.format_type(o.oprleft, null) || ', ' end
        || pg_catalog.format_type(o.oprright, null) || ')',
    pg_catalog.format(
        'CREATE OPERATOR %I.%s (FUNCTION = %s%s, RIGHTARG = %s%s%s%s%s%s%s)',
        n.nspname,
        o.oprname,
        o.oprcode,
        case
            when o.oprleft <> 0
            then ', LEFTARG = ' || pg_catalog.format_type(o.oprleft, null)
        end,
        pg_catalog.format_type(o.oprright, null),
        ', COMMUTATOR = OPERATOR(' || pg_catalog.quote_ident(cn.nspname) || '.' || c.oprname || ')',
        ', NEGATOR = OPERATOR(' || pg_catalog.quote_ident(gn.nspname) || '.' || g.oprname || ')',
        case when o.oprrest <> 0 then ', RESTRICT = ' || o.oprrest end,
        case when o.oprjoin <> 0 then ', JOIN = ' || o.oprjoin end,
        case when o.oprcanhash then ', HASHES' end,
        case when o.oprcanmerge then ', MERGES' end
    )
from pg_catalog.pg_operator o
    join pg_catalog.pg_namespace n on n.oid = o.oprnamespace
    left join pg_catalog.pg_operator c on c.oid = o.oprcom
    left join pg_catalog.pg_namespace cn on cn.oid = c.oprnamespace
    left join pg_catalog.pg_operator g on g.oid = o.oprnegate
    left join pg_catalog.pg_namespace gn on gn.oid = g.oprnamespace
    left join members m
        on m.classid = 'pg_catalog.pg_operator'::pg_catalog.regclass and m.objid = o.oid
where m.objid is null
    and o.oprcode <> 0
    and n.nspname !~ '^pg_'
    and n.nspname <> 'information_schema'
union all
select
    c.oid::bigint,
    'cast',
    pg_catalog.format_type(c.castsource, null) || ' as '
        || pg_catalog.format_type(c.casttarget, null),
    pg_catalog.format(
        'CREATE CAST (%s AS %s) %s%s',
        pg_catalog.format_type(c.castsource, null),
        pg_catalog.format_type(c.casttarget, null),
        case c.castmethod
            when 'f' then 'WITH FUNCTION ' || c.castfunc::pg_catalog.regprocedure::text
            when 'i' then 'WITH INOUT'
            else 'WITHOUT FUNCTION'
        end,
        case c.castcontext when 'a' then ' AS ASSIGNMENT' when 'i' then ' AS IMPLICIT' end
    )
from pg_catalog.pg_cast c
    left join members m
        on m.classid = 'pg_catalog.pg_cast'::pg_catalog.regclass and m.objid = c.oid
where m.objid is null
    -- Below are those that the server comes with.
    and c.oid >= 16384
    -- The one of a range comes with its type.
    and not exists (
        select from pg_catalog.pg_depend d
        where d.classid = 'pg_catalog.pg_cast'::pg_catalog.regclass
            and d.objid = c.oid
            and d.deptype = 'i'
    )
union all
select
    c.oid::bigint,
    'collation',
    n.nspname || '.' || c.collname,
    pg_catalog.format(
        'CREATE COLLATION %I.%I (PROVIDER = %s, %s%s)',
        n.nspname,
        c.collname,
        case c.collprovider when 'i' then 'icu' when 'b' then 'builtin' else 'libc' end,
        case
            when c.collprovider in ('i', 'b')
            then 'LOCALE = ' || pg_catalog.quote_literal(
                -- The name of the column, and from 15 on the column itself, have changed.
                coalesce(
                    pg_catalog.to_jsonb(c) ->> 'colllocale',
                    pg_catalog.to_jsonb(c) ->> 'colliculocale',
                    c.collcollate
                )
            )
            else 'LC_COLLATE = ' || pg_catalog.quote_literal(c.collcollate)
                || ', LC_CTYPE = ' || pg_catalog.quote_literal(c.collctype)
        end,
        case when not c.collisdeterministic then ', DETERMINISTIC = false' end
    )
from pg_catalog.pg_collation c
    join pg_catalog.pg_namespace n on n.oid = c.collnamespace
    left join members m
        on m.classid = 'pg_catalog.pg_collation'::pg_catalog.regclass and m.objid = c.oid
where m.objid is null
    and n.nspname !~ '^pg_'
    and n.nspname <> 'information_schema'
    -- Rules of its own (16 and later) may hold anything.
    and pg_catalog.to_jsonb(c) ->> 'collicurules' is null
union all
select
    t.oid::bigint,
    'text search configuration',
    n.nspname || '.' || t.cfgname,
    -- Its dictionaries may rest on files of the server.
    pg_catalog.format(
        'CREATE TEXT SEARCH CONFIGURATION %I.%I (COPY = pg_catalog.simple)', n.nspname, t.cfgname
    )
from pg_catalog.pg_ts_config t
    join pg_catalog.pg_namespace n on n.oid = t.cfgnamespace
    left join members m
        on m.classid = 'pg_catalog.pg_ts_config'::pg_catalog.regclass and m.objid = t.oid
where m.objid is null
    and n.nspname !~ '^pg_'
    and n.nspname <> 'information_schema'
order by 1

-- Purpose:   functions that may act when a query is executed, and what leads to them unseen
-- Columns:   kind (function; attribute: a function that may be called as if it were a column;
--            operator; type; cast: one that no text names; comparison: of a type, which sorting
--            and grouping make; relation), name, is_volatile
-- Privilege: none
-- Versions:  13 and later
-- Note:      those are all volatile functions, and all of the users' own.  Views and policies are
--            read as the parser left them, since no dependency is kept on PostgreSQL's own
--            functions; rules and policies that do not belong to reading do no harm.
with recursive suspects as materialized (
    select
        p.oid,
        p.proname::text as name,
        p.provolatile = 'v' as is_volatile,
        p.pronargs - p.pronargdefaults <= 1 and p.proargtypes[0] in (
            select t.oid from pg_catalog.pg_type t where t.typtype in ('c', 'd', 'p')
        ) as may_be_attribute
    from pg_catalog.pg_proc p
        join pg_catalog.pg_namespace n on n.oid = p.pronamespace
    where p.prorettype not in (
            'pg_catalog.trigger'::pg_catalog.regtype,
            'pg_catalog.event_trigger'::pg_catalog.regtype
        )
        -- What takes an internal value, such as a method of TABLESAMPLE, nobody can call.
        and p.proargtypes[0] is distinct from 'pg_catalog.internal'::pg_catalog.regtype
        and (
            p.provolatile = 'v'
            or n.nspname not in ('pg_catalog', 'information_schema')
                and not exists (
                    select from pg_catalog.pg_depend d
                    where d.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass
                        and d.objid = p.oid
                        and d.deptype = 'e'
                )
        )
),
-- Parse trees of what reading runs: views, policies, and the checks of domains.
trees (relation, domain, tree) as materialized (
    select w.ev_class, null::pg_catalog.oid, w.ev_action::text
    from pg_catalog.pg_rewrite w
        join pg_catalog.pg_class c on c.oid = w.ev_class
    where w.ev_type = '1' and c.relkind = 'v'
    union all
    select y.polrelid, null, y.polqual::text
    from pg_catalog.pg_policy y
    where y.polcmd in ('r', '*')
    union all
    select null, k.contypid, k.conbin::text
    from pg_catalog.pg_constraint k
    where k.contypid <> 0
),
mentions as materialized (
    select
        trees.relation,
        trees.domain,
        found.words[1] = 'relid' as is_relation,
        found.words[1] = 'resulttype' as is_type,
        found.words[2]::pg_catalog.oid as oid
    from trees
        cross join lateral pg_catalog.regexp_matches(
            trees.tree,
            ':(funcid|opfuncid|aggfnoid|winfnoid|relid|resulttype) ([0-9]+)',
            'g'
        ) as found (words)
),
types (oid, is_volatile) as (
    select m.domain, s.is_volatile
    from mentions m
        join suspects s on s.oid = m.oid
    where m.domain is not null and not m.is_relation and not m.is_type
    union
    select t.oid, s.is_volatile
    from pg_catalog.pg_type t
        join suspects s on s.oid = t.typinput
    union
    select made.oid, types.is_volatile
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
relations (oid, is_volatile) as (
    select m.relation, coalesce(s.is_volatile, t.is_volatile)
    from mentions m
        left join suspects s on s.oid = m.oid and not m.is_type
        left join types t on t.oid = m.oid and m.is_type
    where m.relation is not null
        and not m.is_relation
        and coalesce(s.oid, t.oid) is not null
    union
    select m.relation, r.is_volatile
    from relations r
        join mentions m on m.is_relation and m.oid = r.oid
    where m.relation is not null
)
select
    'function' as kind,
    s.name,
    s.is_volatile
from suspects s
union
select
    'attribute',
    s.name,
    s.is_volatile
from suspects s
where s.may_be_attribute
union
select
    'operator',
    o.oprname::text,
    s.is_volatile
from suspects s
    join pg_catalog.pg_operator o on o.oprcode = s.oid
union
select
    case
        when k.castcontext = 'i' or n.nspname = 'pg_catalog' then 'cast'
        else 'type'
    end,
    t.typname::text,
    s.is_volatile
from suspects s
    join pg_catalog.pg_cast k on k.castfunc = s.oid
    join pg_catalog.pg_type t on t.oid = k.casttarget
    join pg_catalog.pg_namespace n on n.oid = t.typnamespace
union
select
    'comparison',
    t.typname::text,
    s.is_volatile
from suspects s
    join pg_catalog.pg_amproc p on p.amproc = s.oid
    join pg_catalog.pg_type t on t.oid = p.amproclefttype
union
select
    'type',
    t.typname::text,
    types.is_volatile
from types
    join pg_catalog.pg_type t on t.oid = types.oid
union
select
    'relation',
    c.relname::text,
    r.is_volatile
from relations r
    join pg_catalog.pg_class c on c.oid = r.oid
order by 1, 2, 3

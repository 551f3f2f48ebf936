"""What the twin's catalog says of a type whose values ANALYZE would keep.

The superuser is to read values of it from text, so each type is walked down to its last part:
where a part has code of the snapshot's, which would run with the superuser's rights, the type's
values are not to be read.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from pgadvisor.whatif.twin.session import TwinServer

MULTIRANGES_SINCE = 14
_TSVECTOR_OID = 3614
_TYPES = """
with recursive chain(root, oid) as (
    select root, root from unnest(%s::oid[]) as root
    union all
    select c.root, t.typbasetype from chain c join pg_type t on t.oid = c.oid
    where t.typtype = 'd'
),
base as (
    select c.root, t.* from chain c join pg_type t on t.oid = c.oid where t.typtype <> 'd'
),
ranges as (select r.rngtypid, {multirange} as rngmultitypid, r.rngsubtype, r.rngsubopc,
    r.rngcanonical from pg_range r),
tree(root, oid) as (
    select root, oid from base
    union
    select tree.root, part.oid
    from tree join pg_type t on t.oid = tree.oid cross join lateral (
        select t.typelem
        union all select t.typbasetype
        union all select a.atttypid from pg_attribute a
            where a.attrelid = t.typrelid and a.attnum > 0
        union all select r.rngsubtype from ranges r where r.rngtypid = t.oid
        union all select r.rngtypid from ranges r where r.rngmultitypid = t.oid
    ) as part(oid)
    where part.oid <> 0
),
code(root, oid) as (
    select tree.root, t.typinput::oid from tree join pg_type t on t.oid = tree.oid
    union all
    select tree.root, r.rngcanonical::oid from tree join ranges r on r.rngtypid = tree.oid
    union all
    select tree.root, p.amproc::oid from tree join ranges r on r.rngtypid = tree.oid
        join pg_opclass o on o.oid = r.rngsubopc join pg_amproc p on p.amprocfamily = o.opcfamily
)
select b.root::bigint, b.oid::bigint,
    coalesce(sorted.eq, hashed.eq, 0)::bigint, coalesce(sorted.lt, 0)::bigint,
    case when b.oid = {tsvector} then 'text'::regtype::oid
        when b.typelem <> 0 and b.typlen = -1 then b.typelem end::bigint,
    case when b.typtype = 'r' then b.oid
        else (select r.rngtypid from ranges r where r.rngmultitypid = b.oid) end::bigint,
    exists (select from tree join pg_constraint k on k.contypid = tree.oid
        where tree.root = b.root)
    or exists (select from code join pg_proc p on p.oid = code.oid
        join pg_language l on l.oid = p.prolang
        where code.root = b.root and l.lanname not in ('internal', 'c'))
from base b
    left join lateral ({btree}) as sorted on true
    left join lateral ({hash}) as hashed on true
"""
_OPERATORS = """
    select
        (select p.amopopr from pg_amop p where p.amopfamily = o.opcfamily
            and p.amoplefttype = o.opcintype and p.amoprighttype = o.opcintype
            and p.amopstrategy = {equal}) as eq,
        (select p.amopopr from pg_amop p where p.amopfamily = o.opcfamily
            and p.amoplefttype = o.opcintype and p.amoprighttype = o.opcintype
            and p.amopstrategy = {less}) as lt
    from pg_opclass o join pg_am m on m.oid = o.opcmethod join pg_type t on t.oid = o.opcintype
    where m.amname = '{method}' and o.opcdefault and (
        o.opcintype = b.oid
        or t.typname = 'anyarray' and b.typelem <> 0 and b.typlen = -1
        or t.typname = case b.typtype when 'e' then 'anyenum' when 'r' then 'anyrange'
            when 'm' then 'anymultirange' when 'c' then 'record' end
        or exists (select from pg_cast k where k.castsource = b.oid and k.casttarget = t.oid
            and k.castmethod = 'b' and k.castcontext = 'i'))
    order by o.opcintype = b.oid desc, t.typispreferred desc, o.oid
    limit 1
"""
"""The operators of the default operator class that takes the type: PostgreSQL's own choice."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ValueType:
    """A type, with domains resolved, and what its statistics refer to; 0 or None: no such."""

    oid: int
    """Of the type below all domains; a value is stored alike."""
    equal_operator: int
    less_operator: int
    element_oid: int | None = None
    """The type of elements: of an array's, and text for a tsvector."""
    range_oid: int | None = None
    """The type of the bounds' ranges, for a range or a multirange."""
    runs_code: bool = False
    """Reading a value from text runs functions of the snapshot's."""

    @property
    def is_document(self) -> bool:
        """It is ``tsvector``, whose elements are texts and never NULL."""
        return self.oid == _TSVECTOR_OID


def read_value_types(server: TwinServer, oids: Collection[int]) -> dict[int, ValueType]:
    """Look types up, by OID; one that has vanished is missing.

    Raises:
        TwinError: The server is gone.
    """
    has_multiranges = server.cluster.binaries.major >= MULTIRANGES_SINCE
    sql = _TYPES.format(
        tsvector=_TSVECTOR_OID,
        multirange="r.rngmultitypid" if has_multiranges else "0::oid",
        btree=_OPERATORS.format(method="btree", equal=3, less=1),
        hash=_OPERATORS.format(method="hash", equal=1, less=0),
    )
    return {
        root: ValueType(
            oid=oid,
            equal_operator=equal,
            less_operator=less,
            element_oid=element,
            range_oid=range_oid,
            runs_code=runs_code,
        )
        for root, oid, equal, less, element, range_oid, runs_code in server.query(
            sql, (list(oids),)
        )
    }

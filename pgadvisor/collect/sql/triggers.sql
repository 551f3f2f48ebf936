-- Purpose:   triggers that somebody made, and those of constraints that are disabled
-- Columns:   table_oid, and fields of model.schema.Trigger
-- Privilege: none
-- Versions:  13 and later
select
    t.tgrelid::bigint as table_oid,
    t.tgname::text as name,
    t.tgenabled::text as firing,
    -- Bit 4 of tgtype: TRIGGER_TYPE_UPDATE.
    (t.tgtype & 16) <> 0 as fires_on_update,
    k.conname::text as constraint_name,
    t.tgparentid <> 0 as is_inherited
from pg_catalog.pg_trigger t
    left join pg_catalog.pg_constraint k on k.oid = t.tgconstraint and k.contype <> 't'
where (not t.tgisinternal or t.tgenabled = 'D')
    and t.tgrelid >= 16384
order by t.tgrelid, t.tgname

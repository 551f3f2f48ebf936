-- Purpose:   which cluster this is, so that snapshots of one can be told from those of another
-- Columns:   system_identifier, timeline (of the last checkpoint)
-- Privilege: none; some managed services do not have the functions
-- Versions:  13 and later
select
    s.system_identifier::text as system_identifier,
    c.timeline_id as timeline
from pg_catalog.pg_control_system() s
    cross join pg_catalog.pg_control_checkpoint() c

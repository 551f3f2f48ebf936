"""Actions of the sample, with names that would break what quotes them badly."""

from __future__ import annotations

from pgadvisor.model.action import (
    AddPrimaryKeyUsingIndex,
    ChangeSetting,
    CreateIndex,
    DropIndex,
    IndexDefinition,
    PartitionIndex,
    SetTableOptions,
    SettingEffect,
    SettingScope,
)
from pgadvisor.model.schema import IndexKey
from pgadvisor.sqltext.index import index_name
from pgadvisor.units import MiB

HOSTILE = 'we"ird\n; DROP TABLE x; --'
MARKUP = "a|b `c` <script>alert(1)</script> [x](http://e) \x1b]8;;http://e\x07 \u202etxt @octocat"
BY_CUSTOMER = IndexDefinition(
    table_oid=1,
    schema="public",
    table="orders",
    keys=(IndexKey(column="customer_id"), IndexKey(column="created_at", is_descending=True)),
    predicate="status = 'pending'",
)
BY_NAME = IndexDefinition(
    table_oid=2,
    schema="public",
    table=HOSTILE,
    keys=(IndexKey(column=None, expression="lower(name)"),),
)
BY_SUFFIX = IndexDefinition(
    table_oid=2,
    schema="public",
    table=HOSTILE,
    keys=(IndexKey(column=None, expression="reverse(name)"),),
)
EVENTS = IndexDefinition(
    table_oid=3, schema="public", table="events", keys=(IndexKey(column="at"),)
)
POLL = "select * from orders where status = $1 and customer_id = $2 order by created_at desc"
CREATE = CreateIndex(index=BY_CUSTOMER, name=index_name(BY_CUSTOMER))
CREATE_EXPRESSION = CreateIndex(index=BY_NAME, name=index_name(BY_NAME))
CREATE_PARTITIONED = CreateIndex(
    index=EVENTS,
    name=index_name(EVENTS),
    is_partitioned=True,
    partitions=(
        PartitionIndex(schema="public", table="events_1"),
        PartitionIndex(
            schema="public",
            table="events_2",
            is_partitioned=True,
            children=(PartitionIndex(schema="public", table="events_2a"),),
        ),
    ),
)
DROP = DropIndex(
    schema="public",
    name=HOSTILE,
    recreate_sql='CREATE INDEX "we""ird\n; DROP TABLE x; --" ON public.orders USING btree (note)',
    table="public.orders",
    size_bytes=20 * MiB,
)
PRIMARY_KEY = AddPrimaryKeyUsingIndex(
    schema="public",
    table="tags",
    index_name="tags_key",
    constraint_name="tags_pkey",
    recreate_sql="CREATE UNIQUE INDEX tags_key ON public.tags USING btree (id)",
)
OPTIONS = SetTableOptions(
    schema="public",
    table="orders",
    options=(("autovacuum_vacuum_scale_factor", "0.01"),),
    previous=(("autovacuum_vacuum_scale_factor", None),),
)

WORK_MEM = ChangeSetting(
    name="work_mem",
    value="65536",
    unit="kB",
    value_type="integer",
    previous_value="4096",
    previous_source="default",
    scope=SettingScope.ROLE_IN_DATABASE,
    role=HOSTILE,
    database="shop",
    effect=SettingEffect.NEW_SESSIONS,
)
LOCK_WAITS = ChangeSetting(
    name="log_lock_waits",
    value="on",
    value_type="bool",
    previous_value="off",
    previous_source="configuration file",
    scope=SettingScope.SYSTEM,
    effect=SettingEffect.RELOAD,
)
LIBRARIES = ChangeSetting(
    name="shared_preload_libraries",
    value="auto_explain,pg_stat_statements",
    previous_value="auto_explain",
    previous_source="configuration file",
    is_set_there=True,
    scope=SettingScope.SYSTEM,
    effect=SettingEffect.RESTART,
)

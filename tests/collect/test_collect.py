"""The whole collection, on a database with one of nearly everything."""

from __future__ import annotations

from datetime import UTC

import pytest

from pgadvisor.collect.assemble import collect
from pgadvisor.collect.scope import CollectOptions
from pgadvisor.model.catalog import Catalog
from pgadvisor.model.schema import ConstraintKind, IndexKey, RelationKind, TypeKind
from pgadvisor.model.snapshot import Snapshot

pytestmark = pytest.mark.live


def test_reads_the_server(snapshot: Snapshot) -> None:
    server = snapshot.server

    assert server.major == 18
    assert server.encoding == "UTF8"
    assert server.locale_provider == "libc"
    assert server.block_size_bytes == 8192
    assert server.collected_at.tzinfo is UTC
    assert server.is_superuser
    assert not server.is_through_pooler
    assert server.streaming_replica_count == 0
    assert server.search_path == ("public",)
    assert {e.name: e.schema for e in server.extensions}["pg_trgm"] == "ext"
    assert server.activity.commits > 0
    assert server.statements_info is not None
    assert server.statements_info.track == "top"


def test_reads_settings_as_a_new_session_has_them(snapshot: Snapshot) -> None:
    jit = snapshot.server.setting("jit")
    work_mem = snapshot.server.setting("work_mem")
    timeout = snapshot.server.setting("statement_timeout")

    assert jit is not None
    assert jit.source != "session"
    assert work_mem is not None
    assert (work_mem.value, work_mem.unit, work_mem.is_default) == ("4096", "kB", True)
    assert timeout is not None
    assert (timeout.value, timeout.source) == ("0", "default")


def test_never_reads_settings_that_may_hold_a_secret_or_a_path(snapshot: Snapshot) -> None:
    names = {setting.name for setting in snapshot.server.settings}

    assert "shared_buffers" in names
    assert not {n for n in names if n.endswith(("_command", "_directory", "_file", "_conninfo"))}
    assert "ssl_passphrase_command" not in names
    assert "unix_socket_directories" not in names


def test_reads_tables_of_every_kind(snapshot: Snapshot) -> None:
    catalog = Catalog(snapshot)
    tables = catalog.tables_by_name
    orders = tables["app", "orders"]
    events = tables["app", "events"]
    part = tables["app", "events_2025"]

    assert orders.kind is RelationKind.TABLE
    assert orders.rows == 2000
    assert orders.pages > 0
    assert orders.size_bytes == orders.pages * 8192
    assert orders.options == ("fillfactor=90", "autovacuum_vacuum_scale_factor=0.02")
    assert events.kind is RelationKind.PARTITIONED_TABLE
    assert events.partition_key == "RANGE (at)"
    assert part.parent_oids == (events.oid,)
    assert part.partition_bound == "FOR VALUES FROM ('2025-01-01') TO ('2026-01-01')"
    assert tables["app", "events_rest"].partition_bound == "DEFAULT"
    assert tables["app", "long_notes"].parent_oids == (tables["app", "notes"].oid,)
    assert tables["app", "scratch"].persistence == "u"
    assert tables["app", "scratch"].rows == 0
    assert "GROUP BY" in (tables["app", "totals"].definition or "")


def test_reads_columns(snapshot: Snapshot) -> None:
    tables = Catalog(snapshot).tables_by_name
    orders = {c.name: c for c in tables["app", "orders"].columns}
    tenants = {c.name: c for c in tables["app", "tenants"].columns}

    assert "dropped" not in orders
    assert orders["note"].number == 6
    assert orders["note"].type_name == "character varying(200)"
    assert orders["note"].base_type_name == "character varying"
    assert orders["note"].collation == 'pg_catalog."C"'
    assert orders["status"].statistics_target == 250
    assert orders["id"].statistics_target is None
    assert orders["amount"].default_sql is None
    assert orders["number"].default_sql == "nextval('app.numbers'::regclass)"
    assert (orders["id"].type_length_bytes, orders["id"].type_alignment_bytes) == (8, 8)
    assert tenants["id"].identity == "a"
    assert tenants["slug"].generated == "s"
    assert tenants["slug"].default_sql == "lower(name)"
    assert tenants["mail"].type_name == "app.work_email"
    assert tenants["mail"].base_type_name == "text"


def test_reads_constraints(snapshot: Snapshot) -> None:
    catalog = Catalog(snapshot)
    orders = catalog.tables_by_name["app", "orders"]
    tenants = catalog.tables_by_name["app", "tenants"]
    found = {c.kind: c for c in catalog.constraints_by_table[orders.oid]}
    foreign_key = found[ConstraintKind.FOREIGN_KEY]

    assert set(found) == {
        ConstraintKind.PRIMARY_KEY,
        ConstraintKind.FOREIGN_KEY,
        ConstraintKind.CHECK,
        ConstraintKind.EXCLUSION,
    }
    assert foreign_key.columns == ("tenant_id",)
    assert foreign_key.referenced_table_oid == tenants.oid
    assert foreign_key.referenced_columns == ("id",)
    assert foreign_key.on_delete == "c"
    assert foreign_key.definition == (
        "FOREIGN KEY (tenant_id) REFERENCES app.tenants(id) ON DELETE CASCADE"
    )


def test_reads_indexes_with_their_keys(snapshot: Snapshot) -> None:
    indexes = {i.name: i for i in snapshot.indexes}
    open_ = indexes["orders_open_idx"]
    slug = indexes["orders_slug_idx"]
    trigram = indexes["orders_note_trgm_idx"]

    assert open_.keys == (
        IndexKey(column="created_at", operator_class="timestamptz_ops", is_descending=True),
        IndexKey(column="tenant_id", operator_class="int4_ops"),
    )
    assert open_.include == ("amount",)
    assert open_.predicate == "(status = 'open'::text)"
    assert open_.size_bytes > 0
    assert slug.key_columns == (None, None)
    assert [key.expression for key in slug.keys] == ["app.slug((note)::text)", "((id + 1))"]
    assert trigram.access_method == "gin"
    assert trigram.keys[0].operator_class == "ext.gin_trgm_ops"
    assert not trigram.keys[0].is_default_operator_class
    assert not indexes["orders_note_pattern_idx"].keys[0].is_default_operator_class
    assert indexes["orders_pkey"].constraint_name == "orders_pkey"
    assert indexes["no_overlap"].is_exclusion
    assert indexes["events_at_idx"].is_partitioned
    assert indexes["events_2025_at_idx"].parent_oid == indexes["events_at_idx"].oid


def test_reads_hostile_names_as_they_are(snapshot: Snapshot) -> None:
    catalog = Catalog(snapshot)
    table = catalog.tables_by_name['We"ird Näme', "sel-ect; -- "]
    [index] = catalog.indexes_by_table[table.oid]

    assert [column.name for column in table.columns] == ['co"l ü', "$1"]
    assert index.name == 'We"ird Näme idx'
    assert index.key_columns == ('co"l ü',)


def test_reads_views_sequences_types_and_functions(snapshot: Snapshot) -> None:
    views = {v.name: v for v in snapshot.views if not v.is_extension_member}
    sequences = {s.name: s for s in snapshot.sequences}
    types = {t.name: t for t in snapshot.types}
    catalog = Catalog(snapshot)

    assert set(views) == {"open_orders"}
    assert views["open_orders"].columns == ("id", "tenant_id", "slug")
    assert sequences["orders_id_seq"].last_value == 2000
    assert sequences["orders_id_seq"].column == "id"
    assert sequences["numbers"].table_oid == catalog.tables_by_name["app", "orders"].oid
    assert sequences["numbers"].column == "number"
    assert sequences["numbers"].increment == 5
    assert sequences["tenants_id_seq"].type_name == "integer"
    assert types["mood"].labels == ("sad", "ok", "happy")
    assert types["email"].checks == ("CHECK ((VALUE ~~ '%@%'::text))",)
    assert types["work_email"].base_type_name == "app.email"
    assert types["work_email"].is_not_null
    assert types["address"].attributes == (("street", "text"), ("zip", "character varying(10)"))
    assert (types["span"].kind, types["span"].base_type_name) == (TypeKind.RANGE, "integer")
    assert [f.name for f in snapshot.functions] == ["slug"]


def test_reads_extended_statistics_with_values(snapshot: Snapshot) -> None:
    [statistics] = snapshot.extended_statistics

    assert statistics.columns == ("tenant_id", "status")
    assert set(statistics.kinds) == {"d", "f"}
    assert statistics.has_values
    assert statistics.n_distinct is not None
    assert statistics.n_distinct.startswith("{")


def test_reads_column_statistics_of_every_kind(snapshot: Snapshot) -> None:
    catalog = Catalog(snapshot)
    orders = catalog.tables_by_name["app", "orders"]
    slug = next(i for i in snapshot.indexes if i.name == "orders_slug_idx")
    rows = {(r.relation_oid, r.column, r.is_inherited): r for r in snapshot.column_statistics}
    status = rows[orders.oid, "status", False]
    tags = rows[orders.oid, "tags", False]
    valid = rows[orders.oid, "valid", False]
    created = rows[orders.oid, "created_at", False]

    assert status.most_common_values == ("done", "open")
    assert status.most_common_ratios == (0.95, 0.05)
    assert tags.most_common_elements is not None
    assert 'with "quote"' in tags.most_common_elements
    assert tags.most_common_values is not None
    assert '{a,b1,"with \\"quote\\""}' in tags.most_common_values
    assert valid.range_bounds_histogram is not None
    assert created.histogram_bounds is not None
    assert created.histogram_bounds[0] == "2025-01-01 01:00:00+00"
    assert (slug.oid, "slug", False) in rows
    notes = catalog.tables_by_name["app", "notes"]
    assert (notes.oid, "id", True) in rows
    assert (notes.oid, "id", False) in rows


def test_reads_activity(snapshot: Snapshot) -> None:
    catalog = Catalog(snapshot)
    orders = catalog.tables_by_name["app", "orders"]

    assert catalog.activity_of(orders).rows_inserted == 2000
    assert catalog.activity_of(orders).last_analyze is not None
    # An index of a partitioned table has no storage, and so no counters.
    assert len(snapshot.index_activity) == len(snapshot.indexes) - 1


def test_keeps_statements_without_literals_comments_and_noise(snapshot: Snapshot) -> None:
    texts = {statement.text for statement in snapshot.statements}

    assert "select * from app.orders where tenant_id = $1 and status = $2 order by created_at" in (
        texts
    )
    assert not any("secret" in text or "pgadvisor" in text for text in texts)
    assert not any(text.lower().startswith(("set", "begin", "explain")) for text in texts)
    assert all(statement.roles == ("postgres",) for statement in snapshot.statements)
    assert all(statement.calls >= 1 for statement in snapshot.statements)


def test_plans_the_workload(snapshot: Snapshot) -> None:
    plans = {plan.statement_id: plan for plan in snapshot.plans}
    orders = next(s for s in snapshot.statements if s.text.startswith("select * from app.orders"))
    interval = next(s for s in snapshot.statements if "join app.tenants" in s.text)
    found = plans[orders.id].plan
    repaired = plans[interval.id]

    assert found is not None
    assert found.total_cost > 0
    assert {node.relation for node in found.root.walk()} >= {"orders"}
    assert repaired.plan is not None
    assert repaired.explained_text is not None
    assert "::interval" in repaired.explained_text


def test_says_what_the_run_cost(snapshot: Snapshot) -> None:
    assert 0 < snapshot.server_time_ms <= snapshot.collection_time_ms


def test_is_not_partial(snapshot: Snapshot) -> None:
    assert not snapshot.is_partial
    assert [item.what for item in snapshot.unavailable] == ["the protection of a reading role"]


def test_leaves_out_schemas(rich: str) -> None:
    only = collect(rich, options=CollectOptions(schemas=("app",), explain=False))
    without = collect(rich, options=CollectOptions(exclude_schemas=("app",), explain=False))

    assert {table.schema for table in only.tables} == {"app"}
    assert {index.schema for index in only.indexes} == {"app"}
    assert {table.schema for table in without.tables} == {'We"ird Näme'}
    assert len({row.relation_oid for row in without.column_statistics}) == 1
    assert only.plans == ()


def test_reports_progress(rich: str) -> None:
    stages: list[str] = []

    collect(rich, progress=lambda stage, _done, _total: stages.append(stage))

    assert list(dict.fromkeys(stages)) == ["server", "schema", "statistics", "statements", "plans"]

"""What stays and what goes at each level, over a whole snapshot."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest

from pgadvisor.model.backends import ConnectionCount, OpenTransaction, PreparedTransaction
from pgadvisor.model.blocking import BlockingSession
from pgadvisor.model.other_object import OtherKind, OtherObject
from pgadvisor.model.replication import WalSender
from pgadvisor.model.server import RoleSetting, Setting
from pgadvisor.model.snapshot import Redaction, Snapshot
from pgadvisor.model.statistics import ColumnStatistics
from pgadvisor.snapshotfile import Level, describe_redaction, mentions_pseudonym, redact
from pgadvisor.testing import (
    a_column,
    a_snapshot,
    a_statement,
    a_table,
    an_index,
    column_statistics,
)
from tests.fixtures.full_snapshot import full_snapshot

KEY = b"k" * 32


def _column(type_name: str, *, rows: float = 1_000_000, **fields: Any) -> Snapshot:  # noqa: ANN401
    """A snapshot of one column with these statistics."""
    table = a_table("orders", f"value {type_name}", rows=rows)
    return a_snapshot(table, column_statistics(table, "value", **fields))


def _statistics(snapshot: Snapshot, level: Level = "default", *columns: str) -> ColumnStatistics:
    return redact(snapshot, level, columns=columns, key=KEY).column_statistics[0]


def _list(values: tuple[str, ...] | None) -> list[str]:
    return list(values or ())


def test_roles_are_named_at_level_default_and_not_at_all() -> None:
    snapshot = a_snapshot(
        a_statement("select 1", roles=("ann", "bob")),
        role_settings=(RoleSetting(role="ann", database=None, name="work_mem", value="64MB"),),
    )

    default, hidden = redact(snapshot, "default", key=KEY), redact(snapshot, "all", key=KEY)

    assert default.statements[0].roles == ("ann", "bob")
    assert len(set(hidden.statements[0].roles)) == 2
    assert not {"ann", "bob"} & set(hidden.statements[0].roles)
    assert hidden.server.role_settings[0].role == hidden.statements[0].roles[0]
    assert hidden.server.role_settings[0].value == "64MB"


def test_standbys_lose_their_names_and_at_level_all_sessions_those_of_their_roles() -> None:
    snapshot = a_snapshot(
        wal_senders=(WalSender(application_name="far"), WalSender()),
        connections=(ConnectionCount(role="ann", state="idle", count=2),),
        open_transactions=(OpenTransaction(role="ann"),),
        prepared_transactions=(PreparedTransaction(role="bob", age_ms=1, transaction_id_age=1),),
        blocking_sessions=(BlockingSession(role="cid", waiter_count=1, longest_wait_ms=1.0),),
    )

    default = redact(snapshot, "default", key=KEY).server
    hidden = redact(snapshot, "all", key=KEY).server

    names = [one.application_name for one in default.wal_senders or ()]
    assert names == ["(redacted)", ""]
    assert default.open_transactions == snapshot.server.open_transactions
    assert default.connections == snapshot.server.connections
    assert "'ann'" not in repr(hidden)
    assert "'bob'" not in repr(hidden)
    assert "'cid'" not in repr(hidden)
    assert hidden.connections is not None
    assert hidden.open_transactions is not None
    assert hidden.connections[0].role == hidden.open_transactions[0].role


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        (Setting(name="work_mem", value="4096", unit="kB", value_type="integer"), "4096"),
        (Setting(name="search_path", value="app, public"), "app, public"),
        (Setting(name="cluster_name", value="bank-prod-7"), "(redacted)"),
        (Setting(name="archive_command", value=""), ""),
        (Setting(name="plan_cache_mode", value="auto", value_type="enum"), "auto"),
    ],
)
def test_settings_that_plans_depend_on_stay(setting: Setting, value: str) -> None:
    found = redact(a_snapshot(setting), "default")

    assert found.server.settings[0].value == value


@pytest.mark.parametrize(
    ("name", "value", "shown"),
    [
        ("statement_timeout", "30s", "30s"),
        ("search_path", "app", "app"),
        ("plan_cache_mode", "force_custom_plan", "force_custom_plan"),
        ("app.token", "hunter2", "(redacted)"),
        ("application_name", "payroll", "(redacted)"),
    ],
)
def test_settings_of_roles_stay_where_they_say_how_to_plan(
    name: str, value: str, shown: str
) -> None:
    snapshot = a_snapshot(
        Setting(name="plan_cache_mode", value="auto", value_type="enum"),
        role_settings=(RoleSetting(role="ann", database=None, name=name, value=value),),
    )

    assert redact(snapshot, "default").server.role_settings[0].value == shown


def test_an_index_whose_definition_changed_is_named() -> None:
    table = a_table("orders", "status text", "note text")
    snapshot = a_snapshot(
        table,
        an_index(table, "status", name="a", predicate="(status = 'open'::text)"),
        an_index(table, "note", name="b", predicate="(note = 'canary'::text)"),
        column_statistics(table, "status", most_common=[("open", 0.5)]),
    )

    found = redact(snapshot, "default", key=KEY)

    assert found.indexes[0] == snapshot.indexes[0]
    assert found.redaction.changed_index_oids == (snapshot.indexes[1].oid,)
    assert mentions_pseudonym(found.indexes[1].predicate or "")
    assert (found.indexes[1].predicate or "?") in found.indexes[1].definition


def test_bounds_of_partitions_fit_the_column_that_divides_them() -> None:
    parent = a_table("sales", "code character varying(3)", partition_key="LIST (code)")
    child = a_table(
        "sales_1",
        "code character varying(3)",
        parent_oids=(parent.oid,),
        partition_bound="FOR VALUES IN ('abc', 'xyz')",
    )

    [_, found] = redact(a_snapshot(parent, child), "default", key=KEY).tables

    match = re.fullmatch(r"FOR VALUES IN \('(...)', '(...)'\)", found.partition_bound or "")
    assert match is not None
    assert "abc" != match[1] < match[2] != "xyz"


def test_statements_and_predicates_still_meet_their_statistics() -> None:
    table = a_table("orders", "note text", "customer_id bigint")
    snapshot = a_snapshot(
        table,
        an_index(table, "note", predicate="(note = 'canary'::text)"),
        column_statistics(
            table, "note", most_common=[("canary", 0.01)], histogram_bounds=("adam", "zebra")
        ),
        a_statement("select 1 from orders where note = 'canary'"),
    )

    found = redact(snapshot, "default", key=KEY)

    row = found.column_statistics[0]
    [value] = _list(row.most_common_values)
    low, high = _list(row.histogram_bounds)
    assert low < value < high
    assert found.indexes[0].predicate == f"(note = '{value}'::text)"
    assert found.statements[0].text == f"select 1 from orders where note = '{value}'"


def test_comments_stay_at_level_default_and_go_at_all() -> None:
    assert redact(full_snapshot(), "default").tables[0].comment_tags == ("pgadvisor:ignore",)
    assert redact(full_snapshot(), "all").tables[0].comment_tags == ()


def test_without_redaction_it_is_the_same_snapshot() -> None:
    snapshot = full_snapshot()

    assert redact(snapshot, "none") is snapshot


def test_the_same_key_gives_the_same_snapshot_and_no_key_another() -> None:
    snapshot = full_snapshot()

    assert redact(snapshot, "default", key=KEY) == redact(snapshot, "default", key=KEY)
    assert redact(snapshot, "default") != redact(snapshot, "default")


@pytest.mark.parametrize("level", ["default", "all"])
def test_redacting_twice_keeps_working(level: Level) -> None:
    once = redact(full_snapshot(), level, key=KEY)

    twice = redact(once, level, key=b"other")

    assert twice.redaction.level == level
    assert len(twice.column_statistics) == len(once.column_statistics)
    assert twice.redaction.changed_index_oids == once.redaction.changed_index_oids


def test_what_was_redacted_once_is_not_called_less_redacted_later() -> None:
    strict = redact(full_snapshot(), "all")

    assert redact(strict, "default").redaction.level == "all"
    assert redact(strict, "none").redaction.level == "all"


def test_everything_but_values_stays() -> None:
    snapshot = full_snapshot()

    found = redact(snapshot, "default", key=KEY)

    assert found.table_activity == snapshot.table_activity
    assert found.sequences == snapshot.sequences
    assert found.plans[0].plan is not None
    assert snapshot.plans[0].plan is not None
    assert found.plans[0].plan.shape == snapshot.plans[0].plan.shape
    assert found.plans[0].plan.total_cost == snapshot.plans[0].plan.total_cost
    assert [c.name for t in found.tables for c in t.columns] == [
        c.name for t in snapshot.tables for c in t.columns
    ]


def test_counts_what_it_did() -> None:
    snapshot = _column(
        "text",
        most_common=[("pending", 0.5), ("ann@b.c", 0.001)],
        histogram_bounds=("adam", "zoe"),
    )

    redaction = redact(snapshot, "default").redaction

    assert redaction == Redaction(
        level="default", pseudonymised_values=3, coarsened_values=0, kept_values=1
    )


def test_says_what_it_may_cost() -> None:
    text = describe_redaction(
        Redaction(level="default", pseudonymised_values=1_200, coarsened_values=30)
    )

    assert text.startswith(
        "1,200 values were replaced by pseudonyms and 30 numbers and dates made inexact, "
        "shared ones kept."
    )
    assert "LIKE" in text
    assert describe_redaction(Redaction()).startswith("Nothing was redacted")
    assert "2 indexes" in describe_redaction(Redaction(level="all", changed_index_oids=(1, 2)))


def test_fields_that_are_no_values_survive_unread() -> None:
    snapshot = full_snapshot()
    table = replace(snapshot.tables[0], columns=(a_column("odd public.unheard_of"),))

    found = redact(replace(snapshot, tables=(table,)), "default", key=KEY)

    assert found.tables[0].columns == table.columns


@pytest.mark.parametrize("state", ["{0,0}", "0", "(0,1)", ""])
def test_an_aggregate_keeps_what_it_begins_with(state: str) -> None:
    definition = (
        f"CREATE AGGREGATE public.mean(text) (SFUNC = public.add, STYPE = integer[], "
        f"INITCOND = '{state}')"
    )
    mean = OtherObject(
        oid=1, kind=OtherKind.AGGREGATE, name="public.mean(text)", definition=definition
    )

    found = redact(a_snapshot(a_table(), mean), "all")

    assert found.other_objects == (mean,)

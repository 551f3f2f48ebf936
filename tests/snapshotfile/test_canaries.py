"""No value of a table gets into a saved snapshot, whatever part of it holds the value."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, fields, is_dataclass, replace
from enum import Enum
from pathlib import Path
from typing import Any, get_args, get_type_hints

import pytest

from pgadvisor.model.backends import (
    ConnectionCount,
    OpenTransaction,
    PreparedTransaction,
    RunningVacuum,
)
from pgadvisor.model.earlier import EarlierSnapshot
from pgadvisor.model.foreign import Foreign
from pgadvisor.model.other_object import OtherObject
from pgadvisor.model.plan import Plan, PlanNode
from pgadvisor.model.replication import ReplicationSlot, WalSender
from pgadvisor.model.schema import (
    Column,
    Constraint,
    ExtendedStatistics,
    Function,
    Index,
    IndexKey,
    Sequence,
    Table,
    Trigger,
    UserType,
    View,
)
from pgadvisor.model.server import (
    Extension,
    RoleSetting,
    Server,
    Setting,
    StatementsInfo,
    Tablespace,
)
from pgadvisor.model.server_counters import CollationVersion
from pgadvisor.model.snapshot import Redaction, Snapshot, Unavailable
from pgadvisor.model.standby import Standby
from pgadvisor.model.statement import Statement, StatementPlan
from pgadvisor.model.statistics import ColumnStatistics, ExtendedValues
from pgadvisor.model.transaction_age import DatabaseAge, TableAge
from pgadvisor.snapshotfile import Level, save
from pgadvisor.snapshotfile.codec import content_of
from pgadvisor.sqltext.quote import quote_literal
from pgadvisor.testing import a_snapshot, a_statement, a_table, column_statistics
from tests.fixtures.full_snapshot import full_snapshot

NAMES_AND_MARKS: dict[type, frozenset[str]] = {
    Snapshot: frozenset({"tool_version", "schemas", "excluded_schemas"}),
    # What happened in between is in our own words, with names of tables and indexes.
    EarlierSnapshot: frozenset({"counters", "statements", "notes"}),
    Standby: frozenset({"name", "note", "notes"}),
    Server: frozenset(
        {"version", "database", "encoding", "collation", "character_type", "locale_provider"}
        | {"locale", "search_path", "default_tablespace", "system_identifier"}
    ),
    Setting: frozenset(
        {"name", "unit", "source", "context", "value_type", "min_value", "max_value"}
        | {"enum_values"}
    ),
    Extension: frozenset({"name", "version", "schema", "default_version"}),
    ReplicationSlot: frozenset({"name", "kind", "database", "wal_status"}),
    WalSender: frozenset({"state", "sync_state"}),
    DatabaseAge: frozenset({"name"}),
    TableAge: frozenset({"schema", "name"}),
    ConnectionCount: frozenset({"role", "state"}),
    OpenTransaction: frozenset({"role", "backend_type", "state", "command"}),
    PreparedTransaction: frozenset({"role"}),
    RunningVacuum: frozenset({"phase"}),
    CollationVersion: frozenset({"name", "recorded", "actual"}),
    RoleSetting: frozenset({"role", "database", "name"}),
    StatementsInfo: frozenset({"extension_version", "schema", "track"}),
    Table: frozenset(
        {"schema", "name", "persistence", "options", "toast_options", "replica_identity"}
        | {"comment_tags", "tablespace"}
    ),
    Column: frozenset(
        {"name", "type_name", "base_type_name", "identity", "generated", "collation"}
        | {"storage", "compression"}
    ),
    Trigger: frozenset({"name", "firing", "constraint_name"}),
    Constraint: frozenset({"name", "columns", "referenced_columns", "on_delete"}),
    Index: frozenset(
        {"schema", "name", "access_method", "include", "constraint_name", "options"}
        | {"tablespace"}
    ),
    IndexKey: frozenset({"column", "operator_class", "collation"}),
    View: frozenset({"schema", "name", "columns", "options"}),
    Sequence: frozenset({"schema", "name", "type_name", "column"}),
    UserType: frozenset(
        {"schema", "name", "labels", "base_type_name", "attributes", "collation"}
        | {"operator_class", "difference_function", "multirange_name"}
    ),
    Function: frozenset(
        {"schema", "name", "arguments", "language", "volatility", "result", "argument_types"}
        | {"parallel", "support", "extension"}
    ),
    OtherObject: frozenset({"name"}),
    Foreign: frozenset({"wrapper", "handler", "server", "server_options", "options"}),
    Tablespace: frozenset({"name", "options"}),
    ExtendedStatistics: frozenset(
        # The last two are numbers of columns and rows.
        {"schema", "name", "columns", "kinds", "n_distinct", "dependencies"}
    ),
    ColumnStatistics: frozenset({"column"}),
    ExtendedValues: frozenset({"n_distinct", "dependencies"}),
    Statement: frozenset({"id", "source", "fingerprint", "roles"}),
    # Reasons are in our own words.
    StatementPlan: frozenset({"statement_id", "reason", "sqlstate"}),
    Unavailable: frozenset({"what", "reason", "consequence", "remedy", "sqlstate"}),
    Redaction: frozenset({"level"}),
    Plan: frozenset({"settings"}),
    PlanNode: frozenset(
        {"node_type", "parent_relationship", "subplan_name", "join_type", "operation"}
        | {"strategy", "partial_mode", "schema", "relation", "alias", "index_name"}
        | {"scan_direction"}
    ),
}
"""Texts that are names, marks or figures; every other text may hold a value of a table."""


@dataclass(slots=True)
class Planter:
    """Puts a canary of its own into each text that may hold a value."""

    planted: dict[str, str]
    """Where each canary was put."""

    def into(self, value: Any) -> Any:  # noqa: ANN401  (any part of a snapshot)
        """Plant canaries into a value and all below it."""
        if is_dataclass(value) and not isinstance(value, type):
            names = NAMES_AND_MARKS.get(type(value), frozenset())
            changes = {
                field.name: self._field(value, field.name)
                for field in fields(value)
                if field.name not in names
            }
            return replace(value, **changes)
        return value

    def _field(self, owner: Any, name: str) -> Any:  # noqa: ANN401
        return self._planted(getattr(owner, name), f"{type(owner).__name__}.{name}")

    def _planted(self, value: Any, place: str) -> Any:  # noqa: ANN401
        if isinstance(value, str) and not isinstance(value, Enum):
            return self._text(value, place)
        if isinstance(value, tuple) and place == "PlanNode.extra":
            return tuple((key, json.dumps([self._text(text, place)])) for key, text in value)
        if isinstance(value, tuple):
            return tuple(self._planted(item, place) for item in value)
        return self.into(value)

    def _text(self, text: str, place: str) -> str:
        canary = f"canary{len(self.planted)}bird"
        self.planted[canary] = place
        if place == "Function.definition":
            return text.replace("'!'", f"'{canary}'")
        if place == "ColumnStatistics.range_length_histogram":
            # Numbers as text; any other text there has to go altogether.
            return canary
        return f"(x = '{canary}'::text) /* {canary} */"


def _dataclasses_below(kind: Any, seen: set[type]) -> Iterator[type]:  # noqa: ANN401
    if is_dataclass(kind) and isinstance(kind, type) and kind not in seen:
        seen.add(kind)
        yield kind
        for hint in get_type_hints(kind).values():
            yield from _dataclasses_below(hint, seen)
    for argument in get_args(kind):
        yield from _dataclasses_below(argument, seen)


def _dataclasses_in(value: Any) -> Iterator[type]:  # noqa: ANN401
    if isinstance(value, tuple):
        for item in value:
            yield from _dataclasses_in(item)
    elif is_dataclass(value) and not isinstance(value, type):
        yield type(value)
        for field in fields(value):
            yield from _dataclasses_in(getattr(value, field.name))


def _empty_fields(value: Any) -> Iterator[str]:  # noqa: ANN401
    for kind in {type(part) for part in _parts(value)}:
        parts = [part for part in _parts(value) if type(part) is kind]
        for field in fields(kind):
            if field.name in NAMES_AND_MARKS.get(kind, frozenset()):
                continue
            if "str" in str(field.type) and not any(getattr(part, field.name) for part in parts):
                yield f"{kind.__name__}.{field.name}"


def _parts(value: Any) -> Iterator[Any]:  # noqa: ANN401
    if isinstance(value, tuple):
        for item in value:
            yield from _parts(item)
    elif is_dataclass(value) and not isinstance(value, type):
        yield value
        for field in fields(value):
            yield from _parts(getattr(value, field.name))


def _content(path: Path) -> str:
    return content_of(path.read_bytes()).decode()


def test_the_planted_snapshot_has_one_of_everything() -> None:
    snapshot = full_snapshot()

    assert set(_dataclasses_in(snapshot)) == set(_dataclasses_below(Snapshot, set()))
    assert list(_empty_fields(snapshot)) == []


@pytest.mark.parametrize("level", ["default", "all"])
def test_no_text_of_a_snapshot_gets_out(tmp_path: Path, level: Level) -> None:
    planter = Planter({})
    snapshot = planter.into(full_snapshot())

    save(snapshot, tmp_path / "shop.pgsnap", level=level)

    content = _content(tmp_path / "shop.pgsnap")
    assert len(planter.planted) > 40
    assert {place for canary, place in planter.planted.items() if canary in content} == set()


def test_every_planted_text_is_there_without_redaction(tmp_path: Path) -> None:
    planter = Planter({})
    snapshot = planter.into(full_snapshot())

    save(snapshot, tmp_path / "shop.pgsnap", level="none")

    content = _content(tmp_path / "shop.pgsnap")
    assert all(canary in content for canary in planter.planted)


UUID = "c0ffee00-1234-4321-abcd-0123456789ab"
VALUES = {
    "text": ("canary bird", "canary"),
    "character varying(40)": ("canary@example.org", "canary"),
    "character varying(6)": ("canary", "canary"),
    "character(8)": ("canary  ", "canary"),
    "public.citext": ("Canary", "anary"),
    "name": ("canary", "canary"),
    "uuid": (UUID, UUID[:8]),
    "bytea": ("\\xc0ffee00decafbad", "c0ffee"),
    "jsonb": ('{"canary": ["canary", {"x": "canary"}]}', "canary"),
    "json": ('"canary"', "canary"),
    "text[]": ('{canary,"can ary",NULL}', "can"),
    "uuid[]": (f"{{{UUID}}}", UUID[:8]),
    "jsonb[]": ('{"{\\"canary\\": 1}"}', "canary"),
    "inet": ("203.0.113.77", "203.0.113.77"),
    "cidr": ("203.0.113.0/24", "203.0.113"),
    "macaddr": ("c0:ff:ee:00:12:34", "c0:ff:ee"),
    "bigint": ("491701234567", "491701234567"),
    "numeric(14,2)": ("98765.43", "98765.43"),
    "date": ("1985-07-23", "1985-07-23"),
    "timestamp with time zone": ("1985-07-23 11:12:13.5+00", "1985-07-23"),
    "interval": ("3 days 11:12:13", "11:12:13"),
    "daterange": ("[1985-07-23,1986-08-24)", "1985-07-23"),
    "public.ltree": ("top.canary.bird", "canary"),
    "public.hstore": ('"canary"=>"bird"', "canary"),
    "tsvector": ("'canary':1", "canary"),
    "xml": ("<a>canary</a>", "canary"),
    "public.geometry": ("0101000020E6canary", "canary"),
    "money": ("$98,765.43", "98,765"),
    "bit(64)": ("1100000011111111111011100000000011011110110010101111101110101101", "110000001"),
    "public.unheard_of": ("canary", "canary"),
}


@pytest.mark.parametrize("level", ["default", "all"])
@pytest.mark.parametrize("type_name", VALUES)
def test_no_value_of_a_type_gets_out(tmp_path: Path, type_name: str, level: Level) -> None:
    value, canary = VALUES[type_name]
    literal = quote_literal(value)
    table = a_table("secrets", f"secret {type_name}", rows=1_000)
    snapshot = a_snapshot(
        table,
        column_statistics(
            table,
            "secret",
            most_common=[(value, 0.01)],
            n_distinct=-0.9,
            histogram_bounds=(value,),
            most_common_elements=(value,),
            most_common_element_ratios=(0.01, 0.01, 0.01, 0.0),
        ),
        a_statement(f"select 1 from secrets where secret = {literal}::{type_name}"),
        a_statement(f"select 2 from secrets where secret = {literal}"),
        a_statement(f"insert into secrets values ($tag${value}$tag$)"),
    )

    save(snapshot, tmp_path / "shop.pgsnap", level=level)

    content = _content(tmp_path / "shop.pgsnap")
    assert canary not in content
    assert "select 1 from secrets where secret = " in content

"""no-primary-key."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pgadvisor.model.action import AddPrimaryKeyUsingIndex, ManualSteps
from pgadvisor.model.finding import Severity
from pgadvisor.model.schema import Index, IndexKey, RelationKind, Table
from pgadvisor.testing import (
    Outcome,
    SnapshotPart,
    a_primary_key,
    a_snapshot,
    a_table,
    an_index,
    diagnose,
    table_activity,
)

RULE = "no-primary-key"
EVENTS = a_table("events", "id bigint not null", "note text")
NATURAL = an_index(EVENTS, "id", is_unique=True, name="events_id_key")


def run(*objects: SnapshotPart) -> Outcome:
    return diagnose(RULE, a_snapshot(*objects))


def test_reports_a_table_without_one() -> None:
    [finding] = run(EVENTS, table_activity(EVENTS, rows_updated=1)).findings

    assert finding.key == "no-primary-key:public.events"
    assert finding.summary == "public.events has no primary key"
    assert finding.severity is Severity.WARNING
    assert isinstance(finding.remedies[0], ManualSteps)


def test_a_log_is_worth_a_remark_only() -> None:
    [finding] = run(EVENTS, table_activity(EVENTS, rows_inserted=9)).findings

    assert finding.severity is Severity.INFO


def test_proposes_a_unique_index_over_columns_that_are_never_null() -> None:
    [finding] = run(EVENTS, NATURAL).findings

    assert finding.remedies == (
        AddPrimaryKeyUsingIndex(
            schema="public",
            table="events",
            index_name="events_id_key",
            constraint_name="events_id_key",
            recreate_sql=NATURAL.definition,
        ),
    )


@pytest.mark.parametrize(
    "index",
    [
        pytest.param(replace(NATURAL, is_unique=False), id="not-unique"),
        pytest.param(replace(NATURAL, is_valid=False), id="invalid"),
        pytest.param(replace(NATURAL, predicate="(id > 0)"), id="partial"),
        pytest.param(replace(NATURAL, constraint_name="c"), id="of-a-constraint"),
        pytest.param(an_index(EVENTS, "note", is_unique=True), id="may-be-null"),
        pytest.param(an_index(EVENTS, "id desc", is_unique=True), id="descending"),
        pytest.param(
            an_index(EVENTS, IndexKey(column=None, expression="abs(id)"), is_unique=True),
            id="expression",
        ),
    ],
)
def test_does_not_propose_an_index_that_postgresql_would_refuse(index: Index) -> None:
    [finding] = run(EVENTS, index).findings

    assert isinstance(finding.remedies[0], ManualSteps)


def test_proposes_no_index_for_a_partitioned_table() -> None:
    parent = replace(EVENTS, kind=RelationKind.PARTITIONED_TABLE)
    part = a_table("events_1", parent_oids=(parent.oid,), is_partition=True)

    [finding] = run(parent, part, NATURAL).findings

    assert finding.subject == "public.events"
    assert isinstance(finding.remedies[0], ManualSteps)


@pytest.mark.parametrize(
    "table",
    [
        pytest.param(replace(EVENTS, rows=0, size_bytes=0), id="empty"),
        pytest.param(replace(EVENTS, persistence="u"), id="unlogged"),
        pytest.param(replace(EVENTS, persistence="t"), id="temporary"),
        pytest.param(replace(EVENTS, replica_identity="f"), id="replica-identity-full"),
        pytest.param(replace(EVENTS, replica_identity="i"), id="replica-identity-index"),
        pytest.param(replace(EVENTS, kind=RelationKind.MATERIALIZED_VIEW), id="materialised-view"),
        pytest.param(replace(EVENTS, kind=RelationKind.FOREIGN_TABLE), id="foreign"),
        pytest.param(replace(EVENTS, is_extension_member=True), id="extension"),
        pytest.param(replace(EVENTS, schema="pg_catalog"), id="system"),
    ],
)
def test_leaves_alone(table: Table) -> None:
    assert run(table).is_clear


def test_reports_a_table_of_one_row() -> None:
    assert len(run(a_table("events", rows=1)).findings) == 1


def test_is_content_with_a_primary_key() -> None:
    assert run(EVENTS, a_primary_key(EVENTS, "id")).is_clear

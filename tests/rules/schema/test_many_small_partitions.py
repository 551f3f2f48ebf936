"""many-small-partitions."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pgadvisor.model.action import ManualSteps
from pgadvisor.model.finding import Severity
from pgadvisor.model.schema import RelationKind, Table
from pgadvisor.testing import (
    Outcome,
    SnapshotPart,
    a_snapshot,
    a_statement,
    a_table,
    diagnose,
)
from pgadvisor.units import MiB

RULE = "many-small-partitions"
LOG = a_table(
    "log",
    "id bigint",
    "created_at timestamptz not null",
    kind=RelationKind.PARTITIONED_TABLE,
    rows=0,
    partition_key="RANGE (created_at)",
)


def partitions(count: int, size_bytes: int = 64 * MiB, parent: Table = LOG) -> list[Table]:
    return [
        a_table(
            f"{parent.name}_{number}",
            "id bigint",
            "created_at timestamptz not null",
            size_bytes=size_bytes,
            parent_oids=(parent.oid,),
            is_partition=True,
        )
        for number in range(count)
    ]


def run(*objects: SnapshotPart, table: Table = LOG) -> Outcome:
    return diagnose(RULE, a_snapshot(table, *objects))


def test_reports_a_thousand_small_partitions() -> None:
    [finding] = run(partitions(1_000)).findings

    assert finding.key == "many-small-partitions:public.log"
    assert finding.summary == "public.log has 1,000 partitions of 64 MB on average"
    assert finding.detail == ""
    assert finding.severity is Severity.INFO
    [remedy] = finding.remedies
    assert isinstance(remedy, ManualSteps)
    assert remedy.title == "Cut public.log into wider partitions"


def test_leaves_alone_fewer_partitions() -> None:
    assert run(partitions(999)).is_clear


def test_leaves_alone_larger_partitions() -> None:
    assert run(partitions(1_000, size_bytes=64 * MiB + 8192)).is_clear


def test_leaves_alone_what_only_inherits() -> None:
    assert run(partitions(1_000), table=replace(LOG, kind=RelationKind.TABLE)).is_clear


def test_counts_partitions_of_all_levels_that_hold_rows() -> None:
    middle = replace(LOG, oid=7, name="log_2026", parent_oids=(LOG.oid,), is_partition=True)
    parts = (*partitions(500), middle, *partitions(500, parent=middle))

    assert len(run(parts).findings) == 1
    assert run(parts[:-1]).is_clear


@pytest.mark.parametrize(
    ("text", "detail"),
    [
        (
            "SELECT id FROM log WHERE id = $1",
            "1 statement does not filter by the partition key, and looks into all of them.",
        ),
        ("SELECT id FROM log WHERE created_at >= $1 AND id = $2", ""),
        ("INSERT INTO log (id, created_at) VALUES ($1, $2)", ""),
        ("SELECT id FROM log_7 WHERE id = $1", ""),
    ],
)
def test_names_statements_that_look_into_all(text: str, detail: str) -> None:
    [finding] = run(partitions(1_000), a_statement(text)).findings

    assert finding.detail == detail
    assert bool(finding.statement_ids) == bool(detail)


@pytest.mark.parametrize(
    "key",
    [
        "LIST (lower(created_at::text))",
        "HASH (id, created_at)",
        'RANGE (created_at COLLATE "C" text_pattern_ops)',
    ],
)
def test_knows_keys_that_are_expressions_or_several(key: str) -> None:
    filtering = a_statement("SELECT id FROM log WHERE created_at = $1")

    [finding] = run(partitions(1_000), filtering, table=replace(LOG, partition_key=key)).findings

    assert finding.detail == ""


def test_counts_the_statements_that_look_into_all() -> None:
    statements = [a_statement(f"SELECT id FROM log WHERE id = $1 LIMIT {n}") for n in (1, 2)]

    [finding] = run(partitions(1_000), statements).findings

    assert finding.detail.startswith("2 statements do not filter by the partition key")
    assert len(finding.statement_ids) == 2


def test_a_key_that_is_not_known_accuses_no_statement() -> None:
    by_id = a_statement("SELECT id FROM log WHERE id = $1")

    [finding] = run(partitions(1_000), by_id, table=replace(LOG, partition_key=None)).findings

    assert finding.statement_ids == ()

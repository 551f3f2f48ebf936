"""Snapshots of generated applications, which the benchmarks of the index choice are run on."""

from __future__ import annotations

from collections import defaultdict

import pytest

from pgadvisor.config import GateLimits
from pgadvisor.diagnose.gates import evaluate_gates
from pgadvisor.model.catalog import Catalog
from pgadvisor.model.gates import GateState
from pgadvisor.model.schema import ConstraintKind
from pgadvisor.model.snapshot import Snapshot
from pgadvisor.model.usage import StatementKind
from pgadvisor.parse.usage import usage_of
from tests.benchmarks.generated_schema import generated_snapshot


@pytest.fixture(scope="module")
def snapshot() -> Snapshot:
    return generated_snapshot(20, 100)


def test_equal_arguments_give_equal_snapshots(snapshot: Snapshot) -> None:
    assert generated_snapshot(20, 100) == snapshot
    assert generated_snapshot(20, 100, seed=2) != snapshot


def test_has_as_many_tables_and_different_statements_as_wanted(snapshot: Snapshot) -> None:
    assert len(snapshot.tables) == 20
    assert len({statement.text for statement in snapshot.statements}) == 100
    assert len({statement.id for statement in snapshot.statements}) == 100

    assert len(generated_snapshot(7, 12).tables) == 7


def test_eager_people_have_more_indexes(snapshot: Snapshot) -> None:
    eager = generated_snapshot(20, 100, eagerness=5.0)

    assert len(eager.tables) == 20
    assert len(eager.indexes) > 1.3 * len(snapshot.indexes)
    assert len({index.name for index in eager.indexes}) == len(eager.indexes)


def test_all_statements_parse_and_name_what_there_is(snapshot: Snapshot) -> None:
    catalog = Catalog(snapshot)

    for statement in snapshot.statements:
        usage = usage_of(statement.id, statement.text, catalog)

        assert usage is not None, statement.text
        assert usage.unresolved == (), statement.text


def test_counts_as_many_inserted_rows_as_the_inserts_did(snapshot: Snapshot) -> None:
    catalog = Catalog(snapshot)
    inserted: dict[int, int] = defaultdict(int)
    for statement in snapshot.statements:
        usage = usage_of(statement.id, statement.text, catalog)
        if usage is not None and usage.kind is StatementKind.INSERT:
            inserted[usage.relations[0].table_oid] += statement.calls

    assert len(inserted) == 20
    assert inserted == {row.table_oid: row.rows_inserted for row in snapshot.table_activity}


def test_each_table_has_a_primary_key_and_statistics_of_each_column(snapshot: Snapshot) -> None:
    catalog = Catalog(snapshot)

    for table in snapshot.tables:
        kinds = [constraint.kind for constraint in catalog.constraints_by_table[table.oid]]
        assert kinds.count(ConstraintKind.PRIMARY_KEY) == 1
        for column in table.columns:
            row = catalog.column_statistics[table.oid, column.name]
            assert sum(row.most_common_ratios or ()) + row.null_ratio <= 1.0001
            assert len(row.most_common_values or ()) == len(row.most_common_ratios or ())
            assert len(set(row.histogram_bounds or ())) == len(row.histogram_bounds or ())


def test_no_two_objects_have_the_same_oid(snapshot: Snapshot) -> None:
    oids = [table.oid for table in snapshot.tables]
    oids += [index.oid for index in snapshot.indexes]
    oids += [sequence.oid for sequence in snapshot.sequences]

    assert len(set(oids)) == len(oids)
    assert len({index.name for index in snapshot.indexes}) == len(snapshot.indexes)


def test_statistics_cover_a_week_which_is_enough_to_propose_and_not_to_drop(
    snapshot: Snapshot,
) -> None:
    gates = evaluate_gates(snapshot, GateLimits())

    assert gates.gate("usage-window").state is GateState.OPEN
    assert gates.gate("drop-window").state is GateState.CLOSED

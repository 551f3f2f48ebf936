"""A database with one of every kind of object is planned as the original plans it."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest

from pgadvisor.cluster.launch import Cluster
from pgadvisor.collect.assemble import collect
from pgadvisor.model.plan import Plan
from pgadvisor.model.snapshot import Snapshot
from pgadvisor.snapshotfile import redact
from pgadvisor.whatif.backend import NotPlanned
from pgadvisor.whatif.twin import Twin
from tests.whatif.everything import (
    GIN_STATEMENTS,
    NOTES,
    SEARCH_PATH,
    everything_database,
    statements,
)
from tests.whatif.original import original_plan

pytestmark = [pytest.mark.live, pytest.mark.xdist_group("whatif_everything")]

MAX_COST_ERROR_RATIO = 0.0001


@pytest.fixture(scope="module")
def everything(cluster: Cluster) -> Iterator[str]:
    """The DSN of a database with everything in it."""
    with everything_database(cluster) as dsn:
        yield dsn


@pytest.fixture(scope="module")
def snapshot(everything: str) -> Snapshot:
    """Its snapshot; overrides the shop's."""
    return collect(everything)


@pytest.fixture(scope="module")
def twin(snapshot: Snapshot) -> Iterator[Twin]:
    """Its twin; overrides the shop's."""
    with Twin(snapshot) as twin:
        yield twin


def originals(dsn: str, texts: list[str]) -> dict[str, Plan]:
    with psycopg.connect(dsn) as connection:
        connection.execute(f"set search_path = {SEARCH_PATH}".encode())
        return {text: original_plan(connection, text) for text in texts}


def misses(known: dict[str, Plan], twin: Twin, tolerance: float) -> list[str]:
    """The statements that the twin plans differently, and how."""
    found = []
    for text, original in known.items():
        plan = twin.plan(text)
        if isinstance(plan, NotPlanned):
            found.append(f"{text}: {plan.reason}")
        elif plan.shape != original.shape:
            found.append(f"{text}: {plan.shape} in place of {original.shape}")
        elif abs(plan.total_cost - original.total_cost) > tolerance * original.total_cost:
            found.append(f"{text}: {plan.total_cost} in place of {original.total_cost}")
    return found


def test_plans_everything_like_the_original(everything: str, twin: Twin) -> None:
    known = originals(everything, statements(18))

    assert len(known) >= 120
    assert misses(known, twin, MAX_COST_ERROR_RATIO) == []


def test_comes_near_what_a_gin_index_costs(everything: str, twin: Twin) -> None:
    known = originals(everything, list(GIN_STATEMENTS))

    assert misses(known, twin, 0.01) == []


def test_says_what_is_not_as_on_the_original(twin: Twin) -> None:
    assert tuple(sorted(twin.notes)) == NOTES


@pytest.mark.matrix
def test_plans_everything_like_an_original_of_every_major(major_cluster: Cluster) -> None:
    major = major_cluster.binaries.major
    with everything_database(major_cluster) as dsn:
        known = originals(dsn, statements(major))
        snapshot = collect(dsn)

    with Twin(snapshot, binaries=major_cluster.binaries) as twin:
        missed = misses(known, twin, MAX_COST_ERROR_RATIO)
        notes = tuple(sorted(twin.notes))

    assert missed == []
    assert notes == NOTES


@pytest.mark.parametrize(
    ("create", "statement"),
    [
        ("create index tried on on_fast (kind, id)", "select id from on_fast where kind = 9"),
        ("create index tried on spread (kind)", "select * from spread where kind = 'k7'"),
    ],
)
def test_takes_hypothetical_indexes_wherever_a_table_is(
    create: str, statement: str, everything: str, twin: Twin
) -> None:
    with psycopg.connect(everything) as connection:
        connection.execute(f"set search_path = {SEARCH_PATH}".encode())
        connection.execute(create.encode())
        connection.execute(f"analyze {create.split()[4]}".encode())
        original = original_plan(connection, statement)
        connection.rollback()

    plan = twin.explain(statement, create=(create,))

    kinds = [[node.node_type for node in one.root.walk()] for one in (plan, original)]
    assert plan.index_names
    assert kinds[0] == kinds[1]
    assert plan.total_cost == pytest.approx(original.total_cost, rel=0.02)


def test_takes_all_of_a_redacted_snapshot(snapshot: Snapshot) -> None:
    with Twin(redact(snapshot, "all")) as redacted:
        notes = tuple(sorted(redacted.notes))
        refused = [text for text in statements(18) if isinstance(redacted.plan(text), NotPlanned)]

    assert notes == NOTES
    assert refused == []

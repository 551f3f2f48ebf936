"""On every major, with that major's own binaries, the twin plans like the original."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass

import psycopg
import pytest

from pgadvisor.cluster.launch import Cluster
from pgadvisor.collect.assemble import collect
from pgadvisor.model.plan import Plan
from pgadvisor.model.snapshot import Snapshot
from pgadvisor.whatif.backend import NotPlanned
from pgadvisor.whatif.twin import Twin
from tests.fixtures.databases import fresh_database
from tests.whatif.original import cost_error, original_plan
from tests.whatif.shop import fill
from tests.whatif.statements import INDEXES, OTHER_INDEXES, STATEMENTS
from tests.whatif.test_candidates import named, shape_of

pytestmark = [pytest.mark.live, pytest.mark.matrix, pytest.mark.xdist_group("majors")]

PARAMETERS = (
    "select * from orders where customer_id = $1 order by created_at desc limit $2",
    "select * from orders where status = $1 and created_at > $2",
    "select * from customers where country = any ($1) and tier >= $2",
    "update orders set status = $1 where id = $2",
    "select * from orders where created_at between $1 and $2 -- some days",
)
"""Statements with ``$n`` over tables without partitions."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Original:
    """A shop on a server of some major, and what it plans."""

    major: int
    dsn: str
    plans: dict[str, Plan]
    snapshot: Snapshot


@pytest.fixture(scope="module")
def pairs() -> Iterator[Callable[[Cluster], tuple[Original, Twin]]]:
    """Gives the shop on a server, and its twin of the same major; both are made once."""
    made: dict[int, tuple[Original, Twin]] = {}
    with ExitStack() as running:

        def pair_of(cluster: Cluster) -> tuple[Original, Twin]:
            major = cluster.binaries.major
            if major not in made:
                original = _filled(major, running.enter_context(fresh_database(cluster)))
                twin = Twin(original.snapshot, binaries=cluster.binaries)
                made[major] = original, running.enter_context(twin)
            return made[major]

        yield pair_of


@pytest.fixture
def original(pairs: Callable[[Cluster], tuple[Original, Twin]], major_cluster: Cluster) -> Original:
    """The shop on a server of each major."""
    return pairs(major_cluster)[0]


@pytest.fixture
def twin(pairs: Callable[[Cluster], tuple[Original, Twin]], major_cluster: Cluster) -> Twin:
    """Its twin, of the same major; overrides the shop's."""
    return pairs(major_cluster)[1]


def _filled(major: int, dsn: str) -> Original:
    fill(dsn)
    with psycopg.connect(dsn) as connection:
        plans = {
            statement: original_plan(connection, statement)
            for statement in STATEMENTS
            if major >= 15 or not statement.startswith("merge")
        }
        plans.update({text: _generic_plan(connection, text) for text in PARAMETERS})
    return Original(major=major, dsn=dsn, plans=plans, snapshot=collect(dsn))


def _generic_plan(connection: psycopg.Connection, text: str) -> Plan:
    connection.execute("set plan_cache_mode = force_generic_plan")
    connection.execute(f"prepare q as {text}\n".encode())
    nulls = ", ".join(["null"] * text.count("$"))
    plan = original_plan(connection, f"execute q({nulls})")
    connection.execute("deallocate q; reset plan_cache_mode")
    return plan


def test_rebuilds_all_of_the_schema(twin: Twin, original: Original) -> None:
    assert twin.notes == ()
    assert twin.version.startswith(f"{original.major}.")
    assert twin.binaries_reason == f"PostgreSQL {twin.version}, as given, the original's own major"


def test_plans_every_statement_like_the_original(twin: Twin, original: Original) -> None:
    plans = {statement: twin.explain(statement) for statement in original.plans}

    other = [s for s, plan in plans.items() if plan.shape != original.plans[s].shape]
    dear = {s: cost_error(original.plans[s], plan) for s, plan in plans.items()}
    assert len(plans) >= 30
    assert other == []
    assert {s: error for s, error in dear.items() if error > 0.0001} == {}


def test_knows_of_its_own_fidelity(twin: Twin) -> None:
    fidelity = twin.fidelity()

    assert fidelity.original_version == fidelity.twin_version == twin.version
    assert fidelity.binaries == twin.binaries_reason
    assert fidelity.same_shape_ratio == 1.0
    assert len(fidelity.statements) >= 8
    assert fidelity.notes == ()


def test_plans_with_hypothetical_indexes_as_with_real_ones(twin: Twin, original: Original) -> None:
    other, dear = [], {}
    for create, statement in {**INDEXES, **OTHER_INDEXES}.items():
        tried = named(create, "tried")
        with psycopg.connect(original.dsn) as connection:
            connection.execute(tried.encode())
            # An expression has no statistics before.
            connection.execute("analyze orders, products")
            expected = original_plan(connection, statement)
            connection.rollback()
        plan = twin.explain(statement, create=(tried,))
        if shape_of(plan) != shape_of(expected):
            other.append(create)
        if cost_error(expected, plan) > (0.02 if "brin" in create else 0.01):
            dear[create] = (expected.total_cost, plan.total_cost)

    assert other == []
    assert dear == {}


def test_says_where_the_text_of_a_statement_is_wrong(twin: Twin) -> None:
    plain = twin.plan("select id, missing from orders")
    parameter = twin.plan("select id, missing from orders where id = $1")

    for outcome in (plain, parameter):
        assert isinstance(outcome, NotPlanned)
        assert outcome.sqlstate == "42703"
        assert outcome.position == len("select id, m")


@pytest.mark.parametrize(
    "statement",
    [
        "select * from orders where created_at > now() - interval $1",
        "select * from orders where $1 is null or $2 is null or id = $3",
        "select $1, id from orders limit $2",
        "select * from customers where id in ($1, $2, $3)",
        "select * from orders where id = $1 for update skip locked",
        "select * from orders where id = $1;",
    ],
)
def test_plans_texts_as_pg_stat_statements_writes_them(statement: str, twin: Twin) -> None:
    outcome = twin.plan(statement)

    assert isinstance(outcome, Plan), outcome
    assert "plan_cache_mode" not in dict(outcome.settings)


def test_leaves_no_prepared_statement_behind(twin: Twin) -> None:
    twin.plan("select * from orders where id = $1")
    twin.plan("select * from orders where id = $1 / (1 - 1)")
    twin.plan("select * from missing where id = $1")

    left = twin._run("asking").server.role.execute("select name from pg_prepared_statements")
    assert left.fetchall() == []


def test_goes_on_after_it_was_stopped(twin: Twin) -> None:
    role = twin._run("asking").server.role
    role.execute(
        "create function pg_temp.endless() returns int language sql immutable as "
        "$$ select 1 from pg_sleep(60) $$"
    )
    before = signal.signal(signal.SIGALRM, signal.default_int_handler)
    signal.setitimer(signal.ITIMER_REAL, 0.5)
    try:
        with pytest.raises(KeyboardInterrupt):
            twin.plan("select * from orders where id = $1 and pg_temp.endless() = 1")
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)

    assert isinstance(twin.plan("select * from orders where id = $1 and total > 7"), Plan)

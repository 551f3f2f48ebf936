"""The plans that the twin finds for values, beside those of a real server for the same values."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import get_args

import psycopg
import pytest

from pgadvisor.cluster.launch import Cluster
from pgadvisor.collect.assemble import collect
from pgadvisor.emit.report import ReportFormat
from pgadvisor.model.catalog import Catalog
from pgadvisor.model.sensitivity import PlansByValue, ValueKind
from pgadvisor.model.server import RoleSetting, Setting
from pgadvisor.model.snapshot import Snapshot
from pgadvisor.parse.usage import usage_of
from pgadvisor.pipeline import advise
from pgadvisor.snapshotfile import redact
from pgadvisor.testing import a_statement
from pgadvisor.whatif.backend import AS_IS, Configuration
from pgadvisor.whatif.parameters import (
    PinnedValues,
    Sampling,
    draw_samples,
    plans_by_value,
    survey,
)
from pgadvisor.whatif.parameters.axis import MAX_SAMPLES
from pgadvisor.whatif.twin import Twin
from tests.fixtures.databases import FORGET, fresh_database
from tests.whatif.original import cost_error, original_plan
from tests.whatif.parameters.orders import SCHEMA

pytestmark = [pytest.mark.live, pytest.mark.xdist_group("whatif_values")]

LATEST = "select * from orders where tenant = $1 order by created_at desc limit $2"
JOINED = (
    "select name, sum(total) from tenants t join orders o on o.tenant_id = t.id"
    " where t.id = $1 group by name"
)
STATEMENTS = (
    LATEST,
    "select * from orders where tenant = $1",
    JOINED,
    "select * from orders where tenant_id in ($1, $2, $3)",
    "select * from orders where tenant_id = any ($1) and created_at > $2",
    "select count(*) from orders where created_at between $1 and $2",
    "select * from orders where city = $1 and zip = $2",
    "select * from events where at >= $1 and at < $2",
    "update orders set total = $1 where tenant = $2",
    "delete from orders where created_at < $1",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """The original, and what there is of it here."""

    dsn: str
    snapshot: Snapshot
    twin: Twin

    @property
    def catalog(self) -> Catalog:
        """Look-ups over the snapshot."""
        return Catalog(self.snapshot)

    def sampling(self, text: str) -> Sampling:
        """The samples of a statement."""
        catalog = self.catalog
        return draw_samples(a_statement(text, rows=0), usage_of("q", text, catalog), catalog)

    def plans(self, text: str, configuration: Configuration = AS_IS) -> PlansByValue:
        """What the twin makes of them."""
        return plans_by_value(
            self.twin,
            a_statement(text),
            self.sampling(text),
            self.catalog,
            configuration,
        )


@pytest.fixture(scope="module")
def place(cluster: Cluster) -> Iterator[Place]:
    with fresh_database(cluster) as dsn:
        with psycopg.connect(dsn, autocommit=True) as connection:
            connection.execute(SCHEMA.encode())
            connection.execute("vacuum analyze")
            connection.execute(FORGET)
            for tenant in ("tenant 1", "tenant 2"):
                connection.execute(LATEST.replace("$1", "%s").replace("$2", "20"), (tenant,))
        snapshot = collect(dsn)
        with Twin(snapshot) as twin:
            yield Place(dsn=dsn, snapshot=snapshot, twin=twin)


@pytest.mark.parametrize("statement", STATEMENTS)
def test_plans_like_the_original_for_each_value(place: Place, statement: str) -> None:
    samples = place.sampling(statement).samples

    assert samples
    with psycopg.connect(place.dsn) as connection:
        for sample in samples:
            text = sample.text.replace("$1", "NULL")
            original = original_plan(connection, text)
            plan = place.twin.explain(text)
            assert plan.shape == original.shape, sample
            assert cost_error(original, plan) <= 0.0001, sample


@pytest.mark.parametrize("statement", STATEMENTS)
def test_asks_for_values_that_the_original_has(place: Place, statement: str) -> None:
    is_query = statement.startswith("select *")
    samples = place.sampling(statement).samples if is_query else ()

    with psycopg.connect(place.dsn) as connection:
        for sample in samples:
            rows = connection.execute(sample.text.encode()).fetchall()
            assert rows, sample


def test_sees_the_tenant_that_holds_an_eighth_of_the_rows(place: Place) -> None:
    found = place.plans(LATEST)

    light, heavy = found.variants
    assert found.is_notable
    assert light.nodes[0] in {
        "Bitmap Heap Scan using orders_tenant on orders",
        "Index Scan using orders_tenant on orders",
    }
    assert heavy.nodes[0] == "Index Scan using orders_created on orders"
    assert heavy.weight == pytest.approx(0.12, abs=0.005)
    [member] = heavy.members
    assert member.classes[0].words.startswith("a value held by 1")
    assert dict(member.values)[1] == "'tenant 1'"
    assert sum(v.weight for v in found.variants) == pytest.approx(1.0)
    assert light.mean_cost > heavy.mean_cost


def test_follows_a_parameter_over_a_join_to_the_column_that_is_skewed(place: Place) -> None:
    found = place.plans(JOINED)

    asked = {one.asked.name for v in found.variants for m in v.members for one in m.classes}
    costs = sorted(member.cost for v in found.variants for member in v.members)
    assert asked == {"public.orders.tenant_id"}
    assert costs[-1] > 5 * costs[0]


def test_takes_combinations_out_of_extended_statistics(place: Place) -> None:
    sampling = place.sampling("select * from orders where city = $1 and zip = $2")

    [asked] = {one.asked for sample in sampling.samples for one in sample.classes}
    assert asked.columns == ("city", "zip")
    with psycopg.connect(place.dsn) as connection:
        for sample in sampling.samples:
            assert connection.execute(sample.text.encode()).fetchall(), sample


def test_finds_one_plan_whatever_partition_is_read(place: Place) -> None:
    found = place.plans("select * from events where at >= $1 and at < $2")

    assert "events_1" not in str(found)
    assert "events_2" not in str(found)
    assert {node for v in found.variants for node in v.nodes} <= {
        "Index Scan using events_at on events",
        "Bitmap Heap Scan using events_at on events",
        "Seq Scan on events",
    }


def test_plans_under_another_configuration(place: Place) -> None:
    oid = next(i.oid for i in place.snapshot.indexes if i.name == "orders_created")

    found = place.plans(LATEST, Configuration(drop=frozenset({oid})))

    assert "orders_created" not in str(found)


def test_holds_no_value_without_literals(place: Place) -> None:
    found = place.plans(LATEST)

    assert "tenant 1" in str(found)
    assert "tenant 1'" not in str(found.without_literals())
    assert [v.nodes for v in found.without_literals().variants] == [v.nodes for v in found.variants]


def test_finds_the_same_classes_in_a_redacted_snapshot(place: Place) -> None:
    redacted = redact(place.snapshot, "default")
    with Twin(redacted) as twin:
        other = replace(place, snapshot=redacted, twin=twin).plans(LATEST)

    own = place.plans(LATEST)
    assert "'tenant 1'" not in str(other)
    assert [v.nodes for v in other.variants] == [v.nodes for v in own.variants]
    assert [[m.classes for m in v.members] for v in other.variants] == [
        [m.classes for m in v.members] for v in own.variants
    ]


@pytest.mark.parametrize(
    ("statement", "keeps"),
    [
        ("select * from orders where id = $1", True),
        ("select * from orders where created_at > $1", False),
    ],
)
def test_knows_when_the_original_goes_on_with_a_generic_plan(
    place: Place, statement: str, *, keeps: bool
) -> None:
    found = place.plans(statement)
    samples = place.sampling(statement).samples

    assert found.keeps_generic is keeps
    with psycopg.connect(place.dsn) as connection:
        connection.execute(f"prepare p as {statement}".encode())
        for number in range(6):
            [(_, value)] = samples[number % len(samples)].values
            connection.execute(f"execute p ({value})".encode())
        row = connection.execute(
            "select generic_plans from pg_prepared_statements where name = 'p'"
        ).fetchone()
    assert row == (int(keeps),)


@pytest.mark.parametrize(
    ("mode", "keeps"), [("force_generic_plan", True), ("force_custom_plan", False)]
)
def test_goes_by_the_plan_cache_mode(place: Place, mode: str, *, keeps: bool) -> None:
    server = place.snapshot.server
    setting = Setting(name="plan_cache_mode", value=mode)
    others = tuple(s for s in server.settings if s.name != "plan_cache_mode")
    snapshot = replace(place.snapshot, server=replace(server, settings=(*others, setting)))

    found = replace(place, snapshot=snapshot).plans("select * from orders where id = $1")

    assert found.keeps_generic is keeps


def test_says_that_a_value_was_refused_and_not_which(place: Place) -> None:
    text = "select * from orders where tenant = $1"
    sampling = place.sampling(text)
    broken = replace(sampling.samples[0], text="select * from orders where id = 'secret'")

    found = plans_by_value(
        place.twin,
        a_statement(text),
        replace(sampling, samples=(broken, *sampling.samples[1:])),
        place.catalog,
    )

    assert found.not_planned == ("refused by the planner, 22P02",)
    assert sum(v.weight for v in found.variants) < 1
    assert found.mean_cost > 0


def test_leaves_parameters_unknown_that_nothing_is_known_of(place: Place) -> None:
    found = place.plans("select * from orders where tenant = $2 and total + $1 > 5")

    assert "1 parameter stays unknown, as in a generic plan" in found.assumptions
    assert found.not_planned == ()
    kinds = {one.kind for v in found.variants for m in v.members for one in m.classes}
    assert kinds == {ValueKind.VALUE}


def test_looks_at_the_statements_that_take_time(place: Place) -> None:
    by_tenant = a_statement(LATEST, calls=10, mean_time_ms=50.0)
    by_id = a_statement("select from orders where id = $1", calls=10, mean_time_ms=100.0)
    rare = a_statement("select from orders where city = $1", calls=1, mean_time_ms=1.0)
    plain = a_statement("select count(*) from orders", calls=10, mean_time_ms=100.0)
    statements = (by_tenant, by_id, rare, plain)
    usages = {s.id: usage_of(s.id, s.text, place.catalog) for s in statements}
    told: list[tuple[str, int, int]] = []
    calls = place.twin.call_count

    found = survey(
        place.twin,
        statements,
        usages,
        place.catalog,
        progress=lambda what, done, total: told.append((what, done, total)),
    )

    assert [each.statement_id for each in found] == [by_id.id, by_tenant.id]
    assert [each.is_notable for each in found] == [False, True]
    assert [(done, total) for _, done, total in told] == [(1, 2), (2, 2)]
    assert place.twin.call_count - calls <= 2 * (MAX_SAMPLES + 1)


def test_plans_under_the_settings_of_the_role(place: Place) -> None:
    theirs = RoleSetting(role="clerk", database=None, name="random_page_cost", value="400")
    server = replace(place.snapshot.server, role_settings=(theirs,))
    catalog = Catalog(replace(place.snapshot, server=server))
    text = "select from orders where id = $1"
    clerks = a_statement(text, roles=("clerk",))
    usages = {clerks.id: usage_of(clerks.id, text, catalog)}

    [found] = survey(place.twin, (clerks,), usages, catalog)

    dear = Configuration(settings=(("random_page_cost", "400"),))
    assert found.generic_cost == place.twin.cost(text, dear)
    assert found.generic_cost != place.twin.cost(text)


def test_asks_for_what_is_known_already(place: Place) -> None:
    statement = a_statement(LATEST)
    usages = {statement.id: usage_of(statement.id, LATEST, place.catalog)}
    known = PinnedValues(
        text="select * from orders where tenant = 'tenant 9' and total = $2", words="tenant 9"
    )

    [found] = survey(place.twin, (statement,), usages, place.catalog, pinned={statement.id: known})

    assert found.assumptions[0] == "it asks for tenant 9"
    asked = {one.asked.short_name for v in found.variants for m in v.members for one in m.classes}
    assert asked == {"total"}


@pytest.fixture(scope="module")
def reports(place: Place) -> dict[tuple[str, bool], str]:
    """The reports in all formats, without literals and with them."""
    advices = {shown: advise(place.snapshot, show_literals=shown) for shown in (False, True)}
    return {
        (name, shown): advice.report(name)
        for shown, advice in advices.items()
        for name in get_args(ReportFormat)
    }


@pytest.mark.parametrize("name", get_args(ReportFormat))
def test_reports_both_plans_and_no_value(reports: dict[tuple[str, bool], str], name: str) -> None:
    told = " ".join(reports[name, False].split())

    assert "Index Scan using orders_created on orders" in told
    assert "using orders_tenant on orders" in told
    assert "a value held by 12 % of the rows" in told
    assert "tenant 1" not in told


@pytest.mark.parametrize("name", get_args(ReportFormat))
def test_reports_values_where_they_are_asked_for(
    reports: dict[tuple[str, bool], str], name: str
) -> None:
    assert "tenant 1" in reports[name, True]

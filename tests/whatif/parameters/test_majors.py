"""On every major, values are planned as the original of that major plans them."""

from __future__ import annotations

import psycopg
import pytest

from pgadvisor.cluster.launch import Cluster
from pgadvisor.collect.assemble import collect
from pgadvisor.model.catalog import Catalog
from pgadvisor.parse.usage import usage_of
from pgadvisor.testing import a_statement
from pgadvisor.whatif.parameters import draw_samples, plans_by_value
from pgadvisor.whatif.twin import Twin
from tests.whatif.original import cost_error, original_plan
from tests.whatif.parameters.orders import SCHEMA

pytestmark = [pytest.mark.live, pytest.mark.matrix]

STATEMENTS = (
    "select * from orders where tenant = $1 order by created_at desc limit $2",
    "select * from orders where tenant_id in ($1, $2) and created_at >= $3",
    "select * from orders where city = $1 and zip = $2 and tenant_id = any ($3)",
    "delete from orders where created_at between $1 and $2",
)


def test_plans_values_like_the_original(major_cluster: Cluster, major_database: str) -> None:
    with psycopg.connect(major_database, autocommit=True) as connection:
        connection.execute(SCHEMA.encode())
        connection.execute("vacuum analyze")
    snapshot = collect(major_database)
    catalog = Catalog(snapshot)

    with (
        Twin(snapshot, binaries=major_cluster.binaries) as twin,
        psycopg.connect(major_database) as connection,
    ):
        for text in STATEMENTS:
            samples = draw_samples(a_statement(text), usage_of("q", text, catalog), catalog).samples
            assert samples
            for sample in samples:
                original = original_plan(connection, sample.text)
                plan = twin.explain(sample.text)
                assert plan.shape == original.shape, sample
                assert cost_error(original, plan) <= 0.0001, sample
        # What stays unknown is planned together with what is known.
        mixed = "select $3::int from orders where city like $2 and tenant = $1 and total + $4 > 5"
        sampling = draw_samples(a_statement(mixed), usage_of("q", mixed, catalog), catalog)
        found = plans_by_value(twin, a_statement(mixed), sampling, catalog)

    assert found.not_planned == ()
    assert "3 parameters stay unknown, as in a generic plan" in found.assumptions
    assert sum(len(variant.members) for variant in found.variants) == len(sampling.samples) > 1

"""Collations of the database's own, ICU's and nondeterministic ones, plan as on the original."""

from __future__ import annotations

import psycopg
import pytest

from pgadvisor.cluster.binaries import embedded_binaries
from pgadvisor.cluster.launch import Cluster
from pgadvisor.collect.assemble import collect
from pgadvisor.snapshotfile import redact
from pgadvisor.whatif.twin import Twin
from tests.fixtures.databases import fresh_database
from tests.whatif.original import cost_error, original_plan

pytestmark = [pytest.mark.live, pytest.mark.matrix]

SCHEMA = """
create collation folding (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
create collation german (provider = icu, locale = 'de-DE');
create table names (
    id integer primary key,
    folded text collate folding,
    ordered text collate german,
    built_in text collate "en-x-icu",
    usual text
);
insert into names
select i, 'Name ' || i % 700, 'Ärger ' || i % 900, 'x ' || (i * 7) % 1100, 'y' || i % 50
from generate_series(1, 20000) i;
create index names_folded on names (folded);
create index names_ordered on names (ordered);
create index names_built_in on names (built_in);
create index names_pattern on names (ordered text_pattern_ops);
vacuum analyze names;
"""
EXACT = (
    "select * from names where folded = 'NAME 17'",
    "select * from names where ordered = 'Ärger 7'",
    "select * from names where ordered like 'Ärger 15%'",
    'select * from names order by usual collate "de-x-icu" limit 5',
    "select folded, count(*) from names group by folded",
    "select * from names a join names b on a.ordered = b.ordered where a.id < 50",
)
"""Of these no cost depends on an order."""
ORDERED = (
    "select * from names where folded > 'name 69'",
    "select * from names where ordered < 'Ärger 15'",
    "select * from names where built_in between 'x 10' and 'x 12' order by built_in",
)


def test_plans_with_every_collation_like_the_original(major_cluster: Cluster) -> None:
    with fresh_database(major_cluster) as dsn:
        with psycopg.connect(dsn, autocommit=True) as connection:
            for statement in SCHEMA.split(";\n")[:-1]:
                connection.execute(statement.encode())
            plans = {text: original_plan(connection, text) for text in (*EXACT, *ORDERED)}
            connection.execute(EXACT[3].encode())  # which is how its collation is known
        snapshot = collect(dsn)

    for one in (snapshot, redact(snapshot, "default")):
        with Twin(one, binaries=major_cluster.binaries) as twin:
            assert twin.notes == ()
            for text in (*EXACT, *ORDERED) if one is snapshot else EXACT[:1]:
                plan = twin.explain(text)
                assert plan.shape == plans[text].shape, text
                assert cost_error(plans[text], plan) <= 0.0001, text
    if major_cluster.binaries.major == embedded_binaries().major:
        with Twin(snapshot, binaries=embedded_binaries()) as without_icu:
            assert len(without_icu.notes) == 4
            for text in EXACT:
                assert without_icu.explain(text).shape == plans[text].shape, text
                assert cost_error(plans[text], without_icu.explain(text)) <= 0.0001, text

"""Statistics reach the twin value for value."""

from __future__ import annotations

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pgadvisor.model.snapshot import Snapshot
from pgadvisor.whatif.twin import Twin
from pgadvisor.whatif.twin.statistics.array_text import array_literal

pytestmark = [pytest.mark.live, pytest.mark.xdist_group("whatif_shop")]

TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\0"))
STATISTICS = (
    "select schemaname, tablename, attname, inherited, null_frac, avg_width, n_distinct,"
    " most_common_vals::text, most_common_freqs, histogram_bounds::text, correlation,"
    " most_common_elems::text, most_common_elem_freqs, elem_count_histogram,"
    " range_length_histogram::text, range_empty_frac, range_bounds_histogram::text"
    " from pg_stats where schemaname <> all (array['pg_catalog', 'information_schema'])"
    " order by 1, 2, 3, 4"
)
RELATIONS = (
    "select relname, relkind::text, relpages, reltuples, relallvisible,"
    " case when relkind in ('r', 'i', 'm') then pg_relation_size(c.oid) end"
    " from pg_class c join pg_namespace n on n.oid = relnamespace"
    " where relkind in ('r', 'i', 'm', 'p', 'I') and nspname <> all"
    " (array['pg_catalog', 'information_schema', 'pg_toast', 'pgadvisor_twin'])"
    " order by 1"
)


@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(values=st.lists(TEXTS, max_size=5))
def test_every_text_survives_as_an_element_of_an_array(shop: str, values: list[str]) -> None:
    with psycopg.connect(shop) as connection:
        row = connection.execute("select %s::text[]", (array_literal(values),)).fetchone()

    assert row == (values,)


def test_no_values_are_no_array() -> None:
    assert array_literal(None) is None


def test_are_all_as_they_were(shop: str, snapshot: Snapshot) -> None:
    with psycopg.connect(shop) as connection:
        original = connection.execute(STATISTICS.encode()).fetchall()

    with Twin(snapshot) as twin:
        found = twin._run("asking").server.role.execute(STATISTICS.encode()).fetchall()

    assert len(original) > 60
    assert found == original


def test_every_relation_is_as_large_as_it_was(shop: str, snapshot: Snapshot) -> None:
    with psycopg.connect(shop) as connection:
        original = connection.execute(RELATIONS.encode()).fetchall()

    with Twin(snapshot) as twin:
        found = twin._run("asking").server.role.execute(RELATIONS.encode()).fetchall()

    # A materialised view is a plain table here, which makes no difference to a plan.
    plain = [(name, "r" if kind == "m" else kind, *rest) for name, kind, *rest in original]
    assert found == plain

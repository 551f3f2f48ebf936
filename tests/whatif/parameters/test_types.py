"""Values of every type are found again by the original, and planned alike."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import psycopg
import pytest

from pgadvisor.cluster.launch import Cluster
from pgadvisor.collect.assemble import collect
from pgadvisor.model.catalog import Catalog
from pgadvisor.model.snapshot import Snapshot
from pgadvisor.parse.usage import usage_of
from pgadvisor.testing import a_statement
from pgadvisor.whatif.parameters import Sample, draw_samples
from pgadvisor.whatif.twin import Twin
from tests.fixtures.databases import fresh_database
from tests.whatif.original import cost_error, original_plan

pytestmark = [pytest.mark.live, pytest.mark.xdist_group("whatif_values")]

LINE = r"""'it''s \ a "line", {' || i || '},' || E'\n' || chr(228)"""
COLUMNS = {
    "small": ("smallint", "i % 100"),
    "medium": ("integer", "i - 1000"),
    "large": ("bigint", "i::bigint * 10000000000"),
    "exact": ("numeric(20, 4)", "i / 7.0"),
    "single": ("real", "i / 7.0"),
    "double": ("double precision", "i / 7.0"),
    "cash": ("money", "(i / 7.0)::numeric::money"),
    "flag": ("boolean", "i % 3 = 0"),
    "line": ("text", LINE),
    "brief": ("varchar(40)", "'v' || i"),
    "padded": ("char(10)", "'p' || i"),
    "label": ("name", "'n' || i"),
    "letter": ('"char"', "chr(65 + i % 26)"),
    "day": ("date", "date '2026-01-01' + i"),
    "moment": ("timestamp", "timestamp '2026-01-01' + i * interval '1 hour'"),
    "instant": ("timestamptz", "timestamptz '2026-01-01 00:00+02' + i * interval '1 hour'"),
    "hour": ("time", "time '00:00' + i * interval '7 seconds'"),
    "span": ("interval", "i * interval '1 hour 7 minutes'"),
    "code": ("uuid", "md5(i::text)::uuid"),
    "bytes": ("bytea", "decode(md5(i::text), 'hex')"),
    "address": ("inet", "inet '10.0.0.0' + i"),
    "card": ("macaddr", "('08:00:2b:01:' || lpad(to_hex(i % 16), 2, '0') || ':03')::macaddr"),
    "mask": ("bit(8)", "(i % 256)::bit(8)"),
    "state": ('"Odd state"', """(array['to do', 'it''s done'])[1 + i % 2]::"Odd state" """),
    "above": ("positive", "i"),
    "numbers": ("integer[]", "array[i, i + 1]"),
    "words": ("text[]", "array['a,b', 'c' || i, '\"']"),
    "stay": ("int4range", "int4range(i, i + 10)"),
    "home": ("address", "row('Street, ' || i, '\"City\"')::address"),
    "data": ("jsonb", """jsonb_build_object('it''s', i % 50)"""),
}
UNORDERED = {"flag", "label", "letter", "state", "home", "data", "stay", "numbers", "words"}
ROWS = 3000
NUMBERS = f"""(
    select case when n % 2 = 0 then n else 1 + n % 9 end from generate_series(1, {ROWS}) n
) s(i)"""
"""Half of the rows share a handful of values, so that there are common ones."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """The original and its twin."""

    dsn: str
    snapshot: Snapshot
    twin: Twin

    def samples(self, condition: str) -> tuple[Sample, ...]:
        """The samples of a query with a condition."""
        catalog = Catalog(self.snapshot)
        text = f"select * from everything where {condition}"
        return draw_samples(a_statement(text), usage_of("q", text, catalog), catalog).samples


@pytest.fixture(scope="module")
def place(cluster: Cluster) -> Iterator[Place]:
    declared = ", ".join(f"{name} {type_name}" for name, (type_name, _) in COLUMNS.items())
    values = ", ".join(value for _, value in COLUMNS.values())
    with fresh_database(cluster) as dsn:
        with psycopg.connect(dsn, autocommit=True) as connection:
            for statement in (
                """create type "Odd state" as enum ('to do', 'it''s done')""",
                "create domain positive as integer check (value > 0)",
                "create type address as (street text, city text)",
                f"create table everything ({declared})",
                f"insert into everything select {values} from {NUMBERS}",
                "vacuum analyze everything",
            ):
                connection.execute(statement.encode())
        snapshot = collect(dsn)
        with Twin(snapshot) as twin:
            yield Place(dsn=dsn, snapshot=snapshot, twin=twin)


def test_leaves_ranges_unknown_that_have_no_common_values(place: Place) -> None:
    assert place.samples("stay = $1") == ()


@pytest.mark.parametrize("column", [name for name in COLUMNS if name != "stay"])
def test_finds_rows_for_values_of_every_type(place: Place, column: str) -> None:
    samples = place.samples(f"{column} = $1")

    assert samples
    assert sum(sample.weight for sample in samples) == pytest.approx(1.0)
    with psycopg.connect(place.dsn) as connection:
        for sample in samples:
            rows = len(connection.execute(sample.text.encode()).fetchall())
            [asked] = sample.classes
            assert rows, sample
            assert asked.low_ratio - 0.001 <= rows / ROWS <= asked.high_ratio + 0.001, sample


@pytest.mark.parametrize("column", COLUMNS)
def test_plans_values_of_every_type_like_the_original(place: Place, column: str) -> None:
    with psycopg.connect(place.dsn) as connection:
        for condition in (f"{column} = $1", f"{column} = any ($1)", f"{column} in ($1, $2)"):
            for sample in place.samples(condition):
                original = original_plan(connection, sample.text)
                plan = place.twin.explain(sample.text)
                assert plan.shape == original.shape, sample
                assert cost_error(original, plan) <= 0.0001, sample
                assert plan.root.rows == original.root.rows, sample


@pytest.mark.parametrize("column", [name for name in COLUMNS if name not in UNORDERED])
def test_covers_about_what_it_says(place: Place, column: str) -> None:
    with psycopg.connect(place.dsn) as connection:
        for condition in (f"{column} >= $1", f"{column} between $1 and $2"):
            samples = place.samples(condition)
            assert samples
            for sample in samples:
                rows = len(connection.execute(sample.text.encode()).fetchall())
                [asked] = sample.classes
                assert rows / ROWS == pytest.approx(asked.high_ratio, abs=0.06), sample

"""Samples of statements, on built statistics."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pgadvisor.model.catalog import Catalog
from pgadvisor.parse.parameters import parameter_numbers
from pgadvisor.parse.statement import parse_statement
from pgadvisor.parse.usage import usage_of
from pgadvisor.testing import a_foreign_key, a_snapshot, a_statement, a_table, column_statistics
from pgadvisor.whatif.parameters import Sampling, draw_samples

TENANTS = a_table("tenants", "id integer not null", "name text", rows=2_000)
ORDERS = a_table(
    "orders",
    *("id bigint not null", "tenant_id integer not null", "status text", "total numeric"),
    *("created_at timestamptz not null", "note text"),
    rows=1_000_000,
)
ITEMS = a_table("items", "order_id bigint not null", "tenant_id integer not null", rows=3_000_000)
BOTH = "o.tenant_id = $1 and i.tenant_id = $2"
BOUNDS = tuple(str(number) for number in range(0, 10_001, 100))
DAYS = tuple(f"2026-01-{day:02} 00:00:00+00" for day in range(1, 29))
CATALOG = Catalog(
    a_snapshot(
        TENANTS,
        ORDERS,
        ITEMS,
        a_foreign_key(ORDERS, "tenant_id", TENANTS),
        a_foreign_key(ITEMS, "tenant_id", TENANTS),
        column_statistics(TENANTS, "id", n_distinct=-1.0, histogram_bounds=BOUNDS),
        column_statistics(ORDERS, "id", n_distinct=-1.0, histogram_bounds=BOUNDS),
        column_statistics(
            ORDERS,
            "tenant_id",
            most_common=(("7", 0.12),),
            n_distinct=2000.0,
            histogram_bounds=BOUNDS,
        ),
        column_statistics(
            ITEMS,
            "tenant_id",
            most_common=(("7", 0.3),),
            n_distinct=2000.0,
            histogram_bounds=BOUNDS,
        ),
        column_statistics(
            ORDERS, "status", most_common=(("done", 0.9), ("open", 0.1)), null_ratio=0.0
        ),
        column_statistics(
            ORDERS, "note", most_common=(("it's \\ odd", 0.4), ("", 0.3)), null_ratio=0.3
        ),
        column_statistics(ORDERS, "created_at", n_distinct=-1.0, histogram_bounds=DAYS),
    )
)


def sampling(text: str, *, rows: int = 0, calls: int = 10) -> Sampling:
    return draw_samples(
        a_statement(text, rows=rows, calls=calls), usage_of("q", text, CATALOG), CATALOG
    )


def texts(condition: str) -> list[str]:
    head = "select from orders where "
    return [sample.text.removeprefix(head) for sample in sampling(head + condition).samples]


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("tenant_id = $1", ["tenant_id = '5000'", "tenant_id = '7'"]),
        ("status = $1", ["status = 'done'", "status = 'open'"]),
        ("status <> $1", ["status <> 'done'", "status <> 'open'"]),
        ("status in ($1)", ["status in ('done')", "status in ('open')"]),
        ("note = $1", [r"note = E'it''s \\ odd'"]),
        (
            "note is not distinct from $1",
            [r"note is not distinct from E'it''s \\ odd'", "note is not distinct from NULL"],
        ),
        ("status in ($1, $2)", ["status in ('done', 'open')", "status in ('open', 'open')"]),
        (
            "created_at > $1",
            [
                "created_at > '2026-01-14 00:00:00+00'",
                "created_at > '2026-01-25 00:00:00+00'",
                "created_at > '2026-01-27 00:00:00+00'",
            ],
        ),
        (
            "created_at between $1 and $2",
            [
                "created_at between '2026-01-13 00:00:00+00' and '2026-01-27 00:00:00+00'",
                "created_at between '2026-01-24 00:00:00+00' and '2026-01-27 00:00:00+00'",
                "created_at between '2026-01-26 00:00:00+00' and '2026-01-27 00:00:00+00'",
            ],
        ),
        # Nothing is known of these.
        ("total = $1", []),
        ("note like $1", []),
        ("lower(note) = $1", []),
        ("created_at > $1 and created_at < '2026-01-05'", []),
        ("created_at > $1 and created_at > $2", []),
    ],
)
def test_puts_values_of_each_class_in(condition: str, expected: list[str]) -> None:
    assert texts(condition) == expected


def test_weighs_values_by_the_rows_that_hold_them() -> None:
    light, heavy = sampling("select from orders where tenant_id = $1").samples

    assert (light.weight, heavy.weight) == pytest.approx((0.88, 0.12))
    assert light.classes[0].words == ("one of 1,999 values held by 0.04 % of the rows each")
    assert heavy.classes[0].words == "a value held by 12 % of the rows"


def test_reads_arrays_and_squashed_lists_as_ten_values() -> None:
    [first, *_] = sampling("select from orders where tenant_id = any ($1)").samples
    [second, *_] = sampling("select from orders where tenant_id in ($1 /*, ... */)").samples

    assert first.text.startswith("""select from orders where tenant_id = any ('{"7",""")
    assert first.text.count('"') == 20
    assert second.text.startswith("select from orders where tenant_id in ('7', ")
    assert second.text.count("'") == 20


@pytest.mark.parametrize(
    "text",
    [
        "select from orders o, items i where o.tenant_id = $1 and i.tenant_id = $1",
        f"select from orders o join items i using (tenant_id) where {BOTH}",
        # Both refer to the same tenant.
        f"select from orders o join items i on i.order_id = o.id where {BOTH}",
        "select from tenants t join items i on i.tenant_id = t.id where t.id = $1",
    ],
)
def test_asks_for_one_tenant_in_all_places(text: str) -> None:
    samples = sampling(text).samples

    assert [{value for _, value in sample.values} for sample in samples] == [{"'5000'"}, {"'7'"}]
    assert samples[1].classes[0].asked.name == "public.items.tenant_id"
    assert samples[1].weight == pytest.approx(0.3)


def test_asks_for_two_rows_of_one_table_apart() -> None:
    found = sampling("select from orders a, orders b where a.tenant_id = $1 and b.tenant_id = $2")

    assert len(found.samples) == 4
    assert "conditions are met independently of one another" in found.assumptions


@pytest.mark.parametrize(
    ("rows", "calls", "limit", "note"),
    [
        (200, 10, "20", "LIMIT is taken to be 20, the mean number of rows of a call"),
        (1, 10, "1", "LIMIT is taken to be 1, the mean number of rows of a call"),
        (0, 10, "10", "LIMIT is taken to be 10"),
        (0, 0, "10", "LIMIT is taken to be 10"),
    ],
)
def test_says_what_it_takes_a_limit_for(rows: int, calls: int, limit: str, note: str) -> None:
    found = sampling(
        "select from orders where status = $1 limit $2 offset $3", rows=rows, calls=calls
    )

    assert {sample.text.partition(" limit ")[2] for sample in found.samples} == {
        f"{limit} offset 0"
    }
    assert note in found.assumptions
    assert "OFFSET is taken to be 0" in found.assumptions


def test_numbers_what_stays_unknown_from_one() -> None:
    found = sampling("select $3::int from orders where status = $1 and total > $2")

    assert {parameter_numbers(sample.text) for sample in found.samples} == {(2, 1)}
    assert "2 parameters stay unknown, as in a generic plan" in found.assumptions


def test_says_nothing_of_statements_without_known_columns() -> None:
    assert sampling("select from orders where total = $1 limit $2") == Sampling(
        samples=(), assumptions=()
    )
    assert sampling("insert into orders (id) values ($1)").samples == ()
    assert sampling("vacuum").samples == ()


CONDITIONS = (
    "tenant_id = {}",
    "id = {}",
    "status = {}",
    "status <> {}",
    "note is not distinct from {}",
    "created_at >= {}",
    "created_at < {}",
    "tenant_id in ({}, {})",
    "id = any ({})",
    "total > {}",
    "note like {}",
)


@st.composite
def statements(draw: st.DrawFn) -> str:
    """A query with some of the conditions, parameters numbered in any order."""
    chosen = draw(st.lists(st.sampled_from(CONDITIONS), min_size=1, max_size=7))
    count = sum(condition.count("{}") for condition in chosen)
    numbers = iter(draw(st.permutations(range(1, count + 1))))
    written = [
        condition.format(*(f"${next(numbers)}" for _ in range(condition.count("{}"))))
        for condition in chosen
    ]
    return f"select from orders where {' and '.join(written)}"


@given(statements())
def test_samples_of_any_statement_hold_together(text: str) -> None:
    found = sampling(text)

    assert found == sampling(text)
    if not found.samples:
        return
    assert sum(sample.weight for sample in found.samples) == pytest.approx(1.0)
    assert len(found.samples) <= 12
    numbers = set(parameter_numbers(text))
    for sample in found.samples:
        parsed = parse_statement(sample.text)
        known = {number for number, _ in sample.values}
        assert known <= numbers
        assert sorted(parameter_numbers(sample.text)) == list(range(1, len(numbers - known) + 1))
        assert parsed.parameter_count == len(numbers - known)

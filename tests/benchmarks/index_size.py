"""How far the sizes that the twin predicts for new indexes are from those that are built.

    python -m tests.benchmarks.index_size                 # its own data set, and many_indexes
    python -m tests.benchmarks.index_size --tpch 0.2      # and TPC-H at that scale
    python -m tests.benchmarks.index_size --each          # and each index by itself

Every index is built for real, measured and dropped again; the twin of the snapshot that was
taken without any of them predicts it.
"""

from __future__ import annotations

import argparse
import re
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import psycopg

from pgadvisor.cluster.launch import Cluster
from pgadvisor.collect.assemble import collect
from pgadvisor.whatif.twin import Twin
from tests.benchmarks import many_indexes, tpch
from tests.fixtures.databases import SETTINGS, fresh_database

EXTENSIONS = ["pg_trgm", "btree_gist", "btree_gin", "bloom", "ltree", "hstore", "vector"]
NAME = "tried"
TPCH_CASES = """
lineitem (l_orderkey)
lineitem (l_partkey)
lineitem (l_suppkey)
lineitem (l_partkey, l_suppkey)
lineitem (l_suppkey, l_partkey)
lineitem (l_partkey, l_suppkey, l_quantity)
lineitem (l_shipdate)
lineitem (l_shipdate, l_discount, l_quantity)
lineitem (l_receiptdate)
lineitem (l_shipmode, l_receiptdate)
lineitem (l_returnflag, l_linestatus)
lineitem (l_orderkey, l_suppkey)
lineitem (l_extendedprice)
lineitem (l_comment)
orders (o_custkey)
orders (o_orderdate)
orders (o_custkey, o_orderdate)
orders (o_orderdate, o_custkey)
orders (o_clerk)
orders (o_orderpriority, o_orderdate)
orders (o_totalprice)
partsupp (ps_suppkey)
partsupp (ps_suppkey, ps_partkey)
part (p_brand, p_container, p_size)
part (p_type)
part (p_name)
customer (c_nationkey)
customer (c_mktsegment, c_nationkey)
lineitem using hash (l_partkey)
lineitem using brin (l_shipdate)
part using gin (p_name gin_trgm_ops)
"""
BTREES = """
unique orders (order_id)
orders (customer_id)
orders (status)
orders (total)
orders (ordered_on)
orders (created_at)
orders (shipped_at)
orders (shipped_at desc nulls last)
orders (city)
orders (clerk)
orders (importance)
orders (is_paid)
orders (coupon)
orders (level)
orders (price_change)
orders (customer_id, created_at)
orders (customer_id, status)
orders (status, customer_id)
orders (country, currency)
orders (country, currency, city)
orders (country, city)
orders (ordered_on, order_id)
orders (level, coupon)
orders (customer_id, ordered_on desc, total)
orders (status, country, importance, is_paid)
orders (customer_id) include (total)
orders (customer_id) where status = 'open'
orders (created_at) where coupon is not null
orders (total) where not is_paid and level > 5
orders (lower(city))
people ((seen_at::date))
orders (customer_id) with (fillfactor = 70)
orders (city) with (deduplicate_items = off)
orders (city text_pattern_ops)
orders (city collate "C")
unique lines (order_id, line_number)
lines (order_id)
lines (part_id)
lines (supplier_id)
lines (part_id, supplier_id)
lines (supplier_id, part_id)
lines (supplier_id, part_id, quantity)
lines (part_id, supplier_id, shipped_on)
lines (quantity)
lines (price)
lines (discount)
lines (shipped_on)
lines (shipped_on, received_on)
lines (shipped_on, committed_on, received_on)
lines (return_flag, line_status)
lines (ship_mode)
lines (comment)
lines (ship_mode, shipped_on)
lines (shipped_on, discount, quantity)
lines (order_id, part_id)
lines (order_id, supplier_id, part_id, line_number)
lines (part_id) include (quantity, price)
unique people (id)
unique people (email)
people (name)
people (born_on)
people (seen_at)
people (address)
people (score)
people (flags)
people (biography)
people (group_id)
people (deleted_at)
people (amount)
people (span)
people (group_id, born_on)
people (lower(email))
people (seen_at) where deleted_at is null
people (group_id) where group_id is not null
documents (title)
documents ((attributes ->> 'kind'))
documents ((attributes ->> 'owner'))
documents (tags)
places (owner_id)
places (word)
places (path)
places (address)
places (open_during)
places (price)
places (seen_on, price)
readings (sensor_id)
readings (sensor_id, taken_at desc)
readings (value)
readings (taken_at, sensor_id)
"""
OTHERS = """
orders using hash (customer_id)
orders using hash (status)
orders using hash (city)
lines using hash (order_id)
lines using hash (part_id)
people using hash (email)
people using hash (group_id)
people using hash (email) with (fillfactor = 50)
documents using gin (tags)
documents using gin (numbers)
documents using gin (attributes)
documents using gin (attributes jsonb_path_ops)
documents using gin (settings)
documents using gin (settings jsonb_path_ops)
documents using gin (body)
documents using gin (abstract)
documents using gin (labels)
documents using gin (title gin_trgm_ops)
documents using gin (id, tags)
documents using gin (tags, abstract)
documents using gin (to_tsvector('simple', title))
people using gin (name gin_trgm_ops)
people using gin (email gin_trgm_ops)
people using gin (biography gin_trgm_ops)
orders using gin (customer_id)
orders using gin (status, country)
orders using gin (total)
orders using gin (city gin_trgm_ops)
places using gist (position)
places using gist (spot)
places using gist (area)
places using gist (outline)
places using gist (round)
places using gist (open_during)
places using gist (numbers)
places using gist (owner_id, open_during)
places using gist (owner_id)
places using gist (started_at)
places using gist (price)
places using gist (address inet_ops)
places using gist (path)
places using gist (word gist_trgm_ops)
places using gist (word)
documents using gist (title gist_trgm_ops)
documents using gist (abstract)
documents using gist (body)
people using gist (id)
people using gist (born_on)
places using gist (position) with (fillfactor = 60)
places using spgist (position)
places using spgist (position kd_point_ops)
places using spgist (spot)
places using spgist (area)
places using spgist (outline)
places using spgist (open_during)
places using spgist (numbers)
places using spgist (address)
places using spgist (word)
people using spgist (name)
people using spgist (email)
documents using spgist (title)
readings using brin (taken_at)
readings using brin (id, taken_at) with (pages_per_range = 16)
readings using brin (taken_at) with (pages_per_range = 2)
readings using brin (note) with (pages_per_range = 4)
readings using brin (address inet_inclusion_ops) with (pages_per_range = 4)
readings using brin (taken_at timestamp_minmax_multi_ops) with (pages_per_range = 4)
readings using brin (value float8_minmax_multi_ops) with (pages_per_range = 8)
readings using brin (sensor_id int4_bloom_ops) with (pages_per_range = 8)
people using brin (id uuid_bloom_ops) with (pages_per_range = 16)
people using brin (email text_bloom_ops(n_distinct_per_range = 500)) with (pages_per_range = 16)
places using brin (open_during) with (pages_per_range = 2)
lines using bloom (part_id, supplier_id, line_number)
lines using bloom (part_id, comment text_ops) with (length = 200, col1 = 4)
pictures using hnsw (seen vector_l2_ops)
pictures using hnsw (seen vector_cosine_ops) with (m = 6)
pictures using hnsw (short vector_l2_ops)
pictures using hnsw (hash bit_hamming_ops)
pictures using hnsw ((seen::halfvec(64)) halfvec_l2_ops) with (m = 24)
pictures using ivfflat (seen vector_l2_ops) with (lists = 20)
pictures using ivfflat (short vector_l2_ops) with (lists = 100)
"""
_CASE = re.compile(r"(unique )?(\w+) (?:using (\w+) )?(.*)")
_BTREE_LIMIT_RATIO = 0.05
_OTHER_LIMIT_RATIO = 0.25
_LENGTH = """
with recursive family(oid) as (
    select oid from pg_class where relname = %s and relkind in ('i', 'I') union all
    select i.inhrelid from family f join pg_inherits i on i.inhparent = f.oid
)
select sum(pg_relation_size(oid))::bigint from family
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """An index to build."""

    text: str
    """As the lists have it."""
    create: str
    """The statement."""
    kind: str
    """The access method."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """An index that was built, and what the twin makes of it."""

    case: Case
    built_bytes: int
    predicted_bytes: int
    is_doubted: bool
    """The twin says that it does not know."""

    @property
    def error_ratio(self) -> float:
        """Above zero: it is predicted larger than it is."""
        return self.predicted_bytes / self.built_bytes - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class DataSet:
    """A database, and indexes to try there."""

    name: str
    fill: Callable[[str], None]
    """Makes it in the empty database of that DSN."""
    cases: tuple[Case, ...]


def listed(text: str) -> Iterator[Case]:
    """Read a list of indexes."""
    for line in filter(None, text.splitlines()):
        match = _CASE.fullmatch(line)
        assert match is not None, line
        unique, table, method, rest = match.groups()
        using = f"using {method} " if method else ""
        create = f"create {unique or ''}index {NAME} on {table} {using}{rest}"
        yield Case(text=line, create=create, kind=method or "btree")


def fill(dsn: str) -> None:
    """Make the data set in an empty database; it has some 900,000 rows."""
    schema = Path(__file__).with_suffix(".sql").read_bytes()
    with psycopg.connect(dsn, autocommit=True) as connection:
        for extension in EXTENSIONS:
            connection.execute(f"create extension {extension}".encode())
        connection.execute(schema)
        connection.execute("vacuum analyze")


def own() -> DataSet:
    """The data set of this file."""
    return DataSet(name="of its own", fill=fill, cases=(*listed(BTREES), *listed(OTHERS)))


def others() -> DataSet:
    """The data set that plans are compared on."""
    cases = (
        Case(
            text=case.create.removeprefix("create ").replace("index on ", "", 1),
            create=case.create_named,
            kind=match[1] if (match := re.search(r" using (\w+) ", case.create)) else "btree",
        )
        for case in many_indexes.CASES
    )
    return DataSet(name="many_indexes", fill=many_indexes.fill, cases=tuple(cases))


def of_tpch(work: Path, scale: float) -> DataSet:
    """TPC-H at some scale; its rows are made in that directory."""
    fetched = tpch.fetch(work, scale)

    def make(dsn: str) -> None:
        tpch.load(dsn, fetched)
        with psycopg.connect(dsn, autocommit=True) as connection:
            connection.execute("create extension pg_trgm")

    return DataSet(name=f"TPC-H {scale:g}", fill=make, cases=tuple(listed(TPCH_CASES)))


def measure(dsn: str, cases: Iterable[Case]) -> Iterator[Measured]:
    """Build each index, and predict it."""
    with psycopg.connect(dsn, autocommit=True) as connection, Twin(collect(dsn)) as twin:
        for case in cases:
            connection.execute("begin")
            connection.execute(case.create.encode())
            row = connection.execute(_LENGTH, (NAME,)).fetchone()
            connection.execute("rollback")
            assert row is not None
            made = twin.create(case.create)
            yield Measured(
                case=case,
                built_bytes=int(row[0]),
                predicted_bytes=made.size_bytes,
                is_doubted=bool(made.size_notes),
            )


def print_each(measured: Iterable[Measured]) -> None:
    """Print a line for each index: pages built and predicted, and by how much they differ."""
    for one in measured:
        limit = _BTREE_LIMIT_RATIO if one.case.kind == "btree" else _OTHER_LIMIT_RATIO
        mark = "!" if abs(one.error_ratio) > limit else " "
        doubt = "?" if one.is_doubted else " "
        pages = f"{one.built_bytes // 8192:7,} {one.predicted_bytes // 8192:7,}"
        print(f"{mark}{doubt} {pages} {one.error_ratio:+8.1%}  {one.case.kind:8} {one.case.text}")


def print_table(name: str, measured: Sequence[Measured]) -> None:
    """Print a line for each kind of index."""
    for kind in dict.fromkeys(one.case.kind for one in measured):
        found = [one for one in measured if one.case.kind == kind]
        errors = [abs(one.error_ratio) for one in found]
        near = sum(error <= _BTREE_LIMIT_RATIO for error in errors)
        fair = sum(error <= _OTHER_LIMIT_RATIO for error in errors)
        sure = [abs(one.error_ratio) for one in found if not one.is_doubted]
        worst = f"{max(sure):.1%} | {max(errors):.1%}" if sure else f"- | {max(errors):.1%}"
        print(f"| {name} | {kind} | {len(found)} | {near} | {fair} | {len(sure)} | {worst} |")


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description="Predicted and built sizes of indexes.")
    parser.add_argument("--tpch", type=float, default=0.0, help="scale of TPC-H; 0: without it")
    parser.add_argument("--each", action="store_true", help="print each index, too")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as work:
        data_sets = [own(), others()]
        if options.tpch:
            data_sets.append(of_tpch(Path(work), options.tpch))
        print("| data | kind | indexes | within 5 % | within 25 % | sure | worst | worst of all |")
        print("|---|---|---|---|---|---|---|---|")
        for data_set in data_sets:
            with (
                Cluster(settings={**SETTINGS, "shared_buffers": "256MB"}) as cluster,
                fresh_database(cluster) as dsn,
            ):
                data_set.fill(dsn)
                measured = list(measure(dsn, data_set.cases))
            print_table(data_set.name, measured)
            if options.each:
                print_each(measured)


if __name__ == "__main__":
    main()

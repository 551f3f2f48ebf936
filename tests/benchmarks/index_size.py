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
from tests.benchmarks.index_size_cases import BTREES, NAME, OTHERS, TPCH_CASES, Case, listed
from tests.fixtures.databases import SETTINGS, fresh_database

EXTENSIONS = ["pg_trgm", "btree_gist", "btree_gin", "bloom", "ltree", "hstore", "vector"]
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

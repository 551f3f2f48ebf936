"""TPC-H for benchmarks: rows from PyPI's ``tpchgen-cli``, queries from sqlglot's sources.

Both are fetched when they are needed, into a directory that the caller removes.
"""

from __future__ import annotations

import re
import subprocess
import tarfile
import venv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg

SCHEMA = """
create table region (
    r_regionkey integer primary key,
    r_name char(25) not null,
    r_comment varchar(152)
);
create table nation (
    n_nationkey integer primary key,
    n_name char(25) not null,
    n_regionkey integer not null,
    n_comment varchar(152)
);
create table part (
    p_partkey integer primary key,
    p_name varchar(55) not null,
    p_mfgr char(25) not null,
    p_brand char(10) not null,
    p_type varchar(25) not null,
    p_size integer not null,
    p_container char(10) not null,
    p_retailprice numeric(15, 2) not null,
    p_comment varchar(23) not null
);
create table supplier (
    s_suppkey integer primary key,
    s_name char(25) not null,
    s_address varchar(40) not null,
    s_nationkey integer not null,
    s_phone char(15) not null,
    s_acctbal numeric(15, 2) not null,
    s_comment varchar(101) not null
);
create table partsupp (
    ps_partkey integer,
    ps_suppkey integer,
    ps_availqty integer not null,
    ps_supplycost numeric(15, 2) not null,
    ps_comment varchar(199) not null,
    primary key (ps_partkey, ps_suppkey)
);
create table customer (
    c_custkey integer primary key,
    c_name varchar(25) not null,
    c_address varchar(40) not null,
    c_nationkey integer not null,
    c_phone char(15) not null,
    c_acctbal numeric(15, 2) not null,
    c_mktsegment char(10) not null,
    c_comment varchar(117) not null
);
create table orders (
    o_orderkey bigint primary key,
    o_custkey integer not null,
    o_orderstatus char(1) not null,
    o_totalprice numeric(15, 2) not null,
    o_orderdate date not null,
    o_orderpriority char(15) not null,
    o_clerk char(15) not null,
    o_shippriority integer not null,
    o_comment varchar(79) not null
);
create table lineitem (
    l_orderkey bigint,
    l_partkey integer not null,
    l_suppkey integer not null,
    l_linenumber integer,
    l_quantity numeric(15, 2) not null,
    l_extendedprice numeric(15, 2) not null,
    l_discount numeric(15, 2) not null,
    l_tax numeric(15, 2) not null,
    l_returnflag char(1) not null,
    l_linestatus char(1) not null,
    l_shipdate date not null,
    l_commitdate date not null,
    l_receiptdate date not null,
    l_shipinstruct char(25) not null,
    l_shipmode char(10) not null,
    l_comment varchar(44) not null,
    primary key (l_orderkey, l_linenumber)
);
"""
FOREIGN_KEYS = """
alter table nation add foreign key (n_regionkey) references region;
alter table supplier add foreign key (s_nationkey) references nation;
alter table customer add foreign key (c_nationkey) references nation;
alter table partsupp add foreign key (ps_partkey) references part;
alter table partsupp add foreign key (ps_suppkey) references supplier;
alter table orders add foreign key (o_custkey) references customer;
alter table lineitem add foreign key (l_orderkey) references orders;
alter table lineitem add foreign key (l_partkey, l_suppkey) references partsupp;
"""
TABLES = ("region", "nation", "part", "supplier", "partsupp", "customer", "orders", "lineitem")
CHANGES = (
    "update orders set o_orderstatus = 'F' where o_orderkey = 7",
    "update customer set c_acctbal = c_acctbal - 1 where c_nationkey = 3 and c_acctbal > 9900",
    "update lineitem set l_tax = 0 from orders where l_orderkey = o_orderkey and o_custkey = 370",
    "delete from lineitem where l_orderkey between 1000 and 1031",
    "delete from partsupp where ps_supplycost > 999 and ps_availqty < 100",
    (
        "insert into orders select o_orderkey + 100000000, o_custkey, o_orderstatus, o_totalprice,"
        " o_orderdate, o_orderpriority, o_clerk, o_shippriority, o_comment from orders"
        " where o_orderdate = '1995-03-05'"
    ),
    "insert into region values (9, 'ATLANTIS', 'sunk') on conflict (r_regionkey) do nothing",
)
"""Changes of rows; TPC-H's own two refresh functions insert and delete orders by their keys."""

_HEAD = re.compile(r"-{20,}\n-- TPC-H \d+\n-{20,}\n")
_FIXTURE = "optimizer/tpc-h/tpc-h.sql"
_BATCH_BYTES = 1 << 20
_FETCHED = ("tpchgen-cli", "sqlglot")


@dataclass(frozen=True, slots=True, kw_only=True)
class Tpch:
    """Files with rows, and the 22 queries."""

    rows: Path
    queries: tuple[str, ...]


def fetch(work: Path, scale: float) -> Tpch:
    """Make the rows and get the queries; at scale 1 about a gigabyte and half a minute."""
    venv.create(work / "environment", with_pip=True)
    python = work / "environment" / "bin" / "python"
    generator, library = _FETCHED
    _run(python, "-m", "pip", "install", "--quiet", generator)
    rows = work / "rows"
    _run(python.with_name(generator), f"--scale-factor={scale}", f"--output-dir={rows}")
    options = ("--quiet", "--no-deps", "--no-binary=:all:", f"--dest={work}")
    _run(python, "-m", "pip", "download", *options, library)
    return _fetched(work)


def fetch_once(work: Path, scale: float) -> Tpch:
    """Fetch into a directory that is kept, or return what was fetched into it before."""
    directory = work / f"scale-{scale:g}"
    whole = directory / "whole"
    if not whole.exists():
        directory.mkdir(parents=True, exist_ok=True)
        fetch(directory, scale)
        whole.touch()
    return _fetched(directory)


def load(dsn: str, tpch: Tpch, *, has_keys: bool = True) -> None:
    """Fill an empty database, and analyse it.

    Args:
        dsn: The database.
        tpch: The rows.
        has_keys: With primary and foreign keys; False: with no index at all, and with the
            integers that TPC-H's own definition of tables has, as published comparisons do.
    """
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("set maintenance_work_mem = '512MB'")
        # VACUUM takes no page for all-visible whose rows' commit may not be on the disk yet.
        connection.execute("set synchronous_commit = on")
        for table, definition in zip(TABLES, SCHEMA.split(";\n"), strict=False):
            with connection.transaction(), (tpch.rows / f"{table}.tbl").open() as rows:
                written = definition if has_keys else _without_keys(definition)
                connection.execute(written.encode())
                copying = f"copy {table} from stdin with (delimiter '|')"
                with connection.cursor().copy(copying.encode()) as copy:
                    while batch := rows.readlines(_BATCH_BYTES):
                        copy.write("".join(batch).replace("|\n", "\n"))
        if has_keys:
            connection.execute(FOREIGN_KEYS.encode())
        connection.execute("vacuum (analyze)")


def _without_keys(definition: str) -> str:
    """The definition of a table with no primary key, and with integers for order numbers."""
    bare = re.sub(r",\n    primary key \(.*\)", "", definition)
    return bare.replace(" primary key", " not null").replace("bigint", "integer")


def _fetched(work: Path) -> Tpch:
    [archive] = work.glob(f"{_FETCHED[1]}-*.tar.gz")
    return Tpch(rows=work / "rows", queries=tuple(_queries(archive)))


def _queries(archive: Path) -> Iterator[str]:
    """The queries of sqlglot's own tests, each mended where it is not PostgreSQL's SQL."""
    with tarfile.open(archive) as sources:
        [member] = [one for one in sources.getmembers() if one.name.endswith(_FIXTURE)]
        found = sources.extractfile(member)
        assert found is not None
        text = found.read().decode()
    for part in _HEAD.split(text)[1:]:
        # Below the query stands what sqlglot makes of it.
        query = re.sub(r"(?m)^#.*$", "", part.split(";")[0]).strip()
        query = re.sub(r"(?i)\bas string\b", "as text", query)
        # A date that is compared as a text to a date, which PostgreSQL has no operator for.
        yield re.sub(r"(?i)cast\((\w+) as text\)(?=\s*(?:>=|<))", r"\1", query)


def _run(*command: str | Path) -> None:
    subprocess.run(command, check=True, timeout=600)

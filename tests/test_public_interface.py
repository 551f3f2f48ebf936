"""What users of the library may hold on to."""

from __future__ import annotations

import inspect
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg import conninfo, sql

import pgadvisor
from pgadvisor import Budget, GiB, LiveOptions, ParameterValue
from pgadvisor.cluster.launch import Cluster
from pgadvisor.version import VERSION
from tests.fixtures.shop import shop


def test_names_are_sorted_and_there() -> None:
    assert sorted(pgadvisor.__all__) == pgadvisor.__all__
    assert set(pgadvisor.__all__) <= set(dir(pgadvisor))
    assert all(getattr(pgadvisor, name) is not None for name in pgadvisor.__all__)


@pytest.mark.parametrize("name", [n for n in pgadvisor.__all__ if n != "__version__"])
def test_every_name_is_described(name: str) -> None:
    value = getattr(pgadvisor, name)

    if isinstance(value, int):
        units = Path(pgadvisor.__path__[0], "units.py").read_text(encoding="utf-8")
        assert re.search(rf'^{name} = .*\n"""', units, re.MULTILINE)
    else:
        assert inspect.getdoc(value)


@pytest.mark.parametrize("name", ["Advice", "Snapshot", "Twin", "Budget", "Config"])
def test_every_method_is_described(name: str) -> None:
    members = inspect.getmembers(getattr(pgadvisor, name), inspect.isfunction)

    bare = [n for n, member in members if not n.startswith("_") and not inspect.getdoc(member)]
    assert bare == []


def test_a_name_that_is_not_there_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="module 'pgadvisor' has no attribute 'no_such'"):
        getattr(pgadvisor, "no_such")  # noqa: B009  (a type checker knows better)


@pytest.mark.parametrize(
    "before", ["import pgadvisor.collect.scope", "pgadvisor.advise", "import pgadvisor.cli.app"]
)
def test_collect_is_the_function_whatever_was_imported_before(before: str) -> None:
    code = f"import pgadvisor; {before}; print(type(pgadvisor.collect).__name__)"

    printed = subprocess.run(  # noqa: S603  (our own argument list, no shell)
        [sys.executable, "-c", code], capture_output=True, check=True
    ).stdout

    assert printed.strip() == b"function"


def test_tells_its_version() -> None:
    assert pgadvisor.__version__ == VERSION


def test_import_leaves_the_heaviest_for_when_it_is_needed() -> None:
    code = "import sys, pgadvisor; print([n for n in ('pandas', 'sqlglot') if n in sys.modules])"

    printed = subprocess.run(  # noqa: S603  (our own argument list, no shell)
        [sys.executable, "-c", code], capture_output=True, check=True
    ).stdout

    assert printed.strip() == b"[]"


@pytest.fixture
def database_called_shop(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> Iterator[psycopg.Connection]:
    """What ``postgresql:///shop`` means to libpq, and a connection to another database."""
    with shop(cluster) as dsn, psycopg.connect(cluster.dsn(), autocommit=True) as connection:
        name = sql.Identifier(str(conninfo.conninfo_to_dict(dsn)["dbname"]))
        connection.execute(sql.SQL("alter database {} rename to shop").format(name))
        monkeypatch.setenv("PGHOST", connection.info.host)
        monkeypatch.setenv("PGPORT", str(connection.info.port))
        monkeypatch.setenv("PGUSER", connection.info.user)
        yield connection
        connection.execute(sql.SQL("alter database shop rename to {}").format(name))


@pytest.mark.live
@pytest.mark.usefixtures("database_called_shop")
def test_the_example_runs_as_it_is_written() -> None:
    snapshot = pgadvisor.collect("postgresql:///shop")
    advice = pgadvisor.advise(snapshot, budget=Budget(index_bytes=2 * GiB))
    parts = (advice.findings, advice.recommendations, advice.rejected, advice.skipped)
    scripts = (advice.migration.up_sql, advice.migration.down_sql)
    report = advice.report("markdown")
    with pgadvisor.Twin(snapshot) as twin:
        statement = "select * from orders where customer_id = 17"
        now = twin.explain(statement)
        plan = twin.explain(
            statement,
            create=("create index on orders (customer_id)",),
            drop=(),
            settings={},
        )

    assert all(isinstance(part, tuple) for part in parts)
    assert "missing-index:public.orders (customer_id)" in {f.key for f in advice.findings}
    assert 'ON "public"."orders" ("customer_id")' in scripts[0]
    assert "DROP INDEX CONCURRENTLY" in scripts[1]
    assert report.startswith("# ")
    assert plan.total_cost < now.total_cost / 10
    assert now.root.node_type != plan.root.node_type
    assert plan.index_names


@pytest.mark.live
@pytest.mark.usefixtures("database_called_shop")
def test_the_example_of_plans_runs_as_it_is_written(tmp_path: Path) -> None:
    query = "select * from orders where customer_id = $1"
    options = LiveOptions(
        parameters=(ParameterValue(number=1, value="42"),),
        analyze=True,
        allow_primary=True,
        allow_superuser=True,
    )
    snapshot = pgadvisor.collect("postgresql:///shop")
    with psycopg.connect("dbname=shop") as connection:
        rows = connection.execute(
            "explain (analyze, buffers) select * from orders where customer_id = 42"
        ).fetchall()
    (tmp_path / "plan.txt").write_text("\n".join(line for (line,) in rows), encoding="utf-8")

    explanation = pgadvisor.explain_plans(
        pgadvisor.read_executions(tmp_path / "plan.txt"), snapshot=snapshot
    )
    plan = pgadvisor.explain_statement("postgresql:///shop", query, options)
    measured = pgadvisor.explain_plans(pgadvisor.executions_of((plan,), "query"))
    trial = pgadvisor.indexes_for(snapshot, query)

    assert all(use.total_time_ms is not None for use in explanation.uses)
    assert "(customer_id = '?')" in explanation.report()
    assert measured.report().startswith("query\n")
    assert plan.execution_time_ms is not None
    assert trial.tried.cost_ratio is not None
    assert trial.tried.cost_ratio < 0.5


@pytest.mark.live
@pytest.mark.usefixtures("database_called_shop")
def test_tables_of_statements_are_frames() -> None:
    snapshot = pgadvisor.collect("postgresql:///shop")

    statements = snapshot.statements.to_pandas()
    ranked = pgadvisor.advise(snapshot, budget=Budget(max_indexes=0)).to_pandas()

    assert statements["total_time_ms"].is_monotonic_decreasing
    assert {"calls", "mean_time_ms", "text"} <= set(statements.columns)
    assert len(ranked) > 0

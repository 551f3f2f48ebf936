"""The example's generator and workers, on a real server."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from examples.upload_pipeline import generate, workload
from examples.upload_pipeline.clients import BacklogEmptyError
from examples.upload_pipeline.measure import METRICS
from examples.upload_pipeline.statements import HURRIED, MENDED, Statements
from pgadvisor.cluster.launch import Cluster
from tests.fixtures.databases import fresh_database

pytestmark = [pytest.mark.live, pytest.mark.xdist_group("small-pipeline")]

SCALE = generate.Scale(jobs=30_000, tenants=50)
SHORT = workload.Plan(warm_up_s=0.2, windows=2, window_s=0.6)
CONTENT = """
select md5(string_agg(md5(row::text), '' order by row::text)) from {} as row
"""


def rows_of(dsn: str, query: str) -> list[tuple[object, ...]]:
    with psycopg.connect(dsn, autocommit=True) as connection:
        return connection.execute(query.encode()).fetchall()


@pytest.fixture(scope="module")
def loaded(cluster: Cluster) -> Iterator[str]:
    """A database with a small pipeline, which no test changes."""
    with fresh_database(cluster) as dsn:
        generate.load(dsn, SCALE)
        yield dsn


@pytest.fixture(scope="module")
def loaded_again(cluster: Cluster) -> Iterator[str]:
    """Another one, which was loaded for itself."""
    with fresh_database(cluster) as dsn:
        generate.load(dsn, SCALE)
        yield dsn


@pytest.fixture
def pipeline(cluster: Cluster, loaded: str) -> Iterator[str]:
    """A database with a small pipeline, for one test: a copy, block by block."""
    origin = str(conninfo_to_dict(loaded)["dbname"])
    with fresh_database(cluster, copy_of=origin) as dsn:
        yield dsn


@pytest.mark.parametrize("table", ["documents", "upload_jobs", "chunks", "stage_events"])
def test_loads_the_same_rows_from_the_same_seed(loaded: str, loaded_again: str, table: str) -> None:
    first, second = (rows_of(dsn, CONTENT.format(table)) for dsn in (loaded, loaded_again))

    assert first == second


def test_some_tenants_are_much_larger_than_others(loaded: str) -> None:
    query = "select count(*) from documents group by tenant_id order by count(*) desc"
    sizes = [size for (size,) in rows_of(loaded, query)]

    assert isinstance(sizes[0], int)
    assert isinstance(sizes[9], int)
    assert sizes[0] > 5 * sizes[9]


def test_every_stage_has_a_backlog(loaded: str) -> None:
    query = (
        "select stage from upload_jobs where status = 'pending'"
        " group by stage having count(*) > 800 order by stage"
    )

    stages = rows_of(loaded, query)

    assert stages == [("chunked",), ("embedded",), ("parsed",), ("received",), ("stored",)]


def test_leaves_an_invalid_index_behind(loaded: str) -> None:
    query = "select indexrelid::regclass::text from pg_index where not indisvalid"

    assert rows_of(loaded, query) == [("documents_tenant_id_file_name_key",)]


@pytest.mark.parametrize("statements", [HURRIED, MENDED], ids=["hurried", "mended"])
def test_no_two_workers_take_the_same_job(pipeline: str, statements: Statements) -> None:
    if statements is MENDED:
        with psycopg.connect(pipeline, autocommit=True) as connection:
            generate.mend(connection)

    measured = workload.run(pipeline, statements, scale=SCALE, plan=SHORT)

    [(twice,)] = rows_of(
        pipeline,
        "select count(*) from (select from stage_events where worker like 'client %'"
        " group by job_id, stage having count(*) > 1) as repeated",
    )
    [(still_running,)] = rows_of(
        pipeline, "select count(*) from upload_jobs where status = 'running'"
    )
    assert (twice, still_running) == (0, 0)
    assert sum(window.jobs for window in measured.windows) > 0


def test_an_index_ends_the_reading_of_all_jobs(pipeline: str) -> None:
    [buffers] = [metric for metric in METRICS if metric.unit == "buffers/call"]
    [(pages,)] = rows_of(
        pipeline, "select relpages from pg_class where oid = 'upload_jobs'::regclass"
    )
    before = workload.run(pipeline, HURRIED, scale=SCALE, plan=SHORT)
    with psycopg.connect(pipeline, autocommit=True) as connection:
        connection.execute("create index on upload_jobs (stage, status, created_at)")
        connection.execute("vacuum (analyze) upload_jobs")

    after = workload.run(pipeline, HURRIED, scale=SCALE, plan=SHORT)

    assert isinstance(pages, int)
    assert before.spread(buffers).median > pages * 0.9  # a job's own pages are counted too
    assert after.spread(buffers).median < pages / 2


def test_says_that_the_backlog_is_empty(pipeline: str) -> None:
    with psycopg.connect(pipeline, autocommit=True) as connection:
        connection.execute("update upload_jobs set status = 'done' where stage = 'stored'")

    with pytest.raises(BacklogEmptyError, match="no pending job in stage"):
        workload.run(pipeline, HURRIED, scale=SCALE, plan=SHORT)

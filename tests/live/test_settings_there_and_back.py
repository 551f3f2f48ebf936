"""What rules propose for settings, run as it is written on a real server, and taken back.

Afterwards each value is what it was, and comes from where it came from.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import psycopg
import pytest

from pgadvisor.cluster.binaries import embedded_binaries
from pgadvisor.cluster.launch import Cluster
from pgadvisor.collect.assemble import collect
from pgadvisor.model.action import ChangeSetting
from pgadvisor.model.server import Server
from pgadvisor.model.service import Service
from pgadvisor.rulekit import change_for_database, change_for_role, change_where_set
from pgadvisor.sqltext.settings import setting_step

pytestmark = [pytest.mark.live, pytest.mark.xdist_group("settings-there-and-back")]

CONFIGURATION = {
    "autovacuum": "off",
    "max_wal_size": "128MB",
    "shared_preload_libraries": "auto_explain",
    "track_io_timing": "off",
}
"""What the file of the configuration says."""
_WAIT_S = 20.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """What one rule proposes, where the value of now was set in one way."""

    rule: str
    name: str
    value: str
    """In base units, as rules have it."""
    source: str
    """Of the old value, for sessions of the application."""
    planted: tuple[str, ...] = ()
    change: Callable[[Server, str, str], ChangeSetting] = change_where_set


def for_app(server: Server, name: str, value: str) -> ChangeSetting:
    return change_for_role(server, "app", name, value)


def of_server(rule: str, name: str, value: str, source: str, *planted: str) -> Case:
    """A change of what is set now, where it is set."""
    return Case(rule=rule, name=name, value=value, source=source, planted=planted)


def of_role(rule: str, name: str, value: str, source: str, *planted: str) -> Case:
    """A change for the application's role in this database."""
    return replace(of_server(rule, name, value, source, *planted), change=for_app)


def of_database(rule: str, name: str, value: str, source: str, *planted: str) -> Case:
    """A change for this database."""
    return replace(of_server(rule, name, value, source, *planted), change=change_for_database)


CASES = (
    of_role("pessimistic-random-page-cost", "random_page_cost", "1.1", "default"),
    of_role(
        *("serial-bitmap-reads", "effective_io_concurrency", "200", "user"),
        "alter role app set effective_io_concurrency = 1",
    ),
    of_role(
        *("hash-join-on-disk", "hash_mem_multiplier", "3.5", "user"),
        "alter role app set hash_mem_multiplier = 1.5",
    ),
    of_role(
        *("unbounded-idle-transaction", "idle_in_transaction_session_timeout"),
        *("60000", "database user"),
        "alter role app in database postgres set idle_in_transaction_session_timeout = '2h'",
    ),
    of_role(
        *("jit-overhead", "jit_above_cost", "1000000", "database"),
        "alter database postgres set jit_above_cost = 5000",
    ),
    of_database(
        *("pessimistic-random-page-cost", "random_page_cost", "1.1", "database"),
        "alter database postgres set random_page_cost = 3",
    ),
    of_server("requested-checkpoints", "max_wal_size", "4096", "configuration file"),
    of_server(
        *("hurried-checkpoints", "checkpoint_completion_target", "0.9", "configuration file"),
        "alter system set checkpoint_completion_target = 0.5",
    ),
    of_server("full-page-wal", "wal_compression", "pglz", "default"),
    of_server("backend-written-pages", "bgwriter_lru_maxpages", "400", "default"),
    of_server(
        *("understated-cache", "effective_cache_size", "1048576", "database"),
        "alter database postgres set effective_cache_size = '1GB'",
    ),
    of_server(
        *("missing-observability", "log_temp_files", "10240", "global"),
        "alter role all set log_temp_files = -1",
    ),
    of_server("missing-observability", "track_io_timing", "on", "configuration file"),
    of_server(
        *("missing-observability", "shared_preload_libraries"),
        *("auto_explain,pg_stat_statements", "configuration file"),
    ),
    of_server("cut-activity-texts", "track_activity_query_size", "4096", "default"),
    of_server(
        *("small-shared-buffers", "shared_buffers", "20000", "configuration file"),
        "alter system set shared_buffers = '32MB'",
    ),
    of_server("small-wal-buffers", "wal_buffers", "512", "configuration file"),
    of_server(
        *("unlaunched-parallel-workers", "max_parallel_workers", "7", "configuration file"),
        "alter system set max_parallel_workers = 2",
    ),
    of_server("repeated-index-passes", "autovacuum_work_mem", "262144", "default"),
)


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    """A server of our own, whose configuration has no value but ours."""
    configuration = CONFIGURATION | {"wal_buffers": "1MB"}
    with Cluster(binaries=embedded_binaries(), settings=configuration) as cluster:
        run(cluster, ("create role app login in role pg_monitor",))
        yield cluster


@pytest.fixture
def planted(cluster: Cluster, request: pytest.FixtureRequest) -> Iterator[Case]:
    """A case whose old value is set."""
    case: Case = request.param
    run(cluster, case.planted)
    in_force(cluster)
    yield case
    run(
        cluster,
        (
            "alter system reset all",
            "alter role all reset all",
            "alter role app reset all",
            "alter role app in database postgres reset all",
            "alter database postgres reset all",
        ),
    )
    in_force(cluster)


def run(cluster: Cluster, statements: Sequence[str]) -> None:
    """Each by itself, as the superuser."""
    with psycopg.connect(cluster.dsn(), autocommit=True) as session:
        for statement in statements:
            session.execute(statement.encode())


def in_force(cluster: Cluster) -> None:
    """Bring into force what is set, whatever it takes."""
    run(cluster, ("select pg_reload_conf()",))
    cluster.restart()


def state(cluster: Cluster, name: str) -> dict[str, object]:
    """What a session of the application has, whence, and all that is set anywhere."""
    with psycopg.connect(cluster.dsn(user="app"), autocommit=True) as session:
        [row] = session.execute(
            "select setting, source, regexp_replace(sourcefile, '.*/', ''), pending_restart"
            " from pg_settings where name = %s",
            (name,),
        ).fetchall()
    found: dict[str, object] = dict(
        zip(("setting", "source", "file", "is pending"), row, strict=True)
    )
    with psycopg.connect(cluster.dsn()) as session:
        found["roles"] = session.execute(
            "select setdatabase, setrole, setconfig from pg_db_role_setting order by 1, 2"
        ).fetchall()
        found["auto.conf"] = session.execute(
            "select name, setting from pg_file_settings"
            " where sourcefile like '%postgresql.auto.conf' order by name"
        ).fetchall()
    return found


def settled(cluster: Cluster, name: str, expected: Callable[[dict[str, object]], bool]) -> bool:
    """Whether it comes to that: a reload is over only when each process has seen it."""
    until = time.monotonic() + _WAIT_S
    while not expected(state(cluster, name)):
        if time.monotonic() > until:
            return False
        time.sleep(0.05)
    return True


def as_shown(value: str) -> str:
    """A value as pg_settings shows it: 1e+06, and a list with spaces."""
    return "1e+06" if value == "1000000" else value.replace(",", ", ")


@pytest.mark.parametrize(
    "planted",
    CASES,
    ids=[f"{case.rule}-{case.name}-{case.source.replace(' ', '-')}" for case in CASES],
    indirect=True,
)
def test_what_a_rule_proposes_runs_and_goes_back(planted: Case, cluster: Cluster) -> None:
    case, before = planted, state(cluster, planted.name)
    assert before["source"] == case.source
    server = collect(cluster.dsn()).server

    step = setting_step(case.change(server, case.name, case.value))
    takes_restart = bool(step.by_hand)
    run(cluster, (*step.up, *step.by_hand))
    if takes_restart:
        assert step.review_reason == "it takes a restart, which is never done for you"
        cluster.restart()

    assert settled(cluster, case.name, lambda now: now["setting"] == as_shown(case.value))

    run(cluster, (*step.down, *step.down_by_hand))
    if takes_restart:
        cluster.restart()
    assert settled(cluster, case.name, lambda now: now == before), state(cluster, case.name)


@pytest.mark.parametrize(
    ("name", "value", "previous", "when", "back"),
    [
        ("max_wal_size", "4096", "128", "immediate", "modify"),
        ("bgwriter_lru_maxpages", "400", "100", "immediate", "reset"),
        ("wal_buffers", "8192", "128", "pending-reboot", "modify"),
    ],
)
def test_the_same_server_on_rds_is_changed_by_its_tool(
    cluster: Cluster, name: str, value: str, previous: str, when: str, back: str
) -> None:
    server = replace(
        collect(cluster.dsn()).server, service_marks=("role rds_superuser",), is_superuser=False
    )
    assert server.service is Service.RDS

    action = change_where_set(server, name, value)
    step = setting_step(action)

    assert action.previous_value == previous
    assert (step.up, step.down) == ((), ())
    group = "db-parameter-group --db-parameter-group-name PARAMETER_GROUP --parameters"
    given = f"ParameterName={name},ParameterValue"
    assert step.by_hand == (f'aws rds modify-{group} "{given}={value},ApplyMethod={when}"',)
    old = f"{given}={previous}" if back == "modify" else f"ParameterName={name}"
    assert step.down_by_hand == (f'aws rds {back}-{group} "{old},ApplyMethod={when}"',)


def test_on_rds_a_role_is_changed_by_sql_that_runs(cluster: Cluster) -> None:
    server = replace(
        collect(cluster.dsn()).server, service_marks=("role rds_superuser",), is_superuser=False
    )
    before = state(cluster, "random_page_cost")

    step = setting_step(for_app(server, "random_page_cost", "1.1"))
    run(cluster, step.up)

    assert state(cluster, "random_page_cost")["setting"] == "1.1"
    run(cluster, step.down)
    assert state(cluster, "random_page_cost") == before

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


CASES = (
    Case(
        rule="pessimistic-random-page-cost",
        name="random_page_cost",
        value="1.1",
        source="default",
        change=for_app,
    ),
    Case(
        rule="serial-bitmap-reads",
        name="effective_io_concurrency",
        value="200",
        source="user",
        planted=("alter role app set effective_io_concurrency = 1",),
        change=for_app,
    ),
    Case(
        rule="unbounded-idle-transaction",
        name="idle_in_transaction_session_timeout",
        value="60000",
        source="database user",
        planted=(
            "alter role app in database postgres set idle_in_transaction_session_timeout = '2h'",
        ),
        change=for_app,
    ),
    Case(
        rule="jit-overhead",
        name="jit_above_cost",
        value="1000000",
        source="database",
        planted=("alter database postgres set jit_above_cost = 5000",),
        change=for_app,
    ),
    Case(
        rule="pessimistic-random-page-cost",
        name="random_page_cost",
        value="1.1",
        source="database",
        planted=("alter database postgres set random_page_cost = 3",),
        change=change_for_database,
    ),
    Case(
        rule="requested-checkpoints",
        name="max_wal_size",
        value="4096",
        source="configuration file",
    ),
    Case(
        rule="hurried-checkpoints",
        name="checkpoint_completion_target",
        value="0.9",
        source="configuration file",
        planted=("alter system set checkpoint_completion_target = 0.5",),
    ),
    Case(rule="full-page-wal", name="wal_compression", value="pglz", source="default"),
    Case(
        rule="backend-written-pages",
        name="bgwriter_lru_maxpages",
        value="400",
        source="default",
    ),
    Case(
        rule="understated-cache",
        name="effective_cache_size",
        value="1048576",
        source="database",
        planted=("alter database postgres set effective_cache_size = '1GB'",),
    ),
    Case(
        rule="missing-observability",
        name="log_temp_files",
        value="10240",
        source="global",
        planted=("alter role all set log_temp_files = -1",),
    ),
    Case(
        rule="missing-observability",
        name="track_io_timing",
        value="on",
        source="configuration file",
    ),
    Case(
        rule="missing-observability",
        name="shared_preload_libraries",
        value="auto_explain,pg_stat_statements",
        source="configuration file",
    ),
    Case(
        rule="small-shared-buffers",
        name="shared_buffers",
        value="20000",
        source="configuration file",
        planted=("alter system set shared_buffers = '32MB'",),
    ),
    Case(rule="small-wal-buffers", name="wal_buffers", value="512", source="configuration file"),
    Case(
        rule="unlaunched-parallel-workers",
        name="max_parallel_workers",
        value="7",
        source="configuration file",
        planted=("alter system set max_parallel_workers = 2",),
    ),
    Case(
        rule="repeated-index-passes",
        name="autovacuum_work_mem",
        value="262144",
        source="default",
    ),
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

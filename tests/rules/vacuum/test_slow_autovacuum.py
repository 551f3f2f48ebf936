"""slow-autovacuum."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pgadvisor.model.action import ManualSteps, SetTableOptions
from pgadvisor.model.backends import ConnectionCount, RunningVacuum
from pgadvisor.model.finding import Severity
from pgadvisor.model.schema import Table
from pgadvisor.model.server import Setting
from pgadvisor.testing import Outcome, a_snapshot, a_table, diagnose

RULE = "slow-autovacuum"
SETTINGS = {
    "autovacuum_vacuum_cost_limit": "-1",
    "autovacuum_vacuum_cost_delay": "2",
    "vacuum_cost_limit": "200",
    "vacuum_cost_delay": "0",
    "autovacuum_max_workers": "3",
}
EVENTS = a_table("events")
RUNNING = RunningVacuum(
    table_oid=EVENTS.oid,
    phase="scanning heap",
    running_time_ms=3_600_000.0,
    total_blocks=1_000,
    scanned_blocks=250,
)


def run(
    *running: RunningVacuum, table: Table = EVENTS, settings: dict[str, str] | None = None
) -> Outcome:
    values = SETTINGS | (settings or {})
    given = [Setting(name=name, value=value) for name, value in values.items()]
    return diagnose(RULE, a_snapshot(table, given, running_vacuums=running))


def test_reports_a_vacuum_that_has_run_for_an_hour() -> None:
    [finding] = run(RUNNING).findings

    assert finding.key == "slow-autovacuum:public.events"
    assert finding.severity is Severity.INFO
    assert finding.summary == (
        "Autovacuum has worked on public.events for 60 min, and has read 25 % of it"
    )
    assert [(e.name, e.value) for e in finding.evidence] == [
        ("at work for", 3_600_000),
        ("phase", "scanning heap"),
        ("read", 250),
        ("of", 1_000),
        ("autovacuum_vacuum_cost_limit", 200.0),
        ("autovacuum_vacuum_cost_delay", 2.0),
    ]
    assert finding.remedies == (
        SetTableOptions(
            schema="public",
            table="events",
            options=(("autovacuum_vacuum_cost_limit", "1000"),),
            previous=(("autovacuum_vacuum_cost_limit", None),),
        ),
    )


def test_all_workers_busy_is_a_warning_with_a_change_for_the_server() -> None:
    other = replace(RUNNING, table_oid=1, running_time_ms=1.0)

    [finding] = run(RUNNING, other, other).findings

    assert finding.severity is Severity.WARNING
    assert finding.detail == "All workers are busy in this database, so that other tables wait."
    assert isinstance(finding.remedies[1], ManualSteps)
    assert finding.remedies[1].steps == (
        (
            "`ALTER SYSTEM SET autovacuum_vacuum_cost_limit = 1000`, and `SELECT "
            "pg_reload_conf()`; it holds for vacuums that run, too."
        ),
        (
            "Raise autovacuum_max_workers only after that: they share the budget. It takes a "
            "reload, up to autovacuum_worker_slots."
        ),
        (
            "The way back: `ALTER SYSTEM RESET autovacuum_vacuum_cost_limit`, or the value of now "
            "where it was set."
        ),
    )


def test_leaves_the_budget_of_all_alone_where_the_table_alone_is_slow() -> None:
    slow = replace(EVENTS, options=("autovacuum_vacuum_cost_delay=20",))
    other = replace(RUNNING, table_oid=1, running_time_ms=1.0)
    fast = {"autovacuum_vacuum_cost_limit": "2000"}

    [finding] = run(RUNNING, other, other, table=slow, settings=fast).findings

    assert finding.severity is Severity.WARNING
    assert len(finding.remedies) == 1


@pytest.mark.parametrize(
    ("limit", "delay", "proposed"),
    [
        pytest.param("1", "100", {"limit": "200", "delay": "2"}, id="far-below-the-default"),
        pytest.param("200", "20", {"limit": "200", "delay": "2"}, id="default-before-12"),
        pytest.param("1000", "20", {"limit": "500", "delay": "2"}, id="five-times-as-fast"),
        pytest.param("200", "2", {"limit": "1000"}, id="default"),
        pytest.param("20", "2", {"limit": "200"}, id="a-tenth-of-the-default"),
        pytest.param("1", "0.004", {"limit": "5"}, id="the-shortest-sleep"),
    ],
)
def test_proposes_the_pace_of_the_default_at_least(
    limit: str, delay: str, proposed: dict[str, str]
) -> None:
    own = {"limit": limit, "delay": delay}
    slow = replace(
        EVENTS, options=tuple(f"autovacuum_vacuum_cost_{name}={own[name]}" for name in own)
    )

    [finding] = run(RUNNING, table=slow).findings

    [change] = finding.remedies
    assert isinstance(change, SetTableOptions)
    assert change.options == tuple(
        (f"autovacuum_vacuum_cost_{name}", value) for name, value in proposed.items()
    )
    assert change.previous == tuple(
        (f"autovacuum_vacuum_cost_{name}", own[name]) for name in proposed
    )


def test_says_that_its_memory_was_too_small() -> None:
    [finding] = run(replace(RUNNING, index_passes=2)).findings

    assert finding.detail.startswith("It has gone through all indexes 2 times")


@pytest.mark.parametrize(
    "vacuum",
    [
        pytest.param(replace(RUNNING, running_time_ms=3_599_999.0), id="a-millisecond-less"),
        pytest.param(replace(RUNNING, is_autovacuum=False), id="by-hand"),
        pytest.param(replace(RUNNING, table_oid=1), id="no-table-of-the-users"),
        pytest.param(replace(RUNNING, running_time_ms=None), id="of-unknown-age"),
    ],
)
def test_leaves_alone(vacuum: RunningVacuum) -> None:
    assert run(vacuum).is_clear


@pytest.mark.parametrize(
    ("settings", "count"),
    [
        ({"autovacuum_vacuum_cost_delay": "0"}, 0),
        ({"autovacuum_vacuum_cost_delay": "-1"}, 0),
        ({"autovacuum_vacuum_cost_limit": "500"}, 1),
        ({"autovacuum_vacuum_cost_limit": "501"}, 0),
    ],
)
def test_leaves_alone_servers_on_which_it_is_fast(settings: dict[str, str], count: int) -> None:
    assert len(run(RUNNING, settings=settings).findings) == count


def test_a_table_that_has_a_limit_of_its_own_gets_it_back() -> None:
    own = replace(EVENTS, options=("autovacuum_vacuum_cost_limit=300",))
    fast = replace(EVENTS, options=("autovacuum_vacuum_cost_limit=2000",))

    [finding] = run(RUNNING, table=own).findings

    [change] = finding.remedies
    assert isinstance(change, SetTableOptions)
    assert change.options == (("autovacuum_vacuum_cost_limit", "1500"),)
    assert change.previous == (("autovacuum_vacuum_cost_limit", "300"),)
    assert run(RUNNING, table=fast).is_clear


def test_says_why_it_cannot_judge() -> None:
    hidden = (ConnectionCount(role="shop", state=None, count=1),)

    assert diagnose(RULE, a_snapshot(running_vacuums=None)).reasons == (
        "vacuums are not in the snapshot",
    )
    assert diagnose(RULE, a_snapshot(connections=hidden)).reasons == (
        "what sessions of other roles do is hidden: the role is not a member of pg_monitor",
    )
    assert diagnose(RULE, a_snapshot()).reasons == (
        "values of autovacuum_max_workers are not in the snapshot",
    )
    assert diagnose(RULE, a_snapshot(is_in_recovery=True)).reasons == (
        "this is a standby: its primary vacuums",
    )

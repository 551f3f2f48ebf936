"""unreachable-parallel-workers."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pgadvisor.model.finding import Severity
from pgadvisor.model.schema import RelationKind, Table
from pgadvisor.model.server import Setting
from pgadvisor.testing import Outcome, a_snapshot, a_table, diagnose
from pgadvisor.units import GiB, MiB
from tests.rules.changes import by_hand, down, manual, up

RULE = "unreachable-parallel-workers"
FILE = "configuration file"
WANTED = Setting(name="max_parallel_workers_per_gather", value="6", source=FILE)
POOL = Setting(name="max_parallel_workers", value="4", source=FILE)
PROCESSES = Setting(name="max_worker_processes", value="8", context="postmaster")
SCAN_SIZE = Setting(name="min_parallel_table_scan_size", value="1024", unit="8kB")
SETTINGS = {setting.name: setting for setting in (WANTED, POOL, PROCESSES, SCAN_SIZE)}
LOG = replace(a_table("log", "id bigint"), size_bytes=100 * GiB)


def run(*changed: Setting, table: Table = LOG) -> Outcome:
    settings = {**SETTINGS, **{setting.name: setting for setting in changed}}
    return diagnose(RULE, a_snapshot(table, settings.values()))


def test_reports_workers_that_are_planned_and_never_start() -> None:
    [finding] = run().findings

    assert finding.key == "unreachable-parallel-workers:max_parallel_workers_per_gather"
    assert finding.severity is Severity.INFO
    assert finding.summary == ("Plans count on 6 parallel workers, but at most 4 can start")
    assert [(e.name, e.value) for e in finding.evidence] == [
        ("max_parallel_workers_per_gather", 6),
        ("max_parallel_workers", 4),
        ("max_worker_processes", 8),
        ("workers planned for public.log", 6),
    ]
    assert up(finding) == (
        "ALTER SYSTEM SET max_parallel_workers_per_gather = 4",
        "SELECT pg_catalog.pg_reload_conf()",
    )
    assert down(finding) == (
        "ALTER SYSTEM SET max_parallel_workers_per_gather = 6",
        "SELECT pg_catalog.pg_reload_conf()",
    )
    assert manual(finding) == (
        (
            "Only where processors are idle while large queries run: set max_parallel_workers to "
            "6 instead (a reload, no restart)."
        ),
    )


def test_reports_parallel_plans_that_were_meant_to_be_off() -> None:
    off = replace(POOL, value="0")
    stock = replace(WANTED, value="2", source="default")

    [finding] = run(off, stock).findings

    assert finding.summary.startswith("Plans count on 2 parallel workers, but at most 0 can start")
    assert up(finding)[0] == "ALTER SYSTEM SET max_parallel_workers_per_gather = 0"
    assert down(finding)[0] == "ALTER SYSTEM RESET max_parallel_workers_per_gather"


def test_one_worker_is_no_workers() -> None:
    table = replace(LOG, size_bytes=8 * MiB)

    [finding] = run(replace(POOL, value="0"), table=table).findings

    assert finding.summary == "Plans count on 1 parallel worker, but at most 0 can start"


def test_says_what_takes_a_restart() -> None:
    [finding] = run(replace(PROCESSES, value="3")).findings

    assert finding.summary.endswith("at most 3 can start")
    assert "max_worker_processes was raised, which takes a restart" in manual(finding)[0]


@pytest.mark.parametrize(
    ("source", "start"),
    [
        ("database", 'ALTER DATABASE "shop" SET '),
        ("global", "ALTER ROLE ALL SET "),
        ("command line", "postgres -c max_parallel_workers_per_gather=4"),
    ],
)
def test_changes_it_where_it_is_set_now(source: str, start: str) -> None:
    [finding] = run(replace(WANTED, source=source)).findings

    assert (up(finding) or by_hand(finding))[0].startswith(start)


@pytest.mark.parametrize(("workers", "count"), [("5", 1), ("4", 0)])
def test_as_many_as_there_are_is_fine(workers: str, count: int) -> None:
    assert len(run(replace(WANTED, value=workers)).findings) == count


@pytest.mark.parametrize(("size_bytes", "count"), [(8 * 3**4 * MiB, 1), (8 * 3**4 * MiB - 8192, 0)])
def test_leaves_databases_alone_without_a_table_for_so_many(size_bytes: int, count: int) -> None:
    assert len(run(table=replace(LOG, size_bytes=size_bytes)).findings) == count


@pytest.mark.parametrize(("workers", "count"), [("5", 1), ("4", 0)])
def test_a_tables_own_option_counts(workers: str, count: int) -> None:
    table = replace(LOG, options=("fillfactor=90", f"parallel_workers={workers}"))

    assert len(run(table=table).findings) == count


def test_foreign_tables_are_no_matter_of_workers() -> None:
    assert run(table=replace(LOG, kind=RelationKind.FOREIGN_TABLE)).is_clear


@pytest.mark.parametrize("setting", [WANTED, POOL, SCAN_SIZE], ids=lambda s: s.name)
@pytest.mark.parametrize("source", ["user", "database user", "client"])
def test_cannot_judge_where_our_own_value_hides_the_servers(setting: Setting, source: str) -> None:
    assert run(replace(setting, source=source)).reasons == (
        (f"what the server says of {setting.name} is hidden by the collecting role's own value"),
    )


def test_cannot_judge_without_the_settings() -> None:
    outcome = diagnose(RULE, a_snapshot(LOG, WANTED, POOL, PROCESSES))

    assert outcome.reasons == ("the settings of parallel workers are not in the snapshot",)

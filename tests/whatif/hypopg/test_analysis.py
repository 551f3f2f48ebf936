"""A whole analysis that HypoPG plans for."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import psycopg
import pytest

import pgadvisor
from pgadvisor.cli.app import run
from pgadvisor.cluster.launch import Cluster
from pgadvisor.config import Config, GateLimits
from pgadvisor.errors import UnusableHypoPGError
from pgadvisor.model.action import DropIndex
from pgadvisor.model.snapshot import Snapshot
from tests.cli.conftest import Ended
from tests.fixtures.databases import fresh_database
from tests.fixtures.hypopg import create_hypopg
from tests.fixtures.programs import dump_of
from tests.fixtures.shop import shop

pytestmark = [pytest.mark.live, pytest.mark.xdist_group("whatif_hypopg")]

EAGER = Config(gates=GateLimits(usage_window_days=0, drop_window_days=0))
WANTED = "missing-index:public.orders (customer_id)"


@pytest.fixture(scope="module")
def small_shop(hypopg_server: Cluster) -> Iterator[str]:
    """The DSN of a small shop with a workload, on a server with HypoPG."""
    with shop(hypopg_server) as dsn:
        create_hypopg(dsn)
        yield dsn


@pytest.fixture(scope="module")
def small_snapshot(small_shop: str) -> Snapshot:
    """Its snapshot."""
    return pgadvisor.collect(small_shop)


@pytest.fixture
def command(capsys: pytest.CaptureFixture[str]) -> Callable[..., Ended]:
    """Runs a command in this process."""

    def ended(*arguments: object) -> Ended:
        code = run([str(argument) for argument in arguments])
        printed = capsys.readouterr()
        return Ended(code=code, out=printed.out, err=printed.err)

    return ended


Command = Callable[..., Ended]


def test_advises_as_the_twin_does(small_shop: str, small_snapshot: Snapshot) -> None:
    by_twin = pgadvisor.advise(small_snapshot)
    by_hypopg = pgadvisor.advise(small_snapshot, planner=partial(pgadvisor.HypoPG, small_shop))

    for advice in (by_twin, by_hypopg):
        assert WANTED in {finding.key for finding in advice.findings}
        assert 'ON "public"."orders" ("customer_id")' in advice.migration.up_sql
    assert by_twin.fidelity is not None
    assert by_twin.fidelity.planner == "planner twin"
    assert by_hypopg.fidelity is not None
    assert by_hypopg.fidelity.planner.startswith("HypoPG 1.")
    assert by_hypopg.fidelity.same_shape_ratio == 1
    assert by_hypopg.choice.what_if_calls > 0
    assert not by_hypopg.is_partial


def test_drops_an_index_whose_equal_stays_though_no_planner_could_hide_it(
    small_shop: str, small_snapshot: Snapshot
) -> None:
    advice = pgadvisor.advise(
        small_snapshot, config=EAGER, planner=partial(pgadvisor.HypoPG, small_shop)
    )

    [name] = [
        action.name
        for recommendation in advice.recommendations
        for action in recommendation.actions
        if isinstance(action, DropIndex) and action.name.startswith("orders_created_at")
    ]
    assert f'"{name}"' in advice.migration.up_sql


def test_the_command_plans_with_it_and_says_so(small_shop: str, command: Command) -> None:
    before = dump_of(small_shop)

    ended = command("analyze", small_shop, "--what-if", "hypopg", "--format", "json")

    report = json.loads(ended.out)
    assert ended.code == 0, ended.err
    assert WANTED in {finding["key"] for finding in report["findings"]}
    assert any("HypoPG's own estimates" in note for note in report["fidelity"]["notes"])
    assert report["fidelity"]["same_plan_ratio"] == 1
    assert report["fidelity"]["planner"].startswith("HypoPG 1.")
    sources = {
        e["source"] for f in report["findings"] for e in f["evidence"] if "cost" in e["unit"]
    }
    assert sources == {f"EXPLAIN on {report['fidelity']['planner']}"}
    assert dump_of(small_shop) == before


def test_the_command_asks_another_server(
    small_shop: str, small_snapshot: Snapshot, tmp_path: Path, command: Command
) -> None:
    path = tmp_path / "shop.pgsnap"
    pgadvisor.save(small_snapshot, path)
    asking = ("analyze", path, "--what-if", "hypopg")

    alone = command(*asking)
    with_server = command(*asking, "--hypopg-dsn", small_shop)

    assert alone.code == 2
    assert "HypoPG plans on a server, and a snapshot file is none" in alone.err
    assert with_server.code == 0, with_server.err
    printed = " ".join(with_server.out.split())
    assert "HypoPG's own estimates" in printed
    assert "Note on HypoPG 1." in printed
    assert "Planner twin" not in printed


def test_the_command_refuses_a_server_for_the_twin(command: Command) -> None:
    ended = command("analyze", "x.pgsnap", "--hypopg-dsn", "shop")

    assert ended.code == 2
    assert "--hypopg-dsn goes with --what-if hypopg" in ended.err


def test_the_command_needs_the_extension(hypopg_server: Cluster, command: Command) -> None:
    with fresh_database(hypopg_server) as dsn:
        ended = command("analyze", dsn, "--what-if", "hypopg")

    assert ended.code == 2
    assert "the extension is not installed" in ended.err
    assert "CREATE EXTENSION hypopg" in ended.err


def test_a_library_call_needs_the_extension(
    hypopg_server: Cluster, small_snapshot: Snapshot
) -> None:
    with fresh_database(hypopg_server) as dsn, pytest.raises(UnusableHypoPGError):
        pgadvisor.advise(small_snapshot, planner=partial(pgadvisor.HypoPG, dsn))


def test_goes_on_without_a_server_that_is_gone(small_shop: str, small_snapshot: Snapshot) -> None:
    ours = "select pid from pg_stat_activity where application_name like 'pgadvisor/%'"

    def end(sent: str) -> None:
        if "hypopg_create_index" in sent:
            with psycopg.connect(small_shop, autocommit=True) as connection:
                connection.execute(f"select pg_terminate_backend(pid) from ({ours}) o".encode())

    advice = pgadvisor.advise(
        small_snapshot, planner=partial(pgadvisor.HypoPG, small_shop, record=end)
    )

    [missing] = [item for item in advice.unavailable if item.what == "HypoPG"]
    assert missing.is_failure
    assert missing.reason == "making hypothetical indexes: the connection was lost"
    assert missing.remedy
    assert advice.is_partial

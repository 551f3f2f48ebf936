"""``--since`` and ``--replica`` on the command line."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from pgadvisor.model.snapshot import Snapshot
from pgadvisor.snapshotfile import save
from pgadvisor.testing import (
    COLLECTED_AT,
    a_snapshot,
    a_table,
    an_index,
    index_activity,
    table_activity,
)
from tests.cli.conftest import SECRET, Command

ORDERS = a_table("orders", "id bigint", "customer_id bigint", rows=1_000_000)
INDEX = an_index(ORDERS, "customer_id")


def a_moment(days: float, scans: int, updates: int = 0) -> Snapshot:
    return a_snapshot(
        ORDERS,
        INDEX,
        table_activity(ORDERS, rows_updated=updates),
        index_activity(INDEX, scans=scans),
        collected_at=COLLECTED_AT - timedelta(days=days),
        system_identifier="7",
    )


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """A snapshot of today, one of forty days ago, and one of a standby."""
    save(a_moment(40, scans=7), tmp_path / "old.pgsnap", level="none")
    save(a_moment(0, scans=7, updates=100_000), tmp_path / "new.pgsnap", level="none")
    standby = a_moment(0, scans=5)
    server = replace(standby.server, is_in_recovery=True)
    save(replace(standby, server=server), tmp_path / "standby.pgsnap", level="none")
    return tmp_path


def keys(pgadvisor_run: Command, *arguments: str) -> tuple[set[str], str]:
    ended = pgadvisor_run("analyze", "new.pgsnap", *arguments, "--format", "json")
    assert ended.code == 0, ended.err
    report = json.loads(ended.out)
    return {finding["rule_id"] for finding in report["findings"]}, report["counter_window"]["note"]


@pytest.mark.live
@pytest.mark.usefixtures("files")
def test_judges_what_was_counted_since_the_earlier_snapshot(pgadvisor_run: Command) -> None:
    totals, _ = keys(pgadvisor_run)
    between, note = keys(pgadvisor_run, "--since", "old.pgsnap")

    assert "unused-index" not in totals
    assert "unused-index" in between
    assert note == "since the earlier snapshot of 2026-02-19 12:00 UTC"


@pytest.mark.live
@pytest.mark.usefixtures("files")
def test_what_a_standby_has_scanned_since_is_used(pgadvisor_run: Command) -> None:
    found, _ = keys(pgadvisor_run, "--since", "old.pgsnap", "--replica", "standby.pgsnap")

    assert "unused-index" not in found


@pytest.mark.usefixtures("files")
def test_a_later_snapshot_is_no_earlier_one(pgadvisor_run: Command) -> None:
    ended = pgadvisor_run("analyze", "old.pgsnap", "--since", "new.pgsnap")

    assert ended.code == 2
    assert ended.message.startswith("comparing with the earlier snapshot: it is the later one")


@pytest.mark.usefixtures("files")
def test_a_primary_is_no_replica(pgadvisor_run: Command) -> None:
    ended = pgadvisor_run("analyze", "new.pgsnap", "--replica", "old.pgsnap")

    assert ended.code == 2
    assert ended.message.startswith("adding standby 1: it is no standby")


@pytest.mark.usefixtures("files")
def test_an_earlier_snapshot_that_is_not_there_is_noticed_at_once(pgadvisor_run: Command) -> None:
    ended = pgadvisor_run("analyze", "host=nowhere.invalid", "--since", "gone.pgsnap")

    assert ended.code == 2
    assert ended.message.startswith("reading gone.pgsnap")


@pytest.mark.usefixtures("files")
@pytest.mark.parametrize(
    "dsn", [f"postgresql://u:{SECRET}@127.0.0.1:1/x", f"host=127.0.0.1 port=1 password={SECRET}"]
)
def test_a_replica_s_password_is_never_shown(pgadvisor_run: Command, dsn: str) -> None:
    ended = pgadvisor_run("analyze", "new.pgsnap", "--replica", dsn)

    assert ended.code == 3
    assert "the password on the command line can be seen" in ended.err

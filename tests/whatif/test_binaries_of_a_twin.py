"""A twin plans with what the machine has of the original's major, and says so."""

from __future__ import annotations

import shutil
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from pgadvisor.cluster import binaries
from pgadvisor.cluster.binaries import BINARIES_VARIABLE, embedded_binaries
from pgadvisor.cluster.choice import CONFIG_VARIABLE
from pgadvisor.errors import ClusterError
from pgadvisor.model.schema import Column, Table
from pgadvisor.model.server import Server, Setting
from pgadvisor.model.snapshot import Snapshot
from pgadvisor.whatif.twin import Twin
from tests.fixtures.hypopg import hypopg_binaries
from tests.fixtures.npm_binaries import npm_binaries

pytestmark = pytest.mark.live

EMBEDDED = embedded_binaries().version
SERVER = Server(
    version_num=150004,
    version="15.4",
    database="old",
    collected_at=datetime(2026, 1, 1, tzinfo=UTC),
)
TABLE = Table(
    oid=10,
    schema="public",
    name="t",
    columns=(Column(number=1, name="a", type_name="integer", type_oid=23),),
    rows=1000,
    pages=10,
    size_bytes=81920,
)
OLD = Snapshot(server=SERVER, tables=(TABLE,))
OWN = "the original's own major"


@pytest.fixture
def system(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine whose system has nothing but what a test puts into this directory."""
    monkeypatch.setattr(binaries, "_SYSTEM_PLACES", (str(tmp_path / "*" / "bin"),))
    monkeypatch.setenv("PATH", "/nonexistent")
    monkeypatch.delenv(BINARIES_VARIABLE, raising=False)
    monkeypatch.delenv(CONFIG_VARIABLE, raising=False)
    return tmp_path


def _broken_server(directory: Path) -> None:
    """Binaries that know their version and cannot do anything."""
    (directory / "bin").mkdir(parents=True)
    for name, text in (
        ("postgres", "echo 'postgres (PostgreSQL) 15.9'"),
        ("initdb", "echo 'initdb: error: no such locale' >&2; exit 1"),
    ):
        program = directory / "bin" / name
        program.write_text(f"#!/bin/sh\n{text}\n")
        program.chmod(0o755)


def test_the_systems_own_major_plans(system: Path) -> None:
    fifteen = npm_binaries(15)
    (system / "fifteen").symlink_to(fifteen.directory)

    with Twin(OLD) as twin:
        plan = twin.explain("select * from t where a = $1")
        reason = twin.binaries_reason
        fidelity = twin.fidelity()

    assert plan.root.relation == "t"
    assert reason == f"PostgreSQL {fifteen.version} from the system, {OWN}"
    assert fidelity.binaries == reason
    assert fidelity.notes == ()


@pytest.mark.usefixtures("system")
def test_the_embedded_one_plans_where_there_is_no_other() -> None:
    settings = (
        Setting(name="enable_seqscan", value="on"),
        Setting(name="force_parallel_mode", value="off"),
    )
    with Twin(replace(OLD, server=replace(SERVER, settings=settings))) as twin:
        reason, notes = twin.binaries_reason, twin.fidelity().notes
        [(off,)] = twin._run("asking").server.role.execute(
            "select array_agg(name order by name) from pg_settings"
            " where name ~ '^enable_' and setting = 'off' and boot_val = 'on'"
        )

    assert reason == f"embedded PostgreSQL {EMBEDDED}, since this machine has no PostgreSQL 15"
    assert notes == (f"planned by PostgreSQL {EMBEDDED} in place of 15.4",)
    # All that the original has not told of.
    assert "enable_self_join_elimination" in off
    assert "enable_seqscan" not in off


def test_what_is_planned_is_not_compiled_though_the_original_would() -> None:
    compiling = hypopg_binaries()
    if not [*compiling.directory.glob("**/llvmjit.so")]:
        pytest.skip("the system's PostgreSQL has no JIT compiler")
    server = replace(SERVER, settings=(Setting(name="jit", value="on"),))

    with Twin(replace(OLD, server=server), binaries=compiling) as twin:
        role = twin._run("asking").server.role
        [told] = role.execute("select current_setting('jit'), pg_jit_available()").fetchall()
        plan = twin.explain("select sum(a) from t")

    assert told == ("on", False)
    assert "jit" not in dict(plan.settings)


def test_what_does_not_start_is_passed_over(system: Path) -> None:
    _broken_server(system / "broken")

    with Twin(OLD) as twin:
        reason = twin.binaries_reason

    assert reason == (
        f"embedded PostgreSQL {EMBEDDED}, since PostgreSQL 15.9 from the system did not start"
        " (initdb: error: no such locale)"
    )


def test_what_is_named_is_not_passed_over(system: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _broken_server(system / "broken")
    monkeypatch.setenv(BINARIES_VARIABLE, str(system / "broken"))

    with pytest.raises(ClusterError, match="no such locale"), Twin(OLD):
        pass


def test_a_copy_of_the_binaries_may_be_anywhere(
    system: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fifteen = npm_binaries(15)
    copy = system / "else" / "where"
    shutil.copytree(fifteen.directory, copy, symlinks=True)
    monkeypatch.setenv(BINARIES_VARIABLE, str(copy / "bin"))

    with Twin(OLD) as twin:
        reason = twin.binaries_reason

    assert reason == f"PostgreSQL {fifteen.version}, named by PGADVISOR_PG_BIN, {OWN}"

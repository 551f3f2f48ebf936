"""What we write passes the linter that its readers may use: squawk."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from pgadvisor.emit.migration import build_migration
from pgadvisor.model.action import (
    Action,
    AddPrimaryKeyUsingIndex,
    AnalyzeTable,
    ChangeSetting,
    CreateIndex,
    CreateStatistics,
    DropIndex,
    IndexDefinition,
    PartitionIndex,
    RebuildIndex,
    SetTableOptions,
    SettingEffect,
    SettingScope,
)
from pgadvisor.model.advice import Recommendation
from pgadvisor.model.finding import Confidence, Impact, Provenance, Severity
from pgadvisor.model.schema import IndexKey
from pgadvisor.sqltext.index import index_name

SQUAWK = Path(sys.executable).with_name("squawk")
STRICT = ("require-table-schema", "require-lock-timeout", "require-statement-timeout")
HOSTILE = 'we"ird\n\\! ls\n; DROP TABLE x; --'


def create(*, schema: str = "public", partitions: tuple[PartitionIndex, ...] = ()) -> CreateIndex:
    index = IndexDefinition(
        table_oid=1, schema=schema, table="orders", keys=(IndexKey(column="note"),)
    )
    return CreateIndex(
        index=index,
        name=index_name(index),
        partitions=partitions,
        is_partitioned=bool(partitions),
    )


ACTIONS: dict[str, Action] = {
    "create": create(),
    "hostile-name": create(schema=HOSTILE),
    "create-on-partitions": create(partitions=(PartitionIndex(schema="public", table="p1"),)),
    "drop": DropIndex(
        schema="public", name="i", recreate_sql="CREATE INDEX i ON public.orders USING btree (a)"
    ),
    "drop-on-partitions": DropIndex(
        schema="public",
        name="i",
        recreate_sql="CREATE INDEX i ON ONLY public.orders USING btree (a)",
        is_partitioned=True,
    ),
    "rebuild": RebuildIndex(schema="public", name="i"),
    "analyze": AnalyzeTable(schema="public", table="orders"),
    "create-statistics": CreateStatistics(
        schema="public", table="orders", name="n", columns=("a", "b"), kinds=("mcv",)
    ),
    "set-options": SetTableOptions(
        schema="public",
        table="orders",
        options=(("fillfactor", "90"),),
        previous=(("fillfactor", None),),
    ),
    "setting-of-a-role": ChangeSetting(
        name="work_mem",
        value="65536",
        unit="kB",
        previous_value="4096",
        previous_source="default",
        scope=SettingScope.ROLE,
        role=HOSTILE,
        effect=SettingEffect.NEW_SESSIONS,
    ),
    "setting-of-the-server": ChangeSetting(
        name="log_lock_waits",
        value="on",
        previous_value="off",
        previous_source="default",
        scope=SettingScope.SYSTEM,
        effect=SettingEffect.RELOAD,
    ),
    "primary-key": AddPrimaryKeyUsingIndex(
        schema="public",
        table="orders",
        index_name="orders_id_idx",
        constraint_name="orders_pkey",
        recreate_sql="CREATE UNIQUE INDEX orders_id_idx ON public.orders USING btree (id)",
    ),
}


def squawk(path: Path) -> subprocess.CompletedProcess[str]:
    included = [word for lint in STRICT for word in ("--include", lint)]
    return subprocess.run(  # noqa: S603  (a tool of our own environment)
        [SQUAWK, "--reporter", "gcc", *included, path],
        capture_output=True,
        text=True,
        check=False,
        cwd=path.parent,
    )


@pytest.mark.parametrize("direction", ["up", "down"])
@pytest.mark.parametrize("name", ACTIONS)
def test_squawk_has_nothing_to_say(name: str, direction: str, tmp_path: Path) -> None:
    made = Recommendation(
        title="Do it",
        actions=(ACTIONS[name],),
        finding_keys=(),
        severity=Severity.WARNING,
        confidence=Confidence.HIGH,
        provenance=Provenance.CATALOG,
        impact=Impact(),
    )
    migration = build_migration([made])
    script = tmp_path / f"{direction}.sql"
    script.write_text(migration.up_sql if direction == "up" else migration.down_sql, "utf-8")

    finished = squawk(script)

    assert (finished.returncode, finished.stdout) == (0, "")


def test_squawk_does_look(tmp_path: Path) -> None:
    script = tmp_path / "bad.sql"
    script.write_text("CREATE INDEX i ON orders (a);\n", "utf-8")

    assert "require-concurrent-index-creation" in squawk(script).stdout

"""``pgadvisor twin`` with files and options: what it prints, and how it ends."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest

from pgadvisor.model.snapshot import Redaction, Unavailable
from pgadvisor.snapshotfile import save
from tests.cli.conftest import Command, environment
from tests.cli.shop import a_shop

pytestmark = pytest.mark.live

CREATE = "create index by_customer on orders (customer_id)"


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A snapshot file of the shop, and a statement beside it."""
    save(a_shop(), tmp_path / "shop.pgsnap", level="none")
    (tmp_path / "query.sql").write_text("select * from orders where customer_id = 5;\n")
    return tmp_path / "shop.pgsnap"


def test_prints_the_plans_beside_each_other_and_what_the_change_comes_to(
    pgadvisor_run: Command, shop: Path
) -> None:
    ended = pgadvisor_run("twin", shop, "--explain", "query.sql", "--create", CREATE)

    lines = ended.out.splitlines()
    assert (ended.code, ended.err) == (0, "")
    assert [part.strip() for part in lines[0].split(" | ")] == ["before", "after"]
    assert any(line.startswith("-") and "Seq Scan on orders" in line for line in lines)
    assert any("| + Bitmap Heap Scan on orders" in line for line in lines)
    [outcome] = [line for line in lines if line.startswith("cost ")]
    assert re.fullmatch(
        r"cost 18,710\.33 -> \d\d\.\d\d \(0\.\d+ %\), uses by_customer \(estimated [\d.]+ MB\)",
        outcome,
    )
    assert lines[-1].startswith("planned by embedded PostgreSQL 18.")


def test_a_narrow_terminal_gets_them_one_after_the_other(
    pgadvisor_run: Command, shop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")

    out = pgadvisor_run("twin", shop, "--explain", "query.sql", "--create", CREATE).out

    assert max(len(line) for line in out.splitlines()) <= 80
    assert out.splitlines()[0] == "before"
    assert "\nafter\n" in out


def test_plans_every_statement_of_every_file(
    pgadvisor_run: Command, shop: Path, tmp_path: Path
) -> None:
    (tmp_path / "two.sql").write_text("select 1;\n-- and\nselect 2")

    ended = pgadvisor_run("twin", shop, "--explain", "query.sql", "--explain", "two.sql")

    headings = [line for line in ended.out.splitlines() if " of 3: " in line]
    assert headings == [
        "1 of 3: select * from orders where customer_id = 5",
        "2 of 3: select 1",
        "3 of 3: select 2",
    ]


def test_indexes_are_dropped_and_settings_changed(pgadvisor_run: Command, shop: Path) -> None:
    ended = pgadvisor_run(
        *("twin", shop, "--explain", "query.sql", "--drop", "orders_created_at_idx"),
        *("--set", "random_page_cost=1.1", "--set", "work_mem=64MB"),
    )

    assert "without public.orders_created_at_idx\n" in ended.out
    assert "with random_page_cost = 1.1\nwith work_mem = 64MB\n" in ended.out


def test_json_is_a_document(pgadvisor_run: Command, shop: Path) -> None:
    ended = pgadvisor_run(
        "twin", shop, "--explain", "query.sql", "--create", CREATE, "--format", "json"
    )

    document = json.loads(ended.out)
    [statement] = document["statements"]
    [index] = statement["created"]
    assert statement["cost_before"] > statement["cost_after"] > 0
    assert (index["name"], index["is_used"]) == ("by_customer", True)
    assert index["size_bytes"] > 1_000_000


def test_says_what_the_snapshot_lacks_and_is_partial(
    pgadvisor_run: Command, tmp_path: Path
) -> None:
    (tmp_path / "query.sql").write_text("select 1")
    partial = replace(
        a_shop(),
        unavailable=(Unavailable(what="pg_stats", reason="permission denied", is_failure=True),),
        redaction=Redaction(level="default"),
    )
    save(partial, tmp_path / "partial.pgsnap", level="default")

    ended = pgadvisor_run("twin", tmp_path / "partial.pgsnap", "--explain", "query.sql")

    notes = ended.out.splitlines()[-2:]
    assert ended.code == 4
    assert notes[0].startswith("values of the snapshot are redacted (level default)")
    assert notes[1] == "pg_stats could not be read: permission denied"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            "--explain nowhere.sql",
            "reading nowhere.sql: No such file or directory",
        ),
        ("--explain .", "reading .: Is a directory"),
        ("--explain binary.sql", "reading binary.sql: it is not UTF-8 text"),
        ("--explain empty.sql", "reading empty.sql: it holds no statement"),
        ("--explain broken.sql", "reading broken.sql: line 2: does not parse"),
        (
            "--explain unknown.sql",
            'planning unknown.sql, line 3: relation "nowhere" does not exist',
        ),
        ("--explain ddl.sql", "planning ddl.sql, line 1: it is neither a query nor a change"),
        ("--set work_mem", "reading --set: write NAME=VALUE"),
        ("--set =1", "reading --set: write NAME=VALUE"),
        ("--set nothing=1", 'unrecognized configuration parameter "nothing"'),
        ("--drop orders_pkey", "public.orders_pkey enforces the constraint orders_pkey; drop the"),
        ("--drop nothing", "dropping an index on the twin: the snapshot has no index called"),
        ("--create select", "creating a hypothetical index on the twin: is not one CREATE INDEX"),
        ("--format json", "reading --format json: it prints the plans of --explain FILE only"),
        ("--format html", "Invalid value for '--format'"),
    ],
)
def test_what_cannot_be_done_is_said_with_code_2(
    pgadvisor_run: Command, shop: Path, tmp_path: Path, arguments: str, message: str
) -> None:
    for name, text in {
        "empty.sql": b"-- nothing\n",
        "broken.sql": b"select 1;\nselect from from;",
        "binary.sql": b"\xff\xfe",
        "unknown.sql": b"select 1;\n\nselect * from nowhere",
        "ddl.sql": b"drop table orders",
    }.items():
        (tmp_path / name).write_bytes(text)

    ended = pgadvisor_run("twin", shop, *arguments.split())

    assert ended.code == 2
    assert message in " ".join(ended.message.split())


def test_a_snapshot_that_is_none_is_said_with_code_2(
    pgadvisor_run: Command, tmp_path: Path
) -> None:
    (tmp_path / "other.pgsnap").write_bytes(b"PK")

    assert pgadvisor_run("twin", "other.pgsnap", "--explain", "x.sql").code == 2


def test_a_server_is_read_and_planned_for(database: str, tmp_path: Path) -> None:
    with psycopg.connect(database) as connection:
        connection.execute("create table t (a int); create index t_a on t (a)")
        connection.execute("insert into t select generate_series(1, 20000)")
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute("vacuum analyze t")

    ended = subprocess.run(  # noqa: S603  (our own argument list, no shell)
        [sys.executable, "-m", "pgadvisor", "twin", database, "--explain", "-", "--drop", "t_a"],
        input=b"select * from t where a = 7",
        capture_output=True,
        check=False,
        cwd=tmp_path,
        env=environment({}),
    )

    assert (ended.returncode, ended.stderr) == (0, b"")
    assert b"- Index Only Scan using t_a on t" in ended.stdout
    assert b"| + Seq Scan on t" in ended.stdout


def said(shop: Path, text: bytes, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(  # noqa: S603  (our own argument list, no shell)
        [sys.executable, "-m", "pgadvisor", "twin", shop, *arguments],
        input=text,
        capture_output=True,
        check=False,
        env=environment({"COLUMNS": "100"}),
    )


def test_standard_input_may_be_the_file(shop: Path) -> None:
    ended = said(shop, b"select * from orders where id = 1", "--explain", "-")

    assert (ended.returncode, ended.stderr) == (0, b"")
    assert ended.stdout.startswith(b"Index Scan using orders_pkey on orders")


def test_without_a_terminal_the_prompts_language_is_read(shop: Path) -> None:
    lines = f"{CREATE};\nselect * from orders\n where customer_id = 5;\r\n\\what\nselect 2"

    ended = said(shop, lines.encode())

    assert (ended.returncode, ended.stderr) == (0, b"")
    assert b", uses by_customer (estimated" in ended.stdout
    assert ended.stdout.endswith(
        b"same plan, cost 0.01\n"
        b"does not use by_customer (estimated 7.75 MB): the plan does not read orders\n\n"
    )
    assert b"twin=>" not in ended.stdout


def test_without_a_terminal_a_refused_line_ends_in_code_2_and_the_others_are_done(
    shop: Path,
) -> None:
    ended = said(shop, b"\\nothing\nselect 1;\n\\q\nselect 2;\n")

    assert ended.returncode == 2
    assert ended.stderr.startswith(b"pgadvisor: there is no \\nothing\n")
    assert ended.stdout.count(b"cost 0.01\n") == 1


def test_standard_input_that_is_no_text_is_said(shop: Path) -> None:
    ended = said(shop, b"select '\xff';")

    assert ended.returncode == 2
    assert ended.stderr == b"pgadvisor: reading standard input: it is not UTF-8 text\n"

"""The whole product, from the server to the files, as its users run it."""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path
from typing import Any

import psycopg
import pytest

from pgadvisor.cluster.launch import Cluster
from tests.fixtures.databases import fresh_database
from tests.fixtures.programs import Ended, apply_script, pgadvisor_command, schema_of
from tests.fixtures.shop import QUERIES, fill, shop

pytestmark = [pytest.mark.live, pytest.mark.xdist_group("whole-run")]

FILES = {
    *("report.md", "report.html", "report.json", "pr-comment.md"),
    *("migration.up.sql", "migration.down.sql"),
}
MISSING = "missing-index:public.orders (customer_id)"
DUPLICATE = re.compile(r"^duplicate-index:public\.orders_created_at=orders_created_at_again$")
CREATE = 'ON "public"."orders" ("customer_id")'
FIDELITY = re.compile(r"\d+ of \d+ plans the same, median cost error \d+\.\d %")


def analyze(*arguments: object, cwd: Path) -> Ended:
    ended = pgadvisor_command("analyze", *arguments, cwd=cwd)
    assert ended.code == 0, ended.err
    return ended


def analyze_json(*arguments: object, cwd: Path) -> Any:  # noqa: ANN401  (a JSON document)
    return json.loads(analyze(*arguments, "--format", "json", cwd=cwd).out)


def keys_of(report: Any) -> list[str]:  # noqa: ANN401
    return [finding["key"] for finding in report["findings"]]


def proposals_of(report: Any) -> list[tuple[str, list[str], list[str]]]:  # noqa: ANN401
    return [(made["title"], made["up_sql"], made["down_sql"]) for made in report["recommendations"]]


def test_prints_a_report_for_people(shop_dsn: str, tmp_path: Path) -> None:
    ended = analyze(shop_dsn, cwd=tmp_path)

    assert ended.err == ""
    assert "on PostgreSQL 18" in ended.out.splitlines()[0]
    assert FIDELITY.search(ended.out)
    assert re.search(r"1\. Create an index on public\.orders \(customer_id\)\n", ended.out)
    assert re.search(r"saves .* of execution time a day", ended.out)
    assert "CREATE INDEX CONCURRENTLY" in ended.out
    assert f"key: {MISSING}" in ended.out
    assert "\x1b" not in ended.out


def test_prints_a_report_for_programs(shop_dsn: str, tmp_path: Path) -> None:
    report = analyze_json(shop_dsn, cwd=tmp_path)

    assert report["schema_version"]
    assert MISSING in keys_of(report)
    assert any(DUPLICATE.match(key) for key in keys_of(report))
    assert report["fidelity"]["same_plan_ratio"] == 1.0
    assert report["fidelity"]["median_cost_error_ratio"] < 0.001
    assert report["is_partial"] is False


@pytest.mark.parametrize(
    ("name", "start"), [("markdown", "# pgadvisor"), ("html", "<!doctype html>")]
)
def test_prints_a_report_for_pages(shop_dsn: str, tmp_path: Path, name: str, start: str) -> None:
    ended = analyze(shop_dsn, "--format", name, cwd=tmp_path)

    assert ended.out.lower().startswith(start.lower())
    assert "customer_id" in ended.out


def test_writes_six_files(shop_dsn: str, tmp_path: Path) -> None:
    ended = analyze(shop_dsn, "--out", "advice", cwd=tmp_path)

    texts = {path.name: path.read_text() for path in (tmp_path / "advice").iterdir()}
    assert set(texts) == FILES
    assert ended.err.startswith("written to advice: report.md, ")
    assert MISSING in keys_of(json.loads(texts["report.json"]))
    assert CREATE in texts["migration.up.sql"]
    assert "DROP INDEX CONCURRENTLY" in texts["migration.down.sql"]
    assert all("customer_id" in text for text in texts.values())


def test_an_empty_database_is_no_failure(database: str, tmp_path: Path) -> None:
    ended = analyze(database, "--out", "advice", cwd=tmp_path)

    assert "0 tables, 0 indexes" in ended.out
    assert {path.name for path in (tmp_path / "advice").iterdir()} == FILES
    report = json.loads((tmp_path / "advice" / "report.json").read_text())
    # It is all that can be said of a server of the tests, which leaves autovacuum off.
    assert [finding["key"] for finding in report["findings"]] == ["autovacuum-off:server"]
    assert [made["is_in_migration"] for made in report["recommendations"]] == [False]


def test_without_statements_it_says_so_and_does_the_rest(cluster: Cluster, tmp_path: Path) -> None:
    with fresh_database(cluster) as dsn:
        with psycopg.connect(dsn, autocommit=True) as connection:
            connection.execute("drop extension pg_stat_statements")
            fill(connection)

        report = analyze_json(dsn, cwd=tmp_path)

    [missing] = [each for each in report["unavailable"] if each["what"] == "pg_stat_statements"]
    assert missing["reason"] == "the extension is not installed in this database"
    assert "CREATE EXTENSION pg_stat_statements;" in missing["remedy"]
    assert "shared_preload_libraries" in missing["remedy"]
    assert any(DUPLICATE.match(key) for key in keys_of(report))
    assert "no-primary-key:public.log" in keys_of(report)
    assert MISSING not in keys_of(report)


def test_takes_a_workload_from_files(cluster: Cluster, tmp_path: Path) -> None:
    workload = tmp_path / "workload"
    workload.mkdir()
    for number, query in enumerate(QUERIES):
        text = f"-- weight: {10**number}\n{query.replace('%s', '17')};\n"
        (workload / f"query{number}.sql").write_text(text)
    with fresh_database(cluster) as dsn:
        with psycopg.connect(dsn, autocommit=True) as connection:
            connection.execute("drop extension pg_stat_statements")
            fill(connection)

        analyze(dsn, "--workload", "workload", "--out", "advice", cwd=tmp_path)

    report = json.loads((tmp_path / "advice" / "report.json").read_text())
    markdown = (tmp_path / "advice" / "report.md").read_text()
    every = [
        made
        for made in report["recommendations"]
        if made["finding_keys"][0].startswith("missing-index:public.orders (")
    ]
    effects = [effect for made in every for effect in made["effects"]]
    assert {effect["statement_id"] for effect in effects} == {"query0.sql", "query2.sql"}
    assert {effect["mean_time_ms"] for effect in effects} == {None}
    assert {made["impact"]["saved_ms_per_day"] for made in every} == {None}
    assert "What it saves is told in planner costs, not in time" in markdown
    assert "execution time a day" not in markdown


def test_takes_a_workload_from_files_alone(shop_dsn: str, tmp_path: Path) -> None:
    (tmp_path / "page.sql").write_text("select total from orders where customer_id = 17")

    beside = analyze_json(shop_dsn, "--workload", "page.sql", cwd=tmp_path)
    alone = analyze_json(shop_dsn, "--workload", "page.sql", "--workload-only", cwd=tmp_path)

    assert beside["counts"]["statements"] > 1
    assert alone["counts"]["statements"] == 1
    assert "missing-index:public.orders (customer_id, total)" in keys_of(alone)


@pytest.mark.parametrize("level", ["none", "default"])
def test_a_snapshot_gives_the_same_advice_as_the_server(
    shop_dsn: str, tmp_path: Path, eager: Path, level: str
) -> None:
    made = pgadvisor_command(
        "snapshot", shop_dsn, "-o", "x.pgsnap", "--redact", level, cwd=tmp_path
    )

    live = analyze_json(shop_dsn, "--config", eager, cwd=tmp_path)
    offline = analyze_json("x.pgsnap", "--config", eager, cwd=tmp_path)

    assert made.code == 0
    assert made.out == ""
    assert made.err.startswith("x.pgsnap: 3 tables, 5 indexes, ")
    assert len(proposals_of(live)) >= 3
    assert proposals_of(offline) == proposals_of(live)
    assert keys_of(offline) == keys_of(live)
    assert offline["redaction"] == level


def test_says_what_redaction_costs(shop_dsn: str, tmp_path: Path) -> None:
    made = pgadvisor_command("snapshot", shop_dsn, "-o", "x.pgsnap", cwd=tmp_path)

    [said] = [line for line in made.err.splitlines() if FIDELITY.search(line)]
    assert said.startswith("The twin plans like the original: ")
    assert len(FIDELITY.findall(said)) == 2
    assert FIDELITY.search(analyze("x.pgsnap", cwd=tmp_path).out)


def test_a_snapshot_is_for_its_owner_alone(shop_file: Path) -> None:
    assert shop_file.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("name", ["alembic", "django"])
def test_writes_migrations_of_the_projects_own_kind(
    shop_file: Path, tmp_path: Path, name: str
) -> None:
    analyze(shop_file, "--migration", name, "--out", "advice", cwd=tmp_path)

    [path] = (tmp_path / "advice").glob("*.py")
    text = path.read_text()
    assert ast.parse(text).body
    compile(text, path.name, "exec")
    assert "customer_id" in text
    assert not (tmp_path / "advice" / "migration.up.sql").exists()


@pytest.mark.parametrize("name", ["plain", "alembic", "django"])
def test_runs_on_one_snapshot_are_equal_to_the_byte(
    shop_file: Path, tmp_path: Path, name: str
) -> None:
    made: list[tuple[str, dict[str, bytes]]] = []
    for number in (1, 2):
        out = tmp_path / f"advice{number}"
        # Each has a different order of hashes, and of whatever depends on it.
        ended = pgadvisor_command(
            *("analyze", shop_file, "--migration", name, "--out", out),
            cwd=tmp_path,
            PYTHONHASHSEED=str(number),
        )
        made.append((ended.out, {path.name: path.read_bytes() for path in out.iterdir()}))

    assert len(made[0][1]) >= 5
    assert made[0] == made[1]


def test_what_the_migration_does_it_can_take_back(
    cluster: Cluster, tmp_path: Path, eager: Path
) -> None:
    with shop(cluster) as dsn:
        before = schema_of(dsn)
        analyze(dsn, "--config", eager, "--out", "advice", cwd=tmp_path)

        apply_script(dsn, tmp_path / "advice" / "migration.up.sql")
        between = schema_of(dsn)
        apply_script(dsn, tmp_path / "advice" / "migration.down.sql")
        after = schema_of(dsn)

    assert "USING btree (customer_id)" not in before
    assert "USING btree (customer_id)" in between
    assert between.count("USING btree (created_at)") == before.count("USING btree (created_at)") - 1
    assert after == before


def test_what_was_done_is_not_advised_again(cluster: Cluster, tmp_path: Path) -> None:
    with shop(cluster) as dsn:
        analyze(dsn, "--out", "advice", cwd=tmp_path)
        apply_script(dsn, tmp_path / "advice" / "migration.up.sql")

        report = analyze_json(dsn, cwd=tmp_path)

    assert MISSING not in keys_of(report)
    assert not any(DUPLICATE.match(key) for key in keys_of(report))


def test_a_budget_bounds_what_is_created(shop_file: Path, tmp_path: Path) -> None:
    free = analyze_json(shop_file, cwd=tmp_path)
    tight = analyze_json(shop_file, "--index-budget", "8kB", cwd=tmp_path)
    none = analyze_json(shop_file, "--max-indexes", "0", cwd=tmp_path)

    assert MISSING in keys_of(free)
    for bounded in (tight, none):
        assert MISSING not in keys_of(bounded)
        assert bounded["rejected"]


def test_looks_at_the_schemas_that_are_named(shop_dsn: str, tmp_path: Path) -> None:
    nothing = analyze_json(shop_dsn, "--exclude-schema", "public", cwd=tmp_path)
    everything = analyze_json(shop_dsn, "--schema", "public", cwd=tmp_path)

    assert nothing["counts"]["tables"] == 0
    assert everything["counts"]["tables"] == 3

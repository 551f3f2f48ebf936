"""The budget of the index choice, out of what the options say."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pgadvisor.cli.bounds import check_names, read_budget
from pgadvisor.errors import UsageError
from pgadvisor.model.budget import Budget
from pgadvisor.snapshotfile import save
from pgadvisor.units import GiB
from tests.cli.conftest import Command
from tests.cli.shop import a_shop

ALL = {
    "--index-budget": "2GB",
    "--max-indexes": "7",
    "--max-indexes-per-table": "2",
    "--max-regression": "5%",
    "--max-build-time": "30min",
    "--protect": "orders_created_at_idx",
    "--forbid": "public.customers",
    "--time-limit": "2.5",
}


def budget(*, max_regression: str = "10%", time_limit: str = "10") -> Budget:
    return read_budget(
        index_budget=None,
        max_indexes=None,
        max_indexes_per_table=5,
        max_regression=max_regression,
        max_build_time=None,
        protect=(),
        forbid=(),
        time_limit=time_limit,
    )


@pytest.mark.parametrize(
    ("text", "time_ms"), [("10", 10_000), ("0", 0), ("0.5", 500), ("2min", 120_000)]
)
def test_a_time_limit_is_in_seconds_unless_it_has_a_unit(text: str, time_ms: float) -> None:
    assert budget(time_limit=text).time_limit_ms == time_ms


@pytest.mark.parametrize("text", ["5%", "0.05"])
def test_a_regression_is_a_percentage_or_a_ratio(text: str) -> None:
    assert budget(max_regression=text).max_regression_ratio == 0.05


@pytest.mark.parametrize("name", ["orders_created_at_idx", "public.orders_created_at_idx"])
def test_a_name_may_have_its_schema(name: str) -> None:
    check_names(Budget(protected=frozenset({name})), a_shop())


def test_says_what_a_misspelt_name_may_have_meant() -> None:
    with pytest.raises(UsageError) as raised:
        check_names(Budget(protected=frozenset({"orders_created_idx"})), a_shop())

    assert str(raised.value) == (
        "reading --protect: there is no index called orders_created_idx\n"
        "Did you mean orders_created_at_idx?"
    )


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ("--max-indexes-per-table=-1", "Invalid value for '--max-indexes-per-table'"),
        ("--max-regression=much", "reading --max-regression: 'much' is not a ratio"),
        ("--max-regression=10", "reading --max-regression: '10' may mean a percentage or a factor"),
        ("--max-build-time=30", "reading --max-build-time: '30' is not a duration"),
        ("--time-limit=soon", "reading --time-limit: 'soon' is not a duration"),
        ("--time-limit=-1", "reading --time-limit: '-1' is not a duration"),
        (f"--time-limit={'9' * 400}", "reading --time-limit: such a duration has no end"),
        (
            "--protect=orders_pk",
            "reading --protect: there is no index called orders_pk\nDid you mean",
        ),
        ("--protect=orders", "reading --protect: there is no index called orders\n"),
        ("--forbid=public.x", "reading --forbid: there is no table called public.x\n"),
    ],
)
def test_refuses_what_would_bind_nothing(
    pgadvisor_run: Command, tmp_path: Path, option: str, message: str
) -> None:
    save(a_shop(), tmp_path / "shop.pgsnap")

    ended = pgadvisor_run("analyze", "shop.pgsnap", option, "--out", "advice")

    assert ended.code == 2
    assert ended.message.startswith(message)
    assert not (tmp_path / "advice").exists()


def budget_told(command: Command, directory: Path, *options: str) -> dict[str, object]:
    save(a_shop(), directory / "shop.pgsnap")
    ended = command("analyze", "shop.pgsnap", "--format", "json", *options)
    assert ended.code == 0
    told: dict[str, object] = json.loads(ended.out)["choice"]["budget"]
    return told


@pytest.mark.live
def test_every_option_reaches_the_choice(pgadvisor_run: Command, tmp_path: Path) -> None:
    options = (word for option in ALL.items() for word in option)

    assert budget_told(pgadvisor_run, tmp_path, *options) == {
        "index_bytes": 2 * GiB,
        "max_indexes": 7,
        "max_indexes_per_table": 2,
        "max_regression_ratio": 0.05,
        "min_saving_ratio": 0.005,
        "build_ms": 1_800_000.0,
        "protected": ["orders_created_at_idx"],
        "forbidden": ["public.customers"],
        "time_limit_ms": 2_500.0,
    }


@pytest.mark.live
def test_the_options_have_the_defaults_of_the_library(
    pgadvisor_run: Command, tmp_path: Path
) -> None:
    told = budget_told(pgadvisor_run, tmp_path)

    default = Budget()
    assert told["max_indexes_per_table"] == default.max_indexes_per_table
    assert told["max_regression_ratio"] == default.max_regression_ratio
    assert told["time_limit_ms"] == default.time_limit_ms
    assert (told["index_bytes"], told["build_ms"], told["max_indexes"]) == (None, None, None)


@pytest.mark.live
def test_explains_the_choice_on_paper_and_on_the_screen(
    pgadvisor_run: Command, tmp_path: Path
) -> None:
    save(a_shop(), tmp_path / "shop.pgsnap")

    short = pgadvisor_run("analyze", "shop.pgsnap")
    long = pgadvisor_run("analyze", "shop.pgsnap", "--out", "advice", "--explain-choice")

    heading = "Now -> with all chosen indexes"
    assert (short.code, long.code) == (0, 0)
    assert heading in long.out
    assert heading not in short.out
    for name in ("report.md", "report.html"):
        assert "Now → with all chosen indexes" in (tmp_path / "advice" / name).read_text("utf-8")

"""``pgadvisor analyze`` with a baseline: only what is new counts."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pgadvisor.snapshotfile import save
from pgadvisor.testing import a_snapshot, a_table, an_index
from tests.cli.conftest import Command

ORDERS = a_table("orders", "id bigint not null", "total numeric", "tax numeric", rows=1_000)
TOTAL = an_index(ORDERS, "total", is_valid=False)
TAX = an_index(ORDERS, "tax", is_valid=False)
KNOWN = "invalid-index:public.orders_total_idx"
NEW = "invalid-index:public.orders_tax_idx"
NO_KEY = "no-primary-key:public.orders"


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """A snapshot with one invalid index."""
    path = tmp_path / "old.pgsnap"
    save(a_snapshot(ORDERS, TOTAL), path)
    return path


@pytest.fixture
def later(tmp_path: Path) -> Path:
    """The same database with another invalid index in the place of the first."""
    path = tmp_path / "later.pgsnap"
    save(a_snapshot(ORDERS, TAX), path)
    return path


@pytest.fixture
def both(tmp_path: Path) -> Path:
    """The same database with another invalid index besides."""
    path = tmp_path / "both.pgsnap"
    save(a_snapshot(ORDERS, TOTAL, TAX), path)
    return path


@pytest.mark.live
def test_writes_a_baseline_of_what_is_there(pgadvisor_run: Command, old: Path) -> None:
    ended = pgadvisor_run(
        *("analyze", old, "--write-baseline", "known.toml", "--baseline-expires", "2027-01-31"),
        *("--baseline-reason", "from before we looked"),
    )

    text = Path("known.toml").read_text()
    assert ended.code == 0
    assert ended.err == "baseline written to known.toml\n"
    assert (
        f'[[finding]]\nkey = "{KNOWN}"\nreason = "from before we looked"\n'
        "since = 2026-03-31\nexpires = 2027-01-31\n"
    ) in text


@pytest.mark.live
def test_fails_on_what_is_new_alone(pgadvisor_run: Command, old: Path, both: Path) -> None:
    pgadvisor_run("analyze", old, "--write-baseline", "known.toml")

    same = pgadvisor_run("analyze", old, "--baseline", "known.toml", "--fail-on", "info")
    more = pgadvisor_run("analyze", both, "--baseline", "known.toml", "--fail-on", "warning")
    worse = pgadvisor_run("analyze", both, "--baseline", "known.toml", "--fail-on", "critical")

    assert (same.code, more.code, worse.code) == (0, 1, 0)
    assert "  Baseline:         0 new findings, 2 known\n" in same.out
    assert (
        "Known: in the baseline since 2026-03-31 (there when the baseline was written)."
        in " ".join(more.out.split())
    )


@pytest.mark.live
def test_shows_only_what_is_new(pgadvisor_run: Command, old: Path, both: Path) -> None:
    pgadvisor_run("analyze", old, "--write-baseline", "known.toml")

    ended = pgadvisor_run(
        "analyze", both, "--baseline", "known.toml", "--only-new", "--format", "json"
    )

    document = json.loads(ended.out)
    assert [finding["key"] for finding in document["findings"]] == [NEW]
    assert "orders_total_idx" not in document["migration"]["up_sql"]
    assert "orders_tax_idx" in document["migration"]["up_sql"]
    assert document["baseline"]["is_only_new"] is True
    assert document["baseline"]["new_keys"] == [NEW]
    assert [entry["key"] for entry in document["baseline"]["known"]] == [KNOWN, NO_KEY]


@pytest.mark.live
@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("text", f"- no longer found, remove it from the baseline: {KNOWN}\n"),
        ("markdown", f"- No longer found, remove it from the baseline: `{KNOWN}`\n"),
        ("html", f"<li>No longer found, remove it from the baseline: <code>{KNOWN}</code></li>"),
    ],
)
def test_names_what_is_no_longer_found(
    pgadvisor_run: Command, old: Path, later: Path, name: str, said: str
) -> None:
    pgadvisor_run("analyze", old, "--write-baseline", "known.toml")

    ended = pgadvisor_run("analyze", later, "--baseline", "known.toml", "--format", name)

    assert said in ended.out


@pytest.mark.live
def test_what_has_run_out_counts_again_and_says_so(pgadvisor_run: Command, old: Path) -> None:
    pgadvisor_run(
        *("analyze", old, "--write-baseline", "known.toml", "--baseline-expires", "2026-03-31")
    )

    ended = pgadvisor_run(
        *("analyze", old, "--baseline", "known.toml", "--only-new", "--fail-on", "warning")
    )

    assert ended.code == 1
    assert "New again: it was in the baseline until 2026-03-31" in ended.out
    assert f"- new again, its entry has run out: {KNOWN}\n" in ended.out


@pytest.mark.live
def test_renews_a_baseline_in_its_place_and_keeps_its_reasons(
    pgadvisor_run: Command, old: Path, later: Path
) -> None:
    pgadvisor_run(
        *("analyze", old, "--write-baseline", "known.toml", "--baseline-reason", "the first")
    )

    ended = pgadvisor_run(
        *("analyze", later, "--baseline", "known.toml", "--write-baseline", "known.toml"),
        *("--baseline-reason", "the second"),
    )

    lines = Path("known.toml").read_text().splitlines()
    assert ended.code == 0
    assert [line for line in lines if line.startswith(("key", "reason"))] == [
        f'key = "{NEW}"',
        'reason = "the second"',
        f'key = "{NO_KEY}"',
        'reason = "the first"',
    ]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--only-new",), "reading --only-new: there is no --baseline FILE"),
        (("--baseline", "nowhere.toml"), "reading the baseline nowhere.toml: No such file"),
        (("--baseline-expires", "2027-01-31"), "there is no --write-baseline FILE"),
        (("--write-baseline", "known.toml"), "writing known.toml: it is there already"),
        (
            ("--write-baseline", "other.toml", "--baseline-reason", " "),
            "reading --baseline-reason: it is empty",
        ),
        (
            ("--write-baseline", "other.toml", "--baseline-expires", "soon"),
            "Invalid value for '--baseline-expires'",
        ),
    ],
)
def test_refuses_before_it_begins(
    pgadvisor_run: Command, old: Path, options: tuple[str, ...], message: str
) -> None:
    Path("known.toml").write_text("mine")

    ended = pgadvisor_run("analyze", old, *options)

    assert ended.code == 2
    assert message in ended.message
    assert Path("known.toml").read_text() == "mine"


@pytest.mark.live
def test_says_which_suppression_matches_nothing(pgadvisor_run: Command, old: Path) -> None:
    Path("pgadvisor.toml").write_text(
        f'[[suppress]]\nkey = "{KNOWN}"\nreason = "so it is"\n'
        '[[suppress]]\nkey = "invalid-index:public.oders*"\nreason = "misspelt"\n'
    )

    ended = pgadvisor_run("analyze", old)

    assert "- a suppression that matches nothing: invalid-index:public.oders*\n" in ended.out
    assert f"matches nothing: {KNOWN}" not in ended.out

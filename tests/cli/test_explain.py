"""``pgadvisor explain``."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path

import pytest

from pgadvisor.snapshotfile import save
from pgadvisor.testing import a_snapshot, a_table
from tests.cli.conftest import Command
from tests.emit.explain_sample import AFTER, BEFORE, ESTIMATED


@pytest.fixture
def plan(tmp_path: Path) -> Path:
    """A plan in a file, with literals in it."""
    path = tmp_path / "plan.txt"
    path.write_text(BEFORE, encoding="utf-8")
    return path


def test_prints_the_tree_of_a_plan_without_literals(pgadvisor_run: Command, plan: Path) -> None:
    ended = pgadvisor_run("explain", plan)

    assert ended.code == 0
    assert ended.err == ""
    assert "#4 Seq Scan on orders o" in ended.out
    assert "Filter: (status = '?'::text)" in ended.out
    assert "zebra" not in ended.out


def test_shows_literals_when_asked(pgadvisor_run: Command, plan: Path) -> None:
    text = pgadvisor_run("explain", plan, "--show-literals").out
    document = json.loads(pgadvisor_run("explain", plan, "--show-literals", "--format", "json").out)

    assert "Filter: (status = 'zebra'::text)" in text
    assert "o.status =\n'zebra' group by" in text
    assert document["shows_literals"] is True
    assert "status = 'zebra'" in document["plans"][0]["query_text"]


def test_reads_standard_input(pgadvisor_run: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(BEFORE.encode())))

    ended = pgadvisor_run("explain", "-")

    assert ended.code == 0
    assert ended.out.startswith("standard input\n")


def test_writes_a_page_and_keeps_one_that_is_there(pgadvisor_run: Command, plan: Path) -> None:
    page = plan.parent / "plan.html"

    first = pgadvisor_run("explain", plan, "--html", page)
    second = pgadvisor_run("explain", plan, "--html", page)
    third = pgadvisor_run("explain", plan, "--html", page, "--force")

    assert (first.code, second.code, third.code) == (0, 2, 0)
    assert first.err == f"written to {page}\n"
    assert "it is there already" in second.err
    html = page.read_text(encoding="utf-8")
    assert "zebra" not in html
    assert html.count('class="picture"') == 1


def test_compares_two_files(pgadvisor_run: Command, plan: Path, tmp_path: Path) -> None:
    (tmp_path / "after.txt").write_text(AFTER, encoding="utf-8")

    text = pgadvisor_run("explain", plan, tmp_path / "after.txt")
    document = pgadvisor_run("explain", plan, tmp_path / "after.txt", "--format", "json")

    assert text.code == 0
    assert text.out.startswith("plan.txt -> after.txt\n")
    assert "was Seq Scan on orders o" in text.out
    [compared] = json.loads(document.out)["comparisons"]
    assert compared["was_ms"] == pytest.approx(203.97)


def test_explains_several_plans_in_turn(pgadvisor_run: Command, plan: Path) -> None:
    plan.write_text(f"{BEFORE}\n\n{ESTIMATED}", encoding="utf-8")

    out = pgadvisor_run("explain", plan).out

    assert out.index("plan 1 of plan.txt") < out.index("plan 2 of plan.txt")
    assert "The plan was made and not executed" in out


def test_judges_a_plan_with_a_snapshot(pgadvisor_run: Command, plan: Path, tmp_path: Path) -> None:
    save(a_snapshot(a_table("orders", "id bigint not null")), tmp_path / "shop.pgsnap")

    ended = pgadvisor_run("explain", plan, "--snapshot", tmp_path / "shop.pgsnap")

    assert ended.code == 0


def test_a_file_without_a_plan_is_refused_with_place_and_reason(
    pgadvisor_run: Command, tmp_path: Path
) -> None:
    (tmp_path / "notes.txt").write_text("password = hunter2\n", encoding="utf-8")
    broken = tmp_path / "broken.json"
    broken.write_text('\n[{"Plan": {"Node Type": "Result", "Plan Rows": "hunter2"}}]')

    nothing = pgadvisor_run("explain", tmp_path / "notes.txt")
    odd = pgadvisor_run("explain", broken)
    missing = pgadvisor_run("explain", tmp_path / "no-such.txt")

    assert (nothing.code, odd.code, missing.code) == (2, 2, 2)
    assert nothing.message.startswith(
        "reading executed plans in notes.txt: notes.txt: line 1: there is no plan in it\n"
    )
    assert "line 2: Plan.Plan Rows: is no number" in odd.message
    assert missing.message == (
        "reading executed plans in no-such.txt: there is no such file or directory"
    )
    assert "hunter2" not in nothing.err + odd.err


def test_plans_that_do_not_belong_together_are_refused(
    pgadvisor_run: Command, plan: Path, tmp_path: Path
) -> None:
    (tmp_path / "two.txt").write_text(f"{AFTER}\n\n{AFTER}", encoding="utf-8")

    uneven = pgadvisor_run("explain", plan, tmp_path / "two.txt")
    three = pgadvisor_run("explain", plan, plan, plan)

    assert (uneven.code, three.code) == (2, 2)
    assert "there are 1 in" in uneven.message
    assert "3 files were given" in three.message
    assert pgadvisor_run("explain", "-", "-").code == 2
    assert pgadvisor_run("explain").code == 2


RULE = '''\
"""A rule for a test."""

from pgadvisor.rulekit import (
    Case, Confidence, Finding, NoLimits, Outcome, Provenance, Severity, at_nodes, executed_nodes,
    rule,
)


@rule(severity=Severity.WARNING, since="1.0", limits=NoLimits, requires=("executed-plans",))
def first_node(case: Case, limits: NoLimits) -> Outcome:
    """A plan has a node.

    ## Why it matters
    It does not.

    ## What it leaves alone
    Nothing.

    ## Before you act
    Do not.
    """
    BODY
    node = next(iter(executed_nodes(case)))
    finding = Finding(
        subject="the plan", summary="There is a node", evidence=(),
        provenance=Provenance.MEASURED, confidence=Confidence.HIGH,
    )
    yield at_nodes(finding, [node])
'''


def a_rule(directory: Path, body: str, category: str) -> Path:
    """Write a rule on plans into a directory of its own."""
    place = directory / "acme_rules" / category
    place.mkdir(parents=True)
    (place / "__init__.py").write_text('"""Rules of a test."""\n')
    (place / "first_node.py").write_text(RULE.replace("BODY", body))
    return directory / "acme_rules"


@pytest.mark.parametrize(("fail_on", "code"), [("never", 0), ("critical", 0), ("warning", 1)])
def test_fails_on_findings_that_are_severe_enough(
    pgadvisor_run: Command, plan: Path, tmp_path: Path, fail_on: str, code: int
) -> None:
    rules = a_rule(tmp_path, "", f"on_{fail_on}")

    ended = pgadvisor_run("explain", plan, "--rules", rules, "--fail-on", fail_on)

    assert ended.code == code
    assert "There is a node." in ended.out


def test_a_rule_that_fails_makes_it_partial(
    pgadvisor_run: Command, plan: Path, tmp_path: Path
) -> None:
    rules = a_rule(tmp_path, "1 / 0", "failing")

    ended = pgadvisor_run("explain", plan, "--rules", rules)

    assert ended.code == 4
    assert "- first-node failed: it raised ZeroDivisionError: division by zero" in ended.out


def test_help_teaches_by_examples(pgadvisor_run: Command) -> None:
    lines = pgadvisor_run("explain", "--help").out.splitlines()

    assert "  pgadvisor explain plan.txt --html plan.html" in lines
    assert "  pgadvisor explain before.json after.json" in lines

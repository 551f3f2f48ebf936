"""``pgadvisor rules``."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from pgadvisor.cli.rules import listing
from pgadvisor.registry import load_rules
from tests.cli.conftest import Command

OWN_RULE = '''
"""Tables of a name that we do not like."""

from pgadvisor.rulekit import (
    Case, Confidence, Evidence, Finding, NoLimits, Outcome, Provenance, Severity, rule
)


@rule(severity=Severity.CRITICAL, since="1", limits=NoLimits)
def ugly_name(case: Case, limits: NoLimits) -> Outcome:
    """A table has an ugly name.

    ## Why it matters
    It is ugly.
    """
    for table in case.user_tables:
        if "ugly" in table.name:
            yield Finding(
                subject=table.qualified_name,
                summary=f"{table.qualified_name} is ugly",
                evidence=(Evidence(name="name", value=table.name, source="pg_class.relname"),),
                provenance=Provenance.CATALOG,
                confidence=Confidence.HIGH,
            )
'''
Own = Callable[[str], Path]


@pytest.fixture
def own_rules(tmp_path: Path) -> Own:
    """Write a rule file, in a category of its own."""

    def write(text: str) -> Path:
        # Each test has a category of its own: a module once imported stays imported.
        folder = tmp_path / "own" / f"acme_{tmp_path.name.replace('-', '_')}"
        folder.mkdir(parents=True)
        (folder / "__init__.py").touch()
        (folder / "ugly_name.py").write_text(text)
        return tmp_path / "own"

    return write


def test_lists_every_rule(pgadvisor_run: Command) -> None:
    ended = pgadvisor_run("rules")

    listed = [line.split()[0] for line in ended.out.splitlines()[1:-2]]
    assert ended.code == 0
    assert listed == list(load_rules())
    assert f"{len(listed)} rules. `pgadvisor rules show" in ended.out
    assert len(listed) >= 12


def test_lists_every_rule_as_json(pgadvisor_run: Command) -> None:
    ended = pgadvisor_run("rules", "--format", "json")

    document = json.loads(ended.out)
    assert ended.code == 0
    assert document["schema_version"] == 1
    assert [rule["id"] for rule in document["rules"]] == list(load_rules())
    assert set(document["rules"][0]) == {
        *("id", "category", "title", "severity", "since", "requires", "is_costed", "limits"),
        "documentation",
    }


def test_shows_the_page_of_a_rule(pgadvisor_run: Command) -> None:
    ended = pgadvisor_run("rules", "show", "unindexed-foreign-key")

    assert ended.code == 0
    assert ended.out.startswith("# unindexed-foreign-key\n\nA foreign key has no index")
    assert "\n## Why it matters\n" in ended.out


def test_shows_limits_in_their_units(pgadvisor_run: Command) -> None:
    ended = pgadvisor_run("rules", "show", "unused-index")

    assert "| `min_size_bytes` | 8 MB |" in ended.out
    assert "below `[limits.unused-index]`" in ended.out


def test_shows_no_rule_that_there_is_not(pgadvisor_run: Command) -> None:
    ended = pgadvisor_run("rules", "show", "no-such-rule")

    assert ended.code == 2
    assert ended.message == (
        "looking up a rule: there is no rule called no-such-rule\n`pgadvisor rules` lists them all."
    )


def test_lists_a_rule_of_ones_own(pgadvisor_run: Command, own_rules: Own) -> None:
    directory = own_rules(OWN_RULE)

    listed = pgadvisor_run("rules", "--rules", directory)
    shown = pgadvisor_run("rules", "show", "ugly-name", "--rules", directory)

    assert "critical  A table has an ugly name\n" in listed.out
    assert f"{len(load_rules()) + 1} rules." in listed.out
    assert "severity critical · since 1" in shown.out


def test_names_the_rule_file_that_is_broken(pgadvisor_run: Command, own_rules: Own) -> None:
    directory = own_rules("import nonsense_that_is_not_there\n")

    ended = pgadvisor_run("rules", "--rules", directory)

    assert ended.code == 2
    assert "ugly_name.py: ModuleNotFoundError: No module named" in ended.message


def test_names_the_directory_of_rules_that_is_not_there(pgadvisor_run: Command) -> None:
    ended = pgadvisor_run("rules", "--rules", "nowhere")

    assert ended.code == 2
    assert ended.message.startswith("loading rules from nowhere: there is no such directory\n")


def test_lists_a_rule_on_two_lines_where_the_terminal_is_narrow() -> None:
    rules = tuple(load_rules().values())

    wide, narrow = listing(rules, 160).splitlines(), listing(rules, 40).splitlines()

    assert len(wide) == len(rules) + 1
    place = narrow.index("duplicate-index (warning)")
    assert narrow[place + 1] == "  An index is the same as another one"
    assert len(narrow) == 2 * len(rules)

"""stale-collation-version."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pgadvisor.model.action import ManualSteps, RebuildIndex
from pgadvisor.model.finding import Finding, Severity
from pgadvisor.model.schema import Index, IndexKey, RelationKind
from pgadvisor.model.server_counters import CollationVersion
from pgadvisor.testing import a_column, a_snapshot, a_table, an_index, diagnose
from pgadvisor.units import MiB

RULE = "stale-collation-version"
STALE = CollationVersion(name=None, recorded="2.31", actual="2.36")
GERMAN = CollationVersion(name='public."german"', recorded="153.14", actual="153.80")
PEOPLE = a_table(
    "people",
    "id bigint",
    "name text",
    a_column("nickname text", collation='public."german"'),
    a_column("code text", collation='pg_catalog."C"'),
)
BY_NAME = an_index(PEOPLE, "id", "name", size_bytes=20 * MiB)


def run(*indexes: Index, collation: CollationVersion = STALE) -> tuple[Finding, ...]:
    return diagnose(RULE, a_snapshot(PEOPLE, indexes, collation_versions=(collation,))).findings


def rebuilt(findings: tuple[Finding, ...]) -> list[str]:
    [finding] = findings
    return [action.name for action in finding.remedies if isinstance(action, RebuildIndex)]


def test_reports_indexes_that_were_sorted_by_another_version() -> None:
    [finding] = run(BY_NAME)

    assert finding.key == "stale-collation-version:database shop"
    assert finding.severity is Severity.WARNING
    assert finding.summary == (
        "The library sorts texts of database shop as version 2.36, and 1 index of 20 MB may still "
        "be in the order of 2.31"
    )
    assert [(e.name, e.value) for e in finding.evidence] == [
        ("version then", "2.31"),
        ("version now", "2.36"),
        ("indexes", 1),
        ("size of these", 20 * MiB),
    ]
    rebuild, then = finding.remedies
    assert rebuild == RebuildIndex(schema="public", name="people_id_name_idx", size_bytes=20 * MiB)
    assert isinstance(then, ManualSteps)
    assert '`ALTER DATABASE "shop" REFRESH COLLATION VERSION`' in then.steps[0]


def test_leaves_alone_versions_that_agree() -> None:
    assert run(BY_NAME, collation=replace(STALE, actual="2.31")) == ()


@pytest.mark.parametrize(
    "index",
    [
        pytest.param(an_index(PEOPLE, "id"), id="on-numbers"),
        pytest.param(an_index(PEOPLE, "nickname"), id="another-collation"),
        pytest.param(an_index(PEOPLE, "code"), id="C"),
        pytest.param(an_index(PEOPLE, "name", access_method="hash"), id="hash"),
        pytest.param(
            an_index(PEOPLE, IndexKey(column="name", collation='pg_catalog."C"'), name="c"),
            id="C-of-the-key",
        ),
    ],
)
def test_leaves_indexes_alone_that_do_not_depend_on_it(index: Index) -> None:
    findings = run(index)

    assert rebuilt(findings) == []
    assert findings[0].severity is Severity.INFO


def test_expressions_may_be_texts() -> None:
    lower = an_index(PEOPLE, IndexKey(column=None, expression="lower(name)"), name="by_lower")

    assert rebuilt(run(lower)) == ["by_lower"]


def test_a_collation_of_its_own_concerns_the_columns_that_have_it() -> None:
    findings = run(BY_NAME, an_index(PEOPLE, "nickname"), collation=GERMAN)

    assert rebuilt(findings) == ["people_nickname_idx"]
    then = findings[0].remedies[-1]
    assert isinstance(then, ManualSteps)
    assert '`ALTER COLLATION public."german" REFRESH VERSION`' in then.steps[0]


def test_parts_of_a_partitioned_index_are_rebuilt_in_its_place() -> None:
    parent = a_table("logs", "line text", kind=RelationKind.PARTITIONED_TABLE)
    part = a_table("logs_1", "line text", is_partition=True, parent_oids=(parent.oid,))
    whole = an_index(parent, "line", is_partitioned=True)
    below = an_index(part, "line", parent_oid=whole.oid)
    snapshot = a_snapshot(parent, part, whole, below, collation_versions=(STALE,))

    assert rebuilt(diagnose(RULE, snapshot).findings) == ["logs_1_line_idx"]


def test_cannot_judge_without_versions() -> None:
    assert diagnose(RULE, a_snapshot(collation_versions=None)).reasons == (
        "versions of collations are not in the snapshot",
    )

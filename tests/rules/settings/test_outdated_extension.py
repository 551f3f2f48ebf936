"""outdated-extension."""

from __future__ import annotations

import pytest

from pgadvisor.model.action import ManualSteps
from pgadvisor.model.finding import Severity
from pgadvisor.model.server import Extension
from pgadvisor.testing import Outcome, a_snapshot, diagnose

RULE = "outdated-extension"


def run(version: str, default_version: str | None) -> Outcome:
    known = Extension(name="plpgsql", version="1.0", schema="pg_catalog", default_version="1.0")
    trigrams = Extension(
        name="pg_trgm", version=version, schema="public", default_version=default_version
    )
    return diagnose(RULE, a_snapshot(known, trigrams))


def test_reports_an_extension_that_is_older_than_its_files() -> None:
    [finding] = run("1.9", "1.10").findings

    assert finding.key == "outdated-extension:pg_trgm"
    assert finding.severity is Severity.INFO
    assert finding.summary == "Extension pg_trgm is version 1.9 here, its files are 1.10"
    assert [(e.name, e.value) for e in finding.evidence] == [
        ("version in the database", "1.9"),
        ("version of the files", "1.10"),
    ]
    [action] = finding.remedies
    assert isinstance(action, ManualSteps)
    assert action.steps[1] == "`ALTER EXTENSION \"pg_trgm\" UPDATE TO '1.10'`."


@pytest.mark.parametrize(
    ("version", "default_version"),
    [
        pytest.param("1.6", "1.6", id="up-to-date"),
        pytest.param("1.10", "1.9", id="newer"),
        pytest.param("1.6", None, id="files-are-gone"),
        pytest.param("unpackaged", "unpackaged", id="up-to-date-without-numbers"),
    ],
)
def test_leaves_alone(version: str, default_version: str | None) -> None:
    assert run(version, default_version).is_clear


def test_says_that_it_cannot_compare_what_is_no_number() -> None:
    [skipped] = run("3.4.0dev", "3.4.1").skipped

    assert skipped.subject == "pg_trgm"
    assert skipped.reason == "its versions cannot be compared: 3.4.0dev, 3.4.1"


def test_cannot_judge_files_of_earlier_versions() -> None:
    old = Extension(name="pg_trgm", version="1.5", schema="public")

    assert diagnose(RULE, a_snapshot(old)).reasons == (
        "versions of the extensions' files are not in the snapshot",
    )

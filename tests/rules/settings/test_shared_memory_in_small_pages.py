"""shared-memory-in-small-pages."""

from __future__ import annotations

import pytest

from pgadvisor.model.action import ManualSteps
from pgadvisor.model.finding import Severity
from pgadvisor.model.server import Setting
from pgadvisor.testing import Outcome, a_snapshot, diagnose
from pgadvisor.units import GiB

RULE = "shared-memory-in-small-pages"
VALUES = {
    "huge_pages": "try",
    "huge_pages_status": "off",
    "shared_buffers": "1048576",
    "shared_memory_size_in_huge_pages": "4292",
}


def run(changes: dict[str, str] | None = None, *, without: str = "") -> Outcome:
    values = VALUES | (changes or {})
    settings = [Setting(name=name, value=value) for name, value in values.items()]
    return diagnose(RULE, a_snapshot([one for one in settings if one.name != without]))


def test_reports_eight_gigabytes_in_small_pages() -> None:
    [finding] = run().findings

    assert finding.key == "shared-memory-in-small-pages:huge_pages"
    assert finding.severity is Severity.INFO
    assert finding.summary == (
        "8 GB of shared buffers are in small pages, since the system has no huge ones to give"
    )
    assert [(e.name, e.value) for e in finding.evidence] == [
        ("shared_buffers", 8 * GiB),
        ("huge_pages_status", "off"),
        ("shared_memory_size_in_huge_pages", 4292),
    ]
    [action] = finding.remedies
    assert isinstance(action, ManualSteps)
    assert action.steps[0].startswith("As root: `sysctl -w vm.nr_hugepages=4292`")


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"shared_buffers": "1048575"}, id="a-page-less"),
        pytest.param({"huge_pages_status": "on"}, id="has-them"),
        pytest.param({"huge_pages": "off"}, id="turned-off"),
        pytest.param({"huge_pages": "on"}, id="turned-on"),
        pytest.param({"shared_memory_size_in_huge_pages": "-1"}, id="system-has-none"),
    ],
)
def test_leaves_alone(changes: dict[str, str]) -> None:
    assert run(changes).is_clear


@pytest.mark.parametrize(
    ("outcome", "reason"),
    [
        (
            run(without="huge_pages_status"),
            "whether there are huge pages is not known: PostgreSQL 17 began to say so",
        ),
        (
            run({"huge_pages_status": "unknown"}),
            "whether there are huge pages is not known: PostgreSQL 17 began to say so",
        ),
        (run(without="huge_pages"), "values of huge_pages are not in the snapshot"),
        (run(without="shared_buffers"), "values of shared_buffers are not in the snapshot"),
        (
            run(without="shared_memory_size_in_huge_pages"),
            "values of shared_memory_size_in_huge_pages are not in the snapshot",
        ),
    ],
)
def test_says_why_it_cannot_judge(outcome: Outcome, reason: str) -> None:
    assert outcome.reasons == (reason,)

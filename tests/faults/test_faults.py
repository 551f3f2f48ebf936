"""Each rule finds its own fault on a real server, and is silent once that is mended."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from pgadvisor.diagnose.engine import changed_limits
from pgadvisor.registry import load_rules
from tests.faults.catalogue import WITHOUT_A_FAULT, all_faults
from tests.faults.server import FaultServer, binaries_of

# The others are tried by ``python -m tests.benchmarks.rule_faults``: all of them take minutes.
QUICK = (
    "duplicate-index",
    "overdue-vacuum",
    "recurring-deadlocks",
)


@pytest.fixture(scope="module")
def server(temporary_directory: Path) -> Iterator[FaultServer]:
    """A server that ages at will."""
    directory = temporary_directory / "clock"
    directory.mkdir()
    running = FaultServer(binaries_of(18), directory)
    yield running
    running.stop()


@pytest.mark.live
@pytest.mark.slow
@pytest.mark.xdist_group("rule-faults")
@pytest.mark.parametrize("rule_id", QUICK)
def test_a_rule_finds_its_fault_and_nothing_once_it_is_mended(
    server: FaultServer, rule_id: str
) -> None:
    judgement = server.judge(rule_id, all_faults()[rule_id])

    assert [finding.rule_id for finding in judgement.found] == [rule_id]
    assert judgement.bystanders == ()
    assert judgement.mended == ()
    assert judgement.left == ()


def test_each_rule_has_a_fault_or_a_reason_for_having_none() -> None:
    faults = all_faults()

    assert not load_rules().keys() - faults.keys() - WITHOUT_A_FAULT.keys()
    assert not faults.keys() - load_rules().keys()
    assert not WITHOUT_A_FAULT.keys() & faults.keys()


def test_a_fault_lies_in_the_directory_of_its_rules_category() -> None:
    rules = load_rules()

    for path in Path(__file__).parent.glob("*/*.py"):
        assert path.parent.name == rules[path.stem.replace("_", "-")].category


def test_each_lowered_limit_has_a_reason() -> None:
    rules = load_rules()

    for rule_id, fault in all_faults().items():
        lowered = changed_limits(fault.config(rule_id), rules)
        assert bool(lowered) == bool(fault.why_lower), rule_id

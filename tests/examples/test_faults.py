"""How an advisor is scored on the example."""

from __future__ import annotations

import re

from examples.upload_pipeline.faults import FAULTS, RULES, Fault, Reported, score

UNUSED = Fault(rule_id="unused-index", pattern=r"hash_idx", why="nobody reads it")
KEYLESS = Fault(rule_id="no-primary-key", pattern=r"events", why="rows cannot be named")


def test_each_rule_has_a_fault_to_find() -> None:
    assert {fault.rule_id for fault in FAULTS} == set(RULES)


def test_all_patterns_are_regular_expressions() -> None:
    assert all(re.compile(fault.pattern) for fault in FAULTS)


def test_counts_what_was_missed_and_what_was_made_up() -> None:
    found = Reported(rule_id="unused-index", text="public.chunks_HASH_idx")
    made_up = Reported(rule_id="unused-index", text="public.documents_pkey")

    result = score((UNUSED, KEYLESS), (found, made_up))

    assert result.missed == (KEYLESS,)
    assert result.false_alarms == (made_up,)
    assert (result.recall, result.precision) == (0.5, 0.5)


def test_a_finding_of_another_rule_does_not_count() -> None:
    result = score((UNUSED,), (Reported(rule_id="duplicate-index", text="chunks_hash_idx"),))

    assert (result.recall, result.precision) == (0.0, 0.0)


def test_silence_about_nothing_is_perfect() -> None:
    result = score((), ())

    assert (result.recall, result.precision) == (1.0, 1.0)

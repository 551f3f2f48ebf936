"""Telling what is new from what is known."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from pgadvisor.diagnose.baseline import compare, renewed
from pgadvisor.model.baseline import Baseline, BaselineComparison, BaselineEntry
from pgadvisor.model.finding import Confidence, Diagnosis, Finding, Provenance, Skipped, Suppressed

TODAY = date(2026, 3, 31)


def a_finding(key: str) -> Finding:
    return Finding(
        subject=key.partition(":")[2],
        summary="It is so",
        detail="It matters.",
        evidence=(),
        provenance=Provenance.CATALOG,
        confidence=Confidence.HIGH,
        rule_id=key.partition(":")[0],
        key=key,
    )


def entry(key: str, expires: date | None = None) -> BaselineEntry:
    return BaselineEntry(key=key, reason="later", since=date(2026, 1, 1), expires=expires)


def outcome(
    *keys: str,
    baseline: tuple[BaselineEntry, ...],
    is_only_new: bool = False,
    diagnosis: Diagnosis | None = None,
) -> tuple[Diagnosis, BaselineComparison]:
    found = replace(diagnosis or Diagnosis(), findings=tuple(map(a_finding, keys)))
    shown, comparison = compare(
        found, Baseline(entries=baseline), today=TODAY, is_only_new=is_only_new
    )
    assert comparison is not None
    return shown, comparison


def test_without_a_baseline_nothing_is_compared() -> None:
    diagnosis = Diagnosis(findings=(a_finding("r:a"),))

    assert compare(diagnosis, None, today=TODAY) == (diagnosis, None)


def test_what_is_in_the_baseline_is_known_and_says_since_when() -> None:
    diagnosis, comparison = outcome("r:a", "r:b", baseline=(entry("r:a"),))

    assert comparison.known == (entry("r:a"),)
    assert comparison.new_keys == ("r:b",)
    assert [finding.detail for finding in diagnosis.findings] == [
        "It matters. Known: in the baseline since 2026-01-01 (later).",
        "It matters.",
    ]


def test_only_what_is_new_is_left_where_that_is_wanted() -> None:
    diagnosis, comparison = outcome("r:a", "r:b", baseline=(entry("r:a"),), is_only_new=True)

    assert [finding.key for finding in diagnosis.findings] == ["r:b"]
    assert comparison.known == (entry("r:a"),)


def test_a_key_is_known_whole_or_not_at_all() -> None:
    _, comparison = outcome("r:ab", baseline=(entry("r:a"), entry("r:*")))

    assert comparison.new_keys == ("r:ab",)


def test_an_entry_that_has_run_out_brings_its_finding_back_and_says_so() -> None:
    diagnosis, comparison = outcome(
        "r:a", baseline=(entry("r:a", expires=TODAY),), is_only_new=True
    )

    [again] = diagnosis.findings
    assert again.detail == "It matters. New again: it was in the baseline until 2026-03-31 (later)."
    assert comparison.new_keys == ("r:a",)
    assert [e.key for e in comparison.expired] == ["r:a"]
    assert comparison.known == ()


def test_an_entry_holds_until_the_day_before() -> None:
    _, comparison = outcome("r:a", baseline=(entry("r:a", expires=date(2026, 4, 1)),))

    assert comparison.new_keys == ()


def test_what_its_rule_no_longer_finds_is_gone() -> None:
    _, comparison = outcome(
        "r:b", baseline=(entry("r:a"), entry("s:a")), diagnosis=Diagnosis(clear=("s",))
    )

    assert [e.key for e in comparison.gone] == ["r:a", "s:a"]
    assert comparison.unjudged == ()


def test_what_was_not_judged_may_still_be_there() -> None:
    diagnosis = Diagnosis(
        skipped=(Skipped(rule_id="r", reason="too young"),),
        broken=(Skipped(rule_id="s", reason="it raised"),),
    )

    _, comparison = outcome(
        baseline=(entry("r:a"), entry("s:a"), entry("t:a")), diagnosis=diagnosis
    )

    assert comparison.gone == ()
    assert [(each.entry.key, each.reason) for each in comparison.unjudged] == [
        ("r:a", "too young"),
        ("s:a", "it raised"),
        ("t:a", "there is no rule called t"),
    ]


def test_what_is_suppressed_is_not_gone() -> None:
    hidden = Suppressed(finding=a_finding("r:a"), reason="known")

    _, comparison = outcome(
        baseline=(entry("r:a", expires=TODAY),), diagnosis=Diagnosis(suppressed=(hidden,))
    )

    assert [e.key for e in comparison.known] == ["r:a"]
    assert comparison.gone == ()
    assert comparison.expired == ()


def test_a_renewed_baseline_keeps_what_is_there_and_forgets_what_is_gone() -> None:
    skipped = Diagnosis(skipped=(Skipped(rule_id="t", reason="too young"),))
    old = (entry("r:known"), entry("r:out", expires=TODAY), entry("r:gone"), entry("t:unjudged"))
    diagnosis, comparison = outcome("r:known", "r:out", "r:new", baseline=old, diagnosis=skipped)

    baseline = renewed(
        comparison, diagnosis.findings, reason="for now", since=TODAY, expires=date(2027, 1, 1)
    )

    assert baseline.entries == (
        entry("r:known"),
        BaselineEntry(key="r:new", reason="for now", since=TODAY, expires=date(2027, 1, 1)),
        entry("r:out", expires=TODAY),
        entry("t:unjudged"),
    )


def test_a_renewed_baseline_is_the_same_whether_the_known_ones_are_shown_or_not() -> None:
    made = [
        renewed(compared, found.findings, reason="for now", since=TODAY, expires=None)
        for found, compared in (
            outcome("r:a", "r:b", baseline=(entry("r:a"),), is_only_new=is_only_new)
            for is_only_new in (True, False)
        )
    ]

    assert made[0] == made[1]
    assert [e.key for e in made[0].entries] == ["r:a", "r:b"]

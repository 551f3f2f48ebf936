"""What findings say of planner settings that were tried."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pgadvisor.choose.setting_effect import told_by_trials
from pgadvisor.choose.setting_trial import PlanFlip, SettingTrial
from pgadvisor.model.action import ChangeSetting, ManualSteps, SettingEffect, SettingScope
from pgadvisor.model.candidate import StatementEffect
from pgadvisor.model.finding import Confidence, Evidence, Finding, Provenance, Severity

COST = ChangeSetting(
    name="random_page_cost",
    value="1.1",
    previous_value="4",
    previous_source="default",
    scope=SettingScope.ROLE_IN_DATABASE,
    role="shop",
    database="shop",
    effect=SettingEffect.NEW_SESSIONS,
)
FINDING = Finding(
    subject="random_page_cost",
    summary="it is that of a disk",
    detail="Index scans look more expensive than they are",
    evidence=(Evidence(name="random_page_cost", value="4", source="pg_settings.setting"),),
    provenance=Provenance.STATISTICS,
    confidence=Confidence.MEDIUM,
    severity=Severity.WARNING,
    remedies=(COST, ManualSteps(title="And", steps=("Look.",))),
    statement_ids=("7",),
)


def effect(name: str, before: float, after: float, time_ms: float | None = 10.0) -> StatementEffect:
    return StatementEffect(
        statement_id=name,
        calls_per_day=100.0,
        cost_before=before,
        cost_after=after,
        mean_time_ms=time_ms,
    )


def flip(name: str, time_ms: float | None = 10.0) -> PlanFlip:
    return PlanFlip(
        effect=effect(name, 1_000.0, 250.0, time_ms),
        before=("Seq Scan on orders",),
        after=("Index Scan using orders_id on orders",),
    )


def trial(*flips: PlanFlip, others: int = 1, action: ChangeSetting = COST) -> SettingTrial:
    same = tuple(effect(f"s{number}", 50.0, 40.0) for number in range(others))
    return SettingTrial(action=action, effects=(*(f.effect for f in flips), *same), flips=flips)


def told(found: SettingTrial, finding: Finding = FINDING) -> Finding:
    [result] = told_by_trials([finding], {found.action: found})
    return result


def test_names_the_plans_that_change_and_what_they_take() -> None:
    finding = told(trial(flip("1")))

    assert finding.detail == (
        "Index scans look more expensive than they are. With the new random_page_cost, 1 of the 2 "
        "planned statements of shop gets another plan: statement 1 (Seq Scan on orders -> Index "
        "Scan using orders_id on orders, cost 1,000.00 -> 250.00). All of them together take 2 s a "
        "day as measured, and would take 1.25 s in proportion to the costs; the costs hang on the "
        "setting itself, so that only a measurement tells."
    )
    assert finding.provenance is Provenance.SIMULATED
    assert finding.confidence is Confidence.MEDIUM
    assert finding.statement_ids == ("7", "1")
    assert finding.remedies == FINDING.remedies
    assert [(e.name, e.value, e.unit) for e in finding.evidence[1:]] == [
        ("statements planned with another random_page_cost", 2, "statements"),
        ("plans that change", 1, "plans"),
        ("time of these statements a day, before", 2_000.0, "ms"),
        ("time of these statements a day, after", 1_250.0, "ms"),
        (
            "plan of statement 1",
            "Seq Scan on orders -> Index Scan using orders_id on orders; cost 1,000.00 -> 250.00",
            "",
        ),
    ]


def test_says_when_no_plan_changes_and_leaves_it_to_a_person() -> None:
    finding = told(trial(others=3))

    assert finding.detail.endswith(
        "No plan of the workload changes with the new random_page_cost: the 3 planned statements "
        "of shop keep theirs."
    )
    assert (finding.severity, finding.confidence) == (Severity.INFO, Confidence.LOW)
    assert finding.provenance is Provenance.SIMULATED
    [change, manual] = finding.remedies
    assert change == replace(COST, review_reason="no plan of the workload changes with it")
    assert manual == FINDING.remedies[1]


def test_sums_costs_where_a_time_was_not_measured() -> None:
    finding = told(trial(flip("1", None)))

    assert finding.detail.endswith(
        "All of them together cost 105,000 a day before and 29,000 after, each in its own units; "
        "no time was measured."
    )
    assert [(e.name, e.value) for e in finding.evidence if "planner cost of" in e.name] == [
        ("planner cost of these statements a day, before", 105_000.0),
        ("planner cost of these statements a day, after", 29_000.0),
    ]


def test_names_three_of_many_and_has_evidence_of_ten() -> None:
    finding = told(trial(*(flip(str(number)) for number in range(12))))

    assert "; and 9 more. " in finding.detail
    assert sum(e.name.startswith("plan of statement") for e in finding.evidence) == 10


@pytest.mark.parametrize("name", ["work_mem", "hash_mem_multiplier", "jit_above_cost"])
def test_a_setting_may_do_something_though_no_plan_changes(name: str) -> None:
    action = replace(COST, name=name)
    finding = told(trial(action=action), replace(FINDING, remedies=(action,)))

    assert (finding.severity, finding.confidence) == (Severity.WARNING, Confidence.MEDIUM)
    assert finding.provenance is Provenance.STATISTICS
    assert finding.remedies == (action,)


@pytest.mark.parametrize(
    ("name", "clause"),
    [
        ("random_page_cost", ""),
        ("work_mem", "; what the same plans gain by more memory, only a measurement tells"),
        (
            "jit_above_cost",
            "; what is spared or gained by compilation, only a measurement tells",
        ),
    ],
)
def test_says_what_no_plan_can_tell(name: str, clause: str) -> None:
    action = replace(COST, name=name)

    finding = told(trial(others=2, action=action), replace(FINDING, remedies=(action,)))

    assert finding.detail.endswith(
        f"with the new {name}: the 2 planned statements of shop keep theirs{clause}."
    )


def test_says_of_what_the_planner_does_not_look_at_that_only_a_measurement_tells() -> None:
    action = replace(COST, name="effective_io_concurrency", value="200")
    wanted = replace(FINDING, remedies=(action, action))

    [finding] = told_by_trials([wanted], {})

    assert finding == replace(
        wanted,
        detail="Index scans look more expensive than they are. The planner does not look at "
        "effective_io_concurrency: no plan changes with it, and what it does only a measurement "
        "tells.",
    )


def test_tells_of_both_kinds_in_one_finding() -> None:
    unseen = replace(COST, name="effective_io_concurrency", value="200")
    found = trial(flip("1"))

    finding = told(found, replace(FINDING, remedies=(COST, unseen)))

    assert "1 of the 2 planned statements of shop gets another plan" in finding.detail
    assert finding.detail.endswith("and what it does only a measurement tells.")
    assert finding.remedies == (COST, unseen)


def test_tells_of_compilation_that_is_spared() -> None:
    action = replace(COST, name="jit_above_cost", value="1000000", previous_value="100000")
    found = replace(trial(action=action, others=2), no_longer_compiled=("s0",))

    finding = told(found, replace(FINDING, remedies=(action,)))

    assert finding.detail.endswith(
        "Planned with the new jit_above_cost, 1 of the 2 planned statements of shop cost no more "
        "than the bound, and are no longer compiled."
    )


@pytest.mark.parametrize(
    "trials",
    [{}, {COST: SettingTrial(action=COST, refused_count=2)}],
    ids=["no-planner", "refused"],
)
def test_leaves_to_a_person_what_could_not_be_tried(
    trials: dict[ChangeSetting, SettingTrial],
) -> None:
    [finding] = told_by_trials([FINDING], trials)

    assert finding.confidence is Confidence.MEDIUM
    assert finding.provenance is Provenance.STATISTICS
    [change, _] = finding.remedies
    assert isinstance(change, ChangeSetting)
    assert change.review_reason == (
        "what it does to the plans of the workload could not be simulated"
    )


def test_leaves_findings_alone_that_are_no_matter_of_the_planner() -> None:
    other = replace(FINDING, remedies=(replace(COST, name="lock_timeout"),))

    assert told_by_trials([other], {}) == (other,)

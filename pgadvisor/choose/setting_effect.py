"""What the planner says of a setting, told in the finding that wants to change it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from pgadvisor.choose.setting_trial import PlanFlip, SettingTrial
from pgadvisor.model.action import Action, ChangeSetting
from pgadvisor.model.finding import Confidence, Evidence, Finding, Provenance, Severity
from pgadvisor.units import format_ms
from pgadvisor.whatif.planner_settings import is_costed, is_for_execution

_NAMED_FLIPS = 3
"""Statements named in the finding's text; its evidence has more."""
_EVIDENT_FLIPS = 10
_BELIEFS = re.compile(
    r"\w+_cost|effective_cache_size|enable_\w+|max_parallel_workers_per_gather"
    r"|min_parallel_\w+_scan_size|\w+_collapse_limit|geqo\w*|cursor_tuple_fraction"
    r"|constraint_exclusion|recursive_worktable_factor"
)
"""What only the planner looks at: where no plan changes, nothing does."""
_COMPILATION = re.compile(r"jit(_\w+_cost)?")
"""What is decided when the plan is made already."""
_MEMORY = frozenset({"work_mem", "hash_mem_multiplier"})
"""What the same sort or hash has more of, when it is carried out."""
_NO_FLIP = "no plan of the workload changes with it"
_NOT_TRIED = "what it does to the plans of the workload could not be simulated"
_SOURCE = "the planner, with the setting and without"


def told_by_trials(
    findings: Sequence[Finding], trials: Mapping[ChangeSetting, SettingTrial]
) -> tuple[Finding, ...]:
    """Say in findings about planner settings what those do to the plans of the workload.

    Where no plan changes and nothing else can, the finding says so, counts for little, and the
    change is left to a person; likewise where it could not be tried.  Of a setting that no plan
    depends on it says that only a measurement tells.

    Args:
        findings: Of the rules; those that want no planner setting changed stay as they are.
        trials: By what is changed; changes that were not tried are missing.
    """
    return tuple(_told(finding, trials) for finding in findings)


def _told(finding: Finding, trials: Mapping[ChangeSetting, SettingTrial]) -> Finding:
    wanted = [
        action
        for action in finding.remedies
        if isinstance(action, ChangeSetting) and is_costed(action.name)
    ]
    found = [trials[action] for action in wanted if action in trials]
    sentences = [*map(_sentence, found), *_only_measured(finding)]
    detail = " ".join(part for part in (_stopped(finding.detail), *sentences) if part)
    if not wanted:
        return replace(finding, detail=detail) if sentences else finding
    known = [trial for trial in found if trial.planned_count]
    told = replace(
        finding,
        detail=detail,
        evidence=(*finding.evidence, *(item for trial in known for item in _evidence(trial))),
        remedies=tuple(_checked(action, trials) for action in finding.remedies),
        statement_ids=_ids(finding, known),
    )
    if not known or len(found) < len(wanted):
        return told
    if all(_is_void(trial) for trial in known):
        return replace(
            told,
            provenance=Provenance.SIMULATED,
            confidence=Confidence.LOW,
            severity=Severity.INFO,
        )
    has_flips = any(trial.flips for trial in known)
    return replace(told, provenance=Provenance.SIMULATED) if has_flips else told


def _is_void(trial: SettingTrial) -> bool:
    """Nothing can come of it."""
    is_belief = _BELIEFS.fullmatch(trial.action.name) is not None
    is_compilation = _COMPILATION.fullmatch(trial.action.name) is not None
    return is_belief and not is_compilation and not trial.flips


def _only_measured(finding: Finding) -> Iterator[str]:
    """Of settings that it wants changed, and that no plan depends on, one sentence each."""
    names = (
        action.name
        for action in finding.remedies
        if isinstance(action, ChangeSetting) and is_for_execution(action.name)
    )
    for name in dict.fromkeys(names):
        yield (
            f"The planner does not look at {name}: no plan changes with it, and what it does only "
            "a measurement tells."
        )


def _checked(action: Action, trials: Mapping[ChangeSetting, SettingTrial]) -> Action:
    """The same change, left to a person where nothing comes of it or nobody knows."""
    if not isinstance(action, ChangeSetting) or not is_costed(action.name):
        return action
    trial = trials.get(action)
    if trial is None or not trial.planned_count:
        return replace(action, review_reason=action.review_reason or _NOT_TRIED)
    return replace(action, review_reason=_NO_FLIP) if _is_void(trial) else action


def _ids(finding: Finding, trials: Sequence[SettingTrial]) -> tuple[str, ...]:
    flipped = (flip.effect.statement_id for trial in trials for flip in trial.flips)
    return tuple(dict.fromkeys((*finding.statement_ids, *flipped)))


def _stopped(text: str) -> str:
    return text if not text or text.endswith((".", "!", "?", ":")) else f"{text}."


def _sentence(trial: SettingTrial) -> str:
    """What the planner says, for people."""
    name, count = trial.action.name, trial.planned_count
    if not count:
        return f"No statement that {name} concerns could be planned with it."
    of_whom = f" of {trial.action.role}" if trial.action.role else ""
    looked_at = (
        f"the {count} planned statements{of_whom}" if count > 1 else f"the only one{of_whom}"
    )
    if trial.no_longer_compiled:
        return (
            f"Planned with the new {name}, {len(trial.no_longer_compiled)} of {looked_at} "
            "cost no more than the bound, and are no longer compiled."
        )
    if not trial.flips:
        keep = "keep theirs" if count > 1 else "keeps its own"
        same = f"No plan of the workload changes with the new {name}: {looked_at} {keep}"
        return f"{same}{_what_it_may_do(name)}."
    named = "; ".join(_words(flip) for flip in trial.flips[:_NAMED_FLIPS])
    more = len(trial.flips) - _NAMED_FLIPS
    rest = f"; and {more} more" if more > 0 else ""
    verb = "gets" if len(trial.flips) == 1 else "get"
    return (
        f"With the new {name}, {len(trial.flips)} of {looked_at} {verb} another plan: {named}"
        f"{rest}. {_sums(trial)}"
    )


def _what_it_may_do(name: str) -> str:
    """All the same, as a clause; empty: what only the planner looks at does nothing then."""
    if name in _MEMORY:
        return "; what the same plans gain by more memory, only a measurement tells"
    if _COMPILATION.fullmatch(name):
        return "; what is spared or gained by compilation, only a measurement tells"
    return ""


def _words(flip: PlanFlip) -> str:
    effect = flip.effect
    costs = f"cost {effect.cost_before:,.2f} -> {effect.cost_after:,.2f}"
    return f"statement {effect.statement_id} ({_change(flip)}, {costs})"


def _change(flip: PlanFlip) -> str:
    return f"{', '.join(flip.before)} -> {', '.join(flip.after)}"


def _sums(trial: SettingTrial) -> str:
    before, after = trial.time_before_ms, trial.time_after_ms
    place = " with the chosen indexes in place" if trial.has_chosen_indexes else ""
    if before is None or after is None:
        return (
            f"All of them together cost {trial.cost_before:,.0f} a day before and "
            f"{trial.cost_after:,.0f} after{place}, each in its own units; no time was measured."
        )
    return (
        f"All of them together take {format_ms(before)} a day as measured, and would take "
        f"{format_ms(after)} in proportion to the costs{place}; the costs hang on the setting "
        "itself, so that only a measurement tells."
    )


def _evidence(trial: SettingTrial) -> Iterator[Evidence]:
    name = trial.action.name
    yield Evidence(
        name=f"statements planned with another {name}",
        value=trial.planned_count,
        unit="statements",
        source=_SOURCE,
    )
    if trial.refused_count:
        yield Evidence(
            name="statements that could not be planned",
            value=trial.refused_count,
            unit="statements",
            source=_SOURCE,
        )
    yield Evidence(name="plans that change", value=len(trial.flips), unit="plans", source=_SOURCE)
    yield from _summed(trial)
    for flip in trial.flips[:_EVIDENT_FLIPS]:
        yield Evidence(
            name=f"plan of statement {flip.effect.statement_id}",
            value=f"{_change(flip)}; cost {flip.effect.cost_before:,.2f} -> "
            f"{flip.effect.cost_after:,.2f}",
            source=_SOURCE,
        )


def _summed(trial: SettingTrial) -> Iterator[Evidence]:
    """Before and after, in time where all of it was measured, else in planner costs."""
    before, after = trial.time_before_ms, trial.time_after_ms
    unit, source = "ms", "pg_stat_statements.mean_exec_time, scaled by planner costs"
    if before is None or after is None:
        before, after, unit, source = trial.cost_before, trial.cost_after, "", _SOURCE
    what = "time" if unit else "planner cost"
    for name, value in (("before", before), ("after", after)):
        yield Evidence(
            name=f"{what} of these statements a day, {name}",
            value=round(value, 2),
            unit=unit,
            source=source,
        )

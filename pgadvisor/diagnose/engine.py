"""Running the rules."""

from __future__ import annotations

import traceback
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path

from pgadvisor.config import Config
from pgadvisor.diagnose.limits import changed_limits, check_names, limits_of
from pgadvisor.diagnose.parts import identity_in_all, with_parts
from pgadvisor.diagnose.suppress import suppress
from pgadvisor.model.choice import Choice
from pgadvisor.model.finding import Diagnosis, Finding, Skipped
from pgadvisor.model.gates import GateState
from pgadvisor.rulekit import AnyRule, Case, Outcome, SkipRule

__all__ = ["changed_limits", "diagnose", "diagnose_choice", "diagnose_plans"]

PLAN_RULES = "plan"
"""The category of the rules on executed plans."""
PLAN_GATE = "executed-plans"
"""What such rules require, whatever their category."""


def diagnose(case: Case, rules: Mapping[str, AnyRule], config: Config, *, today: date) -> Diagnosis:
    """Run the rules that need no costing.

    Args:
        case: What is judged.
        rules: As ``load_rules`` returns them.
        config: Limits, rules switched off, suppressions.
        today: The day on which suppressions are looked at.

    Raises:
        ConfigError: The configuration names a rule or a limit that does not exist.
    """
    chosen = [rule for rule in rules.values() if not rule.is_costed]
    check_names(rules, config)
    return _run(case, Choice(), chosen, config, today)


def diagnose_choice(
    case: Case, choice: Choice, rules: Mapping[str, AnyRule], config: Config, *, today: date
) -> Diagnosis:
    """Run the rules that look at the choice of indexes.

    Args:
        case: What is judged, with the twin's fidelity.
        choice: What was chosen and what was left out.
        rules: As ``load_rules`` returns them.
        config: Limits, rules switched off, suppressions.
        today: The day on which suppressions are looked at.

    Raises:
        ConfigError: The configuration names a rule or a limit that does not exist.
    """
    chosen = [rule for rule in rules.values() if rule.is_costed]
    check_names(rules, config)
    return _run(case, choice, chosen, config, today)


def diagnose_plans(
    case: Case, rules: Mapping[str, AnyRule], config: Config, *, today: date
) -> Diagnosis:
    """Run the rules on executed plans, and no others.

    Args:
        case: What is judged; its snapshot may be empty but for the server.
        rules: As ``load_rules`` returns them.
        config: Limits, rules switched off, suppressions.
        today: The day on which suppressions are looked at.

    Raises:
        ConfigError: The configuration names a rule or a limit that does not exist.
    """
    # Rules of users stand in categories of their own.
    chosen = [
        rule for rule in rules.values() if rule.category == PLAN_RULES or PLAN_GATE in rule.requires
    ]
    check_names(rules, config)
    return _run(case, Choice(), chosen, config, today)


@dataclass(slots=True)
class _Outcome:
    """What one rule has said so far."""

    findings: list[Finding] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)
    broken: list[Skipped] = field(default_factory=list)

    @property
    def is_clear(self) -> bool:
        return not (self.findings or self.skipped or self.broken)


def _run(
    case: Case, choice: Choice, rules: list[AnyRule], config: Config, today: date
) -> Diagnosis:
    outcomes = {rule.id: _outcome(case, choice, rule, config) for rule in rules}
    findings = [finding for outcome in outcomes.values() for finding in outcome.findings]
    shown, suppressed = suppress(sorted(findings, key=_rank), config.suppress, today)
    return Diagnosis(
        findings=shown,
        skipped=_ordered(s for outcome in outcomes.values() for s in outcome.skipped),
        clear=tuple(sorted(rule_id for rule_id, o in outcomes.items() if o.is_clear)),
        suppressed=suppressed,
        broken=_ordered(s for outcome in outcomes.values() for s in outcome.broken),
    )


def _outcome(case: Case, choice: Choice, rule: AnyRule, config: Config) -> _Outcome:
    outcome = _Outcome()
    if rule.id in config.disable:
        reason = "switched off by the configuration"
        outcome.skipped.append(Skipped(rule_id=rule.id, reason=reason))
        return outcome
    for gate_id in rule.requires:
        gate = case.gates.gate(gate_id)
        if gate.state is not GateState.OPEN:
            outcome.skipped.append(Skipped(rule_id=rule.id, reason=gate.detail))
            return outcome
    try:
        _check(case, choice, rule, config, outcome)
    except SkipRule as skip:
        outcome.skipped.append(Skipped(rule_id=rule.id, reason=str(skip)))
    except Exception as error:  # noqa: BLE001  (a rule may raise anything; the others go on)
        outcome.broken.append(Skipped(rule_id=rule.id, reason=_how_it_broke(rule, error)))
    return outcome


def _how_it_broke(rule: AnyRule, error: Exception) -> str:
    """What a rule raised; of ours the place instead of the message, which may hold data."""
    kind = type(error).__name__
    if rule.is_built_in:
        frames = traceback.extract_tb(error.__traceback__)
        place = f"{Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else "?"
        return f"it raised {kind} at {place}, which is a fault of pgadvisor; please report it"
    whose = f" (it comes from {rule.origin})" if rule.origin else ""
    return f"it raised {kind}: {error}{whose}"


def _check(case: Case, choice: Choice, rule: AnyRule, config: Config, outcome: _Outcome) -> None:
    found: list[Finding] = []
    try:
        _collect(case, rule.check(case, choice, limits_of(rule, config)), rule, outcome, found)
    finally:  # what it had found before it raised is kept
        outcome.findings.extend(with_parts(found, case))


def _collect(
    case: Case, results: Outcome, rule: AnyRule, outcome: _Outcome, found: list[Finding]
) -> None:
    identities: set[str] = set()
    for result in results:
        if isinstance(result, Skipped):
            outcome.skipped.append(replace(result, rule_id=rule.id))
            continue
        identity = result.identity or result.subject
        if identity in identities:
            raise ValueError(f"{rule.id}:{identity} is reported twice; give each its own identity")
        identities.add(identity)
        found.append(
            replace(
                result,
                rule_id=rule.id,
                key=f"{rule.id}:{identity_in_all(result, case)}",
                severity=result.severity or rule.severity,
            )
        )


def _rank(finding: Finding) -> tuple[int, float, int, str]:
    """The most severe first, then what saves the most time, then space; never left to chance."""
    severity = finding.severity.rank if finding.severity else 0
    saved = finding.impact.saved_ms_per_day or 0.0
    return (-severity, -saved, -(finding.impact.freed_bytes or 0), finding.key)


def _ordered(skipped: Iterable[Skipped]) -> tuple[Skipped, ...]:
    return tuple(sorted(skipped, key=lambda s: (s.rule_id, s.subject, s.reason)))

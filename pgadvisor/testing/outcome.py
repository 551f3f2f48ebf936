"""Running one rule on a built snapshot."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from pgadvisor.config import Config, GateLimits
from pgadvisor.diagnose.engine import diagnose as diagnose_all
from pgadvisor.diagnose.engine import diagnose_choice
from pgadvisor.diagnose.gates import evaluate_gates
from pgadvisor.diagnose.limits import limits_of
from pgadvisor.model.catalog import Catalog
from pgadvisor.model.choice import Choice
from pgadvisor.model.execution import Execution
from pgadvisor.model.finding import Finding, Skipped
from pgadvisor.model.log import LoggedCall
from pgadvisor.model.machine import Machine, Pool
from pgadvisor.model.sensitivity import PlansByValue
from pgadvisor.model.snapshot import Snapshot
from pgadvisor.model.usage import StatementUsage
from pgadvisor.parse.plans.execution import executions_of, with_statements
from pgadvisor.parse.plans.read import read_plans
from pgadvisor.parse.usage import usage_of
from pgadvisor.registry import load_rules
from pgadvisor.rulekit import Case


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What one rule said."""

    findings: tuple[Finding, ...] = ()
    skipped: tuple[Skipped, ...] = ()

    @property
    def is_clear(self) -> bool:
        """It looked at everything and found nothing."""
        return not self.findings and not self.skipped

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why it could not judge, in whole or for some objects."""
        return tuple(skipped.reason for skipped in self.skipped)


def diagnose(  # noqa: PLR0913  (each has a default, and all but two go by keyword)
    rule_id: str,
    snapshot: Snapshot,
    *,
    choice: Choice | None = None,
    gates: GateLimits | None = None,
    plans_by_value: tuple[PlansByValue, ...] = (),
    executions: Sequence[Execution] = (),
    logged_calls: Mapping[str, tuple[LoggedCall, ...]] | None = None,
    machine: Machine | None = None,
    pools: tuple[Pool, ...] = (),
    directories: tuple[Path, ...] = (),
    **limits: float,
) -> Outcome:
    """Run one rule on a snapshot, as an analysis would.

    Args:
        rule_id: Of a built-in rule, or of one in ``directories``.
        snapshot: What is judged; its statements are parsed.
        choice: What a costed rule is given.
        gates: Limits of the gates; None: the defaults.
        plans_by_value: What a costed rule is told of plans for values.
        executions: Executed plans; see ``executed``.
        logged_calls: By statement id, calls that a log has; None: no log.
        machine: What the configuration says of it; None: nothing.
        pools: What the configuration says of them.
        directories: With rules of your own.
        limits: Of the rule, by name.

    Raises:
        ConfigError: There is no such rule or limit.
        RuntimeError: The rule raised; what it raised is the cause.
    """
    rules = load_rules(directories)
    config = Config(gates=gates or GateLimits(), limits={rule_id: limits})
    case = replace(
        a_case(snapshot, config.gates, executions),
        plans_by_value=plans_by_value,
        logged_calls=logged_calls or {},
        machine=machine or Machine(),
        pools=pools,
    )
    only = {name: rule for name, rule in rules.items() if name == rule_id}
    today = snapshot.server.collected_at.date()
    plain = diagnose_all(case, only, config, today=today)
    costed = diagnose_choice(case, choice or Choice(), only, config, today=today)
    broken = (*plain.broken, *costed.broken)
    if broken:
        rule = rules[rule_id]
        try:  # once more, for the traceback
            list(rule.check(case, choice or Choice(), limits_of(rule, config)))
        except Exception as error:
            raise RuntimeError(f"{rule_id}: {broken[0].reason}") from error
        raise RuntimeError(f"{rule_id}: {broken[0].reason}")
    return Outcome(
        findings=(*plain.findings, *costed.findings), skipped=(*plain.skipped, *costed.skipped)
    )


def a_case(
    snapshot: Snapshot, gates: GateLimits | None = None, executions: Sequence[Execution] = ()
) -> Case:
    """Build what a rule is given: the snapshot, its statements parsed, its gates evaluated."""
    catalog = Catalog(snapshot)
    limits = gates or GateLimits()
    return Case(
        catalog=catalog,
        usage=_usages(snapshot, catalog),
        gates=evaluate_gates(snapshot, limits, executions=len(executions)),
        limits=limits,
        executions=tuple(executions),
    )


def executed(explained: str, snapshot: Snapshot | None = None) -> tuple[Execution, ...]:
    """Read executed plans as EXPLAIN or auto_explain wrote them, in any of its formats.

    Args:
        explained: What it wrote.
        snapshot: Its statements are looked through for the plans' own.

    Raises:
        PlanFormatError: There is no plan in it.
    """
    statements = snapshot.statements if snapshot is not None else ()
    return with_statements(executions_of(read_plans(explained), "explained"), statements)


def _usages(snapshot: Snapshot, catalog: Catalog) -> Mapping[str, StatementUsage]:
    return {s.id: usage_of(s.id, s.text, catalog) for s in snapshot.statements}

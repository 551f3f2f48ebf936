"""From executed plans to what they say: each plan judged by itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path

from pgadvisor.config import Config
from pgadvisor.diagnose.engine import diagnose_plans
from pgadvisor.diagnose.gates import evaluate_gates
from pgadvisor.model.execution import Execution
from pgadvisor.model.finding import Diagnosis, Finding
from pgadvisor.model.node_use import PlanUse
from pgadvisor.model.server import Server
from pgadvisor.model.snapshot import Snapshot
from pgadvisor.parse.plans.exclusive import plan_use
from pgadvisor.pipeline import build_case
from pgadvisor.registry import load_rules


@dataclass(frozen=True, kw_only=True)
class Explanation:
    """Executed plans, what their nodes took, and what is wrong with them."""

    executions: tuple[Execution, ...]
    uses: tuple[PlanUse, ...]
    """One for each of the plans."""
    diagnoses: tuple[Diagnosis, ...]
    """One for each of the plans, its findings by what they save at most."""
    snapshot: Snapshot | None = None
    """The database that they were judged with; None: by themselves."""

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Of all plans, in their order."""
        return tuple(finding for one in self.diagnoses for finding in one.findings)


def explain_plans(
    executions: Sequence[Execution],
    *,
    snapshot: Snapshot | None = None,
    config: Config | None = None,
    rule_directories: Sequence[Path] = (),
    today: date | None = None,
) -> Explanation:
    """Judge executed plans, each by itself.

    Args:
        executions: What ``executions_of`` makes of plans that were read.
        snapshot: The database that they were executed in; None: it is not known.
        config: Limits, gates and suppressions; see ``load_config``.
        rule_directories: Directories with rules of your own.
        today: The day on which expiry is looked at; None: today.

    Raises:
        ConfigError: A rule or a limit that does not exist.
    """
    settings, now = config or Config(), datetime.now(UTC)
    known = snapshot or Snapshot(
        server=Server(version_num=0, version="", database="", collected_at=now)
    )
    rules = load_rules(tuple(rule_directories))
    case = build_case(known, settings)
    gates = evaluate_gates(known, settings.gates, executions=1)
    diagnoses = [
        diagnose_plans(
            replace(case, executions=(execution,), gates=gates),
            rules,
            settings,
            today=today or now.date(),
        )
        for execution in executions
    ]
    return Explanation(
        executions=tuple(executions),
        uses=tuple(plan_use(execution.plan) for execution in executions),
        diagnoses=tuple(_numbered(one, number) for number, one in enumerate(diagnoses)),
        snapshot=snapshot,
    )


def _numbered(diagnosis: Diagnosis, number: int) -> Diagnosis:
    """With the plan's number in the findings, and those first that save most."""
    findings = (replace(finding, execution=number) for finding in diagnosis.findings)
    return replace(diagnosis, findings=tuple(sorted(findings, key=_rank)))


def _rank(finding: Finding) -> tuple[float, int, str]:
    severity = finding.severity.rank if finding.severity else 0
    return (-(finding.impact.bound_ms or 0.0), -severity, finding.key)

"""From findings to one coherent plan: nothing twice, nothing against anything else."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from pgadvisor.model.action import (
    Action,
    ChangeSetting,
    CreateIndex,
    DropIndex,
    IndexDefinition,
    ManualSteps,
    RewriteStatement,
    SettingScope,
)
from pgadvisor.model.advice import Recommendation
from pgadvisor.model.choice import Choice, ChosenIndex
from pgadvisor.model.finding import Confidence, Finding, Impact, Provenance
from pgadvisor.model.gates import GateState
from pgadvisor.model.snapshot import Snapshot
from pgadvisor.propose.existing import covers
from pgadvisor.rulekit import Case
from pgadvisor.snapshotfile import is_role_pseudonym, mentions_pseudonym
from pgadvisor.sqltext.actions import steps_of
from pgadvisor.sqltext.index import definition_sql
from pgadvisor.sqltext.settings import why_by_hand

_REDACTED = (
    "the snapshot is redacted, and the index's definition holds a pseudonym; "
    "analyse the database itself, or a snapshot that is not redacted"
)
_REDACTED_ROLE = (
    "the snapshot is redacted, and the role has another name in it; analyse the database itself"
)


_MULTIPLIED = {"hash_mem_multiplier": "work_mem"}
"""Both would give a hash the product of what each was meant to give."""


@dataclass(slots=True)
class _Group:
    """Findings that the same actions settle."""

    number: int
    actions: list[Action] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    review_reason: str = ""


def _number(group: _Group) -> int:
    return group.number


class _Groups:
    """The groups so far, found by what their actions do.

    Args:
        choice: The chosen indexes with what they do to which statements.
    """

    def __init__(self, choice: Choice) -> None:
        self.all: list[_Group] = []
        self._by_action: dict[Action, _Group] = {}
        self._by_setting: dict[tuple[str, SettingScope, str, str], _Group] = {}
        self._by_dropped: dict[tuple[str, str], _Group] = {}
        self._by_created: dict[IndexDefinition, _Group] = {}
        self._by_table: defaultdict[int, list[tuple[IndexDefinition, _Group]]] = defaultdict(list)
        self._chosen = frozenset(one.candidate.definition for one in choice.chosen)
        self._served: defaultdict[IndexDefinition, set[str]] = defaultdict(set)
        self._serving: defaultdict[str, list[IndexDefinition]] = defaultdict(list)
        for chosen in choice.chosen:
            definition = chosen.candidate.definition
            for effect in chosen.effects:
                self._served[definition].add(effect.statement_id)
                self._serving[effect.statement_id].append(definition)

    def place(self, finding: Finding) -> None:
        """Add a finding to the group that settles it already, or to a new one."""
        homes = {action: self._home(action, finding) for action in finding.remedies}
        group = next((home for home in homes.values() if home is not None), None)
        if group is None:
            group = _Group(len(self.all))
            self.all.append(group)
        group.findings.append(finding)
        for action in finding.remedies:
            if homes[action] is None:
                self._add(action, group)

    def _home(self, action: Action, finding: Finding) -> _Group | None:
        """The first group whose actions make this one needless."""
        found = [self._by_action.get(action)]
        if isinstance(action, DropIndex):
            found.append(self._by_dropped.get((action.schema, action.name)))
        if isinstance(action, ChangeSetting):  # there is one value for it, the first one's
            found.append(self._by_setting.get(_memory_as_one(action)))
        # What was chosen was chosen beside the others: none of them makes it needless.
        if isinstance(action, CreateIndex) and action.index not in self._chosen:
            created = self._by_table[action.index.table_oid]
            found += [group for present, group in created if covers(present, action.index)]
            found += [self._by_created.get(d) for d in self._serving_all(finding.statement_ids)]
        homes = (group for group in found if group is not None)
        return min(homes, key=_number, default=None)

    def _serving_all(self, statement_ids: Sequence[str]) -> Iterator[IndexDefinition]:
        """Chosen indexes that the plans of all of these statements use."""
        for definition in self._serving[statement_ids[0]] if statement_ids else ():
            if self._served[definition].issuperset(statement_ids):
                yield definition

    def _add(self, action: Action, group: _Group) -> None:
        group.actions.append(action)
        self._by_action.setdefault(action, group)
        if isinstance(action, DropIndex):
            self._by_dropped.setdefault((action.schema, action.name), group)
        if isinstance(action, ChangeSetting):
            self._by_setting.setdefault(_memory_as_one(action), group)
        if isinstance(action, CreateIndex):
            former = self._by_created.get(action.index, group)
            self._by_created[action.index] = min(former, group, key=_number)
            self._by_table[action.index.table_oid].append((action.index, group))


def _memory_as_one(action: ChangeSetting) -> tuple[str, SettingScope, str, str]:
    """Where it is set; settings that multiply each other change one at a time, the first one."""
    name, scope, role, database = action.place
    return _MULTIPLIED.get(name, name), scope, role, database


def recommend(
    findings: Sequence[Finding], choice: Choice, refused_drops: Mapping[tuple[str, str], str]
) -> tuple[Recommendation, ...]:
    """Merge the findings' remedies into recommendations, the most profitable first.

    An index that two findings ask for, or that another new one begins with, is created once.
    An index that several findings drop is dropped once.  A drop that the planner refuses is
    shown with the reason and left out of the migration.

    Args:
        findings: Of all rules, the costed ones included.
        choice: The chosen indexes with what they do to which statements.
        refused_drops: By schema and name, why an index must stay.
    """
    groups = _Groups(choice)
    for finding in sorted(findings, key=_width_first):
        if finding.remedies:
            groups.place(finding)
    for group in groups.all:
        reasons = (_refusal(action, refused_drops) for action in group.actions)
        group.review_reason = next((reason for reason in reasons if reason), "")
    chosen = {one.candidate.definition: one for one in choice.chosen}
    made = [_recommendation(group, chosen) for group in groups.all]
    return tuple(sorted(made, key=_rank))


def redacted_definitions(snapshot: Snapshot) -> dict[tuple[str, str], str]:
    """Indexes that could not be made again as they were, by schema and name, with the reason."""
    changed = snapshot.redaction.changed_index_oids
    return {(i.schema, i.name): _REDACTED for i in snapshot.indexes if i.oid in changed}


def unseen_drops(case: Case) -> dict[tuple[str, str], str]:
    """Indexes that a standby may be using, by schema and name, with the reason.

    An index that is not valid serves nobody, on no node.
    """
    topology = case.gates.gate("topology")
    if topology.state is GateState.OPEN:
        return {}
    reason = f"to be reviewed: {topology.detail}; --replica counts it in"
    if case.snapshot.server.is_in_recovery:
        reason = f"to be reviewed: {topology.detail}; analyse the primary, with --replica"
    return {(i.schema, i.name): reason for i in case.snapshot.indexes if i.is_valid}


def _refusal(action: Action, refused_drops: Mapping[tuple[str, str], str]) -> str:
    """Why an action is not to go into a migration; empty: it may."""
    if isinstance(action, DropIndex):
        return refused_drops.get((action.schema, action.name), "")
    if isinstance(action, CreateIndex) and mentions_pseudonym(definition_sql(action.index)):
        return _REDACTED
    if isinstance(action, ChangeSetting):
        return _REDACTED_ROLE if is_role_pseudonym(action.role) else action.review_reason
    return ""


def _width_first(finding: Finding) -> tuple[bool, int, str]:
    """Costed findings first, then wide indexes, so that narrow ones find what covers them."""
    widths = [len(a.index.keys) for a in finding.remedies if isinstance(a, CreateIndex)]
    return (finding.rule_id != "missing-index", -max(widths, default=0), finding.key)


def _recommendation(group: _Group, chosen: Mapping[IndexDefinition, ChosenIndex]) -> Recommendation:
    findings = group.findings
    effects = tuple(
        effect
        for action in group.actions
        if isinstance(action, CreateIndex) and action.index in chosen
        for effect in chosen[action.index].effects
    )
    confidence = _confidence(findings)
    has_steps = any(step.up or step.checks for a in group.actions for step in steps_of(a))
    reason = group.review_reason or ("" if has_steps else _by_hand(group.actions))
    if has_steps and not reason and confidence is Confidence.LOW:
        reason = "the evidence is too thin to act on without a look of your own"
    return Recommendation(
        title=_title(group),
        actions=tuple(group.actions),
        finding_keys=tuple(finding.key for finding in findings),
        severity=max((f.severity for f in findings if f.severity), key=lambda s: s.rank),
        confidence=confidence,
        provenance=max((f.provenance for f in findings), key=list(Provenance).index),
        impact=_impact(findings),
        effects=effects,
        is_in_migration=has_steps and not reason,
        review_reason=reason,
    )


def _by_hand(actions: Sequence[Action]) -> str:
    """Why no script changes the settings, where those are all that there is to do; or empty."""
    reasons = (why_by_hand(action) for action in actions if isinstance(action, ChangeSetting))
    return next((reason for reason in reasons if reason), "")


def _confidence(findings: Sequence[Finding]) -> Confidence:
    """Of the finding that was costed, where there is one; else of the surest."""
    costed = [f.confidence for f in findings if f.provenance is Provenance.SIMULATED]
    return max(costed or [f.confidence for f in findings], key=lambda c: c.rank)


def _impact(findings: Sequence[Finding]) -> Impact:
    """Of the finding that says most; several on one change do not add up."""
    impacts = [finding.impact for finding in findings]
    known = [i for i in impacts if i.saved_ms_per_day is not None]
    best = max(known, key=lambda i: i.saved_ms_per_day or 0.0) if known else impacts[0]
    risks = dict.fromkeys(impact.risk for impact in impacts if impact.risk)
    freed = max((i.freed_bytes for i in impacts if i.freed_bytes is not None), default=None)
    bound = max((i.bound_ms for i in impacts if i.bound_ms is not None), default=None)
    return replace(best, risk="; ".join(risks), freed_bytes=freed, bound_ms=bound)


def _title(group: _Group) -> str:
    for action in group.actions:
        steps = steps_of(action)
        if steps:
            return steps[0].title.split(": the parent")[0]
    for action in group.actions:
        if isinstance(action, ManualSteps):
            return action.title
        if isinstance(action, RewriteStatement):
            return f"Rewrite a statement: {group.findings[0].summary}"
    return group.findings[0].summary


def _rank(recommendation: Recommendation) -> tuple[float, int, float, str]:
    impact = recommendation.impact
    return (
        -(impact.saved_ms_per_day or 0.0),
        -recommendation.severity.rank,
        -(impact.bound_ms or 0.0),
        recommendation.title,
    )

"""Findings about the same statement in several schemas, as one finding with its parts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import fields, replace

from pgadvisor.model.finding import Finding, FindingPart, Impact, Provenance
from pgadvisor.model.statement import Statement
from pgadvisor.rulekit import Case
from pgadvisor.rulekit.tenants import name_in_all
from pgadvisor.sqltext.actions import steps_of


def identity_in_all(finding: Finding, case: Case) -> str:
    """What a finding is about, with ``*`` for the schema where several have the same table.

    It depends on the catalog alone: that a tenant's statements come and go does not change it.
    """
    identity = finding.identity or finding.subject
    if not finding.statement_ids or finding.provenance is Provenance.SIMULATED:
        return identity  # about the table or the index itself, in each schema
    head, colon, rest = identity.partition(":")
    for name, suffix in ((head, ""), _without_column(head)):
        table = case.tables_by_qualified_name.get(name)
        if table is not None:
            return f"{name_in_all(case.alike(table))}{suffix}{colon}{rest}"
    return identity


def with_parts(findings: Iterable[Finding], case: Case) -> Iterator[Finding]:
    """Take those findings of one rule together that are about the same in several schemas.

    Args:
        findings: Of one rule, with their keys.
        case: What was judged.
    """
    groups: dict[str, list[Finding]] = defaultdict(list)
    for finding in findings:
        groups[finding.key].append(finding)
    statements = {statement.id: statement for statement in case.snapshot.statements}
    for group in groups.values():
        if len(group) == 1:
            yield group[0]
        else:
            yield _together(group, statements)


def _without_column(head: str) -> tuple[str, str]:
    name, dot, column = head.rpartition(".")
    return name, f"{dot}{column}"


def _together(group: Sequence[Finding], known: dict[str, Statement]) -> Finding:
    """The finding about most of the time speaks for all."""
    ordered = sorted(group, key=lambda finding: (-_time_ms(finding, known), finding.subject))
    first = ordered[0]
    parts = tuple(_part(finding, known) for finding in ordered)
    others = f"{len(ordered) - 1} more schema{'' if len(ordered) == 2 else 's'}"  # noqa: PLR2004
    ids = [i for finding in ordered for i in finding.statement_ids]
    ids.sort(key=lambda i: -known[i].total_time_ms if i in known else 0.0)
    actions = [action for finding in ordered for action in finding.remedies]
    return replace(
        first,
        summary=f"{first.summary}; the same in {others}",
        remedies=tuple(
            dict.fromkeys((*first.remedies, *(action for action in actions if steps_of(action))))
        ),
        impact=_sum([finding.impact for finding in ordered]),
        statement_ids=tuple(dict.fromkeys(ids)),
        severity=max((f.severity for f in ordered if f.severity), key=lambda one: one.rank),
        confidence=max((f.confidence for f in ordered), key=lambda one: one.rank),
        parts=parts,
    )


def _part(finding: Finding, known: dict[str, Statement]) -> FindingPart:
    statements = [known[i] for i in finding.statement_ids if i in known]
    return FindingPart(
        subject=finding.subject,
        statement_ids=finding.statement_ids,
        calls=sum(statement.calls for statement in statements),
        total_time_ms=_time_ms(finding, known),
        roles=tuple(dict.fromkeys(role for one in statements for role in one.roles)),
    )


def _time_ms(finding: Finding, known: dict[str, Statement]) -> float:
    return sum(known[i].total_time_ms for i in finding.statement_ids if i in known)


def _sum(impacts: Sequence[Impact]) -> Impact:
    """What all of them save and cost; the risk is the first one's."""
    sums = {
        field.name: sum(values)
        for field in fields(Impact)
        if field.name != "risk"
        and (values := [v for i in impacts if (v := getattr(i, field.name)) is not None])
    }
    return replace(impacts[0], **sums)

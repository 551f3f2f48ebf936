"""Indexes that the planner itself prefers to what there is."""

from collections.abc import Iterator
from dataclasses import dataclass

from pgadvisor.rulekit import (
    Case,
    Choice,
    ChosenIndex,
    Confidence,
    Evidence,
    Fidelity,
    Finding,
    Impact,
    Outcome,
    Provenance,
    Severity,
    Skipped,
    SkipRule,
    costed_rule,
    describe_index,
    format_count,
    format_ms,
    format_ratio,
    format_size,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How sure one can be of what the twin says."""

    min_same_shape_ratio: float = 0.8
    """Share of all statements that the twin plans as the original does; fewer: less sure."""

    max_cost_error_ratio: float = 0.1
    """Median difference between the twin's costs and the original's; more: less sure."""

    min_covered_time_ratio: float = 0.8
    """Share of the workload's time that was costed; less: less sure."""

    min_warning_per_day_ms: float = 1_000.0
    """Execution time saved a day; with less the index is worth a remark only, whatever its share
    of a small workload."""

    min_warning_per_call_ms: float = 0.05
    """The same of a call, of the statement that gains most.  By its cost, a lookup by primary key
    is half as dear where a second index covers it; 20,000 of them took 0.003 ms each with that
    index, and 0.003 ms without."""

    max_evidence_count: int = 5
    """Statements whose costs are shown one by one."""


@costed_rule(severity=Severity.WARNING, since="0.1", limits=Limits, requires=("statements",))
def missing_index(case: Case, choice: Choice, limits: Limits) -> Outcome:
    """An index is missing.

    ## Why it matters
    Without it the statements named here read rows only to throw them away, call after call.
    The index was created on the planner twin, which holds the schema and the statistics of
    this database, and PostgreSQL's own planner chose it there.

    ## What it leaves alone
    Candidates that the planner does not use, that save too little for their size and for what
    writes pay for them, that exceed the budget, or that make another statement dearer.  They
    are listed as rejected, each with its reason.  An index that saves less than a second a day,
    or less than a twentieth of a millisecond of each call, is a remark only.

    ## Before you act
    Costs are the planner's, and time is saved in proportion to them only roughly.  Look at the
    size of the index, and let it be built when the server has room for the reads.

    ## Example
        SELECT * FROM orders WHERE customer_id = $1;
        CREATE INDEX CONCURRENTLY ON orders (customer_id);
    """
    if choice.unavailable_reason:
        raise SkipRule(choice.unavailable_reason)
    if choice.uncosted and choice.costed_statements == 0:
        raise SkipRule("not one statement could be planned on the twin")
    if choice.uncosted:
        yield _uncosted(choice)
    doubts = tuple(_doubts(case, choice, limits))
    for chosen in choice.chosen:
        own = (
            *_misplanned(case, choice, chosen, limits),
            *_assumptions(choice, chosen),
            *_young(case, chosen),
            *chosen.notes,
        )
        yield _finding(case, chosen, (*doubts, *own), limits)


def _uncosted(choice: Choice) -> Skipped:
    reasons = sorted({reason for _, reason in choice.uncosted})
    more = f" and {len(reasons) - 1} other reasons" if len(reasons) > 1 else ""
    return Skipped(
        rule_id="",
        subject=f"{len(choice.uncosted)} of {choice.total_statements} statements",
        reason=f"they could not be planned on the twin: {reasons[0]}{more}",
    )


def _finding(case: Case, chosen: ChosenIndex, doubts: tuple[str, ...], limits: Limits) -> Finding:
    index = chosen.candidate.definition
    better = [effect for effect in chosen.effects if effect.cost_after < effect.cost_before]
    count = f"{len(better)} statement{'' if len(better) == 1 else 's'}"
    what = describe_index(index)
    if chosen.saved_ms_per_day is None:
        summary = f"An index on {what} makes {count} cheaper"
    else:
        ratio = _saved_ratio(case, chosen)
        share = "" if ratio is None else f", {format_ratio(ratio)} of all execution time"
        saved = format_ms(chosen.saved_ms_per_day)
        summary = f"An index on {what} saves {saved} a day in {count}{share}"
    return Finding(
        subject=f"{index.schema}.{index.table}",
        identity=describe_index(index),
        summary=summary,
        detail=_detail(chosen, doubts),
        evidence=_evidence(chosen, case.fidelity, limits),
        provenance=Provenance.SIMULATED,
        confidence=_confidence(doubts),
        guards=(
            "no index that exists serves as well",
            "no statement gets dearer by more than the budget allows",
        ),
        remedies=(case.creation_of(chosen),),
        impact=Impact(
            saved_ms_per_day=chosen.saved_ms_per_day,
            saved_ratio=_saved_ratio(case, chosen),
            added_bytes=chosen.candidate.size_bytes or None,
            written_entries_per_day=chosen.written_entries_per_day,
        ),
        statement_ids=tuple(effect.statement_id for effect in better),
        severity=_severity(chosen, limits),
    )


def _severity(chosen: ChosenIndex, limits: Limits) -> Severity:
    saved = chosen.saved_ms_per_day
    per_call = [
        effect.mean_time_ms * (1.0 - effect.ratio)
        for effect in chosen.effects
        if effect.mean_time_ms is not None
    ]
    is_felt = saved is None or (
        saved >= limits.min_warning_per_day_ms
        and max(per_call, default=0.0) >= limits.min_warning_per_call_ms
    )
    return Severity.WARNING if is_felt else Severity.INFO


def _saved_ratio(case: Case, chosen: ChosenIndex) -> float | None:
    times = [case.time_ms_per_day(statement) for statement in case.snapshot.statements]
    total = sum(time for time in times if time is not None)
    if chosen.saved_ms_per_day is None or total <= 0:
        return None
    return min(chosen.saved_ms_per_day / total, 1.0)


def _detail(chosen: ChosenIndex, doubts: tuple[str, ...]) -> str:
    parts = [f"It is for: {chosen.candidate.reason}."]
    if chosen.candidate.size_bytes:
        parts.append(f"It will take about {format_size(chosen.candidate.size_bytes)}.")
    parts += [f"{note[:1].upper()}{note[1:]}." for note in chosen.size_notes]
    if chosen.written_entries_per_day:
        entries = format_count(chosen.written_entries_per_day)
        parts.append(f"Writes make {entries} more index entries a day.")
    if doubts:
        parts.append(f"Less sure, because {'; '.join(doubts)}.")
    return " ".join(parts)


def _evidence(
    chosen: ChosenIndex, fidelity: Fidelity | None, limits: Limits
) -> tuple[Evidence, ...]:
    by_server = fidelity is not None and not fidelity.is_by_twin
    planner = fidelity.planner if fidelity is not None and by_server else "the planner twin"
    rows = [
        Evidence(
            name=f"cost of {effect.statement_id} {when}",
            value=round(cost, 2),
            unit="cost",
            source=f"EXPLAIN on {planner}",
        )
        for effect in chosen.effects[: limits.max_evidence_count]
        for when, cost in (("before", effect.cost_before), ("after", effect.cost_after))
    ]
    size = Evidence(
        name="predicted size",
        value=chosen.candidate.size_bytes,
        unit="bytes",
        source=planner if by_server else "size model over pg_stats",
    )
    return (*rows, size)


def _doubts(case: Case, choice: Choice, limits: Limits) -> tuple[str, ...]:
    """What speaks against trusting the twin here, as clauses."""
    doubts = []
    fidelity = case.fidelity or choice.fidelity
    shape = fidelity.same_shape_ratio if fidelity else None
    error = fidelity.median_cost_error_ratio if fidelity else None
    who = _planner(fidelity)
    if shape is None or error is None:
        doubts.append(f"{who}'s plans could not be compared with the original's")
    else:
        if shape < limits.min_same_shape_ratio:
            doubts.append(f"{who} plans only {format_ratio(shape)} as the original does")
        if error > limits.max_cost_error_ratio:
            doubts.append(f"{who}'s costs are off by {format_ratio(error)}")
    covered = choice.covered_time_ratio
    if covered is not None and covered < limits.min_covered_time_ratio:
        doubts.append(f"only {format_ratio(covered)} of the workload's time was costed")
    return tuple(doubts)


def _planner(fidelity: Fidelity | None) -> str:
    """What planned: the twin, or the server as it is now."""
    return "the twin" if fidelity is None or fidelity.is_by_twin else "the server"


def _misplanned(case: Case, choice: Choice, chosen: ChosenIndex, limits: Limits) -> Iterator[str]:
    """Statements of this index that the twin plans otherwise than the original does."""
    fidelity = case.fidelity or choice.fidelity
    if fidelity is None or (fidelity.same_shape_ratio or 0.0) < limits.min_same_shape_ratio:
        return  # a doubt about all indexes already
    served = {effect.statement_id for effect in chosen.effects}
    rows = [row for row in fidelity.statements if row.statement_id in served]
    wrong = [row for row in rows if not row.is_same_shape]
    off = [row for row in rows if row.cost_error_ratio > limits.max_cost_error_ratio]
    because = "".join(f" ({row.reason})" for row in [*wrong, *off][:1] if row.reason)
    who = _planner(fidelity)
    if wrong:
        count = len(wrong)
        yield f"{who} plans {count} of its statements otherwise than the original does{because}"
    elif off and (fidelity.median_cost_error_ratio or 0.0) <= limits.max_cost_error_ratio:
        yield f"{who}'s costs of {len(off)} of its statements are off{because}"
    elif not rows:
        yield "the original's own plans of its statements are not known"


def _assumptions(choice: Choice, chosen: ChosenIndex) -> Iterator[str]:
    """Values that statements were planned for, where the index needs them."""
    assumed = dict(choice.assumed)
    words = {assumed[e.statement_id] for e in chosen.effects if e.statement_id in assumed}
    if chosen.candidate.definition.predicate is not None:
        for value in sorted(words):
            yield (
                f"the statement was planned for {value}, and a plan that is made without the "
                "value (a generic plan) cannot use the index"
            )


def _young(case: Case, chosen: ChosenIndex) -> Iterator[str]:
    """Counters that have run for too short a time to tell what a day brings."""
    served = {effect.statement_id for effect in chosen.effects}
    counted = (s.id in served and s.source != "workload" for s in case.snapshot.statements)
    if chosen.saved_ms_per_day is None or case.is_open("usage-window"):
        return
    if any(counted):  # a log and a file tell by themselves how often it is run
        yield case.gates.gate("usage-window").detail


def _confidence(doubts: tuple[str, ...]) -> Confidence:
    return (Confidence.HIGH, Confidence.MEDIUM, Confidence.LOW)[min(len(doubts), 2)]

"""Executions that mostly turn their result into what the client is sent."""

from collections.abc import Iterator
from dataclasses import dataclass

from pgadvisor.rulekit import (
    Case,
    Confidence,
    Evidence,
    Finding,
    ManualSteps,
    Outcome,
    PlacedNode,
    Provenance,
    Severity,
    format_count,
    format_ms,
    format_ratio,
    format_size,
    rule,
    worst_of_each,
)
from pgadvisor.rulekit.plans import (
    at_plan,
    executed_roots,
    of_plan,
    unexecuted,
)

_TEXT = "text"


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """When writing the result takes too much."""

    min_serialization_time_ms: float = 50.0
    """What it took."""

    min_serialization_ratio: float = 0.5
    """The same as a share of the execution."""


@rule(severity=Severity.INFO, since="0.1", limits=Limits, requires=("executed-plans",))
def costly_serialization(case: Case, limits: Limits) -> Outcome:
    """Most of an execution goes into writing its result for the client.

    ## Why it matters
    The server turns each value into text or its binary form before it sends it, and for that
    fetches and unpacks long values that are stored apart.  That belongs to no node of the plan,
    and no index makes it shorter: only fewer rows and columns do.

    ## What it leaves alone
    Plans without ``SERIALIZE``, which PostgreSQL 17 and later have and which alone measures it;
    results that are written quickly, or in a small part of the time.  The network and the
    client's own work are in no plan.  What can be saved is at most what the writing took.

    ## Before you act
    See which columns the application uses: a long text or document that nobody looks at costs
    most.  Aggregate in the database what is added up in the application.

    ## Example
        EXPLAIN (ANALYZE, SERIALIZE TEXT) SELECT * FROM documents;
        -- Serialization: time=812.410 ms  output=94112kB  format=text
        EXPLAIN (ANALYZE, SERIALIZE TEXT) SELECT id, title FROM documents;
    """
    yield from unexecuted(case)
    found = (
        _finding(root, spent_ms, took_ms)
        for root in executed_roots(case)
        if (spent_ms := _spent_ms(root)) > 0
        and spent_ms >= limits.min_serialization_time_ms
        and (took_ms := max(root.execution.plan.execution_time_ms or 0.0, root.total_ms)) > 0
        and spent_ms >= limits.min_serialization_ratio * took_ms
    )
    yield from worst_of_each(found)


def _spent_ms(root: PlacedNode) -> float:
    written = root.execution.plan.serialization
    return (written.time_ms or 0.0) if written is not None else 0.0


def _finding(root: PlacedNode, spent_ms: float, took_ms: float) -> Finding:
    written = root.execution.plan.serialization
    assert written is not None  # noqa: S101 - else nothing was found
    finding = Finding(
        subject="serialization of the result",
        summary=f"Writing {format_size(written.output_bytes)} of result takes "
        f"{format_ms(spent_ms)} of {format_ms(took_ms)} ({format_ratio(spent_ms / took_ms)})",
        detail=f"The result has {format_count(root.use.rows)} rows.",
        evidence=tuple(_evidence(root, spent_ms, took_ms)),
        provenance=Provenance.MEASURED,
        confidence=Confidence.HIGH,
        guards=("it was measured apart from the plan",),
        remedies=(ManualSteps(title="Send less", steps=tuple(_steps(written.format))),),
    )
    return at_plan(finding, root, "serialization", saved_ms=spent_ms)


def _evidence(root: PlacedNode, spent_ms: float, took_ms: float) -> Iterator[Evidence]:
    written = root.execution.plan.serialization
    yield of_plan(root, "serialization", spent_ms, "ms")
    yield of_plan(root, "execution", took_ms, "ms")
    if written is not None:
        yield of_plan(root, "size of the result", written.output_bytes, "bytes")
        yield of_plan(root, "blocks of long values", written.buffers.touched_blocks, "blocks")
    yield of_plan(root, "rows returned", round(root.use.rows), "rows")


def _steps(form: str | None) -> Iterator[str]:
    yield (
        "Name the columns that are used in the place of `*`, and leave long values out until "
        "somebody looks at one."
    )
    yield (
        "Fetch a page of rows (`LIMIT`, and a condition on the last key seen), or add up in the "
        "database what the application adds up."
    )
    if form == _TEXT:
        yield (
            "Where the driver can, ask for the binary format: numbers and times are written "
            "quicker."
        )

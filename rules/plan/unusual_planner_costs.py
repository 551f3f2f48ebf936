"""Executed plans that were chosen by cost constants far from what they usually are."""

from collections.abc import Iterator, Mapping
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
    rule,
    worst_of_each,
)
from pgadvisor.rulekit.plans import (
    at_plan,
    executed_roots,
    unexecuted,
)

_DEFAULTS: Mapping[str, float] = {
    "seq_page_cost": 1.0,
    "random_page_cost": 4.0,
    "cpu_tuple_cost": 0.01,
    "cpu_index_tuple_cost": 0.005,
    "cpu_operator_cost": 0.0025,
    "parallel_setup_cost": 1000.0,
    "parallel_tuple_cost": 0.1,
}
_PAGES = ("seq_page_cost", "random_page_cost")


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How far from its default a cost is unusual."""

    max_factor_ratio: float = 10.0
    """So many times as much, or as little; both costs of pages together may be anything."""


@rule(severity=Severity.INFO, since="0.1", limits=Limits, requires=("executed-plans",))
def unusual_planner_costs(case: Case, limits: Limits) -> Outcome:
    """A plan was chosen by cost constants that are far from the usual ones.

    ## Why it matters
    The planner compares plans by costs: of a page read in order or at random, of a row, of an
    operator.  One of them alone at ten times its default, or at nothing, makes a kind of plan
    look better or worse than it is, for all statements.

    ## What it leaves alone
    Costs up to ten times as much or as little as the default, which includes what fast disks want
    (``random_page_cost`` 1.1 to 2) and databases in memory (both costs of pages lower by the same
    factor); and plans without ``SETTINGS``, which do not tell.  What is to be saved is not known
    until the statement was tried with the defaults.

    ## Before you act
    Costs are often changed to make one statement use one index.  See to its estimates, and give
    back the default in one transaction to see what else changes.

    ## Example
        EXPLAIN (ANALYZE, SETTINGS) SELECT * FROM orders WHERE total > 900;
        -- Settings: cpu_tuple_cost = '1'
        BEGIN; SET LOCAL cpu_tuple_cost = DEFAULT; EXPLAIN (ANALYZE) SELECT ...; COMMIT;
    """
    yield from unexecuted(case)
    found = (
        _finding(root, unusual)
        for root in executed_roots(case)
        if (unusual := tuple(_unusual(root, limits)))
    )
    yield from worst_of_each(found)


def _told(root: PlacedNode) -> dict[str, float]:
    """The costs that the plan's settings tell; the others are as usual."""
    told: dict[str, float] = {}
    for name, value in root.execution.plan.settings:
        try:
            if name in _DEFAULTS:
                told[name] = float(value)
        except ValueError:  # nothing that PostgreSQL would print
            continue
    return told


def _unusual(root: PlacedNode, limits: Limits) -> Iterator[tuple[str, float]]:
    told = _told(root)
    costs = {**_DEFAULTS, **told}
    has_both = set(_PAGES) <= told.keys()  # then it is their relation that chooses
    is_upside_down = costs["random_page_cost"] < costs["seq_page_cost"]
    for name, value in costs.items():
        is_far = name in told and not _is_near(value, _DEFAULTS[name], limits)
        is_excused = name in _PAGES and has_both
        is_wrong = name == "random_page_cost" and is_upside_down
        if is_wrong or (is_far and not is_excused):
            yield name, value


def _is_near(value: float, default: float, limits: Limits) -> bool:
    factor = limits.max_factor_ratio
    return default < value * factor and value < default * factor


def _finding(root: PlacedNode, unusual: tuple[tuple[str, float], ...]) -> Finding:
    first, value = unusual[0]
    names = [name for name, _ in unusual]
    what = f"{first} is {value:g} (usually {_DEFAULTS[first]:g})"
    others = f"; unusual as well: {', '.join(names[1:])}" if len(names) > 1 else ""
    finding = Finding(
        subject=", ".join(names),
        summary=f"The plan was chosen with costs of its own: {what}{others}",
        evidence=tuple(
            Evidence(name=name, value=cost, source=f"{root.execution.source}, EXPLAIN (SETTINGS)")
            for name, cost in unusual
        ),
        provenance=Provenance.MEASURED,
        confidence=Confidence.LOW,
        guards=("it is not what fast disks or a database in memory want",),
        remedies=(
            ManualSteps(
                title="Try the statement with the usual costs",
                steps=(
                    "`BEGIN;` "
                    + " ".join(f"`SET LOCAL {name} = DEFAULT;`" for name in names)
                    + " then EXPLAIN (ANALYZE, BUFFERS) of the statement, then `COMMIT`.",
                    (
                        "Where it is as fast, give the costs back (`RESET`) where they are set: "
                        "for the server, the database, the role, or in the application."
                    ),
                ),
            ),
        ),
    )
    return at_plan(finding, root, "costs", saved_ms=None)

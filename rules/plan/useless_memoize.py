"""Memoize nodes whose cache finds little, or throws away what is needed again."""

from collections.abc import Iterator
from dataclasses import dataclass

from pgadvisor.rulekit import (
    Action,
    Case,
    Confidence,
    Evidence,
    Finding,
    ManualSteps,
    MiB,
    Outcome,
    PlacedNode,
    Provenance,
    Severity,
    at_nodes,
    executed_nodes,
    format_count,
    format_ms,
    format_ratio,
    node_source,
    rule,
    worst_of_each,
)
from pgadvisor.rulekit.plans import (
    Memory,
    is_maintenance,
    is_worth_it,
    measured,
    memory_evidence,
    memory_for,
    memory_remedies,
    own_time,
    unmeasured,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """When a cache is worth mentioning."""

    min_lookups_count: int = 1_000
    """Looked up in the cache, in the process that looked up most."""

    max_hit_ratio: float = 0.1
    """Of the lookups; with more, the cache pays."""

    min_evicted_ratio: float = 0.1
    """Entries that were thrown away, as a share of the lookups that found nothing."""

    min_time_ms: float = 10.0
    """What can be saved at most."""

    min_time_ratio: float = 0.05
    """The same as a share of the plan's time."""

    max_work_mem_bytes: int = 512 * MiB
    """More than this is not proposed for any statement."""

    max_hash_mem_multiplier_ratio: float = 8.0
    """Where more would be needed, or sorts spill as well, ``work_mem`` is proposed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Cache:
    """What the cache of one process did."""

    hits: int
    misses: int
    evictions: int
    overflows: int
    peak_bytes: int

    @property
    def lookups(self) -> int:
        return self.hits + self.misses

    @property
    def hit_ratio(self) -> float:
        return self.hits / max(self.lookups, 1)

    @property
    def lost(self) -> int:
        """Entries that were thrown away, or that never had room."""
        return min(self.evictions + self.overflows, self.misses)


@rule(severity=Severity.INFO, since="0.1", limits=Limits, requires=("executed-plans",))
def useless_memoize(case: Case, limits: Limits) -> Outcome:
    """The cache of a join finds little, or is too small for what is looked up again.

    ## Why it matters
    Memoize keeps what the inner side of a nested loop gave for a value, for the next outer row
    with the same.  The planner expects it to pay by its estimate of how many different values
    there are.  Where nearly each row has a value of its own, the cache only costs; where it is
    larger than ``work_mem`` times ``hash_mem_multiplier``, entries are thrown away and made again.

    ## What it leaves alone
    Caches with few lookups; those that find much and lose little; those that take little of the
    plan's time; and statements that build or refresh something.  What can be saved is, of a cache
    that finds nothing, at most what it took by itself; of one that loses entries, at most the
    time of the inner side for as many lookups as it lost entries, and its own.

    ## Before you act
    See to the number of different values first: ``ANALYZE``, or ``n_distinct`` of the column.

    ## Example
        EXPLAIN (ANALYZE) SELECT * FROM a JOIN b ON b.id = a.n;
        -- Memoize  Hits: 311  Misses: 49689  Evictions: 41022  Overflows: 0
        ALTER TABLE a ALTER COLUMN n SET (n_distinct = -0.9);
        ANALYZE a;
    """
    yield from unmeasured(case)
    found = (
        _finding(case, node, cache, limits)
        for node in executed_nodes(case)
        if (cache := _cache(node)) is not None
        and not is_maintenance(node.execution)
        and cache.lookups >= limits.min_lookups_count
        and (_is_useless(cache, limits) or _is_too_small(cache, limits))
        and is_worth_it(node, _saved_ms(node, cache, limits), limits)
    )
    yield from worst_of_each(found)


def _cache(node: PlacedNode) -> _Cache | None:
    """Of the process that looked up most: in workers each has a cache of its own."""
    workers = (worker.memoization for worker in node.node.workers)
    caches = [each for each in (node.node.memoization, *workers) if each is not None]
    if not caches or node.node.node_type != "Memoize":
        return None
    busiest = max(caches, key=lambda each: each.hits + each.misses)
    return _Cache(
        hits=busiest.hits,
        misses=busiest.misses,
        evictions=busiest.evictions,
        overflows=busiest.overflows,
        peak_bytes=busiest.peak_memory_bytes,
    )


def _is_useless(cache: _Cache, limits: Limits) -> bool:
    """It finds little though it has room."""
    return cache.hit_ratio < limits.max_hit_ratio and not _is_too_small(cache, limits)


def _is_too_small(cache: _Cache, limits: Limits) -> bool:
    return cache.lost >= limits.min_evicted_ratio * max(cache.misses, 1)


def _saved_ms(node: PlacedNode, cache: _Cache, limits: Limits) -> float:
    inner = sum(each.exclusive_ms for each in node.walk()) - node.exclusive_ms
    if _is_too_small(cache, limits):
        return node.exclusive_ms + inner * cache.lost / max(cache.misses, 1)
    return node.exclusive_ms


def _needed_bytes(cache: _Cache) -> float:
    """As if all that was ever looked up had another value: at most."""
    kept = max(cache.misses - cache.lost, 1)
    return cache.peak_bytes * cache.misses / kept


def _finding(case: Case, node: PlacedNode, cache: _Cache, limits: Limits) -> Finding:
    saved_ms = _saved_ms(node, cache, limits)
    memory = memory_for(
        case,
        node,
        _needed_bytes(cache),
        most_bytes=limits.max_work_mem_bytes,
        most_multiplier_ratio=limits.max_hash_mem_multiplier_ratio,
    )
    is_small = _is_too_small(cache, limits)
    what = (
        f"throws away {format_count(cache.lost)} of {format_count(cache.misses)} entries"
        if is_small
        else f"finds {format_ratio(cache.hit_ratio)} of {format_count(cache.lookups)} lookups"
    )
    finding = Finding(
        subject=node.name,
        summary=f"The cache of a nested loop {what}, which costs {format_ms(saved_ms)} at most",
        evidence=tuple(_evidence(node, cache, memory, is_small=is_small)),
        provenance=Provenance.MEASURED,
        confidence=Confidence.MEDIUM,
        guards=("there were many lookups", "hits that it had are not counted as lost"),
        remedies=_remedies(case, node, memory, is_small=is_small),
    )
    parts = list(node.walk()) if is_small else [node]
    return at_nodes(finding, parts, saved_ms=saved_ms)


def _evidence(
    node: PlacedNode, cache: _Cache, memory: Memory, *, is_small: bool
) -> Iterator[Evidence]:
    yield measured(node, "lookups", cache.lookups)
    yield measured(node, "share that was found", cache.hit_ratio, "ratio")
    yield measured(node, "entries thrown away", cache.evictions)
    yield measured(node, "entries that never had room", cache.overflows)
    yield own_time(node)
    if is_small:
        yield from memory_evidence(memory, f"memory of the entries kept; {node_source(node)}")


def _remedies(
    case: Case, node: PlacedNode, memory: Memory, *, is_small: bool
) -> tuple[Action, ...]:
    title = "Let the cache pay, or spare it"
    estimate = (
        "`ANALYZE` the outer table; where its number of different values stays wrong, `ALTER TABLE "
        "... ALTER COLUMN ... SET (n_distinct = ...)` and `ANALYZE` again."
    )
    trial = (
        "Compare: `BEGIN; SET LOCAL enable_memoize = off;`, then EXPLAIN (ANALYZE, BUFFERS) of the "
        "statement, then `COMMIT`."
    )
    if is_small:
        return memory_remedies(case, node, memory, title=title, first=(estimate, trial))
    return (ManualSteps(title=title, steps=(estimate, trial)),)

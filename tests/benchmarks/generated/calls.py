"""How often statements run: reads by Zipf's law, writes as their tables grow and change."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import Random

from pgadvisor.model.usage import StatementKind, StatementUsage
from pgadvisor.units import MS_PER_DAY
from tests.benchmarks.generated.access import Estimate
from tests.benchmarks.generated.drafts import Draft, Heat
from tests.benchmarks.generated.tables import BuiltTable, Module

_EXPONENT = 1.3
_MOST_CALLS_PER_DAY = 300_000.0
"""Of the most frequent statement in a database of one module."""
_CORES = 16
_MAX_SHARE = 0.02
"""Of the machine's time that one statement may take: beyond it somebody would have acted."""
_COLDNESS = {Heat.HOT: 0.0, Heat.WARM: 1.5, Heat.COLD: 3.5}
_THINNING = {Heat.HOT: 1.0, Heat.WARM: 0.4, Heat.COLD: 0.03}
"""Of calls, so that few statements spread over as many orders of magnitude as many do."""
_DAYS_PER_WEEK = 7.0
_RARE_DELETES_PER_INSERT = 0.002
_SINGLE_DELETES = 0.2
"""Share of deleted rows that go one by one where there is a sweep as well."""
_SWEPT_UPDATES = 0.2


@dataclass(frozen=True, slots=True, kw_only=True)
class Timed:
    """A statement with what one call does."""

    draft: Draft
    id: str
    usage: StatementUsage
    estimate: Estimate


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """How often a statement ran in the whole window, and how many rows a call had."""

    calls: int
    rows_per_call: float


def loads(
    timed: Sequence[Timed], modules: Sequence[Module], days: float, rng: Random
) -> tuple[Load, ...]:
    """Say how often each statement ran.

    Args:
        timed: The statements.
        modules: With the tables that they read and write.
        days: The window.
        rng: What is left to chance.
    """
    found: dict[str, Load] = {}
    reads = [one for one in timed if not one.draft.heat.is_write]
    found.update(_read_loads(reads, len(modules), days, rng))
    tables = {built.table.oid: built for module in modules for built in module.tables}
    writes: dict[int, list[Timed]] = defaultdict(list)
    for one in timed:
        if one.draft.heat.is_write:
            writes[one.draft.table_oid].append(one)
    for oid, of_table in writes.items():
        found.update(_write_loads(of_table, tables[oid], days, rng))
    return tuple(found[one.id] for one in timed)


def _read_loads(
    reads: Sequence[Timed], modules: int, days: float, rng: Random
) -> Mapping[str, Load]:
    """Rank the statements: what is quick and in everybody's way runs most often."""

    def rank(one: Timed) -> float:
        slowness = 0.5 * math.log10(one.estimate.time_ms)
        return _COLDNESS[one.draft.heat] + slowness + rng.gauss(0.0, 0.9)

    found: dict[str, Load] = {}
    most = _MOST_CALLS_PER_DAY * days * modules**0.75
    for place, one in enumerate(sorted(reads, key=rank), start=1):
        calls = most * place**-_EXPONENT * rng.lognormvariate(0.0, 0.5)
        calls *= _THINNING[one.draft.heat]
        calls = max(min(calls, _bearable(one, days) * rng.uniform(0.2, 1.0)), 1.0)
        found[one.id] = Load(calls=math.ceil(calls), rows_per_call=one.estimate.rows)
    return found


def _write_loads(
    writes: Sequence[Timed], built: BuiltTable, days: float, rng: Random
) -> Mapping[str, Load]:
    kind = built.archetype
    inserted = max(built.rows * kind.weekly_growth * days / _DAYS_PER_WEEK, 1.0)
    deleted = inserted * max(kind.deletes_per_insert, _RARE_DELETES_PER_INSERT)
    updated = inserted * max(kind.updates_per_insert, 0.05)
    found: dict[str, Load] = {}
    groups: dict[tuple[Heat, StatementKind], list[Timed]] = defaultdict(list)
    for one in writes:
        groups[one.draft.heat, one.usage.kind].append(one)
    is_swept = (Heat.SWEEP, StatementKind.DELETE) in groups
    for (heat, changes), group in groups.items():
        if heat is Heat.SWEEP:
            total = deleted if changes is StatementKind.DELETE else updated * _SWEPT_UPDATES
        elif heat is Heat.DELETE:
            total = deleted * (_SINGLE_DELETES if is_swept else 1.0)
        else:
            total = inserted if heat is Heat.INSERT else updated
        shares = [rng.lognormvariate(0.0, 1.0) for _ in group]
        for one, share in zip(group, shares, strict=True):
            found[one.id] = _write_load(one, total * share / sum(shares), days, rng)
    return found


def _write_load(one: Timed, rows: float, days: float, rng: Random) -> Load:
    if one.draft.heat is not Heat.SWEEP:
        each = 1.0 if one.draft.heat is Heat.INSERT else min(max(one.estimate.rows, 0.2), 50.0)
        most = _bearable(one, days) if one.draft.heat is not Heat.INSERT else math.inf
        return Load(calls=math.ceil(min(rows / each, most)), rows_per_call=each)
    calls = math.ceil(days * rng.choice((1, 1, 24, 24, 288)))
    return Load(calls=calls, rows_per_call=min(one.estimate.rows, rows / calls))


def _bearable(one: Timed, days: float) -> float:
    return _CORES * _MAX_SHARE * MS_PER_DAY * days / one.estimate.time_ms

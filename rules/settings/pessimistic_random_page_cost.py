"""Random reads that are costed as if they came from a disk, and come from memory."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from pgadvisor.rulekit import (
    OWN_SOURCES,
    Case,
    ChangeSetting,
    Confidence,
    Evidence,
    Finding,
    Impact,
    Outcome,
    Provenance,
    Severity,
    SkipRule,
    Table,
    change_for_database,
    change_for_role,
    format_count,
    format_ratio,
    rule,
)

_SETTING = "random_page_cost"
_SEQUENTIAL = "seq_page_cost"
_PROPOSED = "1.1"
_MANUAL_RATIO = 40.0
"""The manual takes a random read for that much slower than a sequential one, and 90 % of them for
cached: hence the default of 4."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """When the data are called cached, and when that may change a plan."""

    min_hit_ratio: float = 0.99
    """Of the heap's blocks, and of the indexes' blocks: found in shared buffers."""

    min_fetched_pages: int = 1_000_000
    """Of each, as a basis for the ratio."""

    min_sequential_scans_per_day_count: float = 10.0
    """Of large tables; without them the planner takes the indexes already."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reads:
    """What was fetched of large tables that are read by index and in whole."""

    heap_hit: int
    heap_read: int
    index_hit: int
    index_read: int
    sequential_scans_per_day: float

    @property
    def heap_ratio(self) -> float:
        return _share(self.heap_hit, self.heap_read)

    @property
    def index_ratio(self) -> float:
        return _share(self.index_hit, self.index_read)

    @property
    def fetched(self) -> int:
        return min(self.heap_hit + self.heap_read, self.index_hit + self.index_read)


def _share(hit: int, read: int) -> float:
    return hit / (hit + read) if hit + read else 0.0


@rule(severity=Severity.INFO, since="0.1", limits=Limits, requires=("usage-window",))
def pessimistic_random_page_cost(case: Case, limits: Limits) -> Outcome:
    """Random reads are costed as from a disk, although the data are in memory.

    ## Why it matters
    The default of ``random_page_cost``, 4, is that of a disk that turns: a random read takes 40
    times as long as a sequential one, and 9 of 10 are cached.  Where nearly all are cached, an
    index scan looks several times as expensive as it is, and the planner reads whole tables.

    ## What it leaves alone
    Servers, databases and roles for which somebody has set it or ``seq_page_cost``, and tables
    in tablespaces with costs of their own.  Databases whose large tables are not read in whole,
    and those of which a hundredth of the blocks comes from outside of shared buffers: whether
    from the system's cache or from a disk is not known.

    ## Before you act
    It changes what all plans cost, so that some may get worse.  The planner twin has planned the
    workload with the new value: the finding names the statements whose plans change, and where
    none does, it says that the change does nothing.  The role that takes most of the time gets it
    first; compare its statements for some days before others follow.

    ## Example
        pgadvisor twin shop.pgsnap --explain query.sql --set random_page_cost=1.1
        ALTER ROLE shop IN DATABASE shop SET random_page_cost = 1.1;
        ALTER ROLE shop IN DATABASE shop RESET random_page_cost;  -- the way back
    """
    server = case.snapshot.server
    costs = [server.setting(name) for name in (_SETTING, _SEQUENTIAL)]
    if None in costs:
        raise SkipRule(f"{_SETTING} and {_SEQUENTIAL} are not in the snapshot")
    for cost in costs:
        if cost is not None and cost.source in OWN_SOURCES:
            raise SkipRule(
                f"what the server says of {cost.name} is hidden by the collecting role's own value"
            )
    if server.is_in_recovery:
        raise SkipRule("this is a standby; its costs are those of the primary, whose cache differs")
    if any(cost is not None and cost.source != "default" for cost in costs):
        return
    if any(given.name in {_SETTING, _SEQUENTIAL} for given in server.role_settings):
        return
    reads = _reads(case)
    ratio = min(reads.heap_ratio, reads.index_ratio)
    if (
        reads.fetched >= limits.min_fetched_pages
        and ratio >= limits.min_hit_ratio
        and reads.sequential_scans_per_day >= limits.min_sequential_scans_per_day_count
    ):
        yield _finding(case, reads, ratio)


def _reads(case: Case) -> _Reads:
    """Small tables are always cached, and say nothing of the others."""
    tables = [t for t in case.user_tables if case.is_large_enough(t) and _has_common_costs(case, t)]
    heap = [counters for table in tables for counters in case.activities_of(table)]
    indexes = [
        case.catalog.activity_of_index(index)
        for table in tables
        for leaf in case.catalog.leaves(table)
        for index in case.indexes_of(leaf)
    ]
    days = case.counter_window.days or 0.0
    scans = sum(counters.sequential_scans for counters in heap)
    return _Reads(
        heap_hit=sum(counters.heap_blocks_hit for counters in heap),
        heap_read=sum(counters.heap_blocks_read for counters in heap),
        index_hit=sum(counters.blocks_hit for counters in indexes),
        index_read=sum(counters.blocks_read for counters in indexes),
        sequential_scans_per_day=scans / days if days else 0.0,
    )


def _has_common_costs(case: Case, table: Table) -> bool:
    server = case.snapshot.server
    of_their_own = {
        tablespace.name
        for tablespace in server.tablespaces
        if {name for name, _ in tablespace.options} & {_SETTING, _SEQUENTIAL}
    }
    used = {leaf.tablespace or server.default_tablespace for leaf in case.catalog.leaves(table)}
    return not used & of_their_own


def _finding(case: Case, reads: _Reads, ratio: float) -> Finding:
    return Finding(
        subject=_SETTING,
        summary=f"{_SETTING} is that of a disk, but {format_ratio(ratio)} of the blocks of large "
        "tables are found in memory",
        detail="Index scans look more expensive than they are, and large tables are read in whole "
        f"{format_count(reads.sequential_scans_per_day)} times a day.  What the system's own cache "
        "holds comes on top.",
        evidence=tuple(_evidence(case, reads, ratio)),
        provenance=Provenance.STATISTICS,
        # That the data are cached is sure; that a better plan comes of it is to be seen.
        confidence=Confidence.MEDIUM,
        guards=(
            "nobody has set a cost, for the server, the database, a role or these tablespaces",
            "small tables, which are always cached, are not counted",
            case.gates.gate("usage-window").detail,
        ),
        remedies=(_remedy(case),),
        impact=Impact(risk="large tables are read in whole where an index would be faster"),
    )


def _evidence(case: Case, reads: _Reads, ratio: float) -> Iterator[Evidence]:
    setting = case.snapshot.server.setting(_SETTING)
    if setting is not None:
        yield Evidence(name=_SETTING, value=setting.value, source="pg_settings.setting")
    yield Evidence(
        name="heap blocks found in shared buffers",
        value=round(reads.heap_ratio, 4),
        unit="ratio",
        source="pg_statio_user_tables.heap_blks_hit, heap_blks_read",
    )
    yield Evidence(
        name="index blocks found in shared buffers",
        value=round(reads.index_ratio, 4),
        unit="ratio",
        source="pg_statio_user_indexes.idx_blks_hit, idx_blks_read",
    )
    yield Evidence(
        name="sequential scans of large tables a day",
        value=round(reads.sequential_scans_per_day, 1),
        unit="scans",
        source="pg_stat_user_tables.seq_scan",
    )
    yield Evidence(
        name="cost of a random read by the manual's own arithmetic",
        value=round(_MANUAL_RATIO * (1 - ratio), 2),
        source="40 x (1 - share found in shared buffers); below 1.1 it is set to that",
    )


def _remedy(case: Case) -> ChangeSetting:
    """For one role first; where nobody knows which roles there are, for the database."""
    server, role = case.snapshot.server, _busiest_role(case)
    if role is None:
        return change_for_database(server, _SETTING, _PROPOSED)
    return change_for_role(server, role, _SETTING, _PROPOSED)


def _busiest_role(case: Case) -> str | None:
    times: dict[str, float] = defaultdict(float)
    for statement in case.snapshot.statements:
        for role in statement.roles[:1]:
            times[role] += statement.total_time_ms
    return max(sorted(times), key=lambda role: times[role], default=None)

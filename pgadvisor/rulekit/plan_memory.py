"""Memory that would keep a node of an executed plan off the disk, and who is to get it."""

from __future__ import annotations

import math
from dataclasses import dataclass

from pgadvisor.model.action import Action, ChangeSetting, ManualSteps
from pgadvisor.model.finding import Evidence
from pgadvisor.rulekit.case import Case
from pgadvisor.rulekit.executions import PlacedNode
from pgadvisor.rulekit.hash_memory import (
    HASH_MULTIPLIER,
    hash_multiplier_of,
    spills_in_hashes_alone,
    wanted_multiplier,
    wants_memory_for_hashes_alone,
)
from pgadvisor.rulekit.settings import change_for_role, value_for_role
from pgadvisor.rulekit.whole_plan import setting_in_plan
from pgadvisor.units import KiB, MiB, format_size, parse_size_bytes

WORK_MEM = "work_mem"
_CACHE = "effective_cache_size"
_CACHE_SHARE = 8
"""One session takes an eighth at most of what somebody has said the caches have."""
_REVIEW_REASON = (
    "each {what} of each session of the role may take it: try it in one transaction first, "
    "and measure"
)
_SLOT_BYTES = 24
"""Of a row, in an array that grows by doubling."""
_MIN_SLOTS = 1_024
_ROW_BYTES = 16
"""Of a row's header and that of its piece of memory, what the file does not have, and what
rounding to 8 bytes takes."""
_OLD_ROW_BYTES = 40
_EXACT_PIECES_SINCE = 15
"""Before, a row's piece of memory was as large as the next power of two."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """What a node needs to stay in memory, and what it has."""

    needed_bytes: int
    """At most, in one process."""
    work_mem_bytes: int
    """The setting that gives so much, rounded up."""
    has_bytes: int | None
    """``work_mem`` of the plan; None: nobody knows."""
    ceiling_bytes: int
    """More is not proposed."""
    ceiling_source: str
    hash_multiplier: float | None = None
    """``hash_mem_multiplier`` that gives so much in the place of ``work_mem``: nothing but hashes
    has too little; None: it would not do."""

    @property
    def is_affordable(self) -> bool:
        """It is below what may be proposed."""
        return self.work_mem_bytes <= self.ceiling_bytes


def memory_for(
    case: Case,
    node: PlacedNode,
    needed_bytes: float,
    *,
    most_bytes: int,
    most_multiplier_ratio: float | None = None,
) -> Memory:
    """Turn a need into a setting.

    Args:
        case: What is judged.
        node: What spills.
        needed_bytes: What it needs in one process, at most.
        most_bytes: The rule's own ceiling.
        most_multiplier_ratio: Of a hash, which may take ``hash_mem_multiplier`` times
            ``work_mem``: the largest one that is proposed; None: it is no hash.
    """
    multiplier = 1.0 if most_multiplier_ratio is None else _hash_multiplier(case, node)
    ceiling, source = most_bytes, "the rule's limit"
    cache = case.snapshot.server.setting(_CACHE)
    processes = math.ceil(node.use.processes)
    if cache is not None and cache.source != "default":
        share = int(cache.value) * case.snapshot.server.block_size_bytes // _CACHE_SHARE
        if share < ceiling:
            ceiling, source = share, f"an eighth of {_CACHE}"
    ceiling //= processes
    wanted = needed_bytes / multiplier
    size = work_mem_mib(wanted) * MiB
    if wanted <= ceiling < size:
        size = math.ceil(wanted / MiB) * MiB
    return Memory(
        needed_bytes=round(needed_bytes),
        work_mem_bytes=size,
        has_bytes=work_mem_of(case, node),
        ceiling_bytes=ceiling,
        ceiling_source=source if processes == 1 else f"{source}, divided by {processes} processes",
        hash_multiplier=_wanted_multiplier(case, node, needed_bytes, most_multiplier_ratio),
    )


def rows_in_memory_bytes(case: Case, disk_bytes: float, rows: float) -> float:
    """Return what rows that took so much of a file take in memory at most, sorted or kept."""
    major = case.snapshot.server.major
    slots = _SLOT_BYTES * 2.0 ** math.ceil(math.log2(max(rows, _MIN_SLOTS)))
    if 0 < major < _EXACT_PIECES_SINCE:  # 0: a plan without its server
        return 2 * (disk_bytes + rows * _OLD_ROW_BYTES) + slots
    return disk_bytes + rows * _ROW_BYTES + slots


def work_mem_mib(needed_bytes: float) -> int:
    """Round up to a power of two of mebibytes: what a person would set."""
    return int(2 ** math.ceil(math.log2(max(needed_bytes / MiB, 1))))


def work_mem_of(case: Case, node: PlacedNode) -> int | None:
    """Return the plan's own ``work_mem``, else the role's, else the server's."""
    told = setting_in_plan(node.execution, WORK_MEM)
    if told is not None:
        try:
            return parse_size_bytes(told if told[-1:].isalpha() else f"{told}kB")
        except ValueError:
            return None
    server = case.snapshot.server
    role = role_of(case, node)
    value = value_for_role(server, role, WORK_MEM) if role else None
    setting = server.setting(WORK_MEM)
    if value is None and setting is not None:
        value = setting.value
    return int(value) * KiB if value is not None and value.isdigit() else None


def role_of(case: Case, node: PlacedNode) -> str | None:
    """Return who runs the plan's statement most, where the snapshot tells."""
    for statement in case.snapshot.statements:
        if statement.id == node.execution.statement_id and statement.roles:
            return statement.roles[0]
    return None


def memory_evidence(
    memory: Memory, source: str, *, name: str = "memory needed at most"
) -> tuple[Evidence, ...]:
    """Figures of a need: what it takes, what there is, and what is never exceeded."""
    needed = Evidence(
        name=name,
        value=memory.needed_bytes,
        unit="bytes",
        source=source,
    )
    ceiling = Evidence(
        name="largest work_mem that is proposed",
        value=memory.ceiling_bytes,
        unit="bytes",
        source=memory.ceiling_source,
    )
    if memory.has_bytes is None:
        return needed, ceiling
    has = Evidence(
        name=WORK_MEM,
        value=memory.has_bytes,
        unit="bytes",
        source="pg_settings, or EXPLAIN (SETTINGS)",
    )
    return needed, has, ceiling


def memory_remedies(
    case: Case,
    node: PlacedNode,
    memory: Memory,
    *,
    title: str,
    first: tuple[str, ...],
    is_for_role: bool = True,
) -> tuple[Action, ...]:
    """Return what is to be done: first without memory, then with memory for few.

    Args:
        case: What is judged.
        node: What spills.
        memory: What it needs.
        title: Of the steps.
        first: Steps that come before more memory.
        is_for_role: It saves enough to give the memory to the role that runs the statement.
    """
    if not memory.is_affordable:
        step = (
            f"It would need {WORK_MEM} of about {format_size(memory.work_mem_bytes)}, and more "
            f"than {format_size(memory.ceiling_bytes)} ({memory.ceiling_source}) is not proposed: "
            "work on fewer or narrower rows instead."
        )
        return (ManualSteps(title=title, steps=(*first, step)),)
    given = f"{WORK_MEM} = '{memory.work_mem_bytes // MiB}MB'"
    if memory.hash_multiplier is not None:
        given = f"{HASH_MULTIPLIER} = {memory.hash_multiplier:g}"
    step = (
        f"If it has to be: `BEGIN; SET LOCAL {given};`, then the statement, then "
        "`COMMIT`, and measure; for the role that runs it only where most of what it runs is like "
        "it, and never for the whole server."
    )
    manual = ManualSteps(title=title, steps=(*first, step, *_why_hashes(memory)))
    change = _change(case, node, memory) if is_for_role else None
    return (manual,) if change is None else (manual, change)


def _why_hashes(memory: Memory) -> tuple[str, ...]:
    if memory.hash_multiplier is None:
        return ()
    return (
        (
            f"{WORK_MEM} = '{memory.work_mem_bytes // MiB}MB' would give the hash as much, and "
            "each sort, too: none of them writes files, so that they need no more than they have."
        ),
    )


def _change(case: Case, node: PlacedNode, memory: Memory) -> ChangeSetting | None:
    server, role = case.snapshot.server, role_of(case, node)
    if role is None or server.setting(WORK_MEM) is None:
        return None
    if memory.hash_multiplier is not None:
        if memory.hash_multiplier <= hash_multiplier_of(case, role):
            return None
        value, reason = f"{memory.hash_multiplier:g}", _REVIEW_REASON.format(what="hash")
        return change_for_role(server, role, HASH_MULTIPLIER, value, review_reason=reason)
    if memory.work_mem_bytes <= int(value_for_role(server, role, WORK_MEM) or 0) * KiB:
        return None
    value, reason = str(memory.work_mem_bytes // KiB), _REVIEW_REASON.format(what="sort and hash")
    return change_for_role(server, role, WORK_MEM, value, review_reason=reason)


def _hash_multiplier(case: Case, node: PlacedNode) -> float:
    told = setting_in_plan(node.execution, HASH_MULTIPLIER)
    try:
        return max(float(told or ""), 1.0)
    except ValueError:
        return hash_multiplier_of(case, role_of(case, node))


def _wanted_multiplier(
    case: Case, node: PlacedNode, needed_bytes: float, most_ratio: float | None
) -> float | None:
    """None: it is no hash, sorts want memory as well, or it would have to be too large."""
    work_mem, role = work_mem_of(case, node), role_of(case, node)
    if most_ratio is None or work_mem is None or not wants_memory_for_hashes_alone(node):
        return None
    if role is not None:
        own = value_for_role(case.snapshot.server, role, WORK_MEM)
        is_own = own is not None and own.isdigit() and int(own) * KiB == work_mem
        if not is_own or not spills_in_hashes_alone(case, role):
            return None
    return wanted_multiplier(case, needed_bytes, work_mem, most_ratio=most_ratio)

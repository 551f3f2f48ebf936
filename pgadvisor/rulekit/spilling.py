"""What temporary files cost a node of an executed plan, and when that is worth a word."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pgadvisor.model.finding import Evidence, Severity
from pgadvisor.rulekit.executions import PlacedNode
from pgadvisor.rulekit.measured import is_worth_it, measured
from pgadvisor.units import MiB

HANDLING = 2.0
"""Files cost their reading and writing, and at most as much again for what goes into blocks and
comes out of them."""
_UNTIMED_RATIO = 0.3
"""What reading and writing took of the time of a node, at most, where it was measured."""
_SLOW_BLOCK_MS = 0.05
"""Of a block, on a disk of 160 MB a second."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SpillLimits:
    """When a node on disk is worth mentioning, and how much memory for it."""

    min_disk_bytes: int = 1 * MiB
    """Written by one process for one run of the node."""

    min_time_ms: float = 20.0
    """What the files cost at most."""

    min_time_ratio: float = 0.05
    """The same as a share of the plan's time."""

    min_warning_ratio: float = 0.33
    """The same from which on it is a warning, and no remark."""

    max_work_mem_bytes: int = 512 * MiB
    """More than this is not proposed for any statement."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HashSpillLimits(SpillLimits):
    """The same of a hash, which has a setting of its own."""

    max_hash_mem_multiplier_ratio: float = 8.0
    """Where more would be needed, or sorts spill as well, ``work_mem`` is proposed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SpillCost:
    """What nodes took for the sake of their files."""

    node: PlacedNode
    files_ms: float
    """Reading and writing them, on the clock."""
    is_timed: bool
    """Else it is a share of what the nodes took."""
    saved_ms: float
    """Without the files, at most."""

    def is_worth(self, limits: SpillLimits) -> bool:
        """Whether that is long enough to be told."""
        return is_worth_it(self.node, self.saved_ms, limits)

    def severity(self, limits: SpillLimits) -> Severity | None:
        """Return a remark's, where little can be saved; None: the rule's own."""
        is_small = self.saved_ms < limits.min_warning_ratio * self.node.total_ms
        return Severity.INFO if is_small else None

    def evidence(self) -> Evidence:
        """The figure that the bound rests on."""
        if self.is_timed:
            name, figure = "time of reading and writing files", "I/O Timings: temp"
            return measured(self.node, name, self.files_ms, "ms", figure)
        name = "time of reading and writing files at most, as none was measured"
        return measured(self.node, name, self.files_ms, "ms", "a share of its own time")


def spill_cost(nodes: Sequence[PlacedNode], *, handling: float = HANDLING) -> SpillCost:
    """Say what temporary files cost nodes of one plan.

    Args:
        nodes: Those that read and write the files, the one that it is told of first.
        handling: How many times the reading and writing is saved without the files, at most.
    """
    own_ms = sum(node.exclusive_ms for node in nodes)
    buffers = [node.use.exclusive_buffers for node in nodes]
    processes = nodes[0].use.processes
    files_ms = sum(b.temp_read_time_ms + b.temp_write_time_ms for b in buffers) / processes
    is_timed = files_ms > 0
    if not is_timed:
        files_ms = _UNTIMED_RATIO * own_ms
        blocks = sum(b.temp_read_blocks + b.temp_written_blocks for b in buffers)
        if blocks:
            files_ms = min(files_ms, blocks * _SLOW_BLOCK_MS / processes)
    return SpillCost(
        node=nodes[0],
        files_ms=files_ms,
        is_timed=is_timed,
        saved_ms=min(own_ms, files_ms * handling),
    )

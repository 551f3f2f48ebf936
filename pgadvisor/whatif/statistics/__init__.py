"""What-if questions about statistics, answered as far as a snapshot alone can tell."""

from __future__ import annotations

from pgadvisor.whatif.statistics.change import (
    CreateStatistics,
    DropStatistics,
    NotSimulated,
    SetStatisticsTarget,
    StatisticsChange,
    StatisticsKind,
    change_statistics,
)

__all__ = [
    "CreateStatistics",
    "DropStatistics",
    "NotSimulated",
    "SetStatisticsTarget",
    "StatisticsChange",
    "StatisticsKind",
    "change_statistics",
]

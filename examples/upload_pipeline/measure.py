"""What a run of the workload measured, in windows, and how far the windows lie apart."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise
from statistics import median, quantiles


class Part(StrEnum):
    """A part of the application; the tag in its statements."""

    CLAIM = "claim"
    WORKER = "worker"
    PAGE = "page"
    REPORT = "report"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One thing that a client did."""

    part: Part
    """WORKER: a job taken through one stage; CLAIM: the taking of it alone."""
    finished_at_s: float
    """On the monotonic clock."""
    took_ms: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Counters:
    """What pg_stat_statements has counted for one part since its last reset."""

    calls: int = 0
    buffers: int = 0
    """Shared buffers hit and read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Boundary:
    """The counters of all parts at one instant."""

    at_s: float
    """On the monotonic clock."""
    counters: dict[Part, Counters]


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """The figures of one window."""

    duration_s: float
    jobs: int
    """Jobs taken through one stage."""
    claim_p50_ms: float
    claim_p95_ms: float
    page_p50_ms: float
    page_p95_ms: float
    buffers_per_claim: float
    buffers_per_page: float
    """Of all statements of one view of the status page."""

    @property
    def jobs_per_s(self) -> float:
        """Throughput."""
        return self.jobs / self.duration_s


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """The median of the windows, and the lowest and highest of them."""

    median: float
    lowest: float
    highest: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """A figure to compare."""

    name: str
    unit: str
    value: Callable[[Window], float]
    is_better_high: bool = False


METRICS = (
    Metric(name="throughput", unit="jobs/s", value=lambda w: w.jobs_per_s, is_better_high=True),
    Metric(name="claim p50", unit="ms", value=lambda w: w.claim_p50_ms),
    Metric(name="claim p95", unit="ms", value=lambda w: w.claim_p95_ms),
    Metric(name="page p50", unit="ms", value=lambda w: w.page_p50_ms),
    Metric(name="page p95", unit="ms", value=lambda w: w.page_p95_ms),
    Metric(name="claim", unit="buffers/call", value=lambda w: w.buffers_per_claim),
    Metric(name="page", unit="buffers/view", value=lambda w: w.buffers_per_page),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement:
    """A run of the workload."""

    windows: tuple[Window, ...]

    def spread(self, metric: Metric) -> Spread:
        """The metric over all windows."""
        values = [metric.value(window) for window in self.windows]
        return Spread(median=median(values), lowest=min(values), highest=max(values))


class TooFewSamplesError(Exception):
    """A window in which nothing was finished: it has no latency to report."""


def windows_between(
    boundaries: Sequence[Boundary], samples: Sequence[Sample]
) -> tuple[Window, ...]:
    """Cut the samples at the boundaries.

    Args:
        boundaries: In the order of time; one more than there are windows.
        samples: Of all clients, in any order.

    Raises:
        TooFewSamplesError: No job was claimed, or no page shown, within one of the windows.
    """
    return tuple(
        _window(start, end, [s for s in samples if start.at_s <= s.finished_at_s < end.at_s])
        for start, end in pairwise(boundaries)
    )


def _window(start: Boundary, end: Boundary, samples: Sequence[Sample]) -> Window:
    jobs = [s.took_ms for s in samples if s.part is Part.WORKER]
    claims = [s.took_ms for s in samples if s.part is Part.CLAIM]
    pages = [s.took_ms for s in samples if s.part is Part.PAGE]
    return Window(
        duration_s=end.at_s - start.at_s,
        jobs=len(jobs),
        claim_p50_ms=_percentile(claims, 50),
        claim_p95_ms=_percentile(claims, 95),
        page_p50_ms=_percentile(pages, 50),
        page_p95_ms=_percentile(pages, 95),
        buffers_per_claim=_buffers(start, end, Part.CLAIM) / len(claims),
        buffers_per_page=_buffers(start, end, Part.PAGE) / len(pages),
    )


def _percentile(values: Sequence[float], percent: int) -> float:
    if len(values) < 2:  # noqa: PLR2004 - a quantile needs two values
        raise TooFewSamplesError(f"{len(values)} samples in a window: make the windows longer")
    return quantiles(values, n=100, method="inclusive")[percent - 1]


def _buffers(start: Boundary, end: Boundary, part: Part) -> int:
    none = Counters()
    return end.counters.get(part, none).buffers - start.counters.get(part, none).buffers

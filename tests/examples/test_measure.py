"""The example's windows and spreads."""

from __future__ import annotations

import pytest

from examples.upload_pipeline.comparison import improvement
from examples.upload_pipeline.measure import (
    METRICS,
    Boundary,
    Counters,
    Measurement,
    Metric,
    Part,
    Sample,
    Spread,
    TooFewSamplesError,
    windows_between,
)


def a_boundary(at_s: float, buffers: int) -> Boundary:
    counters = {
        Part.CLAIM: Counters(calls=0, buffers=buffers),
        Part.PAGE: Counters(calls=0, buffers=buffers * 10),
    }
    return Boundary(at_s=at_s, counters=counters)


def samples_at(*times_s: float) -> list[Sample]:
    return [
        Sample(part=part, finished_at_s=at_s, took_ms=took_ms)
        for at_s in times_s
        for part, took_ms in ((Part.CLAIM, 2.0), (Part.WORKER, 3.0), (Part.PAGE, 20.0))
    ]


def test_cuts_samples_at_the_boundaries() -> None:
    boundaries = (a_boundary(10.0, 100), a_boundary(12.0, 140), a_boundary(14.0, 200))
    samples = samples_at(9.9, 10.0, 11.9, 12.0, 12.5, 13.9, 14.0)

    first, second = windows_between(boundaries, samples)

    assert (first.jobs, second.jobs) == (2, 3)
    assert (first.jobs_per_s, second.jobs_per_s) == (1.0, 1.5)
    assert (first.buffers_per_claim, second.buffers_per_claim) == (20.0, 20.0)
    assert (first.buffers_per_page, second.buffers_per_page) == (200.0, 200.0)
    assert (first.claim_p50_ms, first.page_p95_ms) == (2.0, 20.0)


def test_refuses_a_window_in_which_nothing_was_finished() -> None:
    boundaries = (a_boundary(10.0, 100), a_boundary(12.0, 140))

    with pytest.raises(TooFewSamplesError, match="make the windows longer"):
        windows_between(boundaries, samples_at(10.5))


def test_spreads_a_metric_over_the_windows() -> None:
    boundaries = tuple(a_boundary(at_s, 0) for at_s in (0.0, 1.0, 2.0, 3.0))
    samples = samples_at(0.1, 0.2, 1.1, 1.2, 1.3, 1.4, 2.1, 2.2, 2.3)

    measurement = Measurement(windows=windows_between(boundaries, samples))

    assert measurement.spread(METRICS[0]) == Spread(median=3.0, lowest=2.0, highest=4.0)


@pytest.mark.parametrize(
    ("metric", "before", "after"), [(METRICS[0], 10.0, 50.0), (METRICS[1], 50.0, 10.0)]
)
def test_calls_better_what_is_higher_or_lower_as_the_metric_wants(
    metric: Metric, before: float, after: float
) -> None:
    old = Spread(median=before, lowest=before, highest=before)
    new = Spread(median=after, lowest=after, highest=after)

    assert improvement(metric, old, new) == 5.0
    assert improvement(metric, new, old) == 0.2

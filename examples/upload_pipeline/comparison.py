"""Before and after, side by side."""

from __future__ import annotations

from rich.table import Table

from examples.upload_pipeline.measure import METRICS, Measurement, Metric, Spread


def comparison_table(before: Measurement, after: Measurement) -> Table:
    """Show each metric's median and range on both sides, and how many times better it became."""
    table = Table(title="Before and after the migration", title_justify="left")
    table.add_column("")
    for side in ("before", "after"):
        table.add_column(side, justify="right")
        table.add_column("lowest to highest", justify="right", style="dim")
    table.add_column("better by", justify="right", style="bold")
    for metric in METRICS:
        old, new = before.spread(metric), after.spread(metric)
        table.add_row(
            f"{metric.name} ({metric.unit})",
            _figure(old.median),
            _range(old),
            _figure(new.median),
            _range(new),
            f"{improvement(metric, old, new):.1f}x",
        )
    return table


def improvement(metric: Metric, before: Spread, after: Spread) -> float:
    """How many times better the median became; below one, it became worse."""
    if metric.is_better_high:
        return after.median / before.median
    return before.median / after.median


def _range(spread: Spread) -> str:
    return f"{_figure(spread.lowest)} to {_figure(spread.highest)}"


def _figure(value: float) -> str:
    digits = 0 if abs(value) >= 100 else 1  # noqa: PLR2004 - three significant digits will do
    return f"{value:,.{digits}f}"

"""Before and after, side by side."""

from __future__ import annotations

from rich import box
from rich.table import Table

from examples.upload_pipeline.measure import METRICS, Measurement, Metric, Spread


def comparison_table(before: Measurement, after: Measurement) -> Table:
    """Show each metric's median and range on both sides, and how many times better it became."""
    table = Table(title="Before and after the migration", box=box.SIMPLE)
    table.add_column("", no_wrap=True)
    for heading in ("before", "after", "better"):
        table.add_column(heading, justify="right", no_wrap=True)
    for metric in METRICS:
        old, new = before.spread(metric), after.spread(metric)
        table.add_row(
            f"{metric.name} [dim]{metric.unit}[/dim]",
            _spread(old),
            _spread(new),
            f"[bold]{improvement(metric, old, new):.1f}x[/bold]",
        )
    return table


def improvement(metric: Metric, before: Spread, after: Spread) -> float:
    """How many times better the median became; below one, it became worse."""
    if metric.is_better_high:
        return after.median / before.median
    return before.median / after.median


def _spread(spread: Spread) -> str:
    lowest, highest = _figure(spread.lowest), _figure(spread.highest)
    return f"{_figure(spread.median)} [dim]({lowest}-{highest})[/dim]"


def _figure(value: float) -> str:
    digits = 0 if abs(value) >= 100 else 1  # noqa: PLR2004 - three significant digits will do
    return f"{value:,.{digits}f}"

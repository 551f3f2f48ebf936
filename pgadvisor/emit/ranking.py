"""The statements of an analysis as a table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pgadvisor.model.advice import AdviceData

if TYPE_CHECKING:
    import pandas as pd


def ranking(advice: AdviceData) -> pd.DataFrame:
    """Rank the statements by the time that they take.

    Returns:
        One row a statement, indexed by its id: ``calls`` (of a workload file, its weight),
        ``total_time_ms``, ``mean_time_ms``, ``share_of_time_ratio`` (of the listed statements;
        0 to 1), ``saved_ms_per_day`` (by all chosen indexes together; NaN where none of them
        was costed on it), ``cost_before``, ``cost_after`` (planner units), ``text``.
    """
    # pandas takes half a second to import, and a run without a report does without it.
    import pandas as pd  # noqa: PLC0415

    effects = {effect.statement_id: effect for effect in advice.choice.effects}
    rows = []
    for statement in advice.statements:
        effect = effects.get(statement.id)
        rows.append(
            {
                "id": statement.id,
                "calls": statement.calls_or_weight,
                "total_time_ms": statement.total_time_ms,
                "mean_time_ms": statement.mean_time_ms,
                "saved_ms_per_day": effect.saved_ms_per_day if effect else None,
                "cost_before": effect.cost_before if effect else None,
                "cost_after": effect.cost_after if effect else None,
                "text": statement.text,
            }
        )
    columns = ["id", "calls", "total_time_ms", "mean_time_ms"]
    columns += ["saved_ms_per_day", "cost_before", "cost_after", "text"]
    frame = pd.DataFrame(rows, columns=columns).set_index("id")
    measures = ["saved_ms_per_day", "cost_before", "cost_after"]
    frame[measures] = frame[measures].astype("float64")
    total_ms = float(frame["total_time_ms"].sum())
    shares = frame["total_time_ms"] / total_ms if total_ms > 0 else 0.0
    frame.insert(3, "share_of_time_ratio", shares)
    return frame.sort_values("total_time_ms", ascending=False, kind="stable")

"""From which cost on statements are compiled, and how far that is to be raised."""

from __future__ import annotations

import math
from collections.abc import Iterable

JIT_ABOVE_COST = "jit_above_cost"
USUAL_JIT_ABOVE_COST = 100_000.0
"""PostgreSQL's default."""


def raised_jit_cost(costs: Iterable[float], bounds: Iterable[float]) -> int:
    """Return a power of ten above the costs of plans, and above twice the present bounds."""
    return int(10 ** math.ceil(math.log10(max((*costs, 2 * max((*bounds, 1.0)))))))

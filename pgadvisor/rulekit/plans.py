"""What rules on executed plans may import beside ``pgadvisor.rulekit``."""

from pgadvisor.rulekit.compilation import JIT_ABOVE_COST, USUAL_JIT_ABOVE_COST
from pgadvisor.rulekit.measured import (
    inputs_of,
    measured,
    measured_nodes,
    own_time,
    relation_of,
    share_of_plan,
    unmeasured,
)
from pgadvisor.rulekit.plan_memory import (
    Memory,
    memory_evidence,
    memory_for,
    memory_remedies,
    role_of,
    rows_in_memory_bytes,
)
from pgadvisor.rulekit.whole_plan import (
    at_plan,
    executed_roots,
    is_maintenance,
    of_plan,
    setting_in_plan,
    unexecuted,
    without_buffers,
)

__all__ = [
    "JIT_ABOVE_COST",
    "USUAL_JIT_ABOVE_COST",
    "Memory",
    "at_plan",
    "executed_roots",
    "inputs_of",
    "is_maintenance",
    "measured",
    "measured_nodes",
    "memory_evidence",
    "memory_for",
    "memory_remedies",
    "of_plan",
    "own_time",
    "relation_of",
    "role_of",
    "rows_in_memory_bytes",
    "setting_in_plan",
    "share_of_plan",
    "unexecuted",
    "unmeasured",
    "without_buffers",
]

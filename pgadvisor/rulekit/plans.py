"""What rules on executed plans may import beside ``pgadvisor.rulekit``."""

from pgadvisor.model.plan_condition import (
    PlanCondition,
)
from pgadvisor.parse.plans.condition import (
    conditions_of,
    shown_condition,
)
from pgadvisor.rulekit.compilation import (
    JIT_ABOVE_COST,
    USUAL_JIT_ABOVE_COST,
)
from pgadvisor.rulekit.estimate_causes import (
    Cause,
    ExplainedEstimate,
    explained,
)
from pgadvisor.rulekit.measured import (
    inputs_of,
    is_worth_it,
    measured,
    measured_nodes,
    own_time,
    part_of,
    relation_of,
    share_of_plan,
    unmeasured,
)
from pgadvisor.rulekit.misestimates import (
    JOINS,
    Misestimate,
    misestimates,
    times_expected,
)
from pgadvisor.rulekit.misplanned import (
    Consequence,
    changed_nodes,
    consequences_of,
    severity_of,
)
from pgadvisor.rulekit.plan_memory import (
    Memory,
    memory_evidence,
    memory_for,
    memory_remedies,
    role_of,
    rows_in_memory_bytes,
    work_mem_of,
)
from pgadvisor.rulekit.scan_conditions import (
    WantedKeys,
    filter_conditions,
    index_for,
    is_foreign_to_us,
    is_served,
    own_name,
    scan_conditions,
    sql_name,
    wanted_keys,
)
from pgadvisor.rulekit.spilling import (
    HANDLING,
    HashSpillLimits,
    SpillCost,
    SpillLimits,
    spill_cost,
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
    "HANDLING",
    "JIT_ABOVE_COST",
    "JOINS",
    "USUAL_JIT_ABOVE_COST",
    "Cause",
    "Consequence",
    "ExplainedEstimate",
    "HashSpillLimits",
    "Memory",
    "Misestimate",
    "PlanCondition",
    "SpillCost",
    "SpillLimits",
    "WantedKeys",
    "at_plan",
    "changed_nodes",
    "conditions_of",
    "consequences_of",
    "executed_roots",
    "explained",
    "filter_conditions",
    "index_for",
    "inputs_of",
    "is_foreign_to_us",
    "is_maintenance",
    "is_served",
    "is_worth_it",
    "measured",
    "measured_nodes",
    "memory_evidence",
    "memory_for",
    "memory_remedies",
    "misestimates",
    "of_plan",
    "own_name",
    "own_time",
    "part_of",
    "relation_of",
    "role_of",
    "rows_in_memory_bytes",
    "scan_conditions",
    "setting_in_plan",
    "severity_of",
    "share_of_plan",
    "shown_condition",
    "spill_cost",
    "sql_name",
    "times_expected",
    "unexecuted",
    "unmeasured",
    "wanted_keys",
    "without_buffers",
    "work_mem_of",
]

"""What rules on executed plans may import beside ``pgadvisor.rulekit``."""

from pgadvisor.model.plan_condition import (
    PlanCondition,
)
from pgadvisor.parse.plans.condition import (
    conditions_of,
    shown_condition,
)
from pgadvisor.rulekit.estimate_causes import (
    Cause,
    ExplainedEstimate,
    explained,
)
from pgadvisor.rulekit.measured import (
    inputs_of,
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

__all__ = [
    "JOINS",
    "Cause",
    "Consequence",
    "ExplainedEstimate",
    "Misestimate",
    "PlanCondition",
    "WantedKeys",
    "changed_nodes",
    "conditions_of",
    "consequences_of",
    "explained",
    "filter_conditions",
    "index_for",
    "inputs_of",
    "is_foreign_to_us",
    "is_served",
    "measured",
    "measured_nodes",
    "misestimates",
    "own_name",
    "own_time",
    "part_of",
    "relation_of",
    "scan_conditions",
    "severity_of",
    "share_of_plan",
    "shown_condition",
    "sql_name",
    "times_expected",
    "unmeasured",
    "wanted_keys",
]

"""Everything that a rule file may import.

A rule is one generator function in a file of its own, which is called after the problem::

    @rule(severity=Severity.WARNING, since="0.1", limits=Limits)
    def unused_index(case: Case, limits: Limits) -> Outcome:
        '''Index is written to but never scanned. ...'''

It looks at the case alone, yields a finding for each problem and a ``Skipped`` for each object
that it cannot judge, and raises ``SkipRule`` where it cannot judge at all.  Its limits are a
frozen dataclass whose fields have defaults and end in their unit: ``min_size_bytes``.
"""

from pgadvisor.config import GateLimits
from pgadvisor.model.action import (
    Action,
    AddPrimaryKeyUsingIndex,
    AnalyzeTable,
    CreateIndex,
    DropIndex,
    IndexDefinition,
    ManualSteps,
    PartitionIndex,
    RebuildIndex,
    RewriteStatement,
    SetTableOptions,
)
from pgadvisor.model.candidate import StatementEffect
from pgadvisor.model.choice import Choice, ChosenIndex, SupersededIndex
from pgadvisor.model.estimate import Fidelity
from pgadvisor.model.finding import (
    Confidence,
    Evidence,
    Finding,
    Impact,
    Provenance,
    Severity,
    Skipped,
)
from pgadvisor.model.gates import Gate, GateState
from pgadvisor.model.plan import PlanNode
from pgadvisor.model.schema import (
    Column,
    Constraint,
    ConstraintKind,
    Index,
    IndexKey,
    RelationKind,
    Sequence,
    Table,
)
from pgadvisor.model.sensitivity import PlansByValue, PlanVariant
from pgadvisor.model.server import RoleSetting, Setting
from pgadvisor.model.snapshot import Snapshot
from pgadvisor.model.statement import Statement
from pgadvisor.model.statistics import ColumnStatistics, IndexActivity, TableActivity
from pgadvisor.model.usage import (
    NotInSubquery,
    Predicate,
    PredicateKind,
    RelationUsage,
    SortKey,
    StatementKind,
    StatementUsage,
    WrappedPredicate,
)
from pgadvisor.parse.expression import columns_in, same_expression
from pgadvisor.parse.rewrite import (
    Rewritten,
    any_array,
    exists_for_count,
    exists_for_join,
    keyset_template,
    not_exists,
    sargable_range,
    union_all,
    with_skip_locked,
)
from pgadvisor.rulekit.case import MIN_SHARE_OF_TIME, Case, SkipRule, StatementOnTable
from pgadvisor.rulekit.casts import is_implicit_cast, writes_cast
from pgadvisor.rulekit.foreign_keys import foreign_keys_of, serves_key, serving_indexes
from pgadvisor.rulekit.planned import block_evidence, plan_of, tables_of, time_evidence
from pgadvisor.rulekit.queue import Poll, QueueIndex, finds_by_key, poll_of, queue_index
from pgadvisor.rulekit.redundancy import (
    Redundancy,
    is_needed_as_it_is,
    is_same_index,
)
from pgadvisor.rulekit.rule import AnyRule, NoLimits, Outcome, Rule, costed_rule, rule
from pgadvisor.rulekit.settings import change_where_set
from pgadvisor.sqltext.index import describe_index, index_name
from pgadvisor.sqltext.quote import qualified, quote_identifier, quote_literal
from pgadvisor.units import (
    MS_PER_DAY,
    GiB,
    KiB,
    MiB,
    TiB,
    format_count,
    format_ms,
    format_ratio,
    format_size,
)

__all__ = [
    "MIN_SHARE_OF_TIME",
    "MS_PER_DAY",
    "Action",
    "AddPrimaryKeyUsingIndex",
    "AnalyzeTable",
    "AnyRule",
    "Case",
    "Choice",
    "ChosenIndex",
    "Column",
    "ColumnStatistics",
    "Confidence",
    "Constraint",
    "ConstraintKind",
    "CreateIndex",
    "DropIndex",
    "Evidence",
    "Fidelity",
    "Finding",
    "Gate",
    "GateLimits",
    "GateState",
    "GiB",
    "Impact",
    "Index",
    "IndexActivity",
    "IndexDefinition",
    "IndexKey",
    "KiB",
    "ManualSteps",
    "MiB",
    "NoLimits",
    "NotInSubquery",
    "Outcome",
    "PartitionIndex",
    "PlanNode",
    "PlanVariant",
    "PlansByValue",
    "Poll",
    "Predicate",
    "PredicateKind",
    "Provenance",
    "QueueIndex",
    "RebuildIndex",
    "Redundancy",
    "RelationKind",
    "RelationUsage",
    "RewriteStatement",
    "Rewritten",
    "RoleSetting",
    "Rule",
    "Sequence",
    "SetTableOptions",
    "Setting",
    "Severity",
    "SkipRule",
    "Skipped",
    "Snapshot",
    "SortKey",
    "Statement",
    "StatementEffect",
    "StatementKind",
    "StatementOnTable",
    "StatementUsage",
    "SupersededIndex",
    "Table",
    "TableActivity",
    "TiB",
    "WrappedPredicate",
    "any_array",
    "block_evidence",
    "change_where_set",
    "columns_in",
    "costed_rule",
    "describe_index",
    "exists_for_count",
    "exists_for_join",
    "finds_by_key",
    "foreign_keys_of",
    "format_count",
    "format_ms",
    "format_ratio",
    "format_size",
    "index_name",
    "is_implicit_cast",
    "is_needed_as_it_is",
    "is_same_index",
    "keyset_template",
    "not_exists",
    "plan_of",
    "poll_of",
    "qualified",
    "queue_index",
    "quote_identifier",
    "quote_literal",
    "rule",
    "same_expression",
    "sargable_range",
    "serves_key",
    "serving_indexes",
    "tables_of",
    "time_evidence",
    "union_all",
    "with_skip_locked",
    "writes_cast",
]

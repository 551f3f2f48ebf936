"""Everything that a rule file may import; ``plans`` has what only rules on executed plans need.

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
    ChangeSetting,
    CreateIndex,
    CreateStatistics,
    DropIndex,
    IndexDefinition,
    ManualSteps,
    PartitionIndex,
    RebuildIndex,
    RewriteStatement,
    SetTableOptions,
)
from pgadvisor.model.backends import (
    ConnectionCount,
    OpenTransaction,
    PreparedTransaction,
    RunningVacuum,
)
from pgadvisor.model.blocking import BlockingSession
from pgadvisor.model.candidate import StatementEffect
from pgadvisor.model.choice import Choice, ChosenIndex, SupersededIndex
from pgadvisor.model.estimate import Fidelity, RebuiltSize
from pgadvisor.model.executed_plan import ExecutedNode, ExecutedPlan
from pgadvisor.model.execution import Execution
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
from pgadvisor.model.machine import Machine, Pool, PoolMode, StorageKind
from pgadvisor.model.plan import PlanNode
from pgadvisor.model.replication import ReplicationSlot, WalSender
from pgadvisor.model.schema import (
    Column,
    Constraint,
    ConstraintKind,
    Index,
    IndexKey,
    RelationKind,
    Sequence,
    Table,
    Trigger,
)
from pgadvisor.model.sensitivity import PlansByValue, PlanVariant, ValueKind
from pgadvisor.model.server import (
    REDACTED,
    DatabaseActivity,
    Extension,
    RoleSetting,
    Server,
    Setting,
)
from pgadvisor.model.server_counters import (
    CollationVersion,
    LookupActivity,
    WalActivity,
    WriteActivity,
)
from pgadvisor.model.service import Service
from pgadvisor.model.session_command import SessionCommand, SessionCommandKind
from pgadvisor.model.snapshot import Snapshot
from pgadvisor.model.standby import Standby
from pgadvisor.model.statement import Statement
from pgadvisor.model.statistics import ColumnStatistics, IndexActivity, TableActivity
from pgadvisor.model.transaction_age import WRAPAROUND_AGE, DatabaseAge, TableAge
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
from pgadvisor.parse.expression import columns_in, may_be_expression, same_expression
from pgadvisor.parse.rewrite import (
    Rewritten,
    any_array,
    changes_only,
    disjoint_union,
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
from pgadvisor.rulekit.compilation import raised_jit_cost
from pgadvisor.rulekit.evidence import (
    blocks_per_call,
    index_definition,
    index_scans,
    index_size,
    rows_per_call,
    share_of_time,
    table_rows,
    written_rows,
)
from pgadvisor.rulekit.executions import (
    PlacedNode,
    at_nodes,
    executed_nodes,
    node_source,
    table_of,
    worst_of_each,
)
from pgadvisor.rulekit.foreign_keys import foreign_keys_of, serves_key, serving_indexes
from pgadvisor.rulekit.hash_memory import (
    HASH_MULTIPLIER,
    hash_multiplier_of,
    spills_in_hashes_alone,
    wanted_multiplier,
)
from pgadvisor.rulekit.heap_size import packed_bytes
from pgadvisor.rulekit.index_only import IndexOnlyScans, index_only_scans, readers_of
from pgadvisor.rulekit.machine import data_bytes_of, memory_bytes_of, storage_of
from pgadvisor.rulekit.or_across import ask_for_each_arm, is_or_across, or_conditions, sides_of
from pgadvisor.rulekit.plan_cache import (
    PLAN_CACHE_MODE,
    is_plan_cache_decided,
    plan_for_each_value,
)
from pgadvisor.rulekit.plan_memory import work_mem_mib
from pgadvisor.rulekit.planned import block_evidence, plan_of, tables_of, time_evidence
from pgadvisor.rulekit.queue import Poll, QueueIndex, finds_by_key, poll_of, queue_index
from pgadvisor.rulekit.redundancy import (
    Redundancy,
    goes_on_after,
    is_needed_as_it_is,
    is_same_index,
)
from pgadvisor.rulekit.removal import (
    LostStatistics,
    has_other_duty,
    leaves_key_unserved,
    lost_statistics,
    readers_by_plan,
    removal_of,
    removal_step,
    trial_step,
)
from pgadvisor.rulekit.rule import AnyRule, NoLimits, Outcome, Rule, costed_rule, rule
from pgadvisor.rulekit.server_state import days_since, known, number_of, require_sessions
from pgadvisor.rulekit.services import has_own_storage
from pgadvisor.rulekit.settings import (
    OWN_SOURCES,
    change_for_database,
    change_for_role,
    change_where_set,
    value_for_role,
)
from pgadvisor.rulekit.staleness import Staleness, staleness_of
from pgadvisor.rulekit.subqueries import fold_with_query, join_subquery, lets_conditions_in
from pgadvisor.sqltext.index import create_index_sql, describe_index, index_name
from pgadvisor.sqltext.quote import qualified, quote_identifier, quote_literal
from pgadvisor.sqltext.statistics import create_statistics_sql, statistics_name
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
    "HASH_MULTIPLIER",
    "MIN_SHARE_OF_TIME",
    "MS_PER_DAY",
    "OWN_SOURCES",
    "PLAN_CACHE_MODE",
    "REDACTED",
    "WRAPAROUND_AGE",
    "Action",
    "AddPrimaryKeyUsingIndex",
    "AnalyzeTable",
    "AnyRule",
    "BlockingSession",
    "Case",
    "ChangeSetting",
    "Choice",
    "ChosenIndex",
    "CollationVersion",
    "Column",
    "ColumnStatistics",
    "Confidence",
    "ConnectionCount",
    "Constraint",
    "ConstraintKind",
    "CreateIndex",
    "CreateStatistics",
    "DatabaseActivity",
    "DatabaseAge",
    "DropIndex",
    "Evidence",
    "ExecutedNode",
    "ExecutedPlan",
    "Execution",
    "Extension",
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
    "IndexOnlyScans",
    "KiB",
    "LookupActivity",
    "LostStatistics",
    "Machine",
    "ManualSteps",
    "MiB",
    "NoLimits",
    "NotInSubquery",
    "OpenTransaction",
    "Outcome",
    "PartitionIndex",
    "PlacedNode",
    "PlanNode",
    "PlanVariant",
    "PlansByValue",
    "Poll",
    "Pool",
    "PoolMode",
    "Predicate",
    "PredicateKind",
    "PreparedTransaction",
    "Provenance",
    "QueueIndex",
    "RebuildIndex",
    "RebuiltSize",
    "Redundancy",
    "RelationKind",
    "RelationUsage",
    "ReplicationSlot",
    "RewriteStatement",
    "Rewritten",
    "RoleSetting",
    "Rule",
    "RunningVacuum",
    "Sequence",
    "Server",
    "Service",
    "SessionCommand",
    "SessionCommandKind",
    "SetTableOptions",
    "Setting",
    "Severity",
    "SkipRule",
    "Skipped",
    "Snapshot",
    "SortKey",
    "Staleness",
    "Standby",
    "Statement",
    "StatementEffect",
    "StatementKind",
    "StatementOnTable",
    "StatementUsage",
    "StorageKind",
    "SupersededIndex",
    "Table",
    "TableActivity",
    "TableAge",
    "TiB",
    "Trigger",
    "ValueKind",
    "WalActivity",
    "WalSender",
    "WrappedPredicate",
    "WriteActivity",
    "any_array",
    "ask_for_each_arm",
    "at_nodes",
    "block_evidence",
    "blocks_per_call",
    "change_for_database",
    "change_for_role",
    "change_where_set",
    "changes_only",
    "columns_in",
    "costed_rule",
    "create_index_sql",
    "create_statistics_sql",
    "data_bytes_of",
    "days_since",
    "describe_index",
    "disjoint_union",
    "executed_nodes",
    "exists_for_count",
    "exists_for_join",
    "finds_by_key",
    "fold_with_query",
    "foreign_keys_of",
    "format_count",
    "format_ms",
    "format_ratio",
    "format_size",
    "goes_on_after",
    "has_other_duty",
    "has_own_storage",
    "hash_multiplier_of",
    "index_definition",
    "index_name",
    "index_only_scans",
    "index_scans",
    "index_size",
    "is_implicit_cast",
    "is_needed_as_it_is",
    "is_or_across",
    "is_plan_cache_decided",
    "is_same_index",
    "join_subquery",
    "keyset_template",
    "known",
    "leaves_key_unserved",
    "lets_conditions_in",
    "lost_statistics",
    "may_be_expression",
    "memory_bytes_of",
    "node_source",
    "not_exists",
    "number_of",
    "or_conditions",
    "packed_bytes",
    "plan_for_each_value",
    "plan_of",
    "poll_of",
    "qualified",
    "queue_index",
    "quote_identifier",
    "quote_literal",
    "raised_jit_cost",
    "readers_by_plan",
    "readers_of",
    "removal_of",
    "removal_step",
    "require_sessions",
    "rows_per_call",
    "rule",
    "same_expression",
    "sargable_range",
    "serves_key",
    "serving_indexes",
    "share_of_time",
    "sides_of",
    "spills_in_hashes_alone",
    "staleness_of",
    "statistics_name",
    "storage_of",
    "table_of",
    "table_rows",
    "tables_of",
    "time_evidence",
    "trial_step",
    "union_all",
    "value_for_role",
    "wanted_multiplier",
    "with_skip_locked",
    "work_mem_mib",
    "worst_of_each",
    "writes_cast",
    "written_rows",
]

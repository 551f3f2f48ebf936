"""What a rule is given: the snapshot, what its statements do, and how far both can be trusted."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from pgadvisor.config import GateLimits
from pgadvisor.model.action import CreateIndex, PartitionIndex
from pgadvisor.model.catalog import Catalog
from pgadvisor.model.choice import ChosenIndex
from pgadvisor.model.estimate import Fidelity
from pgadvisor.model.execution import Execution
from pgadvisor.model.finding import Skipped
from pgadvisor.model.gates import Gates, GateState
from pgadvisor.model.log import LoggedCall
from pgadvisor.model.machine import Machine, Pool
from pgadvisor.model.node_use import PlanUse
from pgadvisor.model.schema import Index, RelationKind, Table
from pgadvisor.model.sensitivity import PlansByValue
from pgadvisor.model.snapshot import Snapshot
from pgadvisor.model.statement import Statement, StatementPlan
from pgadvisor.model.statistics import ColumnStatistics, TableActivity
from pgadvisor.model.usage import RelationUsage, StatementUsage
from pgadvisor.model.window import Window, counter_window, statement_window
from pgadvisor.parse.plans.exclusive import plan_use
from pgadvisor.rulekit.redundancy import IndexUse, Redundancy, find_redundancies
from pgadvisor.rulekit.tenants import name_in_all, names_apart, tables_alike

MIN_SHARE_OF_TIME = 0.005
"""What concerns statements with a smaller share of the workload's time is worth a remark only."""
_FOREIGN_SCHEMAS = ("pg_", "information_schema", "_timescaledb", "columnar_internal")


class SkipRule(Exception):  # noqa: N818  (control flow, like pytest.skip)
    """Raised by a rule that cannot judge this snapshot; the message says why."""


@dataclass(frozen=True, kw_only=True)
class StatementOnTable:
    """One appearance of a table in a statement."""

    statement: Statement
    usage: StatementUsage
    relation: RelationUsage


@dataclass(frozen=True, kw_only=True)
class Case:
    """All that a rule may look at; immutable, and the same for every rule."""

    catalog: Catalog
    usage: Mapping[str, StatementUsage] = field(default_factory=dict)
    """By statement id; statements that could not be parsed have none."""
    gates: Gates = field(default_factory=Gates)
    limits: GateLimits = field(default_factory=GateLimits)
    fidelity: Fidelity | None = None
    """Of the twin that costed the choice; None before that."""
    plans_by_value: tuple[PlansByValue, ...] = ()
    """How plans depend on values, as the planner says; empty before the choice."""
    machine: Machine = field(default_factory=Machine)
    """Where the server runs, as far as the configuration says."""
    pools: tuple[Pool, ...] = ()
    """Which pools connect to the server, as far as the configuration says."""

    executions: tuple[Execution, ...] = ()
    """Executed plans that the user gave, or that logs have."""
    logged_calls: Mapping[str, tuple[LoggedCall, ...]] = field(default_factory=dict)
    """By statement id, calls that logs have; their values are for judging, not for showing."""

    @cached_property
    def uses_of_executions(self) -> tuple[PlanUse | None, ...]:
        """What the nodes of each executed plan took; None: it was planned only."""
        plans = (execution.plan for execution in self.executions)
        return tuple(plan_use(plan) if plan.was_executed else None for plan in plans)

    @property
    def snapshot(self) -> Snapshot:
        """The snapshot that is judged."""
        return self.catalog.snapshot

    # -- gates -----------------------------------------------------------------------------

    def require(self, gate_id: str) -> None:
        """Go on only where that gate is open.

        Raises:
            SkipRule: It is not; the message is the gate's own.
        """
        gate = self.gates.gate(gate_id)
        if gate.state is not GateState.OPEN:
            raise SkipRule(gate.detail)

    def is_open(self, gate_id: str) -> bool:
        """That gate is open; one that was not evaluated is not."""
        return any(g.id == gate_id and g.state is GateState.OPEN for g in self.gates.rows)

    def skip_table(self, table: Table, reason: str) -> Skipped:
        """Say that one table cannot be judged; the engine fills in the rule."""
        return Skipped(rule_id="", subject=table.qualified_name, reason=reason)

    # -- tables ----------------------------------------------------------------------------

    @cached_property
    def user_tables(self) -> tuple[Table, ...]:
        """Tables and materialised views of the user's own.

        System, extension, foreign and temporary ones are left out, and a partition is a part
        of its parent.
        """
        return tuple(
            table
            for table in self.snapshot.tables
            if is_user_table(table) and not self._is_folded(table)
        )

    @cached_property
    def tables_by_qualified_name(self) -> Mapping[str, Table]:
        """The user's tables by ``schema.name``."""
        return {table.qualified_name: table for table in self.user_tables}

    @cached_property
    def _alike(self) -> Mapping[int, tuple[Table, ...]]:
        return tables_alike(self.user_tables)

    @cached_property
    def _names_apart(self) -> frozenset[str]:
        return names_apart(self.user_tables)

    def alike(self, table: Table) -> tuple[Table, ...]:
        """The table and those of its name with the same columns: one for each tenant, often."""
        return self._alike.get(table.oid, (table,))

    def _is_folded(self, table: Table) -> bool:
        return self.catalog.root_of(table) is not table

    def rows_of(self, table: Table) -> float:
        """Rows as the planner would estimate them now, partitions added up."""
        return self.catalog.total_rows(table)

    def size_of(self, table: Table) -> int:
        """Length of the table's main fork in bytes, partitions added up."""
        return self.catalog.total_size_bytes(table)

    def is_large_enough(self, table: Table) -> bool:
        """Large enough for advice on indexes, by ``gates.min_table_bytes`` and ``_rows``."""
        return (
            self.size_of(table) >= self.limits.min_table_bytes
            and self.rows_of(table) >= self.limits.min_table_rows
        )

    def activities_of(self, table: Table) -> tuple[TableActivity, ...]:
        """The counters of a table, or of each partition of a partitioned one."""
        return tuple(self.catalog.activity_of(leaf) for leaf in self.catalog.leaves(table))

    def writes_per_day(self, table: Table) -> float | None:
        """Rows inserted, updated and deleted a day; None when nobody knows since when."""
        return self._per_day(sum(a.rows_written for a in self.activities_of(table)))

    def statistics_of(self, table: Table, column: str) -> ColumnStatistics | None:
        """The planner's statistics of a column; None: never analysed, or not readable."""
        return self.catalog.column_statistics.get((table.oid, column))

    @cached_property
    def _own_statistics(self) -> Mapping[tuple[int, str], ColumnStatistics]:
        rows = self.snapshot.column_statistics
        return {(row.relation_oid, row.column): row for row in rows if not row.is_inherited}

    def own_statistics_of(self, table: Table, column: str) -> ColumnStatistics | None:
        """The same of that very table's rows, without its descendants'."""
        return self._own_statistics.get((table.oid, column))

    def partition_tree(self, table: Table) -> tuple[PartitionIndex, ...]:
        """What an index on that table has to be built on, partition by partition."""
        return tuple(
            PartitionIndex(
                schema=child.schema,
                table=child.name,
                is_partitioned=child.kind is RelationKind.PARTITIONED_TABLE,
                children=self.partition_tree(child),
            )
            for child in self.catalog.partitions[table.oid]
            if child.is_partition and child.kind is not RelationKind.FOREIGN_TABLE
        )

    def creation_of(self, chosen: ChosenIndex) -> CreateIndex:
        """The action that creates an index of the choice, partition by partition if need be."""
        table = self.catalog.tables[chosen.candidate.definition.table_oid]
        return CreateIndex(
            index=chosen.candidate.definition,
            name=chosen.name,
            partitions=self.partition_tree(table),
            is_partitioned=table.kind is RelationKind.PARTITIONED_TABLE,
        )

    # -- indexes ---------------------------------------------------------------------------

    @cached_property
    def user_indexes(self) -> tuple[tuple[Table, Index], ...]:
        """Indexes of the user's tables with their tables.

        The parts of a partitioned index are left out: they stand and fall with it.
        """
        tables = self.catalog.tables
        return tuple(
            (tables[index.table_oid], index)
            for index in self.snapshot.indexes
            if index.table_oid in tables
            and is_user_table(tables[index.table_oid])
            and index.parent_oid not in self.catalog.indexes
            and not index.is_extension_member
        )

    def indexes_of(self, table: Table) -> tuple[Index, ...]:
        """The indexes of that very table."""
        return self.catalog.indexes_by_table[table.oid]

    @cached_property
    def _parts(self) -> Mapping[int, tuple[Index, ...]]:
        parts: dict[int, list[Index]] = defaultdict(list)
        for index in self.snapshot.indexes:
            if index.parent_oid is not None:
                parts[index.parent_oid].append(index)
        return {oid: tuple(found) for oid, found in parts.items()}

    def parts_of(self, index: Index) -> tuple[Index, ...]:
        """The index itself and, of a partitioned one, all that is attached below it."""
        below = self._parts.get(index.oid, ())
        return (index, *(part for child in below for part in self.parts_of(child)))

    @cached_property
    def redundancies(self) -> tuple[Redundancy, ...]:
        """Indexes that can go because another one does their work, chosen jointly."""
        indexes = [index for _, index in self.user_indexes]
        use = IndexUse(
            scans={index.oid: self.scans_of(index) for index in indexes},
            sizes_bytes={index.oid: self.size_of_index(index) for index in indexes},
            is_trusted=self.is_open("drop-window"),
        )
        return find_redundancies(indexes, use)

    @cached_property
    def keepers(self) -> Mapping[int, Index]:
        """By the OID of each index that has to stay, the redundant one that it stands in for."""
        return {found.keeper.oid: found.index for found in self.redundancies}

    def scans_of(self, index: Index) -> int:
        """Scans since the counters were reset, the parts of a partitioned index added up."""
        return sum(self.catalog.activity_of_index(part).scans for part in self.parts_of(index))

    @cached_property
    def _unwatched(self) -> frozenset[int]:
        earlier = self.snapshot.earlier
        return frozenset(earlier.unwatched_index_oids if earlier else ())

    def is_watched(self, index: Index) -> bool:
        """Its counters cover the whole window: it was not made, nor they reset, within it."""
        return not any(part.oid in self._unwatched for part in self.parts_of(index))

    def size_of_index(self, index: Index) -> int:
        """Length in bytes, the parts of a partitioned index added up."""
        return sum(part.size_bytes for part in self.parts_of(index))

    def new_entries_per_day(self, table: Table) -> float | None:
        """Index entries that one more index on that table makes its writers write a day.

        Each insert and each update that is not heap-only makes an entry in every index.
        """
        counters = self.activities_of(table)
        return self._per_day(
            sum(a.rows_inserted + a.rows_updated - a.rows_hot_updated for a in counters)
        )

    def saved_entries_per_day(self, table: Table) -> float | None:
        """The same for one index fewer: a negative number."""
        made = self.new_entries_per_day(table)
        return None if made is None else -made

    # -- statements ------------------------------------------------------------------------

    @cached_property
    def counter_window(self) -> Window:
        """The time that the counters of tables and indexes cover."""
        return counter_window(self.snapshot)

    @cached_property
    def statement_window(self) -> Window:
        """The time that the counters of statements cover."""
        return statement_window(self.snapshot)

    def calls_per_day(self, statement: Statement) -> float | None:
        """Calls a day; None when nobody knows since when they are counted."""
        if statement.source != "pg_stat_statements":
            return statement.weight
        days = self.statement_window.days
        return statement.calls / days if days else None

    def time_ms_per_day(self, statement: Statement) -> float | None:
        """Execution time a day; None when nobody knows since when it is counted."""
        calls = self.calls_per_day(statement)
        return None if calls is None else calls * statement.mean_time_ms

    @cached_property
    def plans(self) -> Mapping[str, StatementPlan]:
        """The original server's own plans by statement id, or why there are none."""
        return {known.statement_id: known for known in self.snapshot.plans}

    @cached_property
    def total_time_ms(self) -> float:
        """Execution time of the whole workload."""
        return sum(statement.total_time_ms for statement in self.snapshot.statements)

    def shape_of(self, statement: Statement) -> str:
        """What statements of one form have in common: the same text on tables that are alike.

        Texts may differ in literals, in the names of output columns, and in schemas.  Where other
        tables of the same name have other columns, the tables are a part of it.
        """
        return self._shapes.get(statement.id) or _form_of(statement)

    @cached_property
    def _shapes(self) -> Mapping[str, str]:
        return {s.id: self._shape(s) for s in self.snapshot.statements}

    def _shape(self, statement: Statement) -> str:
        usage = self.usage.get(statement.id)
        if usage is None or not statement.fingerprint:
            return _form_of(statement)
        tables = self.catalog.tables
        roots = (
            self.catalog.root_of(tables[oid])
            for oid in {relation.table_oid for relation in usage.relations}
            if oid in tables
        )
        apart = {name_in_all(self.alike(root)) for root in roots if root.name in self._names_apart}
        return ":".join((statement.fingerprint, *sorted(apart)))

    def share_of_all(self, statements: Iterable[Statement]) -> float:
        """The share of all statements of the same shapes, those in other schemas included."""
        shapes = {self.shape_of(statement) for statement in statements}
        time_ms = sum(self._time_ms_by_shape.get(shape, 0.0) for shape in shapes)
        return time_ms / self.total_time_ms if self.total_time_ms > 0 else 0.0

    @cached_property
    def _time_ms_by_shape(self) -> Mapping[str, float]:
        times: dict[str, float] = defaultdict(float)
        for statement in self.snapshot.statements:
            times[self.shape_of(statement)] += statement.total_time_ms
        return times

    def share_of(self, statement: Statement) -> float:
        """The statement's share of the workload's execution time, 0 to 1."""
        return statement.total_time_ms / self.total_time_ms if self.total_time_ms > 0 else 0.0

    @cached_property
    def _uses(self) -> Mapping[int, tuple[StatementOnTable, ...]]:
        uses: dict[int, list[StatementOnTable]] = defaultdict(list)
        for statement in self.snapshot.statements:
            usage = self.usage.get(statement.id)
            for relation in usage.relations if usage else ():
                table = self.catalog.tables.get(relation.table_oid)
                if usage is not None and table is not None:
                    use = StatementOnTable(statement=statement, usage=usage, relation=relation)
                    uses[self.catalog.root_of(table).oid].append(use)
        return {oid: tuple(found) for oid, found in uses.items()}

    def uses_of(self, table: Table) -> tuple[StatementOnTable, ...]:
        """Statements that name the table or a partition of it, the most expensive first."""
        return self._uses.get(table.oid, ())

    def uses(self) -> Iterator[tuple[Table, StatementOnTable]]:
        """Each appearance of each of the user's tables in a statement."""
        for table in self.user_tables:
            for use in self.uses_of(table):
                yield table, use

    def _per_day(self, count: float) -> float | None:
        days = self.counter_window.days
        return count / days if days else None


def is_user_table(table: Table) -> bool:
    """It is neither the system's, an extension's, foreign nor temporary."""
    return not (
        table.schema.startswith(_FOREIGN_SCHEMAS)
        or table.is_extension_member
        or table.kind is RelationKind.FOREIGN_TABLE
        or table.persistence == "t"
    )


def _form_of(statement: Statement) -> str:
    """Of the text alone.  It is a part of keys, so never ``queryid``, which is made of OIDs."""
    if statement.fingerprint:
        return statement.fingerprint
    return hashlib.sha256(statement.text.encode()).hexdigest()[:16]

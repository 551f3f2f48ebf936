"""Triggers and foreign keys that take much of a statement that writes."""

from collections.abc import Iterator
from dataclasses import dataclass

from pgadvisor.rulekit import (
    Action,
    Case,
    Confidence,
    Constraint,
    CreateIndex,
    Evidence,
    Finding,
    IndexDefinition,
    IndexKey,
    ManualSteps,
    Outcome,
    PlacedNode,
    Provenance,
    RelationKind,
    Severity,
    Table,
    foreign_keys_of,
    format_count,
    format_ms,
    format_ratio,
    index_name,
    quote_literal,
    rule,
    serving_indexes,
    worst_of_each,
)
from pgadvisor.rulekit.plans import (
    at_plan,
    executed_roots,
    of_plan,
    unmeasured,
)

_SCANNING_MS = 0.5
"""A check that finds its rows by an index takes less, a hundredth of a millisecond as a rule."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """When triggers take too much."""

    min_trigger_time_ms: float = 20.0
    """What all calls of one trigger took."""

    min_trigger_ratio: float = 0.2
    """The same as a share of the execution."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Fired:
    """A trigger of a plan, or a constraint's triggers."""

    name: str
    is_constraint: bool
    time_ms: float
    calls: float
    took_ms: float
    """The whole execution."""

    @property
    def call_ms(self) -> float:
        return self.time_ms / max(self.calls, 1.0)


@rule(severity=Severity.WARNING, since="0.1", limits=Limits, requires=("executed-plans",))
def costly_triggers(case: Case, limits: Limits) -> Outcome:
    """Triggers or foreign keys take a large part of a statement that writes.

    ## Why it matters
    A trigger runs once for each row that is written.  A foreign key is made of triggers, too: for
    each row that is deleted, or whose key changes, they search the table that refers to it.
    Without an index on the referring columns each search reads that table from end to end.

    ## What it leaves alone
    Triggers that take little, all in all or of the execution; and deferred ones, which run when
    the transaction ends and are in no plan.  What can be saved is at most what EXPLAIN says that
    the trigger's calls took.

    ## Before you act
    A check that takes half a millisecond or more for each row reads the table; one of a hundredth
    has its index, and there are simply many rows.  With ON DELETE CASCADE the time holds the
    deleting as well, and the triggers of those rows.

    ## Example
        BEGIN; EXPLAIN (ANALYZE) DELETE FROM customers WHERE id < 500; ROLLBACK;
        -- Trigger for constraint orders_customer_id_fkey: time=2411.315 calls=499
        CREATE INDEX CONCURRENTLY ON orders (customer_id);
    """
    yield from unmeasured(case)
    found = (
        _finding(case, root, fired)
        for root in executed_roots(case)
        for fired in _fired(root)
        if fired.time_ms > 0
        and fired.time_ms >= limits.min_trigger_time_ms
        and fired.time_ms >= limits.min_trigger_ratio * fired.took_ms
    )
    yield from worst_of_each(found)


def _fired(root: PlacedNode) -> Iterator[_Fired]:
    """One for each name: a constraint may have several triggers, and partitions have theirs."""
    plan = root.execution.plan
    took = max(plan.execution_time_ms or 0.0, root.total_ms)
    triggers = {(t.constraint or t.name or "?", t.constraint is not None) for t in plan.triggers}
    for name, is_constraint in sorted(triggers):
        same = [t for t in plan.triggers if (t.constraint or t.name or "?") == name]
        yield _Fired(
            name=name,
            is_constraint=is_constraint,
            time_ms=min(sum(t.time_ms or 0.0 for t in same), took),
            calls=sum(t.calls for t in same),
            took_ms=took,
        )


def _finding(case: Case, root: PlacedNode, fired: _Fired) -> Finding:
    kind = "The foreign key" if fired.is_constraint else "The trigger"
    finding = Finding(
        subject=fired.name,
        summary=f"{kind} {fired.name} takes {format_ms(fired.time_ms)} of "
        f"{format_ms(fired.took_ms)} ({format_ratio(fired.time_ms / fired.took_ms)}), "
        f"{format_ms(fired.call_ms)} in each of {format_count(fired.calls)} calls",
        evidence=(
            of_plan(root, f"time of {fired.name}", fired.time_ms, "ms"),
            of_plan(root, f"calls of {fired.name}", round(fired.calls)),
            of_plan(root, "execution", fired.took_ms, "ms"),
            *_key_evidence(case, fired),
        ),
        provenance=Provenance.MEASURED,
        confidence=Confidence.HIGH,
        guards=("its calls were timed apart from the statement itself",),
        remedies=_remedies(case, root, fired),
    )
    return at_plan(finding, root, f"trigger {fired.name}", saved_ms=fired.time_ms)


def _key_of(case: Case, fired: _Fired) -> tuple[Table, Constraint] | None:
    """The foreign key and the table that has it; None: none, or several of that name."""
    if not fired.is_constraint:
        return None
    keys = [
        (table, key)
        for table in case.user_tables
        for key in foreign_keys_of(case, table)
        if key.name == fired.name
    ]
    return keys[0] if len(keys) == 1 else None


def _key_evidence(case: Case, fired: _Fired) -> Iterator[Evidence]:
    found = _key_of(case, fired)
    if found is not None:
        table, key = found
        yield Evidence(
            name="foreign key",
            value=f"{table.qualified_name} ({', '.join(key.columns)})",
            source="pg_constraint",
        )


def _remedies(case: Case, root: PlacedNode, fired: _Fired) -> tuple[Action, ...]:
    if not fired.is_constraint:
        return (ManualSteps(title=f"Spare calls of {fired.name}", steps=_trigger_steps(fired)),)
    found = _key_of(case, fired)
    if found is not None:
        table, key = found
        if _is_searched(root, case, key) and not serving_indexes(
            case.indexes_of(table), key.columns
        ):
            return (_index(case, table, key),)
    steps = tuple(_key_steps(fired, is_indexed=found is not None))
    return (ManualSteps(title=f"Make the checks of {fired.name} cheap", steps=steps),)


def _is_searched(root: PlacedNode, case: Case, key: Constraint) -> bool:
    """The statement writes to the referenced table, so that the referring one is searched."""
    referenced = case.catalog.tables.get(key.referenced_table_oid or 0)
    written = {
        node.relation
        for node in root.execution.plan.root.walk()
        if node.node_type == "ModifyTable" and node.operation != "Insert"
    }
    return referenced is not None and referenced.name in written


def _index(case: Case, table: Table, key: Constraint) -> CreateIndex:
    index = IndexDefinition(
        table_oid=table.oid,
        schema=table.schema,
        table=table.name,
        keys=tuple(IndexKey(column=column) for column in key.columns),
    )
    return CreateIndex(
        index=index,
        name=index_name(index),
        partitions=case.partition_tree(table),
        is_partitioned=table.kind is RelationKind.PARTITIONED_TABLE,
    )


def _key_steps(fired: _Fired, *, is_indexed: bool) -> Iterator[str]:
    if not is_indexed:
        yield (
            "Find the key in pg_constraint: `SELECT conrelid::regclass, pg_get_constraintdef(oid) "  # noqa: S608
            f"FROM pg_constraint WHERE conname = {quote_literal(fired.name)}`."
        )
    if fired.call_ms >= _SCANNING_MS and not is_indexed:
        yield (
            "Each check takes as long as reading a table: `CREATE INDEX CONCURRENTLY ON "
            "<referring table> (<referring columns>)`, if none begins with these columns."
        )
    else:
        yield (
            "Write fewer rows at a time, and in an UPDATE leave the columns of the key alone: the "
            "check is then spared."
        )


def _trigger_steps(fired: _Fired) -> tuple[str, ...]:
    return (
        (
            f"See what each call of {fired.name} does: statements within it are planned by "
            "`auto_explain.log_nested_statements = on`."
        ),
        (
            "Where it needs no single row, make it `FOR EACH STATEMENT` with `REFERENCING NEW "
            "TABLE`: one call for all rows."
        ),
        "Spare calls that do nothing by a `WHEN (...)` condition, or by `UPDATE OF <columns>`.",
    )

"""Recognising a job queue, and the index that its poll wants."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pgadvisor.model.action import CreateIndex, IndexDefinition
from pgadvisor.model.schema import Index, IndexKey, RelationKind, Table
from pgadvisor.model.usage import Predicate, PredicateKind, RelationUsage, StatementKind
from pgadvisor.rulekit.case import Case, StatementOnTable
from pgadvisor.rulekit.queue_state import WaitingState, is_state_name, waiting_state
from pgadvisor.sqltext.index import index_name

_STATE_KINDS = frozenset({PredicateKind.EQUALITY, PredicateKind.IN_LIST, PredicateKind.IS_NULL})
_CLAIMING_LOCKS = frozenset({"update", "no key update"})
_TIME_COLUMNS = (
    "created_at",
    "updated_at",
    "run_at",
    "locked_at",
    "scheduled_at",
    "available_at",
    "started_at",
    "enqueued_at",
)
_MAX_STATES = 12
_DOMINANT_RATIO = 0.5
_MAX_CLAIMED = 1_000
_MIN_DEAD_RATIO = 0.05
_IDLE_ROWS_PER_CALL = 0.1
_MAX_UPDATES_PER_INSERT = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Poll:
    """A statement that looks for work and locks what it finds."""

    state: Predicate
    """The condition on the state that jobs wait in."""
    equal_columns: tuple[str, ...]
    """Other columns that are compared for equality: the stage, the queue's name."""
    order: tuple[IndexKey, ...]
    """ORDER BY as keys; empty where it is not the table's own."""
    lock_strength: str
    signs: tuple[str, ...]
    """What makes the table look like a queue, as clauses."""

    @property
    def state_column(self) -> str:
        """The column that holds the state."""
        return self.state.column


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueIndex:
    """The index that a poll wants, or none, and why that one."""

    create: CreateIndex | None
    reason: str


def poll_of(case: Case, table: Table, use: StatementOnTable) -> Poll | None:
    """Read a statement as the poll of a queue that waits for locked rows.

    Returns:
        None: It locks nothing, does not wait for locks, has no LIMIT, finds its row by a
        unique key, or asks for no state.
    """
    relation = use.relation
    if relation.lock_strength not in _CLAIMING_LOCKS or relation.lock_wait != "block":
        return None
    if not relation.has_limit or finds_by_key(case, table, relation):
        return None
    state = _state_predicate(case, table, relation)
    if state is None:
        return None
    return Poll(
        state=state,
        equal_columns=tuple(
            dict.fromkeys(
                p.column
                for p in relation.predicates
                if p.kind is PredicateKind.EQUALITY
                and not p.is_optional
                and p.column != state.column
            )
        ),
        order=_order(relation, state),
        lock_strength=relation.lock_strength or "",
        signs=tuple(_signs(case, table, use, state)),
    )


def finds_by_key(case: Case, table: Table, relation: RelationUsage) -> bool:
    """Whether equality on all columns of a unique index finds the row."""
    pinned = {
        p.column
        for p in relation.predicates
        if p.kind is PredicateKind.EQUALITY and not p.is_optional
    }
    pinned |= {join.column for join in relation.joins}
    return any(
        index.is_unique
        and index.is_valid
        and index.predicate is None
        and all(name in pinned for name in index.key_columns)
        for index in case.indexes_of(table)
    )


def queue_index(case: Case, table: Table, poll: Poll, *, max_waiting_ratio: float) -> QueueIndex:
    """The index that finds the next job at once.

    A partial index is proposed only where one knows which value the poll asks for, and few
    rows have it; else the state is the index's first column.
    """
    waiting = waiting_state(case, table, poll.state, max_waiting_ratio=max_waiting_ratio)
    heads = poll.equal_columns
    if waiting.predicate is None and poll.state_column not in heads:
        heads = (poll.state_column, *heads)
    keys = (
        *(IndexKey(column=column) for column in heads),
        *(key for key in poll.order if key.column not in heads),
    )
    # A partial index with nothing to order or part by still needs a key.
    keys = keys or (IndexKey(column=poll.state_column),)
    existing = _serving(case.indexes_of(table), heads, keys, waiting)
    if existing is not None:
        return QueueIndex(create=None, reason=f"The index {existing.name} serves the poll already.")
    index = IndexDefinition(
        table_oid=table.oid,
        schema=table.schema,
        table=table.name,
        keys=keys,
        predicate=waiting.predicate,
    )
    create = CreateIndex(
        index=index,
        name=index_name(index),
        partitions=case.partition_tree(table),
        is_partitioned=table.kind is RelationKind.PARTITIONED_TABLE,
    )
    return QueueIndex(create=create, reason=waiting.reason)


def _serving(
    indexes: tuple[Index, ...],
    heads: tuple[str, ...],
    keys: tuple[IndexKey, ...],
    waiting: WaitingState,
) -> Index | None:
    """An index with the same first columns in any order, then the same order."""
    for index in indexes:
        leading = index.key_columns[: len(heads)]
        tail = index.keys[len(heads) : len(keys)]
        if (
            index.is_valid
            and index.access_method == "btree"
            and index.predicate is None
            and waiting.predicate is None
            and set(leading) == set(heads)
            and tuple(map(_direction, tail)) == tuple(map(_direction, keys[len(heads) :]))
        ):
            return index
    return None


def _direction(key: IndexKey) -> tuple[str | None, bool, bool]:
    return (key.column, key.is_descending, key.nulls_first)


def _state_predicate(case: Case, table: Table, relation: RelationUsage) -> Predicate | None:
    """The condition on the state: by its name first, else by its few values."""
    found = [p for p in relation.predicates if p.kind in _STATE_KINDS and not p.is_optional]
    named = sorted(
        (p for p in found if is_state_name(p.column)), key=lambda p: p.column.endswith("stage")
    )
    if named:
        return named[0]
    few = [p for p in found if _has_few_values(case, table, p.column)]
    return few[0] if few else None


def _has_few_values(case: Case, table: Table, column: str) -> bool:
    statistics = case.statistics_of(table, column)
    return statistics is not None and 0 < statistics.n_distinct <= _MAX_STATES


def _order(relation: RelationUsage, state: Predicate) -> tuple[IndexKey, ...]:
    """ORDER BY as keys; one that begins descending is flipped, a btree is read backwards."""
    keys = [key for key in relation.sort_keys if key.column != state.column]
    if not keys or not relation.is_sort_complete:
        return ()
    flip = keys[0].is_descending
    return tuple(
        IndexKey(
            column=key.column,
            is_descending=key.is_descending != flip,
            nulls_first=key.nulls_first != flip,
        )
        for key in keys
    )


def _signs(case: Case, table: Table, use: StatementOnTable, state: Predicate) -> Iterator[str]:
    """What makes the table look like a queue."""
    times = [name for name in _TIME_COLUMNS if table.column(name) is not None]
    if is_state_name(state.column) and times:
        yield f"it has a {state.column} and {times[0]}"
    statistics = case.statistics_of(table, state.column)
    ratios = (statistics.most_common_ratios if statistics is not None else None) or (0.0,)
    if _has_few_values(case, table, state.column) and max(ratios) >= _DOMINANT_RATIO:
        yield f"{state.column} has few values, and most rows have the same"
    limit = use.relation.limit_count
    if use.relation.sort_keys and (limit is None or limit <= _MAX_CLAIMED):
        yield "rows are locked in an order, a few at a time"
    if _is_updated_by_key(case, table, state.column):
        yield f"{state.column} is updated row by row"
    yield from _activity_signs(case, table, use)


def _activity_signs(case: Case, table: Table, use: StatementOnTable) -> Iterator[str]:
    counters = case.activities_of(table)
    inserted = sum(a.rows_inserted for a in counters)
    updated = sum(a.rows_updated for a in counters)
    if inserted and 1 <= updated / inserted <= _MAX_UPDATES_PER_INSERT:
        yield "each row is updated a few times"
    dead, live = sum(a.dead_rows for a in counters), sum(a.live_rows for a in counters)
    if live and dead / live >= _MIN_DEAD_RATIO:
        yield "dead rows pile up"
    statement = use.statement
    if statement.calls and statement.rows / statement.calls < _IDLE_ROWS_PER_CALL:
        yield "most polls find nothing"


def _is_updated_by_key(case: Case, table: Table, column: str) -> bool:
    return any(
        use.usage.kind is StatementKind.UPDATE
        and use.relation.is_write_target
        and column in use.usage.set_columns
        for use in case.uses_of(table)
    )

"""The workload as the optimiser sees it: which statements, how often, at what expense."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from pgadvisor.model.action import CreateIndex, IndexDefinition
from pgadvisor.model.candidate import Candidate, WeightedStatement
from pgadvisor.model.catalog import Catalog
from pgadvisor.model.finding import Finding
from pgadvisor.model.schema import Index
from pgadvisor.model.statement import Statement
from pgadvisor.model.usage import PredicateKind, RelationUsage, StatementKind, StatementUsage
from pgadvisor.parse.expression import predicate_implies_equality
from pgadvisor.parse.parameters import substitute
from pgadvisor.propose.existing import serves
from pgadvisor.whatif.role_settings import settings_of

MAX_STATEMENTS = 2_000
COVERED_TIME_RATIO = 0.99
"""Statements beyond this share of the time are left out: hundreds that hardly matter."""
UNKNOWN_WINDOW_DAYS = 1.0
"""Where the age of the counters is unknown, all of them count as one day; reports say so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Workload:
    """The statements that are costed, the most expensive first."""

    statements: tuple[WeightedStatement, ...]
    covered_time_ratio: float | None
    """Share of the measured time that they make up; None without measured times."""
    assumed: tuple[tuple[str, str], ...] = ()
    """Statements that are planned for particular values: id, and the values in words."""


def weigh(
    statements: Sequence[Statement],
    usages: Mapping[str, StatementUsage],
    catalog: Catalog,
    window_days: float | None,
    *,
    covered_time_ratio: float = COVERED_TIME_RATIO,
    max_statements: int = MAX_STATEMENTS,
) -> Workload:
    """Weigh statements by calls a day, and leave out the long tail.

    Args:
        statements: Of the snapshot, and of workload files.
        usages: What they do, by statement id; utility statements are passed over.
        catalog: To find the table that an index on a partition would be on.
        window_days: Days that the counters cover; None: unknown.
        covered_time_ratio: When those kept make up this share of the time, the rest is the tail.
        max_statements: How many are kept at most.
    """
    days = window_days or UNKNOWN_WINDOW_DAYS
    total_ms = sum(s.total_time_ms for s in statements)
    ranked = sorted(statements, key=lambda s: (-s.total_time_ms, s.id))
    kept: list[WeightedStatement] = []
    covered_ms = 0.0
    for statement in ranked:
        usage = usages.get(statement.id)
        measured = statement.source != "workload"
        is_tail = covered_ms >= total_ms * covered_time_ratio or len(kept) >= max_statements
        if measured and is_tail:
            continue
        covered_ms += statement.total_time_ms
        if usage is not None and usage.kind is not StatementKind.UTILITY:
            kept.append(_weighted(statement, usage, catalog, days))
    return Workload(
        statements=tuple(kept),
        covered_time_ratio=covered_ms / total_ms if total_ms > 0 else None,
    )


def with_proposals(
    workload: Workload,
    candidates: Sequence[Candidate],
    findings: Sequence[Finding],
    usages: Mapping[str, StatementUsage],
    catalog: Catalog,
) -> tuple[Workload, tuple[Candidate, ...]]:
    """Let the indexes that rules propose for statements compete with the other candidates.

    A partial index only serves a statement that names its value.  Where a rule found out
    which value a ``$n`` stands for (a queue is polled for pending jobs), or an index that
    exists is read and so tells it, the statement is planned with that value in its place, and
    the workload says so.
    """
    pool = {candidate.definition: candidate for candidate in candidates}
    pinned: dict[str, list[tuple[int, str]]] = defaultdict(list)
    for finding in findings:
        for action in finding.remedies:
            if not isinstance(action, CreateIndex) or not finding.statement_ids:
                continue
            proposed = Candidate(
                definition=action.index,
                statement_ids=finding.statement_ids,
                reason=f"the proposal of {finding.rule_id}",
            )
            pool.setdefault(action.index, proposed)
            for statement_id in finding.statement_ids:
                if action.index.predicate is not None:
                    pinned[statement_id].append((action.index.table_oid, action.index.predicate))
    in_use = {i: tuple(_partial_indexes_in_use(u, catalog)) for i, u in usages.items()}
    for statement_id, indexes in in_use.items():
        pinned[statement_id] += [(i.table_oid, i.predicate) for i in indexes if i.predicate]
    left = (c for c in pool.values() if not _is_served(c, in_use))
    return _assuming(workload, pinned, usages), tuple(left)


def _partial_indexes_in_use(usage: StatementUsage, catalog: Catalog) -> Iterator[Index]:
    """Partial indexes that something reads and whose value the statement may ask for."""
    for relation in usage.relations:
        for index in catalog.indexes_by_table[relation.table_oid]:
            is_read = index.is_valid and catalog.activity_of_index(index).scans > 0
            if index.predicate is None or not is_read:
                continue
            if _assumed_values(usage, relation.table_oid, index.predicate):
                yield index


def _is_served(candidate: Candidate, in_use: Mapping[str, tuple[Index, ...]]) -> bool:
    """Each statement that asked for it reads a partial index that does the same.

    The new index would only look better for being new: it has no dead entries yet.
    """
    return all(
        any(_does_the_same(index, candidate.definition) for index in in_use.get(i, ()))
        for i in candidate.statement_ids
    )


def _does_the_same(index: Index, wanted: IndexDefinition) -> bool:
    pinned = {column for column, _ in predicate_implies_equality(index.predicate or "")}
    keys = tuple(key for key in wanted.keys if key.column not in pinned)
    rest = replace(wanted, keys=keys, predicate=None)
    return len(keys) < len(wanted.keys) and serves((replace(index, predicate=None),), rest)


def _assuming(
    workload: Workload,
    pinned: Mapping[str, Sequence[tuple[int, str]]],
    usages: Mapping[str, StatementUsage],
) -> Workload:
    """Put values in the place of parameters that one of the predicates pins."""
    statements: list[WeightedStatement] = []
    assumed: list[tuple[str, str]] = []
    for statement in workload.statements:
        for table_oid, predicate in pinned.get(statement.id, ()):
            values = _assumed_values(usages.get(statement.id), table_oid, predicate)
            if values:
                statements.append(replace(statement, text=substitute(statement.text, values)))
                assumed.append((statement.id, predicate))
                break
        else:
            statements.append(statement)
    return replace(workload, statements=tuple(statements), assumed=tuple(sorted(assumed)))


def _weighted(
    statement: Statement, usage: StatementUsage, catalog: Catalog, days: float
) -> WeightedStatement:
    measured = statement.source != "workload"
    return WeightedStatement(
        id=statement.id,
        text=statement.text,
        calls_per_day=statement.calls / days if measured else statement.weight,
        mean_time_ms=statement.mean_time_ms if measured or statement.mean_time_ms > 0 else None,
        rows_per_call=statement.rows / statement.calls if measured and statement.calls else 1.0,
        blocks_per_call=_blocks_per_call(statement),
        settings=settings_of(statement, catalog.snapshot.server),
        columns=frozenset(
            (_root_oid(catalog, relation.table_oid), name)
            for relation in usage.relations
            for name in _named(relation)
        ),
    )


def _blocks_per_call(statement: Statement) -> float | None:
    is_counted = statement.source == "pg_stat_statements" and statement.calls > 0
    return statement.blocks_per_call if is_counted else None


def _root_oid(catalog: Catalog, table_oid: int) -> int:
    table = catalog.tables.get(table_oid)
    return table_oid if table is None else catalog.root_of(table).oid


def _named(relation: RelationUsage) -> Iterator[str]:
    yield from (predicate.column for predicate in relation.predicates)
    yield from (join.column for join in relation.joins)
    yield from (key.column for key in relation.sort_keys)
    yield from relation.group_columns
    for wrapped in relation.wrapped:
        yield wrapped.expression
        yield wrapped.column


def _assumed_values(
    usage: StatementUsage | None, table_oid: int, index_predicate: str
) -> Mapping[int, str]:
    """The parameters that an index's predicate pins, with the values as SQL."""
    if usage is None:
        return {}
    pinned = dict(predicate_implies_equality(index_predicate))
    return {
        predicate.parameter: pinned[predicate.column]
        for relation in usage.relations
        if relation.table_oid == table_oid
        for predicate in relation.predicates
        if predicate.parameter is not None
        and predicate.kind is PredicateKind.EQUALITY
        and predicate.column in pinned
    }

"""What the scans of executed plans look for, and the index that would find it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pgadvisor.model.action import CreateIndex, IndexDefinition, ManualSteps
from pgadvisor.model.executed_plan import ExecutedNode
from pgadvisor.model.plan_condition import PlanCondition
from pgadvisor.model.schema import Index, IndexKey, RelationKind, Table
from pgadvisor.model.usage import PredicateKind
from pgadvisor.parse.plans.condition import conditions_of
from pgadvisor.rulekit.case import Case, is_user_table
from pgadvisor.rulekit.executions import PlacedNode, table_of
from pgadvisor.sqltext.index import index_name
from pgadvisor.sqltext.quote import qualified, quote_identifier

_MAX_KEYS = 4
_WITHOUT_BTREE = frozenset(
    {"json", "xml", "point", "box", "line", "lseg", "path", "polygon", "circle", "txid_snapshot"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedKeys:
    """The columns of an index that finds what a scan looks for."""

    equal: tuple[str, ...] = ()
    """Compared with one value, or with a list of them."""
    ranged: str | None = None
    """Compared by ``<`` or ``>``: it comes last."""
    order: tuple[IndexKey, ...] = ()
    """Those that rows are to come in the order of, in the place of a range."""

    @property
    def keys(self) -> tuple[IndexKey, ...]:
        """All of them in their order."""
        equal = tuple(IndexKey(column=column) for column in self.equal)
        order = tuple(key for key in self.order if key.column not in self.equal)
        if order:
            return (*equal, *order)
        return (*equal, *([IndexKey(column=self.ranged)] if self.ranged else []))


def own_name(node: ExecutedNode) -> str | None:
    """What conditions call the table that a node scans."""
    return node.alias or node.relation


def scan_conditions(node: ExecutedNode) -> tuple[PlanCondition, ...]:
    """All conditions of a scan: those that its index serves, and those that it filters by."""
    bounded = node.index_condition or node.recheck_condition
    return (*conditions_of(bounded, own_name(node)), *filter_conditions(node))


def filter_conditions(node: ExecutedNode) -> tuple[PlanCondition, ...]:
    """The conditions that rows are discarded by after they were read."""
    return conditions_of(node.filter, own_name(node))


def is_foreign_to_us(case: Case, node: ExecutedNode) -> bool:
    """The node reads a catalog, a temporary table, or another that is not the user's."""
    table = table_of(case, node)
    if table is not None:
        return not is_user_table(table)
    schema = node.schema or ""
    name = node.relation or ""
    is_catalog = schema.startswith("pg_") or schema == "information_schema"
    return is_catalog or (not schema and name.startswith("pg_"))


def wanted_keys(
    case: Case,
    node: ExecutedNode,
    conditions: Iterable[PlanCondition],
    *,
    order: tuple[IndexKey, ...] = (),
) -> WantedKeys:
    """The columns by which a btree would find rows, the most selective first.

    Args:
        case: With its statistics, if there are any.
        node: The scan.
        conditions: Its own.
        order: Of the rows; then no range comes after the columns that are compared by equality.
    """
    table = table_of(case, node)
    found = [c for c in conditions if c.column is not None and _can_be_key(table, c.column)]
    equal = list(dict.fromkeys(c.column for c in found if c.is_equality and c.column))
    lists = {c.column for c in found if c.kind is PredicateKind.IN_LIST}
    ranged = [c.column for c in found if c.kind is PredicateKind.RANGE and c.column not in equal]
    if table is not None:
        equal.sort(key=lambda column: -_distinct(case, table, column))
    equal.sort(key=lambda column: column in lists)
    taken = equal[:_MAX_KEYS]
    return WantedKeys(equal=tuple(taken), ranged=ranged[0] if ranged else None, order=order)


def is_served(case: Case, table: Table, wanted: WantedKeys) -> bool:
    """A valid index of the table begins with these columns already."""
    return any(_serves(index, wanted) for index in case.indexes_of(table))


def index_for(case: Case, node: PlacedNode, wanted: WantedKeys) -> CreateIndex | ManualSteps:
    """The index itself where its table is known, else its SQL as a template."""
    table = table_of(case, node.node)
    if table is None:
        return _template(node.node, wanted)
    root = case.catalog.root_of(table)
    definition = IndexDefinition(
        table_oid=root.oid, schema=root.schema, table=root.name, keys=wanted.keys
    )
    return CreateIndex(
        index=definition,
        name=index_name(definition),
        partitions=case.partition_tree(root),
        is_partitioned=root.kind is RelationKind.PARTITIONED_TABLE,
    )


def sql_name(node: ExecutedNode) -> str:
    """The table that a node reads, quoted for a template; ``...``: it reads none."""
    if node.relation is None:
        return "..."
    if node.schema:
        return qualified(node.schema, node.relation)
    return quote_identifier(node.relation)


def _template(node: ExecutedNode, wanted: WantedKeys) -> ManualSteps:
    columns = ", ".join(_written(key) for key in wanted.keys)
    order = (
        ("Put the column that leaves the fewest rows over first, among those before a range.",)
        if len(wanted.equal) > 1
        else ()
    )
    return ManualSteps(
        title=f"Create an index on {node.relation} ({columns.replace(chr(34), '')})",
        steps=(
            f"`CREATE INDEX CONCURRENTLY ON {sql_name(node)} ({columns})`",
            *order,
            "Compare with EXPLAIN (ANALYZE, BUFFERS) for values with few and with many rows.",
        ),
    )


def _written(key: IndexKey) -> str:
    column = quote_identifier(key.column) if key.column else f"({key.expression})"
    return f"{column} DESC" if key.is_descending else column


def _can_be_key(table: Table | None, column: str) -> bool:
    known = table.column(column) if table is not None else None
    if table is not None and known is None:
        return False
    return known is None or (known.base_type_name not in _WITHOUT_BTREE and known.generated != "v")


def _distinct(case: Case, table: Table, column: str) -> float:
    statistics = case.statistics_of(table, column)
    return statistics.distinct_count(case.catalog.rows_now(table)) if statistics else 1.0


def _serves(index: Index, wanted: WantedKeys) -> bool:
    if not index.is_valid or index.access_method != "btree" or index.predicate is not None:
        return False
    keys: Sequence[str | None] = [key.column for key in wanted.keys]
    count = len(wanted.equal)
    leading = index.key_columns[: len(keys)]
    return set(leading[:count]) == set(keys[:count]) and list(leading[count:]) == keys[count:]

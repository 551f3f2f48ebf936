"""What the scans of executed plans look for, and the index that would find it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pgadvisor.model.action import CreateIndex, IndexDefinition, ManualSteps
from pgadvisor.model.collation import compares_bytes, is_bytewise
from pgadvisor.model.executed_plan import ExecutedNode
from pgadvisor.model.plan_condition import PlanCondition
from pgadvisor.model.schema import Index, IndexKey, RelationKind, Table
from pgadvisor.model.usage import PredicateKind
from pgadvisor.parse.operand import base_type
from pgadvisor.parse.pattern import PATTERN_CLASSES
from pgadvisor.parse.plans.condition import conditions_of
from pgadvisor.rulekit.case import Case, is_user_table
from pgadvisor.rulekit.executions import PlacedNode, table_of
from pgadvisor.sqltext.index import index_name
from pgadvisor.sqltext.quote import qualified, quote_identifier

_MAX_KEYS = 4
_WITHOUT_BTREE = frozenset(
    {"json", "xml", "point", "box", "line", "lseg", "path", "polygon", "circle", "txid_snapshot"}
)
_OF_BEGINNINGS = (
    "An index without an operator class finds texts by their beginning only where their collation "
    "is C; a column of type char(n) wants `bpchar_pattern_ops`."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedKeys:
    """The columns of an index that finds what a scan looks for."""

    equal: tuple[str, ...] = ()
    """Compared with one value, or with a list of them."""
    ranged: str | None = None
    """Compared by ``<`` or ``>``: it comes last."""
    beginning: IndexKey | None = None
    """Searched by how its text begins; in the place of a range."""
    order: tuple[IndexKey, ...] = ()
    """Those that rows are to come in the order of, in the place of a range."""

    @property
    def keys(self) -> tuple[IndexKey, ...]:
        """All of them in their order."""
        equal = tuple(IndexKey(column=column) for column in self.equal)
        order = tuple(key for key in self.order if key.column not in self.equal)
        if order:
            return (*equal, *order)
        if self.beginning is not None:
            return (*equal, self.beginning)
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

    A beginning of a text is worth more than a range: both cannot be looked up at once.

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
    begun = (_beginning(case, table, c) for c in found if c.begins_fixed and c.column not in taken)
    return WantedKeys(
        equal=tuple(taken),
        ranged=ranged[0] if ranged else None,
        beginning=next((key for key in begun if key is not None), None),
        order=order,
    )


def is_served(case: Case, table: Table, wanted: WantedKeys) -> bool:
    """A valid index of the table begins with these columns already."""
    return any(_serves(case, table, index, wanted) for index in case.indexes_of(table))


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
            *((_OF_BEGINNINGS,) if wanted.beginning is not None and not wanted.order else ()),
            "Compare with EXPLAIN (ANALYZE, BUFFERS) for values with few and with many rows.",
        ),
    )


def _written(key: IndexKey) -> str:
    column = quote_identifier(key.column) if key.column else f"({key.expression})"
    if key.operator_class:
        column = f"{column} {key.operator_class}"
    return f"{column} DESC" if key.is_descending else column


def _can_be_key(table: Table | None, column: str) -> bool:
    known = table.column(column) if table is not None else None
    if table is not None and known is None:
        return False
    return known is None or (known.base_type_name not in _WITHOUT_BTREE and known.generated != "v")


def _distinct(case: Case, table: Table, column: str) -> float:
    statistics = case.statistics_of(table, column)
    return statistics.distinct_count(case.catalog.rows_now(table)) if statistics else 1.0


def _beginning(case: Case, table: Table | None, condition: PlanCondition) -> IndexKey | None:
    """The key that finds a text by its beginning; None: a btree over such a column cannot.

    Where the table is not known, it is one that can under any collation.
    """
    column = table.column(condition.column or "") if table is not None else None
    operator_class = PATTERN_CLASSES["text"]
    if column is not None:
        operator_class = PATTERN_CLASSES.get(base_type(column), "")
        if not operator_class:
            return None
        if compares_bytes(case.snapshot.server, column):
            operator_class = ""
    return IndexKey(
        column=condition.column,
        operator_class=operator_class,
        is_default_operator_class=not operator_class,
    )


def _serves(case: Case, table: Table, index: Index, wanted: WantedKeys) -> bool:
    if not index.is_valid or index.access_method != "btree" or index.predicate is not None:
        return False
    keys: Sequence[str | None] = [key.column for key in wanted.keys]
    count = len(wanted.equal)
    leading = index.key_columns[: len(keys)]
    if set(leading[:count]) != set(keys[:count]) or list(leading[count:]) != keys[count:]:
        return False
    if wanted.beginning is None or wanted.order:
        return True
    return _finds_beginnings(case, table, index.keys[count])


def _finds_beginnings(case: Case, table: Table, key: IndexKey) -> bool:
    """Whether a key of an index orders texts byte by byte."""
    if not key.is_default_operator_class:
        return key.operator_class in PATTERN_CLASSES.values()
    if key.collation is not None:
        return is_bytewise(key.collation)
    column = table.column(key.column or "")
    return column is not None and compares_bytes(case.snapshot.server, column)

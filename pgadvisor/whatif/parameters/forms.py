"""Forms of plans: what is read in which way and joined how, whatever the values are.

Partitions stand under the name of the table that they are of, so that reading another partition
is no other plan.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pgadvisor.model.catalog import Catalog
from pgadvisor.model.plan import Plan, PlanNode
from pgadvisor.model.schema import Index

_APPENDS = frozenset({"Append", "Merge Append"})
_JOINS = frozenset({"Nested Loop", "Hash Join", "Merge Join"})
_WORK = _JOINS | {"Aggregate"}
_MOST_NODES = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """A plan without its figures."""

    shape: str
    """Equal for plans that differ in nothing but figures, values and partitions."""
    access: str
    """The same as far as indexes, tables and joins go: a bitmap of an index, or that index
    alone, in parallel or not, sorted or not, are one."""
    nodes: tuple[str, ...]
    """Its nodes from the top: ``Index Scan using orders_customer on orders``."""
    by_part: tuple[str, ...] = ()
    """Joins and aggregates that an Append puts together, each once: partition by partition.  They
    are in no shape, for which all partitions are one."""


class Forms:
    """Tells the form of plans over one snapshot.

    Args:
        catalog: Where it is told what is a part of what.
    """

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._indexes = {(i.schema, i.name): i for i in catalog.snapshot.indexes}
        self._index_names = {i.name: i for i in catalog.snapshot.indexes}

    def of(self, plan: Plan) -> Form:
        """The form of a plan."""
        return Form(
            shape=self._shape(plan.root),
            access=", ".join(self._access(plan.root)),
            nodes=tuple(self._nodes(plan.root)),
            by_part=tuple(sorted(set(_by_part(plan.root)))),
        )

    def _shape(self, node: PlanNode) -> str:
        inner = [self._shape(child) for child in node.children]
        if node.node_type in _APPENDS:
            inner = list(dict.fromkeys(inner))
            if len(inner) == 1:
                return inner[0]
        kind = (node.join_type, node.strategy, node.partial_mode, node.operation)
        head = " ".join(part for part in (self._words(node), *kind) if part)
        return f"{head}({', '.join(inner)})" if inner else head

    def _access(self, node: PlanNode) -> Iterator[str]:
        """Joins and scans from the top, each part of an Append once."""
        if node.node_type in _JOINS:
            yield f"{node.node_type} {node.join_type}"
        elif node.index_name:
            yield f"index {self._index(node)}"
        elif node.relation and node.node_type != "Bitmap Heap Scan":
            yield f"{node.node_type} {self._table(node)}"
        below = [tuple(self._access(child)) for child in node.children]
        if node.node_type in _APPENDS:
            below = list(dict.fromkeys(below))
        for part in below:
            yield from part

    def _nodes(self, node: PlanNode) -> Iterator[str]:
        is_bitmap = node.node_type == "Bitmap Heap Scan"
        if is_bitmap:
            names = dict.fromkeys(self._index(n) for n in node.walk() if n.index_name)
            yield f"Bitmap Heap Scan using {', '.join(names)} on {self._table(node)}"
        elif node.node_type not in _APPENDS:
            yield self._words(node)
        below = [] if is_bitmap else [tuple(self._nodes(child)) for child in node.children]
        if node.node_type in _APPENDS:
            below = list(dict.fromkeys(below))
        for part in below:
            yield from part

    def _words(self, node: PlanNode) -> str:
        index = f" using {self._index(node)}" if node.index_name else ""
        table = f" on {self._table(node)}" if node.relation else ""
        return f"{node.node_type}{index}{table}"

    def _table(self, node: PlanNode) -> str:
        found = self._catalog.find_table(node.schema, node.relation or "")
        return self._catalog.root_of(found).name if found else node.relation or ""

    def _index(self, node: PlanNode) -> str:
        name = node.index_name or ""
        found = self._indexes.get((node.schema or "", name)) or self._index_names.get(name)
        return self._root(found).name if found else name

    def _root(self, index: Index) -> Index:
        while index.parent_oid is not None and index.parent_oid in self._catalog.indexes:
            index = self._catalog.indexes[index.parent_oid]
        return index


def differing_nodes(form: Form, others: Sequence[Form]) -> tuple[str, ...]:
    """What tells a plan from others: nodes that one of them has not, scans and joins first.

    Of a plan that has no such node it is told how it reads what others read differently, else
    what it does without.  Where they all have the same nodes, the order of the tables is told.
    """
    own = Counter(form.nodes)
    counts = [Counter(other.nodes) for other in others]
    if all(count == own for count in counts):
        tables = dict.fromkeys(map(_table_of, filter(_table_of, form.nodes)))
        return (f"in the order {', '.join(map(str, tables))}",) if tables else form.nodes[:1]
    shared = own.copy()
    for count in counts:
        shared &= count
    found = dict.fromkeys((own - shared).elements())
    if not found:
        missing = sum((count - own for count in counts), Counter[str]())
        touched = {_table_of(node) for node in missing} - {None}
        found = dict.fromkeys(node for node in form.nodes if _table_of(node) in touched)
        found = found or dict.fromkeys(f"without {node}" for node in missing)
    return tuple(sorted(found, key=_rank)[:_MOST_NODES])


def _by_part(node: PlanNode) -> Iterator[str]:
    if node.node_type in _APPENDS:
        below = (each for child in node.children for each in child.walk())
        yield from (each.node_type for each in below if each.node_type in _WORK)
    else:
        for child in node.children:
            yield from _by_part(child)


def _table_of(node: str) -> str | None:
    _, separator, table = node.rpartition(" on ")
    return table if separator else None


def _rank(node: str) -> int:
    if _table_of(node):
        return 0
    return 1 if node in _JOINS else 2

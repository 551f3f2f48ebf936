"""What a plan takes beyond the planner's estimate, as far as its nodes tell.

Costs decide which plan PostgreSQL takes; whether the statement gets faster by it is another
question.  On TPC-H in memory nearly all statements that new indexes made slower had one of these:

* The inner index scan of a nested loop, index-only or not, is costed as if it were repeated for
  each row of the outer *table* (``get_loop_count``), whatever its conditions leave, and each page
  read once in all: so a page more costs next to nothing.  In truth each repetition descends into
  the index, and each row that it finds is a visit to a page.
* An inner scan that knows nothing of its index's first column walks the whole index for each
  outer row.  The planner takes it where it believes that there is one such row, and it believes
  that of joins that leave thousands.
* A bitmap heap scan of nearly all pages is costed like a sequential scan of them, and takes
  longer: its buffers do not go round in a small ring, and its pages are not read in large pieces.

What is added is a lower bound: nothing where the planner itself counts as much.
``docs/index-choice.md`` has the measurements.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from pgadvisor.model.action import IndexDefinition
from pgadvisor.model.catalog import Catalog
from pgadvisor.model.plan import Plan, PlanNode
from pgadvisor.model.schema import Table

LOOKUP_RATIO = 3.0
"""One descent into an index takes as long as so many pages of a sequential scan, at least."""
IN_ORDER_RATIO = 1.0
"""The same where the key before was looked up just before."""
VISIT_RATIO = 0.5
"""A visit to a page at random takes as long as so much of a page of a sequential scan, at least,
be it that the page is in the system's cache."""
BITMAP_PAGE_RATIO = 1.5
"""A page of a bitmap heap scan takes as long as so many of a sequential scan, at least."""
HIT_COST_RATIO = 0.1
"""A page in shared buffers takes so much of one that is read."""
LEAST_WALKS = 10.0
"""A whole index is walked so many times at least, where the outer rows come out of a join: the
error of such an estimate is a factor of ten and more, nearly always to the low side (Leis et al.,
"How Good Are Query Optimizers, Really?", 2015)."""
MIN_BLOCKS = 1_000
"""With fewer blocks counted, a share of hits says nothing."""
_PARALLEL_DIVISORS = (1.0, 1.7, 2.4, 3.1)
"""So many processes' worth is a parallel scan with that many workers (``get_parallel_divisor``):
the leader helps by less the more workers there are."""
_LOOKUPS = frozenset({"Index Scan", "Index Only Scan"})
_IN_TABLE_ORDER = frozenset({"Seq Scan", "Bitmap Heap Scan"})
_IN_ORDER = 0.8
"""The square of a correlation from which on rows lie in order."""
_OUTER_KEY = re.compile(r"= (?P<alias>\w+)\.(?P<column>\w+)\)")
_REPEATED_ONCE = frozenset({"Hash", "Materialize", "Sort", "Incremental Sort", "Memoize"})
"""What is below is not run again for each row, or not for all of them."""


Appraise = Callable[[Plan], float]
"""Says what a plan is believed to cost, in the planner's units."""


def as_planned(plan: Plan) -> float:
    """What the planner says."""
    return plan.total_cost


@dataclass(frozen=True, slots=True, kw_only=True)
class PageCosts:
    """Settings that a plan was costed with."""

    sequential: float
    random: float
    cache_pages: float
    """``effective_cache_size``."""


class Appraiser:
    """Finds what plans cost beyond the planner's estimate.

    Args:
        catalog: The database that they are for.
        definitions: New indexes, by the names that plans call them.
    """

    def __init__(self, catalog: Catalog, definitions: Mapping[str, IndexDefinition]) -> None:
        self._catalog = catalog
        indexes = catalog.snapshot.indexes
        self._first_keys = {
            index.name: (index.table_oid, key)
            for index in indexes
            if (key := index.key_columns[0] if index.key_columns else None)
        } | {
            name: (definition.table_oid, key)
            for name, definition in definitions.items()
            if (key := definition.key_columns[0])
        }
        methods = [(index.name, index.access_method) for index in indexes]
        methods += [(name, one.access_method) for name, one in definitions.items()]
        self._btrees = frozenset(name for name, method in methods if method == "btree")

    def cost(self, plan: Plan) -> float:
        """What a plan costs, in the planner's units; never less than the planner says."""
        costs = self._page_costs(plan)
        return plan.total_cost + sum(self._extra(plan.root, costs, 1.0, 0))

    def _extra(
        self,
        node: PlanNode,
        costs: PageCosts,
        loops: float,
        workers: int,
        outer: PlanNode | None = None,
    ) -> Iterator[float]:
        """What each node below costs more, over all of its repetitions in one process."""
        table = self._catalog.find_table(node.schema, node.relation) if node.relation else None
        if table is not None and table.pages > 0:
            if outer is not None and node.node_type in _LOOKUPS:
                yield self._repeated(node, table, costs, loops, outer)
            elif outer is None and node.node_type == "Bitmap Heap Scan":
                yield self._in_bitmap(node, table, costs, workers)
        workers = node.workers_planned or workers
        for child in node.children:
            if node.node_type == "Nested Loop" and child.parent_relationship == "Inner":
                outer_rows = max(node.children[0].rows, 1.0)
                first = node.children[0]
                yield from self._extra(child, costs, loops * outer_rows, workers, first)
            elif node.node_type in _REPEATED_ONCE:
                yield from self._extra(child, costs, 1.0, workers)
            else:
                yield from self._extra(child, costs, loops, workers, outer)

    def _repeated(
        self, node: PlanNode, table: Table, costs: PageCosts, loops: float, outer: PlanNode
    ) -> float:
        """An inner scan: at least what it takes to look a key up, and to visit each row found."""
        in_order, repetitions = self._order(node, outer)
        again = HIT_COST_RATIO if in_order else 1.0
        share = 1.0 / repetitions
        share += HIT_COST_RATIO * (1.0 - share)
        together = self._correlation(node) ** 2
        pages = self._rows_found(node, table) * (1.0 - together) * share + together * again
        descent = costs.sequential * (IN_ORDER_RATIO if in_order else LOOKUP_RATIO)
        walks = max(LEAST_WALKS - loops, 0.0) if self._is_walked(node, outer) else 0.0
        heap = VISIT_RATIO * costs.sequential * self._read_ratio(table) * pages
        if node.node_type == "Index Only Scan":  # reads what is not known to be visible to all
            heap *= max(1.0 - table.all_visible_pages / table.pages, 0.0)
        return loops * max(descent + heap - node.total_cost, 0.0) + walks * node.total_cost

    def _is_walked(self, node: PlanNode, outer: PlanNode) -> bool:
        """Whether a whole index is read, for rows of which a join says how many there are."""
        _, key = self._first_keys.get(node.index_name or "", (0, None))
        if key is None or node.index_name not in self._btrees:
            return False
        own = rf"(?<![\w.\"])({re.escape(node.alias or '')}\.)?\"?{re.escape(key)}\"?(?!\w)"
        is_join = sum(1 for one in outer.walk() if one.relation) > 1
        return is_join and re.search(own, node.index_condition or "") is None

    def _order(self, node: PlanNode, outer: PlanNode) -> tuple[bool, float]:
        """Whether keys are looked up in their order, and how often each in a row.

        That is so where the outer side's rows lie in that order.  What is looked up next to each
        other lies in the same pages.
        """
        match = _OUTER_KEY.search(node.index_condition or "")
        places = [one for one in outer.walk() if match and one.alias == match["alias"]]
        if match is None or not places or places[0].node_type not in _IN_TABLE_ORDER:
            return False, 1.0
        table = self._catalog.find_table(places[0].schema, places[0].relation or "")
        key = (table.oid, match["column"]) if table is not None else (0, "")
        row = self._catalog.column_statistics.get(key)
        if table is None or row is None or (row.correlation or 0.0) ** 2 < _IN_ORDER:
            return False, 1.0
        return True, max(table.rows / row.distinct_count(table.rows), 1.0)

    def _rows_found(self, node: PlanNode, table: Table) -> float:
        """By one repetition, before the filter, where statistics tell that."""
        key = self._first_keys.get(node.index_name or "")
        condition = node.index_condition or ""
        row = self._catalog.column_statistics.get(key) if key is not None else None
        if row is None or condition.count(" = ") != 1 or " AND " in condition:
            return max(node.rows, 1.0)
        return max(node.rows, table.rows / row.distinct_count(table.rows), 1.0)

    def _in_bitmap(self, node: PlanNode, table: Table, costs: PageCosts, workers: int) -> float:
        """A scan by bitmap: the difference to what a page takes at least."""
        below = node.children[0] if len(node.children) == 1 else node
        rows = below.rows
        if below is node and _is_parallel(node):
            rows *= _PARALLEL_DIVISORS[min(workers, len(_PARALLEL_DIVISORS) - 1)]
        pages = pages_fetched(max(rows, 1.0), table.pages, costs.cache_pages)
        ratio = math.sqrt(pages / table.pages)
        page = costs.random - (costs.random - costs.sequential) * ratio
        least = BITMAP_PAGE_RATIO * costs.sequential
        return pages * max(least - page, 0.0) * self._read_ratio(table)

    def _correlation(self, node: PlanNode) -> float:
        """How well the table's order is that of the index: near 1 or -1 where it is."""
        name = node.index_name
        if name is None:  # of a bitmap, whose pages come in the table's order
            name = next((child.index_name for child in node.children if child.index_name), None)
        key = self._first_keys.get(name or "")
        row = self._catalog.column_statistics.get(key) if key is not None else None
        return (row.correlation or 0.0) if row is not None else 0.0

    def _read_ratio(self, table: Table) -> float:
        """What a page of a table costs, on average, of what one costs that is not in memory."""
        activity = self._catalog.activity_of(table)
        blocks = activity.heap_blocks_hit + activity.heap_blocks_read
        if blocks < MIN_BLOCKS:
            return 1.0
        return 1.0 - (1.0 - HIT_COST_RATIO) * activity.heap_blocks_hit / blocks

    def _page_costs(self, plan: Plan) -> PageCosts:
        settings = dict(plan.settings)
        server = self._catalog.snapshot.server

        def value(name: str, default: float) -> float:
            try:
                return float(settings[name])  # without a unit
            except (KeyError, ValueError):
                setting = server.setting(name)
            try:
                return float(setting.value) if setting is not None else default
            except ValueError:
                return default

        return PageCosts(
            sequential=value("seq_page_cost", 1.0),
            random=value("random_page_cost", 4.0),
            cache_pages=value("effective_cache_size", 524_288.0),
        )


def pages_fetched(rows: float, pages: int, cache_pages: float) -> float:
    """How many pages are read to fetch rows that lie anywhere.

    After Mackert and Lohman, "Index Scans Using a Finite LRU Buffer: A Validated I/O Model"
    (1989), as PostgreSQL's ``index_pages_fetched`` has it.

    Args:
        rows: How many are fetched, over all repetitions.
        pages: Of the table, at least 1.
        cache_pages: How many of them stay in memory.
    """
    total, kept = float(pages), max(cache_pages, 1.0)
    if total <= kept:
        return min(math.ceil(2 * total * rows / (2 * total + rows)), total)
    limit = 2 * total * kept / (2 * total - kept)
    if rows <= limit:
        return math.ceil(2 * total * rows / (2 * total + rows))
    return math.ceil(kept + (rows - limit) * (total - kept) / total)


def _is_parallel(node: PlanNode) -> bool:
    return any(key == "Parallel Aware" and value == "true" for key, value in node.extra)

"""Joins that read a large table as a whole to find few of its rows."""

from collections.abc import Iterator
from dataclasses import dataclass

from pgadvisor.rulekit import (
    Case,
    Confidence,
    Evidence,
    Finding,
    Impact,
    Outcome,
    PlacedNode,
    Provenance,
    Severity,
    at_nodes,
    format_count,
    format_ms,
    node_source,
    rule,
    table_of,
    worst_of_each,
)
from pgadvisor.rulekit.plans import (
    JOINS,
    PlanCondition,
    WantedKeys,
    conditions_of,
    index_for,
    inputs_of,
    is_foreign_to_us,
    is_served,
    is_worth_it,
    measured,
    measured_nodes,
    own_name,
    own_time,
    part_of,
    relation_of,
    setting_in_plan,
    shown_condition,
    unmeasured,
    wanted_keys,
    without_buffers,
)

_CARRIERS = frozenset({"Hash", "Sort", "Materialize", "Gather", "Gather Merge"})
"""What may stand between a scan and its join, and lets all rows pass."""
_RANDOM_PAGE_COST = "random_page_cost"
_USUAL_COST = 4.0
"""Of a block that is visited by itself."""
_KEEPS_OUTER = frozenset({"Left", "Full", "Anti"})
_KEEPS_INNER = frozenset({"Right", "Full", "Right Anti"})
"""Joins that return rows of that side which have no partner: an index finds none of those."""
_STOPS_AT_ONE = frozenset({"Semi", "Anti"})
"""Of the inner side one partner is enough."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """When a join reads far more than it finds."""

    min_rows_per_scan_count: float = 10_000.0
    """That the scan gives to the join each time: a smaller table is best read as a whole."""

    max_block_ratio: float = 0.25
    """Blocks that lookups by an index would visit, as a share of those that the scan visited."""

    max_filter_removed_ratio: float = 0.9
    """Of the rows that the scan reads: where its own filter discards more, `discarding-scan` is
    about it."""

    min_time_ratio: float = 0.3
    """Share of the scan and of what handles all its rows in the time of the plan."""

    min_time_ms: float = 5.0
    """The same by itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Lookup:
    """What an index on the column of a join would be asked for."""

    scan: PlacedNode
    path: tuple[PlacedNode, ...]
    """From the scan up to the join, both included."""
    carriers: tuple[PlacedNode, ...]
    """What keeps the rows of the other side for the join."""
    other: PlacedNode
    """The other side of the join, whose rows would be looked up."""
    conditions: tuple[PlanCondition, ...]
    count: float
    """Lookups."""
    found_rows: float
    """Rows that they would find, at most."""
    planned_count: float
    planned_rows: float

    @property
    def join(self) -> PlacedNode:
        return self.path[-1]

    @property
    def nodes(self) -> tuple[PlacedNode, ...]:
        """All that handle the rows of the scan."""
        is_repeated = self.join.node.node_type == "Nested Loop"
        return (*self.path, *(self.carriers if is_repeated else ()))

    @property
    def blocks(self) -> float:
        """A leaf for each, and one for each row; what is above the leaves stays in memory."""
        return self.count + self.found_rows

    @property
    def planned_blocks(self) -> float:
        """The same by the planner's estimates."""
        return self.planned_count + self.planned_rows


@rule(severity=Severity.WARNING, since="0.1", limits=Limits, requires=("executed-plans",))
def unindexed_join(case: Case, limits: Limits) -> Outcome:
    """A join reads a large table as a whole, and finds a partner for few of its rows.

    ## Why it matters
    Where a hundred rows of one table are joined to a thousand of another, and no index leads from
    the one to the other, PostgreSQL reads all of the other table and compares each row.  With an
    index on the column of the join a nested loop looks the partners up: a few blocks for each row.

    ## What it leaves alone
    Small tables; joins for which lookups would visit a quarter of the blocks that the scan does;
    joins that return the rows without a partner as well; scans whose own filter discards most of
    what they read; those that take little of the time; columns that a valid index begins with
    already, and plans that were made without nested loops: there it is the planner who decided
    against it.  Blocks are counted, so that the plan needs BUFFERS.

    ## Before you act
    The bound is what the scan, the join and what stands between them took for rows without a
    partner.  The planner takes the index where it *expects* few lookups: see to the estimates
    where it expected many.  An index costs space and makes each write of the table dearer; where
    the database was looked at as a whole, `missing-index` weighs that.

    ## Example
        EXPLAIN (ANALYZE, BUFFERS) SELECT o.* FROM customers c JOIN orders o ON o.customer_id = c.id
         WHERE c.email = 'a@example.org';
        CREATE INDEX CONCURRENTLY ON orders (customer_id);
    """
    yield from unmeasured(case)
    yield from without_buffers(case)
    yield from worst_of_each(_findings(case, limits))


def _findings(case: Case, limits: Limits) -> Iterator[Finding]:
    for node in measured_nodes(case):
        if node.node.node_type != "Seq Scan" or is_foreign_to_us(case, node.node):
            continue
        lookup = _lookup(node)
        if lookup is None or not _is_wasteful(lookup, limits):
            continue
        wanted = wanted_keys(case, node.node, lookup.conditions)
        table = table_of(case, node.node)
        if wanted.equal and not (table is not None and is_served(case, table, wanted)):
            yield _finding(case, lookup, wanted)


def _lookup(scan: PlacedNode) -> _Lookup | None:
    """None: its rows go into no join that an index could take the place of."""
    path = [scan]
    for above in scan.ancestors():
        path.append(above)
        if above.node.node_type not in _CARRIERS:
            break
    join, sides = path[-1], inputs_of(path[-1])
    if join.node.node_type not in JOINS or len(sides) != len(("outer", "inner")):
        return None
    is_outer = path[-2].position == sides[0].position
    other = _source(sides[1 if is_outer else 0])
    conditions = _conditions(join, scan)
    kind = join.node.join_type or "Inner"
    if not conditions or kind in (_KEEPS_OUTER if is_outer else _KEEPS_INNER):
        return None
    runs = max(join.use.loops / join.use.processes, 1.0)
    count = other.use.rows / _passes(other) * runs
    planned = other.node.rows * other.use.loops / _passes(other) * runs
    is_stopped = kind in _STOPS_AT_ONE and not is_outer
    return _Lookup(
        scan=scan,
        path=tuple(path),
        carriers=tuple(_carriers(sides[1 if is_outer else 0])),
        other=other,
        conditions=conditions,
        count=count,
        found_rows=count if is_stopped else join.use.rows + _removed_pairs(join),
        planned_count=planned,
        planned_rows=planned if is_stopped else join.node.rows * join.use.loops,
    )


def _carriers(side: PlacedNode) -> Iterator[PlacedNode]:
    while side.node.node_type in _CARRIERS and len(inputs_of(side)) == 1:
        yield side
        side = inputs_of(side)[0]


def _source(side: PlacedNode) -> PlacedNode:
    """What gives the rows of a side: how often they are read again does not count."""
    for carrier in _carriers(side):
        side = inputs_of(carrier)[0]
    return side


def _passes(node: PlacedNode) -> float:
    """How often all of its rows were given: several processes may give a part of them each."""
    is_partial = any(below.parallel_aware for below in node.node.walk())
    return max(node.use.loops / (node.use.processes if is_partial else 1.0), 1.0)


def _conditions(join: PlacedNode, scan: PlacedNode) -> tuple[PlanCondition, ...]:
    """Equalities of the scan's columns with those of the other side."""
    own, of_node = own_name(scan.node), join.node
    texts = (of_node.hash_condition, of_node.merge_condition, of_node.join_filter)
    return tuple(
        condition
        for text in texts
        for condition in conditions_of(text, own)
        if condition.is_equality and condition.table == own and len(set(condition.tables)) > 1
    )


def _removed_pairs(join: PlacedNode) -> float:
    """Rows that met a partner and were discarded then."""
    removed = join.node.rows_removed_by_filter
    if join.node.node_type != "Nested Loop":  # of which it would be all that met none
        removed += join.node.rows_removed_by_join_filter
    return removed * join.use.loops


def _is_expected(case: Case, lookup: _Lookup) -> bool:
    """Whether lookups would have cost less than the join, by the planner's own estimates."""
    join, setting = lookup.join, case.snapshot.server.setting(_RANDOM_PAGE_COST)
    told = setting_in_plan(join.execution, _RANDOM_PAGE_COST)
    try:
        page_cost = float(told or (setting.value if setting is not None else _USUAL_COST))
    except ValueError:  # a value that is not kept
        page_cost = _USUAL_COST
    blocks = lookup.planned_blocks / join.use.loops
    return blocks * page_cost <= join.node.total_cost - lookup.other.node.total_cost


def _is_wasteful(lookup: _Lookup, limits: Limits) -> bool:
    scan = lookup.scan
    read = scan.use.rows + scan.use.removed_rows
    took = sum(node.exclusive_ms for node in lookup.nodes)
    return (
        scan.use.rows >= limits.min_rows_per_scan_count * _passes(scan)
        and scan.use.removed_rows <= limits.max_filter_removed_ratio * read
        and lookup.blocks <= limits.max_block_ratio * scan.use.exclusive_buffers.touched_blocks
        and is_worth_it(scan, took, limits)
        and setting_in_plan(scan.execution, "enable_nestloop") != "off"
    )


def _finding(case: Case, lookup: _Lookup, wanted: WantedKeys) -> Finding:
    scan = lookup.scan
    took = sum(node.exclusive_ms for node in lookup.nodes)
    lost = part_of(scan.use.rows - lookup.found_rows, scan.use.rows)
    is_expected = _is_expected(case, lookup)
    is_known = table_of(case, scan.node) is not None
    finding = Finding(
        subject=relation_of(case, scan),
        summary=f"{scan.name} read {format_count(scan.use.rows)} rows, of which a join with "
        f"{format_count(lookup.count)} others found {format_count(lookup.found_rows)}, in "
        f"{format_ms(took)} of {format_ms(scan.total_ms)}",
        detail=""
        if is_expected
        else f"The planner expected {format_count(lookup.planned_count)} rows to look up and "
        f"{format_count(lookup.planned_rows)} to be found: it may not take the index before these "
        "estimates are mended.",
        evidence=tuple(_evidence(lookup)),
        provenance=Provenance.MEASURED,
        confidence=Confidence.HIGH if is_known and is_expected else Confidence.MEDIUM,
        guards=tuple(_guards(case, scan)),
        remedies=(index_for(case, scan, wanted),),
        impact=Impact(risk="it takes longer as the table grows"),
    )
    return at_nodes(finding, lookup.nodes, saved_ms=took * lost)


def _guards(case: Case, scan: PlacedNode) -> Iterator[str]:
    yield "rows without a partner are not returned"
    yield "lookups would visit far fewer blocks"
    if table_of(case, scan.node) is not None:
        yield "no valid index begins with the columns"


def _evidence(lookup: _Lookup) -> Iterator[Evidence]:
    scan, join = lookup.scan, lookup.join
    conditions = (join.node.hash_condition, join.node.merge_condition, join.node.join_filter)
    yield measured(scan, "rows read", scan.use.rows, "rows", "actual rows")
    yield measured(lookup.other, "rows to look up", lookup.count, "rows", "actual rows")
    yield measured(join, "rows found at most", lookup.found_rows, "rows", "actual rows")
    for text in conditions:
        if text is not None:
            yield measured(join, "condition of the join", shown_condition(text))
    yield measured(
        scan, "blocks visited", scan.use.exclusive_buffers.touched_blocks, "blocks", "Buffers"
    )
    yield Evidence(
        name="blocks that lookups would visit at most",
        value=round(lookup.blocks),
        unit="blocks",
        source=f"one for each row to look up, and one for each that is found; {node_source(join)}",
    )
    for node in lookup.nodes:
        yield own_time(node)

"""Plans out of ``EXPLAIN (FORMAT TEXT)``, as what JSON decodes to."""

from __future__ import annotations

import re

from pgadvisor.parse.plan_values import PlanFormatError
from pgadvisor.parse.plans.keys import number_of
from pgadvisor.parse.plans.text_lines import Kind, Line, Lines, logical_lines
from pgadvisor.parse.plans.text_node import is_node, node_of, target_of
from pgadvisor.parse.plans.text_property import Fields, add_grouping, add_property, jit_option

_ACTUAL = re.compile(
    r"actual (?:time=(?P<first>[0-9.]+)\.\.(?P<last>[0-9.]+) )?"
    r"rows=(?P<rows>[0-9.]+) loops=(?P<loops>[0-9.]+)"
)
_WORKER = re.compile(r"(?:Worker|JIT for worker) (?P<number>[0-9]+): *(?P<rest>.*)", re.DOTALL)
_TRIGGER = re.compile(
    r"Trigger (?:for constraint (?P<only>.+?)|(?P<name>.+?)(?: for constraint (?P<both>.+?))?)"
    r"(?: on (?P<relation>\S+?))?: (?:time=(?P<time>[0-9.]+) )?calls=(?P<calls>[0-9.]+)"
)
_PLAN_KEYS = {
    *("Planning Time", "Execution Time", "Planning time", "Execution time", "Total runtime"),
    *("Planning", "JIT", "Settings", "Query Identifier", "Serialization"),
}
"""Keys that stand below the plan, and not below a node."""
_QUERY_KEYS = ("Query Text", "Query Parameters")
_HOLDERS = {"JIT", "Planning", "Serialization"}
"""Keys with lines of their own below them."""
_GROUPING = {"Group Key", "Hash Key", "Sort Key"}


def plans_from_text(lines: Lines) -> list[tuple[int, object]]:
    """Read all plans in some lines; what stands around them is passed over.

    Returns:
        The line in which each begins, and the plan.

    Raises:
        PlanFormatError: A plan breaks off, or has lost its indentation.
    """
    reader = _Reader()
    logical = logical_lines(lines)
    for position, line in enumerate(logical):
        following = logical[position + 1] if position + 1 < len(logical) else None
        reader.read(line, following)
    reader.close()
    return reader.plans


def _begins_another(line: Line) -> bool:
    """Tell whether a line below a plan belongs to what comes after it."""
    if line.kind is Kind.PROPERTY:
        return line.key in _QUERY_KEYS
    return line.kind is Kind.OTHER and line.after_gap


class _Reader:
    """Builds plans line by line."""

    def __init__(self) -> None:
        self.plans: list[tuple[int, object]] = []
        self._plan: Fields | None = None
        self._query: Fields = {}
        """What auto_explain says before the plan."""
        self._root_column = 0
        self._nodes: list[tuple[int, Fields]] = []
        """The nodes from the root to the last one, and their columns."""
        self._all_nodes: list[Fields] = []
        self._holders: list[tuple[int, Fields]] = []
        """What lines below belong to: the node or the plan, a worker, JIT; and their columns."""
        self._label: Line | None = None
        """What stands above a subplan: its name."""

    def read(self, line: Line, following: Line | None) -> None:
        """Take one line; the next one tells whether a line without figures begins a plan."""
        if line.kind is Kind.NODE:
            self._node(line)
        elif self._plan is None or _begins_another(line):
            self._outside(line, following)
        elif line.kind is Kind.OTHER:
            self.close()
        else:
            self._below(line)

    def close(self) -> None:
        """End the plan, if there is one."""
        if self._plan is not None:
            for node in self._all_nodes:
                _finish(node)
        self._plan = None
        self._query = {}
        self._all_nodes = []

    def _outside(self, line: Line, following: Line | None) -> None:
        if self._plan is not None:
            self.close()
        if line.kind is Kind.PROPERTY and line.key in _QUERY_KEYS:
            self._query[line.key] = line.value
        elif line.kind in {Kind.OTHER, Kind.TARGET} and is_node(line.text):
            # Without costs and figures only what stands below shows that it is a plan.
            alone = following is None or following.indent > line.indent
            if line.begins and (alone or _is_footer(following)):
                self._node(line)

    def _node(self, line: Line) -> None:
        arrow = line.text.startswith("->")
        node = node_of(line.text[2:].lstrip() if arrow else line.text)
        if not arrow:
            query = self._query
            self.close()
            self._plan = {**query, "Plan": node}
            self.plans.append((line.number, self._plan))
            self._root_column = line.indent
            self._nodes = [(-1, node)]
        elif self._plan is None:
            raise PlanFormatError("", "a node without the root above it", line.number)
        else:
            self._add_child(line, node)
        self._all_nodes.append(node)
        self._holders = [(-1, node)]

    def _add_child(self, line: Line, node: Fields) -> None:
        if line.indent <= self._root_column:
            raise PlanFormatError("", "the indentation is lost", line.number)
        label, self._label = self._label, None
        # A subplan stands two columns to the right of its name and of its siblings.
        column = line.indent if label is None else min(label.indent, line.indent)
        while self._nodes[-1][0] >= column:
            self._nodes.pop()
        if label is not None:
            node["Subplan Name"] = label.text
            sub = label.text.startswith("SubPlan")
            node["Parent Relationship"] = "SubPlan" if sub else "InitPlan"
        children = self._nodes[-1][1].setdefault("Plans", [])
        assert isinstance(children, list)  # noqa: S101 - nothing else is put there
        children.append(node)
        self._nodes.append((line.indent, node))

    def _below(self, line: Line) -> None:
        """Take a line that belongs to the last node, or to the whole plan."""
        if line.kind is Kind.LABEL:
            self._label = line
        elif line.kind is Kind.TRIGGER:
            self._trigger(line.text)
        elif line.kind is Kind.TARGET:
            targets = self._nodes[-1][1].setdefault("Target Tables", [])
            assert isinstance(targets, list)  # noqa: S101 - nothing else is put there
            targets.append(target_of(line.text))
        else:
            self._property(line)

    def _property(self, line: Line) -> None:
        plan = self._plan
        assert plan is not None  # noqa: S101 - read() has seen to it
        worker = _WORKER.fullmatch(line.text)
        if worker is None and line.indent <= self._root_column + 1:
            if line.key in _PLAN_KEYS:
                self._holders = [(-1, plan)]
            elif line.indent <= self._root_column and (line.after_gap or not line.value):
                self.close()  # a sentence that ends in a colon
                return
            elif line.indent <= self._root_column:
                self._holders = [(-1, plan)]
        while self._holders[-1][0] >= line.indent:
            self._holders.pop()
        holder = self._holders[-1][1]
        if worker is not None:
            self._worker(line, int(worker["number"]), worker["rest"])
        else:
            self._add(holder, line.indent, line.key, line.value)

    def _add(self, holder: Fields, column: int, key: str, value: str) -> None:
        if key in _HOLDERS and (key != "JIT" or not value):
            add_property(holder, key, value)
            below = holder[key] if isinstance(holder.get(key), dict) else {}
            assert isinstance(below, dict)  # noqa: S101 - the line above has seen to it
            holder[key] = below
            self._holders.append((column, below))
        elif key in {"Options", "Timing"} and "Functions" in holder:
            jit_option(holder, key, value)
        elif key in _GROUPING and holder.get("Node Type") == "Aggregate":
            add_grouping(holder, key, value)
        else:
            add_property(holder, key, value)

    def _worker(self, line: Line, number: int, rest: str) -> None:
        node = self._nodes[-1][1]
        workers = node.setdefault("Workers", [])
        assert isinstance(workers, list)  # noqa: S101 - nothing else is put there
        worker: Fields = next((each for each in workers if each["Worker Number"] == number), {})
        if not worker:
            worker["Worker Number"] = number
            workers.append(worker)
        self._holders.append((line.indent, worker))
        if actual := _ACTUAL.fullmatch(rest):
            worker["Actual Rows"] = number_of(actual["rows"])
            worker["Actual Loops"] = number_of(actual["loops"])
            if actual["first"]:
                worker["Actual Startup Time"] = number_of(actual["first"])
                worker["Actual Total Time"] = number_of(actual["last"])
            return
        if line.text.startswith("JIT"):
            rest = "JIT:"
        key, _, value = rest.partition(":")
        if value or rest:
            self._add(worker, line.indent + 1, key, value.strip())

    def _trigger(self, text: str) -> None:
        match = _TRIGGER.fullmatch(text)
        assert match is not None  # noqa: S101 - the line was recognised by it
        assert self._plan is not None  # noqa: S101 - read() has seen to it
        trigger: Fields = {"Calls": number_of(match["calls"])}
        constraint = match["only"] or match["both"]
        if match["name"]:
            trigger["Trigger Name"] = match["name"]
        if constraint:
            trigger["Constraint Name"] = constraint
        if match["relation"]:
            trigger["Relation"] = match["relation"]
        if match["time"]:
            trigger["Time"] = number_of(match["time"])
        triggers = self._plan.setdefault("Triggers", [])
        assert isinstance(triggers, list)  # noqa: S101 - nothing else is put there
        triggers.append(trigger)


def _is_footer(line: Line | None) -> bool:
    return line is not None and line.kind is Kind.PROPERTY and line.key in _PLAN_KEYS


_MEMBERS = {"Append", "Merge Append", "BitmapAnd", "BitmapOr"}


def _finish(node: Fields) -> None:
    """Say of a node's plans what TEXT leaves to their order."""
    children = node.get("Plans", [])
    assert isinstance(children, list)  # noqa: S101 - nothing else is put there
    unnamed = [child for child in children if "Parent Relationship" not in child]
    kind = node["Node Type"]
    for number, child in enumerate(unnamed):
        if kind in _MEMBERS or (kind == "ModifyTable" and len(unnamed) > 1):
            relationship = "Member"
        elif kind == "Subquery Scan":
            relationship = "Subquery"
        elif kind == "Custom Scan":
            relationship = "child" if len(unnamed) == 1 else "children"
        else:
            relationship = "Outer" if number == 0 else "Inner"
        child["Parent Relationship"] = relationship

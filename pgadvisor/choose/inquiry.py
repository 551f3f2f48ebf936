"""Asking the planner about sets of candidates, many statements at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from pgadvisor.choose.appraisal import Appraise, as_planned
from pgadvisor.choose.calibration import NO_CALIBRATION, Calibration
from pgadvisor.choose.knowledge import StatementKnowledge
from pgadvisor.model.action import IndexDefinition
from pgadvisor.model.plan import Plan, PlanNode
from pgadvisor.propose.existing import covers
from pgadvisor.whatif.backend import Backend, Configuration, NotPlanned

Progress = Callable[[str, int, int], None]
"""Told what is being done, how much of it is done, and how much there is."""
Question = tuple[StatementKnowledge, int]
"""A statement, and the candidates to show, as bits."""

_Start = tuple[int, str | None]
"""The OID of a table, and the first key's column; None: an expression."""


class Inquirer:
    """Asks a planner, and tells the statements' knowledge what it says.

    Args:
        backend: The planner, which has built the candidates.
        definitions: The candidates, by number.
        numbers: Their numbers by the names that plans call them.
        appraise: What a plan is believed to cost.
        calibration: What executed plans tell of that.
    """

    def __init__(
        self,
        backend: Backend,
        definitions: Sequence[IndexDefinition],
        numbers: Mapping[str, int],
        appraise: Appraise = as_planned,
        calibration: Calibration = NO_CALIBRATION,
    ) -> None:
        self._backend = backend
        self._definitions = definitions
        self._numbers = numbers
        self._appraise = appraise
        self._calibration = calibration
        self._divided: dict[StatementKnowledge, set[tuple[str, str]]] = {}
        """Tables, with their schemas, of whose rows an OR decides."""
        self._alike: dict[_Start, list[int]] = {}
        for number, definition in enumerate(definitions):
            self._alike.setdefault(_start(definition), []).append(number)

    def alone(self, one: StatementKnowledge, shown: int) -> Iterator[Question]:
        """A statement with one index at a time on each table of whose rows an OR decides.

        The planner finds an index for each arm by rules of thumb and combines their bitmaps:
        with more indexes there, what comes out may be dearer.

        Args:
            one: The statement.
            shown: What it has on other tables.
        """
        for place in sorted(self._divided.get(one, ())):
            own = [n for n in one.usable if _place(self._definitions[n]) == place]
            elsewhere = shown & ~one.bits(own)
            for number in own:
                definition = self._definitions[number]
                if len(definition.keys) == 1 and not (definition.include or definition.predicate):
                    yield one, elsewhere | one.bits((number,))

    def ask(self, questions: Iterable[Question]) -> int:
        """Have sets planned, and remember what the planner says.

        Returns:
            How many told something: not those that the planner refuses.  Where a plan is only
            hoped to be good, see :func:`hopeful`, its set is still to be planned, without those.
        """
        asked = [(one, shown & one.everything) for one, shown in questions]
        told = 0
        for (one, shown), plan in zip(asked, self._plans(asked), strict=True):
            is_outdated = shown & ~one.everything  # by what an earlier plan of these told
            if not isinstance(plan, NotPlanned) and not is_outdated:
                self._learn(one, shown, plan)
                told += 1
        return told

    def ask_without_hopes(self, questions: Iterable[Question]) -> None:
        """Have sets planned without what of them is only hoped for, and forget nothing."""
        left = [(one, shown, shown) for one, shown in questions]
        while left:
            plans = self._plans([(one, less) for one, _, less in left])
            again: list[tuple[StatementKnowledge, int, int]] = []
            for (one, shown, less), plan in zip(left, plans, strict=True):
                if isinstance(plan, NotPlanned):
                    continue
                if hoped := one.bits(hopeful(plan.root, self._numbers)):
                    again.append((one, shown, less & ~hoped))
                    continue
                self._believe(one, less, plan)
                one.take_for(shown, less)
            left = again

    def beginnings(self, number: int) -> tuple[int, ...]:
        """The candidates that one begins with, and that may do the same by themselves."""
        wider = self._definitions[number]
        return tuple(
            other
            for other in self._alike[_start(wider)]
            if other != number and covers(wider, self._definitions[other])
        )

    def _plans(self, asked: Sequence[Question]) -> tuple[Plan | NotPlanned, ...]:
        return self._backend.plans(
            [(one.statement.text, self._configuration(one, shown)) for one, shown in asked]
        )

    def _configuration(self, one: StatementKnowledge, shown: int) -> Configuration:
        return Configuration(
            create=frozenset(self._definitions[number] for number in one.candidates(shown)),
            settings=one.statement.settings,
        )

    def _learn(self, one: StatementKnowledge, shown: int, plan: Plan) -> None:
        if hoped := one.bits(hopeful(plan.root, self._numbers)):
            one.forget(hoped)
        else:
            self._believe(one, shown, plan)

    def _believe(self, one: StatementKnowledge, shown: int, plan: Plan) -> None:
        if divided := set(_divided(plan)):
            self._divided.setdefault(one, set()).update(divided)
        uses = one.bits(used(plan, self._numbers))
        cost = self._calibration.cost(one.statement.id, plan, self._appraise(plan))
        one.learn(shown, plan.total_cost, uses, cost)


def used(plan: Plan, numbers: Mapping[str, int]) -> tuple[int, ...]:
    """The candidates among the indexes that a plan reads."""
    return tuple(sorted({numbers[name] for name in plan.index_names if name in numbers}))


def _divided(plan: Plan) -> Iterator[tuple[str, str]]:
    for node in plan.root.walk():
        if node.relation and node.filter and _OR in node.filter:
            yield node.schema or "", node.relation


_OR = ") OR ("
"""As the planner writes it."""


def _start(definition: IndexDefinition) -> _Start:
    return definition.table_oid, definition.key_columns[0]


def _place(definition: IndexDefinition) -> tuple[str, str]:
    return definition.schema, definition.table


def hopeful(
    node: PlanNode, numbers: Mapping[str, int], *, is_limited: bool = False
) -> tuple[int, ...]:
    """Candidates that are walked in order, row by row, until enough rows pass a filter.

    Under a LIMIT the planner takes that for cheap, since it believes the matching rows to be
    spread evenly.  Where they are not (the oldest jobs are all done), it reads everything.  No
    index is proposed on such a hope.

    Args:
        node: The plan's root.
        numbers: The candidates, by the names that plans call them.
        is_limited: What is above it stops reading as soon as it has enough.
    """
    found: list[int] = []
    number = numbers.get(node.index_name or "")
    if is_limited and number is not None and node.filter and not node.index_condition:
        found.append(number)
    is_limited = (is_limited or node.node_type == "Limit") and not _reads_everything(node)
    for child in node.children:
        found += hopeful(child, numbers, is_limited=is_limited)
    return tuple(found)


def _reads_everything(node: PlanNode) -> bool:
    """The node gives its first row when it has read the last one of what is below."""
    return node.node_type in {"Sort", "Hash", "Bitmap Heap Scan"} or (
        node.node_type == "Aggregate" and node.strategy != "Sorted"
    )

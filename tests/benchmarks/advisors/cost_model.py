"""What a set of indexes costs a workload, as the published algorithms ask for it.

The rules are those of the framework that *Magic mirror in my hand, which is the best in the
land?* (Kossmann et al., PVLDB 13, 2020) compares algorithms in: the value of a set is the sum of
the planner's costs, the planner is asked once for each statement and each set of indexes that
have a column of it, and the candidates are permutations of the columns that stand in its text.
"""

from __future__ import annotations

import itertools
import re
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from pgadvisor.model.action import IndexDefinition
from pgadvisor.model.plan import Plan
from pgadvisor.model.schema import IndexKey, Table
from pgadvisor.whatif.backend import Built, Configuration, NotBuilt, NotPlanned

Indexes = frozenset[IndexDefinition]
_Column = tuple[int | str | None, ...]
"""The OID of a table, and a name."""
NO_INDEX: Indexes = frozenset()


class Planner(Protocol):
    """What of a :class:`~pgadvisor.whatif.backend.Backend` is used here."""

    @property
    def call_count(self) -> int:
        """EXPLAINs issued so far."""
        ...

    def build(self, definitions: Sequence[IndexDefinition]) -> tuple[Built | NotBuilt, ...]:
        """Make hypothetical indexes that later configurations may switch on."""
        ...

    def plans(
        self, questions: Sequence[tuple[str, Configuration]]
    ) -> tuple[Plan | NotPlanned, ...]:
        """Plan many statements."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """A statement as the algorithms see it."""

    id: str
    text: str
    attributes: tuple[IndexDefinition, ...]
    """An index of one key for each column in the text, by table and column."""
    weight: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the planner said of one statement."""

    cost: float
    uses: Indexes
    """Those of the asked-for indexes that the plan reads."""


class Objective:
    """Values sets of indexes by the planner; the lower, the better.

    Args:
        queries: The workload.
        planner: Gets one EXPLAIN for each statement and relevant set, and no second one.
        write_cost: What an index costs those who write, in the unit of weight x planner cost.

    Raises:
        ValueError: The planner refuses a statement or an index.
    """

    def __init__(
        self,
        queries: Sequence[Query],
        planner: Planner,
        write_cost: Callable[[IndexDefinition], float] = lambda _: 0.0,
    ) -> None:
        self.queries = tuple(queries)
        self._planner = planner
        self._write_cost = write_cost
        self._answers: dict[tuple[int, Indexes], Answer] = {}
        self._built: dict[IndexDefinition, Built] = {}
        self._by_name: dict[str, IndexDefinition] = {}
        self._having: dict[_Column, list[int]] = defaultdict(list)
        """Positions of the statements that have a column in their text."""
        for position, query in enumerate(queries):
            for one in query.attributes:
                self._having[one.table_oid, *one.key_columns].append(position)
        self._relevant: list[set[IndexDefinition]] = [set() for _ in self.queries]

    @property
    def call_count(self) -> int:
        """EXPLAINs that the planner has issued so far."""
        return self._planner.call_count

    def value(self, indexes: Collection[IndexDefinition]) -> float:
        """What the workload costs with those indexes, writes included."""
        costs = self.costs(indexes)
        read = sum(q.weight * cost for q, cost in zip(self.queries, costs, strict=True))
        return read + sum(map(self._write_cost, indexes))

    def costs(self, indexes: Collection[IndexDefinition]) -> tuple[float, ...]:
        """The planner's cost of each statement, not weighted."""
        return tuple(answer.cost for answer in self.answers(indexes))

    def concerned(self, index: IndexDefinition) -> set[int]:
        """Positions of the statements that have a column of it."""
        columns = [(index.table_oid, column) for column in index.key_columns]
        return {at for column in columns for at in self._having.get(column, ())}

    def saving(self, before: Indexes, added: IndexDefinition, removed: Indexes) -> float:
        """By how much an index more, and others less, lower the value of a set.

        It is the difference of two values, from the statements that it can come from.
        """
        after = before - removed | {added}
        positions = set().union(*map(self.concerned, (added, *removed)))
        saved = sum(
            self.query_value(at, before) - self.query_value(at, after) for at in sorted(positions)
        )
        return saved - self._write_cost(added) + sum(map(self._write_cost, removed))

    def query_value(self, position: int, indexes: Collection[IndexDefinition]) -> float:
        """What one statement costs, weighted; with nothing of what writes cost."""
        [answer] = self.answers(indexes, [position])
        return self.queries[position].weight * answer.cost

    def answers(
        self, indexes: Collection[IndexDefinition], positions: Iterable[int] | None = None
    ) -> list[Answer]:
        """What the planner says of the statements at those positions; None: of all."""
        self.build(indexes)
        wanted = range(len(self.queries)) if positions is None else positions
        return self._answers_to([(at, self._relevant_of(at, indexes)) for at in wanted])

    def answers_each(self, sets: Sequence[Collection[IndexDefinition]]) -> list[Answer]:
        """What the planner says of each statement with a set of its own, asked all at once."""
        self.build(dict.fromkeys(itertools.chain.from_iterable(sets)))
        return self._answers_to([(at, self._relevant_of(at, own)) for at, own in enumerate(sets)])

    def _answers_to(self, keys: Sequence[tuple[int, Indexes]]) -> list[Answer]:
        missing = [key for key in dict.fromkeys(keys) if key not in self._answers]
        plans = self._planner.plans(
            [(self.queries[at].text, Configuration(create=some)) for at, some in missing]
        )
        for key, plan in zip(missing, plans, strict=True):
            self._answers[key] = self._read(key[0], plan)
        return [self._answers[key] for key in keys]

    def size_bytes(self, index: IndexDefinition) -> int:
        """As the planner predicts it."""
        self.build([index])
        return self._built[index].size_bytes

    def total_bytes(self, indexes: Iterable[IndexDefinition]) -> int:
        """Of all of them together."""
        return sum(map(self.size_bytes, indexes))

    def build(self, indexes: Iterable[IndexDefinition]) -> None:
        """Make indexes known to the planner, many at once, which is faster than one by one."""
        fresh = [index for index in indexes if index not in self._built]
        if not fresh:
            return
        for outcome in self._planner.build(fresh):
            if isinstance(outcome, NotBuilt):
                raise ValueError(f"no index {outcome.definition}: {outcome.reason}")  # noqa: TRY004
            index = outcome.definition
            self._built[index] = outcome
            for name in (outcome.name, *outcome.part_names):
                self._by_name[name] = index
            for position in self.concerned(index):
                self._relevant[position].add(index)

    def _relevant_of(self, position: int, indexes: Collection[IndexDefinition]) -> Indexes:
        return frozenset(self._relevant[position].intersection(indexes))

    def _read(self, position: int, plan: Plan | NotPlanned) -> Answer:
        if isinstance(plan, NotPlanned):
            raise ValueError(f"statement {self.queries[position].id}: {plan.reason}")  # noqa: TRY004
        uses = frozenset(self._by_name[n] for n in plan.index_names if n in self._by_name)
        return Answer(cost=plan.total_cost, uses=uses)


def attributes_of(text: str, tables: Iterable[Table]) -> tuple[IndexDefinition, ...]:
    """An index of one key for each column of those tables whose name stands in the text."""
    words = set(re.findall(r"\w+", text.lower()))
    return tuple(
        IndexDefinition(
            table_oid=table.oid,
            schema=table.schema,
            table=table.name,
            keys=(IndexKey(column=column),),
        )
        for table in sorted(tables, key=lambda one: one.qualified_name)
        if table.name in words
        for column in sorted(column.name for column in table.columns)
        if column in words
    )


def all_attributes(queries: Iterable[Query]) -> tuple[IndexDefinition, ...]:
    """The columns of the whole workload, each once, by table and column."""
    found = {one for query in queries for one in query.attributes}
    return tuple(sorted(found, key=sort_key))


def permutations_of(query: Query, width: int) -> Iterator[IndexDefinition]:
    """All orders of up to so many columns of a table that stand in the statement's text."""
    for count in range(1, width + 1):
        for _, group in itertools.groupby(query.attributes, lambda one: one.table_oid):
            for first, *others in itertools.permutations(group, count):
                yield appended(first, *others)


def appended(index: IndexDefinition, *attributes: IndexDefinition) -> IndexDefinition:
    """The index with the columns of those others after its own."""
    keys = (*index.keys, *(key for one in attributes for key in one.keys))
    return replace(index, keys=keys)


def sort_key(index: IndexDefinition) -> tuple[int, str, str, tuple[str, ...]]:
    """Few keys first, then by names: an order that is the same in each run."""
    columns = tuple(column or "" for column in index.key_columns)
    return (len(columns), index.schema, index.table, columns)

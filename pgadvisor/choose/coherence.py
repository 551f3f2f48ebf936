"""The last look at a plan: no recommendation contradicts another one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import Final

from pgadvisor.model.action import (
    Action,
    AddPrimaryKeyUsingIndex,
    CreateIndex,
    DropIndex,
    IndexDefinition,
    RebuildIndex,
)
from pgadvisor.model.advice import Recommendation
from pgadvisor.model.choice import Choice
from pgadvisor.model.schema import Index
from pgadvisor.model.usage import ConflictTarget
from pgadvisor.propose.existing import covers, makes_needless
from pgadvisor.rulekit import Case, foreign_keys_of, is_same_index, serves_key
from pgadvisor.rulekit.redundancy import can_stand_in
from pgadvisor.sqltext.index import describe_index


@dataclass(frozen=True, slots=True, kw_only=True)
class Contradiction:
    """Something that a plan must not do together with the rest of it."""

    action: Action
    """What is to be left out."""
    reason: str
    """Why, as a clause that names the other side."""


@dataclass(frozen=True, kw_only=True)
class _Plan:
    """What stands in the migration: what is created, what goes, and what stays."""

    case: Case
    choice: Choice
    actions: tuple[Action, ...]

    @cached_property
    def drops(self) -> Mapping[int, DropIndex]:
        """By the OIDs of the indexes that go; what is not valid serves nobody and may go."""
        actions = {(a.schema, a.name): a for a in self.actions if isinstance(a, DropIndex)}
        return {
            index.oid: actions[index.schema, index.name]
            for index in self.case.snapshot.indexes
            if index.is_valid and (index.schema, index.name) in actions
        }

    @cached_property
    def created(self) -> tuple[CreateIndex, ...]:
        """The indexes that come."""
        return tuple(action for action in self.actions if isinstance(action, CreateIndex))

    def dropped(self) -> Iterator[tuple[Index, DropIndex]]:
        """The indexes that go."""
        for oid, action in self.drops.items():
            yield self.case.catalog.indexes[oid], action

    def staying(self, table_oid: int) -> Iterator[Index]:
        """Valid indexes of a table that do not go."""
        for index in self.case.catalog.indexes_by_table[table_oid]:
            if index.is_valid and index.oid not in self.drops:
                yield index

    def is_covered(self, index: Index) -> bool:
        """A new index begins with all that it holds."""
        held = _definition(self.case, index)
        return any(covers(created.index, held) for created in self.created_on(index.table_oid))

    def most_used(self, indexes: Iterable[Index]) -> Index:
        """Which of several it is that stays, where one of them has to."""
        return max(indexes, key=lambda i: (self.case.scans_of(i), -i.size_bytes, i.name))

    def created_on(self, table_oid: int) -> Iterator[CreateIndex]:
        """Indexes that come to a table."""
        for action in self.created:
            if action.index.table_oid == table_oid:
                yield action

    def afterwards(self, table_oid: int) -> Iterator[Index]:
        """All indexes that a table has in the end."""
        yield from self.staying(table_oid)
        yield from (_as_index(action) for action in self.created_on(table_oid))


def contradictions(
    actions: Sequence[Action], case: Case, choice: Choice
) -> tuple[Contradiction, ...]:
    """Find what a migration must not do, each with what speaks against it.

    Looked for are: an index that is created and another one that is dropped although it does the
    same; a drop of an index that becomes a primary key, and a rebuild of one that goes; a drop of
    what stands in for another dropped one, so that both halves of a pair would go, and of what a
    new index takes the place of that is not created; a drop that leaves a foreign key without an
    index that it had; a drop of the unique index that ``ON CONFLICT`` of a statement needs; and a
    partial index beside a new full one that holds the same keys, unless its condition is about
    something else.

    Args:
        actions: All actions of the migration.
        case: What is judged.
        choice: The chosen indexes, with what they supersede.
    """
    plan = _Plan(case=case, choice=choice, actions=tuple(dict.fromkeys(actions)))
    return tuple(found for look in _LOOKS for found in look(plan))


def coherent(
    recommendations: Sequence[Recommendation], case: Case, choice: Choice
) -> tuple[Recommendation, ...]:
    """Take what contradicts the rest out of the migration, and say why.

    It stays in the report, to be decided by hand.  What is taken out may be what something else
    rested on, so it is looked at again until nothing is left to be said.

    Args:
        recommendations: As ``recommend`` made them.
        case: What is judged.
        choice: The chosen indexes, with what they supersede.
    """
    left = tuple(recommendations)
    while True:
        actions = [a for made in left if made.is_in_migration for a in made.actions]
        reasons = {found.action: found.reason for found in contradictions(actions, case, choice)}
        if not reasons:
            return left
        left = tuple(map(partial(_reviewed, reasons=reasons), left))


def _reviewed(made: Recommendation, *, reasons: Mapping[Action, str]) -> Recommendation:
    reason = next((reasons[action] for action in made.actions if action in reasons), "")
    if not made.is_in_migration or not reason:
        return made
    return replace(made, is_in_migration=False, review_reason=reason)


def _needed_as_key(plan: _Plan) -> Iterator[Contradiction]:
    keys = {
        (action.schema, action.index_name)
        for action in plan.actions
        if isinstance(action, AddPrimaryKeyUsingIndex)
    }
    for index, action in plan.dropped():
        if (index.schema, index.name) in keys:
            yield Contradiction(action=action, reason=f"{_name(index)} becomes the primary key")


def _rebuilt_in_vain(plan: _Plan) -> Iterator[Contradiction]:
    gone = {(action.schema, action.name) for action in plan.drops.values()}
    for action in plan.actions:
        if isinstance(action, RebuildIndex) and (action.schema, action.name) in gone:
            reason = f"{action.schema}.{action.name} is to be dropped"
            yield Contradiction(action=action, reason=reason)


def _created_again(plan: _Plan) -> Iterator[Contradiction]:
    """Both sides are left out: the index that there is does what the new one would."""
    for index, action in plan.dropped():
        held = _definition(plan.case, index)
        for created in plan.created_on(index.table_oid):
            if not created.index.options and covers(held, created.index):
                what = describe_index(created.index)
                drop = f"another finding asks for an index on {what}, and this one is it"
                yield Contradiction(action=action, reason=drop)
                create = f"{_name(index)}, which another finding drops, holds the same"
                yield Contradiction(action=created, reason=create)


def _stood_in_for(plan: _Plan) -> Iterator[Contradiction]:
    """Of a pair of which one does the work of the other, one has to stay, or a new one."""
    for found in plan.case.redundancies:
        index, keeper = found.index, found.keeper
        if index.oid not in plan.drops or keeper.oid not in plan.drops:
            continue
        others = plan.staying(index.table_oid)
        if any(is_same_index(other, index) or can_stand_in(other, index) for other in others):
            continue
        if not plan.is_covered(index):
            reason = f"it does the work of {_name(index)}, which goes"
            yield Contradiction(action=plan.drops[keeper.oid], reason=reason)


def _superseded_by_nothing(plan: _Plan) -> Iterator[Contradiction]:
    """What only goes since a new index comes, stays when that does not come."""
    names = {action.name for action in plan.created}
    for row in plan.choice.superseded:
        if row.index_oid not in plan.drops or names & set(row.by):
            continue
        if not plan.is_covered(plan.case.catalog.indexes[row.index_oid]):
            heirs = " or ".join(row.by)
            reason = f"{heirs}, which takes its place, is not in the migration"
            yield Contradiction(action=plan.drops[row.index_oid], reason=reason)


def _left_without_index(plan: _Plan) -> Iterator[Contradiction]:
    for table_oid in dict.fromkeys(index.table_oid for index, _ in plan.dropped()):
        for key in foreign_keys_of(plan.case, plan.case.catalog.tables[table_oid]):
            gone = [i for i, _ in plan.dropped() if i.table_oid == table_oid]
            serving = [index for index in gone if serves_key(index, key.columns)]
            left = plan.afterwards(table_oid)
            if serving and not any(serves_key(index, key.columns) for index in left):
                action = plan.drops[plan.most_used(serving).oid]
                reason = f"the foreign key {key.name} would be left without an index"
                yield Contradiction(action=action, reason=reason)


def _without_arbiter(plan: _Plan) -> Iterator[Contradiction]:
    """A statement would fail: ON CONFLICT needs a unique index over just its columns."""
    for usage in plan.case.usage.values():
        for target in usage.conflict_targets:
            gone = [index for index, _ in plan.dropped() if _is_arbiter(index, target)]
            left = plan.afterwards(target.table_oid)
            if gone and not any(_is_arbiter(index, target) for index in left):
                action = plan.drops[plan.most_used(gone).oid]
                reason = f"ON CONFLICT of statement {usage.statement_id} needs it"
                yield Contradiction(action=action, reason=reason)


def _partial_beside_full(plan: _Plan) -> Iterator[Contradiction]:
    for action in plan.created:
        if action.index.predicate is None:
            continue
        for other in plan.created_on(action.index.table_oid):
            if other.index.predicate is None and makes_needless(other.index, action.index):
                reason = f"{other.name}, which is created too, holds the same keys of all rows"
                yield Contradiction(action=action, reason=reason)


_LOOKS: Final[tuple[Callable[[_Plan], Iterator[Contradiction]], ...]] = (
    _needed_as_key,
    _created_again,
    _stood_in_for,
    _superseded_by_nothing,
    _left_without_index,
    _without_arbiter,
    _rebuilt_in_vain,
    _partial_beside_full,
)


def _is_arbiter(index: Index, target: ConflictTarget) -> bool:
    """Whether ON CONFLICT could go by it; of what is partial, nobody asks for which rows."""
    columns = [column for column in index.key_columns if column is not None]
    return (
        index.table_oid == target.table_oid
        and index.is_unique
        and sorted(columns) == sorted(set(target.columns))
        and len(index.keys) - len(columns) == target.expression_count
    )


def _definition(case: Case, index: Index) -> IndexDefinition:
    table = case.catalog.tables[index.table_oid]
    return IndexDefinition(
        table_oid=table.oid,
        schema=table.schema,
        table=table.name,
        keys=index.keys,
        access_method=index.access_method,
        include=index.include,
        predicate=index.predicate,
        is_unique=index.is_unique,
    )


def _as_index(created: CreateIndex) -> Index:
    """A new index as it will be, to be asked what is asked of those that exist."""
    definition = created.index
    return Index(
        oid=0,
        schema=definition.schema,
        name=created.name,
        table_oid=definition.table_oid,
        access_method=definition.access_method,
        definition="",
        keys=definition.keys,
        include=definition.include,
        predicate=definition.predicate,
        is_unique=definition.is_unique,
    )


def _name(index: Index) -> str:
    return f"{index.schema}.{index.name}"

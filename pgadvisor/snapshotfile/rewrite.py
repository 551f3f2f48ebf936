"""A whole snapshot walked from end to end: each value replaced, each name and number kept."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import TypeVar

from pgadvisor.model.other_object import OtherKind, OtherObject
from pgadvisor.model.plan import Plan, PlanNode
from pgadvisor.model.schema import (
    Column,
    Constraint,
    ExtendedStatistics,
    Function,
    Index,
    Table,
    UserType,
    View,
)
from pgadvisor.model.server import REDACTED
from pgadvisor.model.snapshot import Snapshot
from pgadvisor.model.statement import Statement, StatementPlan, Statements
from pgadvisor.model.statistics import ColumnStatistics
from pgadvisor.parse.grammar import StatementError
from pgadvisor.parse.normalise import INSUFFICIENT_PRIVILEGE, UNPARSABLE
from pgadvisor.snapshotfile.extended_statistics import rare_combinations, redacted_values
from pgadvisor.snapshotfile.functions import LANGUAGES, redact_definition
from pgadvisor.snapshotfile.literals import SqlRedactor
from pgadvisor.snapshotfile.settings import redact_server
from pgadvisor.snapshotfile.statistics import StatisticsRedactor

LISTS = "lists of values"
RARE_COMBINATIONS = "combinations of values"

_T = TypeVar("_T")
_PLAIN_STATE = re.compile(r", INITCOND = '[01{}(), ]*'")
_LOCALE = r"[A-Z_]+ = '[A-Za-z0-9_@=;.-]*'"
_COLLATION = re.compile(
    rf"CREATE COLLATION \S+ \(PROVIDER = [a-z]+, {_LOCALE}(, {_LOCALE})?"
    r"(, DETERMINISTIC = false)?\)"
)
_Json = dict[str, "_Json"] | list["_Json"] | str | float | bool | None


@dataclass(slots=True, kw_only=True)
class Rewriter:
    """Walks one snapshot.

    Args:
        statistics: Replaces the values of statistics.
        sql: Replaces the constants of SQL texts.
        rename_role: Gives a role its name.
        keeps_comments: What people wrote in comments of objects stays.
    """

    statistics: StatisticsRedactor
    sql: SqlRedactor
    rename_role: Callable[[str], str]
    keeps_comments: bool
    left_out: Counter[str] = field(default_factory=Counter)
    """By what it is: how many were left out, as they could not be made safe."""

    def redacted_statistics(self, snapshot: Snapshot) -> Snapshot:
        """Replace the values of all statistics."""
        return replace(
            snapshot,
            column_statistics=tuple(map(self._statistics, snapshot.column_statistics)),
            extended_statistics=tuple(map(self._values, snapshot.extended_statistics)),
        )

    def redacted_rest(self, snapshot: Snapshot) -> Snapshot:
        """Replace the constants of all SQL texts, and the settings."""
        return replace(
            snapshot,
            server=redact_server(snapshot.server, self.rename_role),
            tables=tuple(map(self._table, snapshot.tables)),
            indexes=self._all("indexes", snapshot.indexes, self._index),
            constraints=self._all("constraints", snapshot.constraints, self._constraint),
            views=self._all("views", snapshot.views, self._view),
            types=self._all("types", snapshot.types, self._type),
            functions=self._all("functions", snapshot.functions, self._function),
            other_objects=self._all("other objects", snapshot.other_objects, self._other),
            extended_statistics=self._all(
                "extended statistics", snapshot.extended_statistics, self._extended
            ),
            statements=Statements(rows=tuple(map(self._statement, snapshot.statements))),
            plans=tuple(map(self._statement_plan, snapshot.plans)),
        )

    def _all(
        self, what: str, objects: Iterable[_T], redacted: Callable[[_T], _T]
    ) -> tuple[_T, ...]:
        """Leave out objects whose texts cannot be read."""

        def kept() -> Iterator[_T]:
            for item in objects:
                try:
                    yield redacted(item)
                except StatementError:
                    self.left_out[what] += 1

        return tuple(kept())

    def _statistics(self, row: ColumnStatistics) -> ColumnStatistics:
        redacted = self.statistics.redacted(row, self.statistics.columns.describe(row))
        self._count_lists(row, redacted)
        return redacted

    def _count_lists(self, row: ColumnStatistics, redacted: ColumnStatistics) -> None:
        for name in ("most_common_values", "histogram_bounds", "most_common_elements"):
            if getattr(row, name) is not None and getattr(redacted, name) is None:
                self.left_out[LISTS] += 1

    def _values(self, one: ExtendedStatistics) -> ExtendedStatistics:
        redacted = redacted_values(one, self.statistics)
        for before, after in zip(one.values, redacted, strict=True):
            rare = rare_combinations(one, before, self.statistics.columns)
            if rare:
                self.left_out[RARE_COMBINATIONS] += rare
            if len(before.most_common or ()) > rare and not after.most_common:
                self.left_out[LISTS] += 1
            for row, changed in zip(before.expressions, after.expressions, strict=True):
                if row is not None and changed is not None:
                    self._count_lists(row, changed)
        return replace(one, values=redacted)

    def _optional(self, sql: str | None) -> str | None:
        if sql is None:
            return None
        try:
            return self.sql.text(sql)
        except StatementError:
            self.left_out["expressions"] += 1
            return None

    def _table(self, table: Table) -> Table:
        return replace(
            table,
            columns=tuple(map(self._column, table.columns)),
            partition_bound=self._bound(table),
            partition_key=self._optional(table.partition_key),
            definition=self._optional(table.definition),
            comment_tags=table.comment_tags if self.keeps_comments else (),
        )

    def _column(self, column: Column) -> Column:
        if column.default_sql is None:
            return column
        return replace(column, default_sql=self._optional(column.default_sql))

    def _bound(self, table: Table) -> str | None:
        if table.partition_bound is None:
            return None
        key = self.statistics.columns.partition_key(table)
        try:
            return self.sql.partition_bound(table.partition_bound, key)
        except StatementError:
            self.left_out["expressions"] += 1
            return None

    def _index(self, index: Index) -> Index:
        keys = tuple(
            key
            if key.expression is None
            else replace(key, expression=self.sql.text(key.expression))
            for key in index.keys
        )
        predicate = None if index.predicate is None else self.sql.text(index.predicate)
        definition = self.sql.text(index.definition)
        return replace(index, keys=keys, predicate=predicate, definition=definition)

    def _constraint(self, constraint: Constraint) -> Constraint:
        return replace(constraint, definition=self.sql.text(constraint.definition))

    def _view(self, view: View) -> View:
        return replace(view, definition=self.sql.text(view.definition))

    def _type(self, user_type: UserType) -> UserType:
        default = user_type.default_sql
        return replace(
            user_type,
            default_sql=None if default is None else self.sql.text(default),
            checks=tuple(map(self.sql.text, user_type.checks)),
        )

    def _function(self, function: Function) -> Function:
        signature = self.sql.text(function.signature) if function.signature else ""
        if function.language.lower() in LANGUAGES and function.definition:
            definition = redact_definition(function.definition, self.sql.text)
        elif function.result:  # its signature says what planning needs
            definition = ""
        else:
            raise StatementError("its language is not one in which constants are found")
        return replace(function, definition=definition, signature=signature)

    def _other(self, other: OtherObject) -> OtherObject:
        definition = other.definition
        if other.kind is OtherKind.COLLATION and _COLLATION.fullmatch(definition):
            return other  # locales are names
        # Noughts in braces are no data, and an aggregate of arrays cannot begin with a pseudonym.
        state = _PLAIN_STATE.search(definition)
        if state is None:
            return replace(other, definition=self.sql.text(definition))
        rest = self.sql.text(definition.replace(state[0], "", 1))
        return replace(other, definition=f"{rest.rstrip().removesuffix(')')}{state[0]})")

    def _extended(self, statistics: ExtendedStatistics) -> ExtendedStatistics:
        return replace(
            statistics,
            expressions=tuple(map(self.sql.text, statistics.expressions)),
            definition=self.sql.text(statistics.definition),
        )

    def _statement(self, statement: Statement) -> Statement:
        return replace(
            statement,
            text=self._statement_text(statement.text),
            roles=tuple(map(self.rename_role, statement.roles)),
        )

    def _statement_text(self, text: str) -> str:
        if text in {UNPARSABLE, INSUFFICIENT_PRIVILEGE}:
            return text
        try:
            return self.sql.text(text)
        except StatementError:
            return UNPARSABLE

    def _statement_plan(self, plan: StatementPlan) -> StatementPlan:
        text = plan.explained_text
        return replace(
            plan,
            plan=None if plan.plan is None else self._plan(plan.plan),
            explained_text=None if text is None else self._statement_text(text),
        )

    def _plan(self, plan: Plan) -> Plan:
        return replace(plan, root=self._node(plan.root))

    def _node(self, node: PlanNode) -> PlanNode:
        return replace(
            node,
            index_condition=self._condition(node.index_condition),
            recheck_condition=self._condition(node.recheck_condition),
            filter=self._condition(node.filter),
            join_filter=self._condition(node.join_filter),
            hash_condition=self._condition(node.hash_condition),
            merge_condition=self._condition(node.merge_condition),
            sort_keys=tuple(map(self._shown, node.sort_keys)),
            presorted_keys=tuple(map(self._shown, node.presorted_keys)),
            group_keys=tuple(map(self._shown, node.group_keys)),
            children=tuple(map(self._node, node.children)),
            extra=tuple((key, self._extra(value)) for key, value in node.extra),
        )

    def _condition(self, sql: str | None) -> str | None:
        return None if sql is None else self._shown(sql)

    def _shown(self, sql: str) -> str:
        """A text that is for people, so that it need not stay SQL."""
        try:
            return self.sql.text(sql)
        except StatementError:
            return REDACTED

    def _extra(self, text: str) -> str:
        try:
            return json.dumps(self._json(json.loads(text)))
        except (ValueError, RecursionError):
            return json.dumps(REDACTED)

    def _json(self, value: _Json) -> _Json:
        match value:
            case str():
                return self._shown(value)
            case list():
                return [self._json(item) for item in value]
            case dict():
                return {key: self._json(item) for key, item in value.items()}
            case _:
                return value

"""Statements composed of what columns and references there are, as a query builder does it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from random import Random

from pgadvisor.sqltext.quote import quote_literal
from tests.benchmarks.generated.distributions import (
    Amounts,
    Counts,
    Flag,
    Key,
    Moments,
    Names,
    Payload,
    Reference,
    Tags,
    Tenant,
    UniqueText,
    Words,
)
from tests.benchmarks.generated.drafts import Draft, Heat
from tests.benchmarks.generated.tables import BuiltTable, Module

_MAX_JOINED = 5
_GROUPING = (Words, Tenant, Flag, Counts)
_FIRST = (Reference, UniqueText, Tenant, Words, Moments)
_NARROWING = (Reference, UniqueText, Tenant, Words, Names, Moments, Amounts, Tags, Flag, Counts)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Member:
    """A table of a FROM clause."""

    built: BuiltTable
    alias: str
    on: str = ""
    """How it is joined to those before it."""
    by: str = ""
    """The column of its own that it is joined by."""

    def column(self, name: str) -> str:
        return f"{self.alias}.{name}" if self.alias else name

    def of(self, *kinds: type) -> list[str]:
        """Columns whose values are of such a kind."""
        ideas = self.built.ideas.items()
        return [name for name, idea in ideas if isinstance(idea.values, kinds)]


@dataclass(slots=True)
class Composer:
    """Composes statements of one module's tables.

    Args:
        module: The tables.
        rng: What is left to chance.
    """

    module: Module
    rng: Random
    _parameters: int = field(default=0, init=False)

    def compose(self) -> Draft:
        """Compose a statement; two in a row may be the same."""
        self._parameters = 0
        shapes: Sequence[tuple[Callable[[], Draft], int]] = (
            (self._list, 30),
            (self._join, 30),
            (self._report, 14),
            (self._semijoin, 8),
            (self._by_keys, 6),
            (self._count, 4),
            (self._update, 6),
            (self._sweep, 2),
        )
        [shape] = self.rng.choices([s for s, _ in shapes], [weight for _, weight in shapes])
        return shape()

    def _parameter(self) -> str:
        self._parameters += 1
        return f"${self._parameters}"

    def _table(self) -> BuiltTable:
        """Large tables are asked more often than small ones."""
        weights = [built.rows**0.2 for built in self.module.tables]
        [chosen] = self.rng.choices(self.module.tables, weights)
        return chosen

    def _list(self) -> Draft:
        member = _Member(built=self._table(), alias="")
        conditions = self._conditions([member], self.rng.choice((1, 2, 2, 3)))
        text = f"select {self._output([member])} from {member.built.table.name}{conditions}"
        return Draft(text=text + self._order(member), heat=Heat.WARM)

    def _join(self) -> Draft:
        members = self._chain(self.rng.choice((2, 2, 2, 3, 3, 4, 5)))
        conditions = self._conditions(members, self.rng.choice((1, 2, 3)))
        text = f"select {self._output(members)} from {_from(members)}{conditions}"
        return Draft(text=text + self._order(members[0]), heat=Heat.WARM)

    def _report(self) -> Draft:
        members = self._chain(self.rng.choice((1, 1, 2, 3)))
        groups = [member.column(name) for member in members for name in member.of(*_GROUPING)]
        keys = ", ".join(self.rng.sample(groups, min(len(groups), self.rng.choice((1, 1, 2)))))
        sums = [member.column(name) for member in members for name in member.of(Amounts)]
        figure = f"sum({self.rng.choice(sums)})" if sums else "count(*)"
        conditions = self._conditions(members, self.rng.choice((1, 2)))
        if not keys:
            text = f"select {figure} from {_from(members)}{conditions}"
        else:
            text = f"select {keys}, {figure} from {_from(members)}{conditions} group by {keys}"
        if keys and self.rng.random() < 0.4:
            text += f" order by {figure} desc limit {self._parameter()}"
        return Draft(text=text, heat=Heat.COLD)

    def _semijoin(self) -> Draft:
        members = self._chain(2)
        outer, inner = members
        kept = self._conditions([outer], 1)
        within = self._conditions([inner], 1, without=inner.by).replace(" where ", " and ", 1)
        word = "and" if kept else "where"
        no = "not " if self.rng.random() < 0.3 else ""
        text = (
            f"select {self._output([outer])} from {outer.built.table.name} {outer.alias}{kept} "
            f"{word} {no}exists (select 1 from {inner.built.table.name} {inner.alias} "
            f"where {inner.on}{within})"
        )
        return Draft(text=text + self._order(outer), heat=Heat.COLD)

    def _by_keys(self) -> Draft:
        member = _Member(built=self._table(), alias="")
        column = self.rng.choice(["id", *member.of(Reference)])
        form = self.rng.choice(("= any({})", "in ({} /*, ... */)"))
        text = f"select {self._output([member])} from {member.built.table.name} where {column} "
        return Draft(text=text + form.format(self._parameter()), heat=Heat.HOT)

    def _count(self) -> Draft:
        member = _Member(built=self._table(), alias="")
        text = f"select count(*) from {member.built.table.name}"
        return Draft(text=text + self._conditions([member], 2), heat=Heat.WARM)

    def _update(self) -> Draft:
        """Change one row, found by its key or by another column."""
        built = self._table()
        member = _Member(built=built, alias="")
        changed = self._assignments(member)
        column = self.rng.choice(["id", "id", "id", *member.of(Reference, UniqueText)])
        text = f"update {built.table.name} set {changed} where {column} = {self._parameter()}"
        return Draft(text=text, heat=Heat.UPDATE, table_oid=built.table.oid)

    def _sweep(self) -> Draft:
        built = self._table()
        member = _Member(built=built, alias="")
        moments = member.of(Moments) or ["id"]
        words = member.of(Words, Flag, Tenant)
        where = f"{self.rng.choice(moments)} < {self._parameter()}"
        if words:
            where += f" and {self._condition(member, self.rng.choice(words))}"
        is_referred_to = any(own == "id" for _, own, _ in self._neighbours(built))
        if self.rng.random() < 0.5 and not is_referred_to:
            text = f"delete from {built.table.name} where {where}"
        else:
            text = f"update {built.table.name} set {self._assignments(member)} where {where}"
        return Draft(text=text, heat=Heat.SWEEP, table_oid=built.table.oid)

    def _assignments(self, member: _Member) -> str:
        columns = member.of(Words, Payload, Moments, Amounts, Counts, Flag, Names)
        chosen = self.rng.sample(columns, min(len(columns), self.rng.choice((1, 1, 2))))
        return ", ".join(f"{name} = {self._parameter()}" for name in chosen)

    def _chain(self, count: int) -> list[_Member]:
        """Tables that refer to one another, each joined to one of those before it."""
        first = self._table()
        while count > 1 and not self._neighbours(first):
            first = self._table()
        members = [_Member(built=first, alias=_alias(first, set()))]
        while len(members) < min(count, _MAX_JOINED):
            taken = {member.built.table.oid for member in members}
            ways = [
                (member, way)
                for member in members
                for way in self._neighbours(member.built)
                if way[0].table.oid not in taken and not (member.on and _is_small(member, way))
            ]
            if not ways:
                break
            near, (built, left, right) = self.rng.choice(ways)
            alias = _alias(built, {member.alias for member in members})
            on = f"{alias}.{right} = {near.column(left)}"
            members.append(_Member(built=built, alias=alias, on=on, by=right))
        return members if count > 1 else [_Member(built=first, alias="")]

    def _neighbours(self, built: BuiltTable) -> list[tuple[BuiltTable, str, str]]:
        """Tables that it refers to or that refer to it: own column, and the other's."""
        found: list[tuple[BuiltTable, str, str]] = []
        for other in self.module.tables:
            kind, own = other.archetype.name, built.archetype.name
            found += [(other, n, "id") for n, i in built.ideas.items() if i.references == kind]
            found += [(other, "id", n) for n, i in other.ideas.items() if i.references == own]
        return found

    def _output(self, members: Sequence[_Member]) -> str:
        if len(members) == 1 and self.rng.random() < 0.25:
            return f"{members[0].alias}.*" if members[0].alias else "*"
        columns: list[str] = []
        for member in members:
            names = list(member.built.ideas)
            wanted = min(len(names), self.rng.randint(1, 4))
            columns += [member.column(name) for name in self.rng.sample(names, wanted)]
        return ", ".join(columns)

    def _order(self, member: _Member) -> str:
        if self.rng.random() < 0.35:
            return ""
        columns = member.of(Moments, Amounts) or ["id"]
        direction = self.rng.choice(("", " desc", " desc"))
        limit = self.rng.choice(("20", "100", "")) or self._parameter()
        return f" order by {member.column(self.rng.choice(columns))}{direction} limit {limit}"

    def _conditions(self, members: Sequence[_Member], count: int, *, without: str = "") -> str:
        """One condition that narrows the rows down, others of any kind, and the living rows."""
        texts: dict[tuple[str, str], str] = {}
        for number in range(count):
            member = self.rng.choice(members)
            kinds = _NARROWING if number else _FIRST
            left_out = {"deleted_at", without}
            columns = [name for name in member.of(*kinds) if name not in left_out] or ["id"]
            name = self.rng.choice(columns)
            if (member.alias, name) not in texts:
                texts[member.alias, name] = self._condition(member, name)
        for member in members:
            if "deleted_at" in member.built.ideas and self.rng.random() < 0.7:
                texts[member.alias, "deleted_at"] = f"{member.column('deleted_at')} is null"
        return f" where {' and '.join(texts.values())}"

    def _condition(self, member: _Member, name: str) -> str:
        column, values = member.column(name), member.built.ideas[name].values
        one, chance = self._parameter, self.rng.random()
        text = ""
        match values:
            case Words(words=words):
                text = self._equal_to_word(column, words)
            case Moments(null_ratio=null_ratio):
                text = self._in_time(column, null_ratio)
            case Flag():
                text = column if chance < 0.5 else f"not {column}"
            case Tags():
                text = f"{column} @> array[{one()}]::text[]"
            case Amounts() if chance < 0.5:
                text = f"{column} > {one()}"
            case Amounts():
                text = f"{column} between {one()} and {one()}"
            case Names() if chance < 0.3:
                text = f"{column} like {one()}"
            case Tenant() if chance < 0.05:
                text = f"{column} = {self.rng.randint(1, max(2, self.module.tenants // 10))}"
            case Reference() | Key() if chance < 0.1:
                text = f"{column} = any({one()})"
        return text or f"{column} = {one()}"

    def _equal_to_word(self, column: str, words: Sequence[str]) -> str:
        kind = self.rng.random()
        if kind < 0.4:
            return f"{column} = {quote_literal(self.rng.choice(words))}"
        if kind < 0.75:
            return f"{column} = {self._parameter()}"
        if kind < 0.87:
            return f"{column} in ({self._parameter()} /*, ... */)"
        listed = ", ".join(map(quote_literal, self.rng.sample(list(words), 2)))
        return f"{column} in ({listed})"

    def _in_time(self, column: str, null_ratio: float) -> str:
        if null_ratio > 0.3 and self.rng.random() < 0.6:
            return f"{column} is {self.rng.choice(('', 'not '))}null"
        kind = self.rng.random()
        if kind < 0.3:
            return f"{column} >= {self._parameter()}"
        if kind < 0.55:
            return f"{column} >= {self._parameter()} and {column} < {self._parameter()}"
        if kind < 0.7:
            return f"{column} between {self._parameter()} and {self._parameter()}"
        days = self.rng.choice((1, 7, 30, 90))
        return f"{column} >= now() - interval '{days} days'"


def _is_small(member: _Member, way: tuple[BuiltTable, str, str]) -> bool:
    """Whether all that refers to a row of a small table would be joined: nobody means that."""
    return way[1] == "id" and not member.built.archetype.rows_per_account


def _from(members: Sequence[_Member]) -> str:
    first, *others = members
    text = f"{first.built.table.name} {first.alias}".rstrip()
    return text + "".join(f" join {m.built.table.name} {m.alias} on {m.on}" for m in others)


def _alias(built: BuiltTable, taken: set[str]) -> str:
    letter = built.archetype.name[0]
    return letter if letter not in taken else f"{letter}{len(taken)}"

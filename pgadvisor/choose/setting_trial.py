"""What a planner setting does to the plans of the whole workload: planned with it and without."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from pgadvisor.model.action import ChangeSetting, IndexDefinition, SettingScope
from pgadvisor.model.candidate import StatementEffect, WeightedStatement
from pgadvisor.model.catalog import Catalog
from pgadvisor.model.finding import Finding
from pgadvisor.model.server import Server
from pgadvisor.whatif.backend import Backend, Configuration, NotPlanned
from pgadvisor.whatif.parameters.forms import Form, Forms, differing_nodes
from pgadvisor.whatif.planner_settings import is_costed

_COMPILATION = "jit_above_cost"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanFlip:
    """A statement that gets another plan; costs are of each setting's own units."""

    effect: StatementEffect
    before: tuple[str, ...]
    """What tells the plans apart: ``Seq Scan on orders``."""
    after: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingTrial:
    """The statements that a setting concerns, planned with its old and its new value."""

    action: ChangeSetting
    effects: tuple[StatementEffect, ...] = ()
    """Of all statements that were planned both ways, those that take most time first."""
    flips: tuple[PlanFlip, ...] = ()
    """Those of them that get another plan, in the same order."""
    refused_count: int = 0
    """Statements that the planner refuses."""
    no_longer_compiled: tuple[str, ...] = ()
    """Statements whose cost lies between the old bound of compilation and the new one."""
    has_chosen_indexes: bool = False
    """Planned with the chosen indexes in their places."""

    @property
    def planned_count(self) -> int:
        """Statements that were planned both ways."""
        return len(self.effects)

    @property
    def time_before_ms(self) -> float | None:
        """Measured time of a day of all planned statements; None: one has none."""
        times = [_time_ms(effect) for effect in self.effects]
        return None if None in times else sum(time for time in times if time is not None)

    @property
    def time_after_ms(self) -> float | None:
        """The same, where those that get another plan take as much as their costs say."""
        before = self.time_before_ms
        if before is None:
            return None
        return before - sum(flip.effect.saved_ms_per_day or 0.0 for flip in self.flips)

    @property
    def cost_before(self) -> float:
        """Planner cost of a day's calls of all planned statements."""
        return sum(effect.calls_per_day * effect.cost_before for effect in self.effects)

    @property
    def cost_after(self) -> float:
        """The same with the new value, in whose units it is."""
        return sum(effect.calls_per_day * effect.cost_after for effect in self.effects)


def try_settings(
    findings: Sequence[Finding],
    statements: Sequence[WeightedStatement],
    catalog: Catalog,
    backend: Backend,
    chosen: frozenset[IndexDefinition],
) -> dict[ChangeSetting, SettingTrial]:
    """Plan the workload with each planner setting that findings want to change.

    Args:
        findings: Of the rules; changes of what the planner does not look at are passed over.
        statements: The workload.
        catalog: What it is of.
        backend: The planner.
        chosen: Indexes that will be there by then.
    """
    wanted = dict.fromkeys(
        action
        for finding in findings
        for action in finding.remedies
        if isinstance(action, ChangeSetting) and is_costed(action.name)
    )
    server, forms = catalog.snapshot.server, Forms(catalog)
    roles = {s.id: s.roles[0] for s in catalog.snapshot.statements if s.roles}
    return {
        action: _try(
            action, tuple(_concerned(action, statements, roles, server)), backend, forms, chosen
        )
        for action in wanted
    }


def _concerned(
    action: ChangeSetting,
    statements: Iterable[WeightedStatement],
    roles: Mapping[str, str],
    server: Server,
) -> Iterator[WeightedStatement]:
    """The statements of those who get the new value: what is set more narrowly beats it."""
    scopes = list(SettingScope)  # from the narrowest
    for statement in statements:
        role = roles.get(statement.id)
        if action.role and role != action.role:
            continue
        narrower = (
            _scope(given.role, given.database)
            for given in server.role_settings
            if given.name == action.name and given.role in {role, None}
        )
        place = scopes.index(action.scope)
        if all(scopes.index(scope) >= place for scope in narrower):
            yield statement


def _scope(role: str | None, database: str | None) -> SettingScope:
    if role is not None:
        return SettingScope.ROLE if database is None else SettingScope.ROLE_IN_DATABASE
    return SettingScope.ALL_ROLES if database is None else SettingScope.DATABASE


def _try(
    action: ChangeSetting,
    statements: Sequence[WeightedStatement],
    backend: Backend,
    forms: Forms,
    chosen: frozenset[IndexDefinition],
) -> SettingTrial:
    questions = [
        (statement.text, Configuration(create=chosen, settings=settings))
        for statement in statements
        for settings in (statement.settings, _with(statement.settings, action))
    ]
    plans = backend.plans(questions)
    effects: list[StatementEffect] = []
    flips: list[PlanFlip] = []
    for statement, before, after in zip(statements, plans[::2], plans[1::2], strict=True):
        if isinstance(before, NotPlanned) or isinstance(after, NotPlanned):
            continue
        effect = StatementEffect(
            statement_id=statement.id,
            calls_per_day=statement.calls_per_day,
            cost_before=before.total_cost,
            cost_after=after.total_cost,
            mean_time_ms=statement.mean_time_ms,
        )
        effects.append(effect)
        old, new = forms.of(before), forms.of(after)
        if (old.shape, old.by_part) != (new.shape, new.by_part):
            flips.append(_flip(effect, old, new))
    effects.sort(key=_most_time_first)
    flips.sort(key=lambda flip: _most_time_first(flip.effect))
    return SettingTrial(
        action=action,
        effects=tuple(effects),
        flips=tuple(flips),
        refused_count=len(statements) - len(effects),
        no_longer_compiled=tuple(_no_longer_compiled(action, effects)),
        has_chosen_indexes=bool(chosen),
    )


def _with(
    settings: tuple[tuple[str, str], ...], action: ChangeSetting
) -> tuple[tuple[str, str], ...]:
    return tuple(sorted({**dict(settings), action.name: action.value}.items()))


def _flip(effect: StatementEffect, old: Form, new: Form) -> PlanFlip:
    if old.shape == new.shape:
        return PlanFlip(effect=effect, before=_by_part(old), after=_by_part(new))
    return PlanFlip(
        effect=effect, before=differing_nodes(old, [new]), after=differing_nodes(new, [old])
    )


def _by_part(form: Form) -> tuple[str, ...]:
    """What tells plans apart that differ only in what is done before partitions are one."""
    return tuple(f"{node} for each partition" for node in form.by_part) or ("all partitions first",)


def _no_longer_compiled(action: ChangeSetting, effects: Sequence[StatementEffect]) -> Iterator[str]:
    """Expressions are compiled where a plan costs more than the bound; the plan is the same."""
    if action.name != _COMPILATION or action.previous_value is None:
        return
    old, new = float(action.previous_value), float(action.value)
    yield from (e.statement_id for e in effects if 0 <= old < e.cost_before <= new)


def _time_ms(effect: StatementEffect) -> float | None:
    return None if effect.mean_time_ms is None else effect.calls_per_day * effect.mean_time_ms


def _most_time_first(effect: StatementEffect) -> tuple[float, float, str]:
    cost = effect.calls_per_day * effect.cost_before
    return (-(_time_ms(effect) or 0.0), -cost, effect.statement_id)

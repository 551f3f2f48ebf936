"""The plans of a statement, value by value."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from pgadvisor.model.catalog import Catalog
from pgadvisor.model.plan import Plan
from pgadvisor.model.sensitivity import ClassCost, PlansByValue, PlanVariant
from pgadvisor.model.statement import Statement
from pgadvisor.whatif.backend import AS_IS, Backend, Configuration, NotPlanned
from pgadvisor.whatif.parameters.forms import Form, Forms, differing_nodes
from pgadvisor.whatif.parameters.samples import Sample, Sampling

NOTABLE_FACTOR = 2.0
"""Costs that differ by less are not worth telling, whatever the plans are."""
_CPU_OPERATOR_COST = 0.0025
_PLANNING_OPERATORS = 1000.0
"""What ``cached_plan_cost`` of PostgreSQL charges for planning, for each relation and one more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Planned:
    sample: Sample
    plan: Plan
    form: Form


def plans_by_value(
    backend: Backend,
    statement: Statement,
    sampling: Sampling,
    catalog: Catalog,
    configuration: Configuration = AS_IS,
) -> PlansByValue:
    """Plan a statement for each sample of its values, and once for unknown values.

    Args:
        backend: The planner.
        statement: The statement, with ``$n``.
        sampling: Its samples.
        catalog: The snapshot, where partitions and settings are looked up.
        configuration: What is different from the database as it is.

    Raises:
        TwinError: The planner is gone.
    """
    forms = Forms(catalog)
    texts = (*(sample.text for sample in sampling.samples), statement.text)
    *answers, outcome = backend.plans([(text, configuration) for text in texts])
    outcomes = tuple(zip(sampling.samples, answers, strict=True))
    planned = [
        _Planned(sample=sample, plan=plan, form=forms.of(plan))
        for sample, plan in outcomes
        if isinstance(plan, Plan)
    ]
    refusals = dict.fromkeys(_refusal(o) for _, o in outcomes if isinstance(o, NotPlanned))
    generic = outcome if isinstance(outcome, Plan) else None
    generic_form = forms.of(generic) if generic else None
    variants = _variants(planned, generic_form)
    custom = [each.form for each in planned]
    is_new = generic_form is not None and generic_form.shape not in {f.shape for f in custom}
    found = PlansByValue(
        statement_id=statement.id,
        variants=variants,
        generic_cost=generic.total_cost if generic else None,
        generic_nodes=differing_nodes(generic_form, custom) if generic_form and is_new else (),
        planning_cost=max((_planning_cost(each.plan, catalog) for each in planned), default=0.0),
        is_notable=_is_notable(planned),
        assumptions=sampling.assumptions,
        not_planned=tuple(refusals),
    )
    return replace(found, keeps_generic=_keeps_generic(found, catalog))


def _refusal(outcome: NotPlanned) -> str:
    """In our own words: the server's may quote the value."""
    return f"refused by the planner, {outcome.sqlstate or 'without a code'}"


def _variants(planned: Sequence[_Planned], generic: Form | None) -> tuple[PlanVariant, ...]:
    """Plans of one form together, the most frequent first."""
    by_shape: dict[str, list[_Planned]] = {}
    for each in planned:
        by_shape.setdefault(each.form.shape, []).append(each)
    forms = [members[0].form for members in by_shape.values()]
    found = [
        PlanVariant(
            nodes=differing_nodes(form, [*forms[:place], *forms[place + 1 :]])
            if len(forms) > 1
            else (),
            members=tuple(map(_class_cost, members)),
            is_generic=generic is not None and generic.shape == form.shape,
        )
        for place, (form, members) in enumerate(zip(forms, by_shape.values(), strict=True))
    ]
    return tuple(sorted(found, key=lambda variant: -variant.weight))


def _class_cost(planned: _Planned) -> ClassCost:
    sample = planned.sample
    return ClassCost(
        classes=sample.classes,
        weight=sample.weight,
        cost=planned.plan.total_cost,
        values=sample.values,
    )


def _is_notable(planned: Sequence[_Planned]) -> bool:
    """Plans of other access differ in their cost, so that one in the place of another matters."""
    costs: dict[str, list[float]] = {}
    for each in planned:
        costs.setdefault(each.form.access, []).append(each.plan.total_cost)
    if len(costs) < 2:  # noqa: PLR2004  (one plan depends on nothing)
        return False
    highest = max(max(found) for found in costs.values())
    lowest = min(min(found) for found in costs.values())
    return highest >= lowest * NOTABLE_FACTOR


def _planning_cost(plan: Plan, catalog: Catalog) -> float:
    """About what PostgreSQL charges; it counts entries of the range table, we the scans."""
    relations = sum(node.relation is not None for node in plan.root.walk())
    setting = catalog.snapshot.server.setting("cpu_operator_cost")
    operator_cost = float(setting.value) if setting else _CPU_OPERATOR_COST
    return _PLANNING_OPERATORS * operator_cost * (max(relations, 1) + 1)


def _keeps_generic(found: PlansByValue, catalog: Catalog) -> bool | None:
    """What ``choose_custom_plan`` of PostgreSQL decides after five executions."""
    setting = catalog.snapshot.server.setting("plan_cache_mode")
    mode = setting.value if setting else "auto"
    if mode != "auto":
        return mode == "force_generic_plan"
    if found.generic_cost is None or not found.variants:
        return None
    return found.generic_cost < found.mean_cost + found.planning_cost

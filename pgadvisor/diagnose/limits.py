"""The limits that rules go by: their own, and what the configuration makes of them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any

from pgadvisor.config import Config
from pgadvisor.errors import ConfigError
from pgadvisor.rulekit import AnyRule
from pgadvisor.units import format_limit


def limits_of(rule: AnyRule, config: Config) -> Any:  # noqa: ANN401  (a dataclass of the rule's own)
    """The rule's limits, with what the configuration says.

    Raises:
        ConfigError: The rule has no such limit, or it cannot have such a value.
    """
    defaults = rule.limits()
    known = {field.name: getattr(defaults, field.name) for field in fields(defaults)}
    changed = config.limits.get(rule.id, {})
    for name in changed:
        if name not in known:
            names = ", ".join(sorted(known)) or "none"
            raise ConfigError(
                f"setting the limits of {rule.id}",
                f"it has no limit called {name}",
                f"Its limits are: {names}.",
            )
    values = {name: _converted(rule, name, v, known[name]) for name, v in changed.items()}
    return replace(defaults, **values)


def check_names(rules: Mapping[str, AnyRule], config: Config) -> None:
    """Refuse a configuration that names rules or limits which do not exist.

    Raises:
        ConfigError: It does.
    """
    for rule_id in (*config.limits, *config.disable):
        if rule_id not in rules:
            raise ConfigError(
                "reading the configuration of rules",
                f"there is no rule called {rule_id}",
                "`pgadvisor rules` lists them all.",
            )
    for rule in rules.values():
        limits_of(rule, config)


def changed_limits(config: Config, rules: Mapping[str, AnyRule]) -> tuple[str, ...]:
    """Limits that are not at their defaults, as clauses, for every report to show.

    Raises:
        ConfigError: The configuration names a rule or a limit that does not exist.
    """
    check_names(rules, config)
    changes = []
    for rule_id in sorted(config.limits):
        values, defaults = limits_of(rules[rule_id], config), rules[rule_id].limits()
        for field in fields(defaults):
            value, default = getattr(values, field.name), getattr(defaults, field.name)
            if value != default:
                now, usual = format_limit(field.name, value), format_limit(field.name, default)
                changes.append(f"{rule_id}.{field.name} is {now} instead of {usual}")
    return (*config.lowered_gates(), *changes)


def _converted(rule: AnyRule, name: str, value: float, default: float) -> float:
    if not math.isfinite(value) or value < 0:
        raise ConfigError(
            f"setting the limits of {rule.id}", f"{name} cannot be {value}", "Give it 0 or more."
        )
    if isinstance(default, int):
        if value != int(value):
            raise ConfigError(
                f"setting the limits of {rule.id}",
                f"{name} cannot be {value}",
                "Give it a whole number.",
            )
        return int(value)
    return float(value)

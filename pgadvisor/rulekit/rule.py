"""A rule as a value, and the decorators that make one out of a function."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from pgadvisor.model.choice import Choice
from pgadvisor.model.finding import Finding, Severity, Skipped
from pgadvisor.rulekit.case import Case

LimitsT = TypeVar("LimitsT")
Outcome = Iterator[Finding | Skipped]
"""What a check yields: findings, and objects that it could not judge."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NoLimits:
    """Of a rule that has none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule(Generic[LimitsT]):
    """A check and all that the command line, the docs and the report say about it."""

    id: str
    """The function's name with dashes: ``unused-index``."""
    category: str
    """The directory of its file: ``index``."""
    title: str
    """First line of the docstring."""
    documentation: str
    """The docstring, Markdown: the rule's page."""
    severity: Severity
    """Of its findings, where they do not say otherwise."""
    since: str
    """The first version of pgadvisor that has it."""
    limits: type[LimitsT]
    """A frozen dataclass with a default for each field, whose names end in their unit."""
    requires: tuple[str, ...] = ()
    """Ids of the gates that must be open; else the rule is skipped."""
    is_costed: bool = False
    """It is run after the choice of indexes, and is given that."""
    is_built_in: bool = False
    """It comes with pgadvisor; the registry says so."""
    origin: str = ""
    """The directory or the installed package that it comes from; empty: it is built in."""
    check: Callable[[Case, Choice, LimitsT], Outcome]


AnyRule = Rule[Any]
"""A rule whatever its limits."""


def rule(
    *,
    severity: Severity,
    since: str,
    limits: type[LimitsT],
    requires: tuple[str, ...] = (),
) -> Callable[[Callable[[Case, LimitsT], Outcome]], Rule[LimitsT]]:
    """Make a rule out of a generator function.

    Its name becomes the rule's id, its docstring the rule's page, its directory the category.

    Args:
        severity: Of findings that do not say otherwise.
        since: The first version that has the rule.
        limits: A frozen dataclass; ``NoLimits`` where there is nothing to set.
        requires: Ids of the gates that must be open.
    """

    def decorate(check: Callable[[Case, LimitsT], Outcome]) -> Rule[LimitsT]:
        def run(case: Case, _choice: Choice, values: LimitsT) -> Outcome:
            return check(case, values)

        return _rule(check, run, severity=severity, since=since, limits=limits, requires=requires)

    return decorate


def costed_rule(
    *,
    severity: Severity,
    since: str,
    limits: type[LimitsT],
    requires: tuple[str, ...] = (),
) -> Callable[[Callable[[Case, Choice, LimitsT], Outcome]], Rule[LimitsT]]:
    """Make a rule that is run after the choice of indexes, and looks at it.

    Args:
        severity: Of findings that do not say otherwise.
        since: The first version that has the rule.
        limits: A frozen dataclass; ``NoLimits`` where there is nothing to set.
        requires: Ids of the gates that must be open.
    """

    def decorate(check: Callable[[Case, Choice, LimitsT], Outcome]) -> Rule[LimitsT]:
        return _rule(
            check,
            check,
            severity=severity,
            since=since,
            limits=limits,
            requires=requires,
            is_costed=True,
        )

    return decorate


def _rule(
    function: Callable[..., Outcome],
    check: Callable[[Case, Choice, LimitsT], Outcome],
    *,
    severity: Severity,
    since: str,
    limits: type[LimitsT],
    requires: tuple[str, ...],
    is_costed: bool = False,
) -> Rule[LimitsT]:
    documentation = inspect.getdoc(function) or ""
    return Rule(
        id=function.__name__.replace("_", "-"),
        category=function.__module__.split(".")[-2],
        title=documentation.partition("\n")[0].removesuffix("."),
        documentation=documentation,
        severity=severity,
        since=since,
        limits=limits,
        requires=requires,
        is_costed=is_costed,
        check=check,
    )

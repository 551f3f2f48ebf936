"""What every index optimiser is given and gives back; greedy is the first of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from pgadvisor.choose.plans import PlanTable
from pgadvisor.choose.value import Valuation
from pgadvisor.model.action import IndexDefinition
from pgadvisor.model.budget import Budget


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """What an index costs to have."""

    size_bytes: int
    entries_per_day: float
    write_value: float
    """What its entries cost a day, in the valuation's unit."""
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """Which indexes to create, given what each statement costs with which of them."""

    table: PlanTable
    prices: dict[IndexDefinition, Price]
    valuation: Valuation
    budget: Budget


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """Why an index was left out."""

    code: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Solution:
    """The chosen indexes in the order of choosing, and why each other one is left out."""

    chosen: tuple[IndexDefinition, ...]
    refused: dict[IndexDefinition, Refusal]


class Optimiser(Protocol):
    """Solves the problem; the same problem has the same solution."""

    def __call__(self, problem: Problem) -> Solution:
        """Choose."""
        ...

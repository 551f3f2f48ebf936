"""Which statements may be executed on somebody's server: a SELECT that provably only reads.

A transaction that is read only is no sandbox: in one, functions still end sessions, take locks,
reset statistics, and write through a connection of their own.  So every function that a
statement reaches must be one that neither is volatile nor is the users' own.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from pgadvisor.collect.function_policy import names_in
from pgadvisor.collect.session import Record
from pgadvisor.collect.statement_text import called_names
from pgadvisor.model.executed_plan import ExecutedPlan
from pgadvisor.parse.executable import relation_names, type_names, why_not_only_reading
from pgadvisor.parse.statement import ParsedStatement, deny_listed_functions

_ACTING_NODES = {
    "ModifyTable": "it writes",
    "LockRows": "it locks the rows that it reads",
    "Foreign Scan": "it reads a foreign table, and so runs something on another server",
    "Custom Scan": "a node of an extension takes part in its plan",
}
_STABLE_BUT_ACTING = frozenset({"pg_current_xact_id", "txid_current"})
"""They use up a transaction number."""

Suspects = Mapping[str, bool]
"""By name: whether something volatile runs, and not just something of the users'."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExecutionPolicy:
    """What may act when a query is executed, by name, and what leads to it unseen.

    Names are compared without their schema, so it rather objects once too often.
    """

    functions: Suspects = field(default_factory=dict)
    attributes: Suspects = field(default_factory=dict)
    """Functions of one row, which ``t.name`` calls where the row has no such column."""
    operators: Suspects = field(default_factory=dict)
    types: Suspects = field(default_factory=dict)
    """Types into which no value is cast without running something."""
    casts: Suspects = field(default_factory=dict)
    """Casts that no text names, by the name of their target."""
    comparisons: Suspects = field(default_factory=dict)
    """Types of which sorting and grouping compare the values by what is no operator's function."""
    relations: Suspects = field(default_factory=dict)
    """Views, and tables with a policy, that run something when they are read."""
    allows_user_functions: bool = False
    """The users' own functions may run, as long as they are not volatile."""

    def objection(self, parsed: ParsedStatement) -> str | None:
        """Why a statement is not to be executed, as a clause; None if its text may be."""
        if (reason := why_not_only_reading(parsed)) is not None:
            return reason
        if denied := deny_listed_functions(parsed):
            return f"it calls {denied[0]}, which acts when it is planned or run"
        bare = {name.rsplit(".", 1)[-1] for name in parsed.functions} | called_names(parsed.text)
        if acting := sorted(_STABLE_BUT_ACTING & bare):
            return f"it calls {acting[0]}, which uses up a transaction number"
        words = names_in(parsed.text)
        types = type_names(parsed) | bare
        operators = [name for name in sorted(self.operators) if name in parsed.text]
        named: tuple[tuple[str, Mapping[bool, str], Suspects, Iterable[str]], ...] = (
            ("calls", _IS, self.functions, bare),
            ("may call", _IS, self.attributes, words),
            ("uses the operator", _IS, self.operators, operators),
            ("makes values of the type", _RUNS, self.types, types),
            ("may cast values to", _RUNS, self.casts, self.casts),
            ("may sort values of", _RUNS, self.comparisons, self.comparisons),
            ("reads", _RUNS, self.relations, relation_names(parsed)),
        )
        for verb, what, suspects, names in named:
            for name in self._reached(suspects, names):
                return f"it {verb} {name}, which {what[suspects[name]]}"
        return None

    def objection_to_plan(self, plan: ExecutedPlan, document: str) -> str | None:
        """Why a statement is not to be executed by what its plan shows; None if it may be.

        What views and policies call stands in the plan, whatever way it got there.

        Args:
            plan: The plan as it was made, not executed.
            document: The same, as EXPLAIN printed it.
        """
        for node in plan.root.walk():
            if (reason := _ACTING_NODES.get(node.node_type)) is not None:
                return reason
        called = {name for text in _texts(json.loads(document)) for name in called_names(text)}
        for name in self._reached(self.functions, called):
            return f"its plan calls {name}, which {_IS[self.functions[name]]}"
        return None

    def _reached(self, suspects: Suspects, names: Iterable[str]) -> Iterator[str]:
        for name in sorted(suspects.keys() & set(names)):
            if suspects[name] or not self.allows_user_functions:
                yield name


_IS = {True: "is volatile", False: "is a function of the users"}
_RUNS = {True: "runs something volatile", False: "runs a function of the users"}


def execution_policy(rows: Iterable[Record], *, allows_user_functions: bool) -> ExecutionPolicy:
    """Make the policy from the rows of the read ``executed_functions``."""
    kinds: defaultdict[str, dict[str, bool]] = defaultdict(dict)
    for row in rows:
        found = kinds[row["kind"]]
        found[row["name"]] = found.get(row["name"], False) or row["is_volatile"]
    return ExecutionPolicy(
        functions=kinds["function"],
        attributes=kinds["attribute"],
        operators=kinds["operator"],
        types=kinds["type"],
        casts=kinds["cast"],
        comparisons=kinds["comparison"],
        relations=kinds["relation"],
        allows_user_functions=allows_user_functions,
    )


def _texts(document: object) -> Iterator[str]:
    """Every string of a document."""
    waiting = [document]
    while waiting:
        value = waiting.pop()
        if isinstance(value, str):
            yield value
        elif isinstance(value, dict):
            waiting += value.values()
        elif isinstance(value, list):
            waiting += value

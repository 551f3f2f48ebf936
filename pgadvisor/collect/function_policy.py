"""Which statements may be planned on somebody's server: planning runs code.

PostgreSQL evaluates immutable functions of constants, and stable ones to estimate selectivity, in
a plain EXPLAIN.  (An immutable function that writes through dblink did write.)
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from pgadvisor.collect.session import Record
from pgadvisor.collect.statement_text import called_names
from pgadvisor.parse.statement import ParsedStatement, deny_listed_functions

_NAME = re.compile(r'"((?:[^"]|"")+)"|([^\W\d][\w$]*)')
_WRITES = re.compile(r"\b(?:insert|update|merge)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class FunctionPolicy:
    """The users' own functions that planning may run, and what leads to them unseen."""

    functions: frozenset[str] = frozenset()
    operators: frozenset[str] = frozenset()
    relations: frozenset[str] = frozenset()
    """Views that call such a function, and tables with a policy that does."""
    defaults: frozenset[str] = frozenset()
    """Tables with a default that calls one."""
    allows_user_functions: bool = False

    def objection(self, parsed: ParsedStatement) -> str | None:
        """Why a statement is not to be planned on the server; None if it may.

        Names are compared without their schema, so it rather objects once too often.
        """
        if denied := deny_listed_functions(parsed):
            return f"it calls {denied[0]}, which acts when it is planned or run"
        if self.allows_user_functions:
            return None
        # The parser may miss a call that the grammar hides, so both ways of looking count.
        bare = {name.rsplit(".", 1)[-1] for name in parsed.functions} | called_names(parsed.text)
        if called := sorted(self.functions & bare):
            return f"it calls {called[0]}, a function of the users that planning may run"
        used = next((o for o in sorted(self.operators) if o in parsed.text), None)
        if used is not None:
            return f"it uses the operator {used} of the users, which planning may run"
        names = names_in(parsed.text)
        reached = self.relations & names
        if _WRITES.search(parsed.text):
            reached |= self.defaults & names
        if reached:
            return f"{min(reached)} calls a function of the users that planning may run"
        return None


def function_policy(rows: Iterable[Record], *, allows_user_functions: bool) -> FunctionPolicy:
    """Make the policy from the rows of the read ``planned_functions``."""
    kinds: dict[str, set[str]] = {"function": set(), "operator": set()}
    kinds |= {"relation": set(), "default": set()}
    for row in rows:
        kinds[row["kind"]].add(row["name"])
    return FunctionPolicy(
        functions=frozenset(kinds["function"]),
        operators=frozenset(kinds["operator"]),
        relations=frozenset(kinds["relation"]),
        defaults=frozenset(kinds["default"]),
        allows_user_functions=allows_user_functions,
    )


def names_in(text: str) -> frozenset[str]:
    """Every word of a statement that may be a name, as PostgreSQL folds it."""
    return frozenset(
        quoted.replace('""', '"') if quoted else plain.lower()
        for quoted, plain in _NAME.findall(text)
    )

"""Plans from the server itself, within the same bounds as those that are collected."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from pgadvisor.collect import reasons
from pgadvisor.collect.explain import GENERIC_PLAN_SINCE, Refusal
from pgadvisor.collect.function_policy import FunctionPolicy
from pgadvisor.model.plan import Plan, PlanNode
from pgadvisor.parse.explain import plan_from_json
from pgadvisor.parse.parameters import INDETERMINATE_DATATYPE, repairs
from pgadvisor.parse.plan_values import PlanFormatError
from pgadvisor.parse.statement import StatementError, parse_statement
from pgadvisor.whatif.backend import NotPlanned
from pgadvisor.whatif.hypopg.transaction import Change, Explained, Transactions
from pgadvisor.whatif.whole_plan import PRUNING, is_cut, whole_plan

MAX_REPAIRS = 8
_OUR_SETTINGS = frozenset({"plan_cache_mode", "search_path"})
_NOT_EXPLAINABLE = NotPlanned(reason="it is neither a query nor a change of rows")


class ServerPlanner:
    """Plans statements on the user's server, and leaves nothing there.

    Args:
        transactions: What sends them.
        policy: What planning may run there.
        major: The server's major version.
        repaired: Texts that the server is known to take, by the statement that they stand for.
    """

    def __init__(
        self,
        transactions: Transactions,
        policy: FunctionPolicy,
        major: int,
        repaired: Mapping[str, str],
    ) -> None:
        self._transactions = transactions
        self._policy = policy
        self._has_generic_plan = major >= GENERIC_PLAN_SINCE
        self._texts = dict(repaired)
        self._counts: dict[str, int | NotPlanned] = {}
        self._direct: set[str] = set()
        """Texts that EXPLAIN (GENERIC_PLAN) alone plans, or plans whole."""
        self.call_count = 0

    def plan(self, statement: str, change: Change, names: Mapping[int, str]) -> Plan | NotPlanned:
        """Plan one statement with ``$n`` unknown.

        Args:
            statement: The statement.
            change: What is to be different.
            names: What plans are to call the created indexes, by their position.

        Raises:
            ReadError: The connection is lost.
        """
        first = self._texts.get(statement, statement)
        outcome = refused = self._plan(first, change, names)
        tried, waiting = {first}, [first]
        while waiting and len(tried) <= MAX_REPAIRS:
            text = waiting.pop(0)
            if text is not first:
                outcome = self._plan(text, change, names)
            if isinstance(outcome, Plan):
                self._texts[statement] = text
                return outcome
            if outcome.sqlstate is None:
                continue
            for repaired in repairs(text, outcome.sqlstate, outcome.position):
                if repaired not in tried:
                    tried.add(repaired)
                    waiting.append(repaired)
        return refused

    def plan_as_collected(self, statement: str) -> Plan | NotPlanned:
        """Plan a statement in the way in which a snapshot's plans are collected.

        Raises:
            ReadError: The connection is lost.
        """
        count = self._admitted(statement)
        if isinstance(count, NotPlanned):
            return count
        outcome = self._prepared(statement, count, Change(), {})
        if self._has_generic_plan and _is_indeterminate(outcome):
            return self._directly(statement, Change(), {})
        return outcome

    def _plan(self, text: str, change: Change, names: Mapping[int, str]) -> Plan | NotPlanned:
        count = self._admitted(text)
        if isinstance(count, NotPlanned):
            return count
        if text in self._direct:
            return self._directly(text, change, names)
        outcome = self._prepared(text, count, change, names)
        if self._has_generic_plan:
            if _is_indeterminate(outcome) or (isinstance(outcome, Plan) and is_cut(outcome)):
                self._direct.add(text)
                return self._directly(text, change, names)
            return outcome
        unpruned = replace(change, settings={**change.settings, PRUNING: "off"})
        return whole_plan(outcome, lambda: self._prepared(text, count, unpruned, names))

    def _prepared(
        self, text: str, count: int, change: Change, names: Mapping[int, str]
    ) -> Plan | NotPlanned:
        self.call_count += 1
        return _read(self._transactions.explain(text, count, change), names)

    def _directly(self, text: str, change: Change, names: Mapping[int, str]) -> Plan | NotPlanned:
        self.call_count += 1
        return _read(self._transactions.explain_directly(text, change), names)

    def _admitted(self, text: str) -> int | NotPlanned:
        """The number of parameters of a text that may be planned; the gate of every text."""
        if text not in self._counts:
            self._counts[text] = self._gate(text)
        return self._counts[text]

    def _gate(self, text: str) -> int | NotPlanned:
        try:
            parsed = parse_statement(text)
        except StatementError as error:
            return NotPlanned(reason=f"its text {error.reason}")
        if not parsed.is_explainable:
            return _NOT_EXPLAINABLE
        if objection := self._policy.objection(parsed):
            return NotPlanned(reason=f"not planned on the server: {objection}")
        return parsed.parameter_count


def _read(outcome: Explained | Refusal, names: Mapping[int, str]) -> Plan | NotPlanned:
    if isinstance(outcome, Refusal):
        reason = "the role has no privilege to plan it"
        if outcome.sqlstate != reasons.NO_PRIVILEGE:
            reason = reasons.reason(outcome.sqlstate)
        return NotPlanned(reason=reason, sqlstate=outcome.sqlstate, position=outcome.position)
    try:
        plan = plan_from_json(outcome.document)
    except PlanFormatError as error:
        return NotPlanned(reason=f"its plan cannot be read: {error}")
    known = {given: names[position] for position, given in enumerate(outcome.names)}
    return Plan(
        root=_renamed(plan.root, known) if known else plan.root,
        settings=tuple(setting for setting in plan.settings if setting[0] not in _OUR_SETTINGS),
    )


def _renamed(node: PlanNode, names: Mapping[str, str]) -> PlanNode:
    """The same plan with our names for the indexes that HypoPG names anew each time."""
    index_name = names.get(node.index_name or "", node.index_name)
    children = tuple(_renamed(child, names) for child in node.children)
    return replace(node, index_name=index_name, children=children)


def _is_indeterminate(outcome: Plan | NotPlanned) -> bool:
    """The type of a parameter cannot be told, which EXPLAIN (GENERIC_PLAN) does not ask."""
    return isinstance(outcome, NotPlanned) and outcome.sqlstate == INDETERMINATE_DATATYPE

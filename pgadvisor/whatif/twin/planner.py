"""Plans from the twin, with indexes switched on and off around each EXPLAIN."""

from __future__ import annotations

import re
from collections.abc import Sequence

import psycopg

from pgadvisor.model.plan import Plan
from pgadvisor.parse.explain import PlanFormatError, plan_from_object
from pgadvisor.parse.parameters import repairs
from pgadvisor.parse.statement import StatementError, parse_statement
from pgadvisor.sqltext.quote import quote_literal
from pgadvisor.whatif.backend import NotPlanned
from pgadvisor.whatif.twin.session import TwinServer, gone, reason_of

_EXPLAIN = "EXPLAIN (GENERIC_PLAN, FORMAT JSON, VERBOSE, SETTINGS) "
"""Of PostgreSQL 16 and later; it leaves ``$n`` unknown, as a generic plan does."""
_SETTING_NAME = re.compile(r"[a-z_][a-z0-9_.]*", re.IGNORECASE)
_MAX_REPAIRS = 8


class Planner:
    """Plans statements on a twin's server.

    Args:
        server: The server; the statements run as its unprivileged role.
    """

    def __init__(self, server: TwinServer) -> None:
        self._server = server
        self._texts: dict[str, str] = {}
        self.call_count = 0

    def plan(
        self,
        statement: str,
        *,
        shown: Sequence[int] = (),
        hidden: Sequence[int] = (),
        settings: Sequence[tuple[str, str]] = (),
    ) -> Plan | NotPlanned:
        """Plan one statement.

        Args:
            statement: Exactly one SELECT, INSERT, UPDATE, DELETE or MERGE.
            shown: OIDs of hidden indexes to show.
            hidden: OIDs of indexes to hide.
            settings: Planner settings for this plan alone.

        Raises:
            TwinError: The server is gone.
        """
        text = self._texts.get(statement)
        if text is not None:
            return self._explain(text, shown, hidden, settings)
        try:
            if not parse_statement(statement).is_explainable:
                return NotPlanned(reason="it is neither a query nor a change of rows")
        except StatementError as error:
            return NotPlanned(reason=error.reason)
        return self._repaired(statement, shown, hidden, settings)

    def _repaired(
        self,
        statement: str,
        shown: Sequence[int],
        hidden: Sequence[int],
        settings: Sequence[tuple[str, str]],
    ) -> Plan | NotPlanned:
        """Plan a text as it is, else as pg_stat_statements should have written it."""
        first = outcome = self._explain(statement, shown, hidden, settings)
        tried = {statement}
        waiting = [statement]
        while waiting and len(tried) <= _MAX_REPAIRS:
            text = waiting.pop(0)
            if text is not statement:
                outcome = self._explain(text, shown, hidden, settings)
            if isinstance(outcome, Plan):
                self._texts[statement] = text
                return outcome
            for repaired in repairs(text, outcome.sqlstate, outcome.position):
                if repaired not in tried:
                    tried.add(repaired)
                    waiting.append(repaired)
        return first

    def _explain(
        self,
        text: str,
        shown: Sequence[int],
        hidden: Sequence[int],
        settings: Sequence[tuple[str, str]],
    ) -> Plan | NotPlanned:
        """One round trip: switch, explain, roll back.

        The text has been shown to be one statement; the line break ends a comment at its end.
        """
        self.call_count += 1
        changes = [_switch(shown, hidden)] if shown or hidden else []
        changes += [_set_local(name, value) for name, value in settings]
        explain = f"{_EXPLAIN}{text}\n"
        parts = ["BEGIN", *changes, explain, "ROLLBACK"] if changes else [explain]
        before = "; ".join([*parts[: parts.index(explain)], _EXPLAIN])
        role = self._server.role
        try:
            cursor = role.execute("; ".join(parts).encode())
            for _ in range(len(parts) - 2 if changes else 0):
                cursor.nextset()
            row = cursor.fetchone()
        except psycopg.Error as error:
            if role.broken:
                raise gone(error, "planning on the twin") from error
            role.rollback()
            position = error.diag.statement_position
            return NotPlanned(
                reason=reason_of(error),
                sqlstate=error.sqlstate,
                position=max(int(position) - len(before), 0) if position else None,
            )
        try:
            return plan_from_object(row[0] if row else None)
        except PlanFormatError as error:
            return NotPlanned(reason=f"its plan cannot be read: {error}")


def _switch(shown: Sequence[int], hidden: Sequence[int]) -> str:
    return f"SELECT pgadvisor_twin.switch({_oids(shown)}, {_oids(hidden)})"


def _oids(oids: Sequence[int]) -> str:
    return "'{" + ",".join(map(str, oids)) + "}'::oid[]"


def _set_local(name: str, value: str) -> str:
    if not _SETTING_NAME.fullmatch(name):
        raise ValueError(f"{name!r} is no name of a setting")
    return f"SET LOCAL {name} = {quote_literal(value)}"

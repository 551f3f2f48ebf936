"""Plans from the twin, with indexes switched around each EXPLAIN."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import groupby, takewhile

from psycopg import pq

from pgadvisor.model.plan import Plan
from pgadvisor.parse.explain import plan_from_object
from pgadvisor.parse.parameters import repairs
from pgadvisor.parse.plan_values import PlanFormatError
from pgadvisor.parse.statement import StatementError, parse_statement
from pgadvisor.sqltext.quote import quote_literal
from pgadvisor.whatif.backend import NotPlanned
from pgadvisor.whatif.twin.batch import Command
from pgadvisor.whatif.twin.explain_form import (
    GENERIC,
    GENERIC_PLAN_SINCE,
    INDETERMINATE_TYPE,
    OWN_SETTING,
    PLAIN,
    ExplainForm,
    prepared,
    untyped_parameter,
)
from pgadvisor.whatif.twin.session import TwinServer, refusal_of, sqlstate_of
from pgadvisor.whatif.twin.switch import Switchboard
from pgadvisor.whatif.whole_plan import PRUNING, whole_plan

_MAX_REPAIRS = 8
_QUICK_SECONDS = 1.0
"""What took longer by itself is not asked together with others: they share one patience."""
Settings = tuple[tuple[str, str], ...]
"""Names and values."""
_Settled = tuple[str, Settings]
"""A text, and the settings that it is planned under: one of them is the search path."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """What is to be different while a statement is planned."""

    shown: tuple[int, ...] = ()
    """OIDs of hidden indexes to show."""
    hidden: tuple[int, ...] = ()
    """OIDs of indexes to hide."""
    settings: Settings = ()


NONE = Difference()


class Planner:
    """Plans statements on a twin's server, as its unprivileged role.

    Whatever happens while a statement is planned is rolled back.

    Args:
        server: The server.
        switchboard: Shows and hides indexes.
    """

    def __init__(self, server: TwinServer, switchboard: Switchboard) -> None:
        self._server = server
        self._switchboard = switchboard
        self._texts: dict[str, str] = {}
        self._forms: dict[str, ExplainForm] = {}
        """By a text with parameters, on majors whose EXPLAIN takes none."""
        self._touched: dict[_Settled, frozenset[int]] = {}
        self._quick: set[str] = set()
        """Texts that were planned by themselves without delay."""
        self.call_count = 0

    def rows(self, queries: Sequence[str]) -> tuple[float | NotPlanned, ...]:
        """How many rows queries have by the planner's estimate, many in a round trip.

        Args:
            queries: Texts of ours, without ``$n``.

        Raises:
            TwinError: The server is gone.
        """
        self.call_count += len(queries)
        answers = self._server.run_each(Command(f"explain (format json) {q}") for q in queries)
        return tuple(map(_estimated_rows, answers))

    def touched(self, statement: str, settings: Settings = ()) -> frozenset[int] | None:
        """OIDs, in the twin, of the relations that its planning locks; None: not planned so far."""
        return self._touched.get((self._texts.get(statement, statement), settings))

    def plan(self, statement: str, difference: Difference = NONE) -> Plan | NotPlanned:
        """Plan one SELECT, INSERT, UPDATE, DELETE or MERGE, with ``$n`` unknown.

        Raises:
            TwinError: The server is gone.
        """
        text = self._texts.get(statement)
        if text is not None:
            return self._explain(text, difference)
        refusal = _gate(statement)
        return refusal or self._repaired(statement, difference)

    def plan_all(
        self, questions: Sequence[tuple[str, Difference]]
    ) -> tuple[Plan | NotPlanned, ...]:
        """Plan many statements, those that were planned before in one round trip.

        Neighbours with the same difference share it, which saves making it again.

        Args:
            questions: Statements, each with what is to be different.

        Returns:
            One outcome for each, in order.

        Raises:
            TwinError: The server is gone.
        """
        outcomes: list[Plan | NotPlanned] = []
        while left := questions[len(outcomes) :]:
            together = [*takewhile(lambda question: self._is_quick(*question), left)]
            if len(together) > 1:
                outcomes += self._ask_together(together)
            if len(outcomes) < len(questions):  # new, slow, or refused among others
                outcomes.append(self.plan(*questions[len(outcomes)]))
        return tuple(outcomes)

    def _is_quick(self, statement: str, difference: Difference) -> bool:
        """Whether a statement can be asked together with others.

        What its planning locks is known then, and no earlier statement's locks are taken for its.
        """
        text = self._texts.get(statement)
        return text in self._quick and (text, difference.settings) in self._touched

    def _ask_together(self, questions: Sequence[tuple[str, Difference]]) -> list[Plan | NotPlanned]:
        """Change, explain, explain, ..., and roll back, for each difference, in one round trip.

        Returns:
            Plans up to the first statement that has none; by itself it may have one.
        """
        texts = [(self._texts[statement], difference) for statement, difference in questions]
        forms = [self._form(text) for text, _ in texts]
        parts: list[str] = []
        asked = zip(forms, texts, strict=True)
        for difference, group in groupby(asked, key=lambda one: one[1][1]):
            parts += self._changes(difference)
            parts += [f"{form.head}{text}{form.tail}" for form, (text, _) in group]
            parts.append("ROLLBACK")
        clearing = next((form for form in forms if form.is_prepared), PLAIN)
        outcomes: list[Plan | NotPlanned] = []
        refusal = None
        with self._cleared_up(clearing):
            for result in self._server.run_together("; ".join(parts)):
                refusal = refusal_of(result)
                if _is_explained(result):
                    outcomes.append(_read(result, clearing))
        if refusal is not None:
            self._clear_up(clearing)
        plans = [*takewhile(lambda outcome: isinstance(outcome, Plan), outcomes)]
        self.call_count += len(plans)
        return [
            self._whole(plan, text, difference)
            for plan, (text, difference) in zip(plans, texts, strict=False)
        ]

    def plan_as_collected(self, statement: str) -> Plan | NotPlanned:
        """Plan a statement in the way in which the original's own plans are collected.

        That is PREPARE and EXPLAIN EXECUTE of a generic plan, in which partitions that NULL
        excludes are left out.

        Raises:
            TwinError: The server is gone.
        """
        try:
            parsed = parse_statement(statement)
        except StatementError as error:
            return NotPlanned(reason=error.reason)
        if not parsed.is_explainable:
            return _NOT_EXPLAINABLE
        if not parsed.parameter_count:
            return self.plan(statement)
        outcome = self._ask(NONE, statement, prepared(parsed.parameter_count))
        if isinstance(outcome, NotPlanned) and outcome.sqlstate == INDETERMINATE_TYPE:
            return self._explain(statement, NONE)
        return outcome

    def _repaired(self, statement: str, difference: Difference) -> Plan | NotPlanned:
        """Plan a text as it is, else as pg_stat_statements should have written it."""
        first = outcome = self._explain(statement, difference)
        tried = {statement}
        waiting = [statement]
        while waiting and len(tried) <= _MAX_REPAIRS:
            text = waiting.pop(0)
            if text is not statement:
                outcome = self._explain(text, difference)
            if isinstance(outcome, Plan):
                self._texts[statement] = text
                return outcome
            for repaired in repairs(text, outcome.sqlstate, outcome.position):
                if repaired not in tried and _gate(repaired) is None:
                    tried.add(repaired)
                    waiting.append(repaired)
        return first

    def _explain(self, text: str, difference: Difference) -> Plan | NotPlanned:
        if self._takes_parameters:
            return self._ask(difference, text, GENERIC)
        return self._whole(self._explain_prepared(difference, text), text, difference)

    def _whole(
        self, outcome: Plan | NotPlanned, text: str, difference: Difference
    ) -> Plan | NotPlanned:
        """A plan with all of its partitions, some of which PREPARE and EXECUTE leave out."""
        if self._takes_parameters:
            return outcome
        unpruned = replace(difference, settings=(*difference.settings, (PRUNING, "off")))
        return whole_plan(outcome, lambda: self._explain_prepared(unpruned, text))

    @property
    def _takes_parameters(self) -> bool:
        """EXPLAIN takes a text with ``$n``."""
        return self._server.cluster.binaries.major >= GENERIC_PLAN_SINCE

    def _form(self, text: str) -> ExplainForm:
        """The form in which a text was planned before."""
        return GENERIC if self._takes_parameters else self._forms[text]

    def _explain_prepared(self, difference: Difference, text: str) -> Plan | NotPlanned:
        """Plan a text with ``$n`` where EXPLAIN takes none; a type that cannot be told is text."""
        form = self._forms.get(text)
        if form is not None:
            return self._ask(difference, text, form)
        count = parse_statement(text).parameter_count
        texts: set[int] = set()
        while True:
            form = prepared(count, texts) if count else PLAIN
            outcome = self._ask(difference, text, form)
            if isinstance(outcome, Plan):
                self._forms[text] = form
                return outcome
            is_untyped = outcome.sqlstate == INDETERMINATE_TYPE
            untyped = untyped_parameter(outcome.reason) if is_untyped else None
            if untyped is None or untyped in texts:
                return outcome
            texts.add(untyped)

    def _ask(self, difference: Difference, text: str, form: ExplainForm) -> Plan | NotPlanned:
        """Change, explain and roll back, in one round trip.

        A generic plan can only be had by the simple protocol, which would run several
        statements, but the text has been shown to be exactly one.  They are one transaction
        without being told so.
        """
        self.call_count += 1
        before = "; ".join([*self._changes(difference), form.head])
        settled = text, difference.settings
        after = "ROLLBACK" if settled in self._touched else f"{_LOCKS}; ROLLBACK"
        started = time.monotonic()
        with self._cleared_up(form):
            results = [*self._server.run_together(f"{before}{text}{form.tail}; {after}")]
        if time.monotonic() - started < _QUICK_SECONDS:
            self._quick.add(text)
        else:
            self._quick.discard(text)
        if (reason := refusal_of(results[-1])) is not None:
            self._clear_up(form)
            return _refused(results[-1], reason, len(before))
        if settled not in self._touched:
            self._touched[settled] = _locked(results[-2])
        [explained] = filter(_is_explained, results)
        return _read(explained, form)

    @contextmanager
    def _cleared_up(self, form: ExplainForm) -> Iterator[None]:
        """Clear up if the block is interrupted."""
        try:
            yield
        except BaseException:
            self._clear_up(form)
            raise

    def _clear_up(self, form: ExplainForm) -> None:
        """Remove a prepared statement, which outlives its transaction."""
        if form.is_prepared and not self._server.role.closed:
            for _ in self._server.run_together("DEALLOCATE ALL"):
                pass

    def _changes(self, difference: Difference) -> Iterator[str]:
        """The statements that make the difference, up to the end of the transaction."""
        for name, value in difference.settings:
            yield _set_local(name, value)
        if difference.shown or difference.hidden:
            yield self._switchboard.statement(difference.shown, difference.hidden)


_LOCKS = """
SELECT pg_catalog.array_agg(l.relation::pg_catalog.int8) AS locked FROM pg_catalog.pg_locks l
WHERE l.pid OPERATOR(pg_catalog.=) pg_catalog.pg_backend_pid() AND l.relation IS NOT NULL
"""
_NOT_EXPLAINABLE = NotPlanned(reason="it is neither a query nor a change of rows")


def _estimated_rows(answer: pq.abc.PGresult) -> float | NotPlanned:
    reason = refusal_of(answer)
    if reason is not None:
        return NotPlanned(reason=reason)
    # Parallel workers share the rows, and a Gather above them adds them up again.
    return float(json.loads(answer.get_value(0, 0) or b"")[0]["Plan"]["Plan Rows"])


def _gate(text: str) -> NotPlanned | None:
    """Refuse all but exactly one plain statement."""
    try:
        return None if parse_statement(text).is_explainable else _NOT_EXPLAINABLE
    except StatementError as error:
        return NotPlanned(reason=error.reason)


def _is_explained(result: pq.abc.PGresult) -> bool:
    return result.command_status == b"EXPLAIN"


def _read(result: pq.abc.PGresult, form: ExplainForm) -> Plan | NotPlanned:
    """Read the answer to EXPLAIN."""
    try:
        plan = plan_from_object(json.loads((result.get_value(0, 0) or b"").decode()))
    except UnicodeDecodeError:
        return NotPlanned(reason="its plan came in another encoding than was asked for")
    except PlanFormatError as error:
        return NotPlanned(reason=f"its plan cannot be read: {error}")
    return _without_own_setting(plan) if form.is_prepared else plan


def _locked(result: pq.abc.PGresult) -> frozenset[int]:
    """Read the answer to ``_LOCKS``."""
    array = (result.get_value(0, 0) or b"{}").decode()
    return frozenset(map(int, filter(None, array.strip("{}").split(","))))


def _refused(result: pq.abc.PGresult, reason: str, before: int) -> NotPlanned:
    """What is told of a refusal; its place is counted from where the statement begins."""
    place = result.error_field(pq.DiagnosticField.STATEMENT_POSITION)
    offset = int(place) - before if place else 0
    return NotPlanned(
        reason=reason, sqlstate=sqlstate_of(result), position=offset if offset > 0 else None
    )


def _without_own_setting(plan: Plan) -> Plan:
    if not plan.settings:
        return plan
    return replace(plan, settings=tuple(s for s in plan.settings if s[0] != OWN_SETTING))


def _set_local(name: str, value: str) -> str:
    return f"SELECT pg_catalog.set_config({quote_literal(name)}, {quote_literal(value)}, true)"

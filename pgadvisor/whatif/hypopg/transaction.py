"""What is sent to plan one statement: a transaction that takes all of it back again.

HypoPG keeps its indexes in the memory of the backend, where no ROLLBACK reaches them.  Behind a
pooler the next transaction there is somebody else's, so ours ends by emptying that memory, also
after an error; and it begins so, since others may have been less careful.  All of it goes in one
round trip, which leaves no moment in which we could be gone with the work half done.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from psycopg import pq

from pgadvisor.collect import reasons
from pgadvisor.collect.explain import BACK, DEALLOCATE, SAVEPOINT, Refusal
from pgadvisor.collect.session import BEGIN, ROLLBACK, Session, load, sqlstate_of
from pgadvisor.collect.statement_text import PREPARED_NAME
from pgadvisor.collect.wire import SYNC, Command, Step
from pgadvisor.errors import HypoPGError
from pgadvisor.whatif.hypopg.functions import Functions

EXPLAIN = "explain (format json, verbose, settings) "
EXPLAIN_GENERIC = "explain (format json, verbose, settings, generic_plan) "
PREPARE = f"prepare {PREPARED_NAME} as "
SET = "select pg_catalog.set_config($1, $2, true)"
"""SET LOCAL of a setting that the question is about."""
_COMMANDS_EACH = 3
"""Commands for one index whose size is asked for, of which the last takes it back."""
_SIZED = 2
_NO_DATA = "02000"
_OKAY = frozenset({pq.ExecStatus.COMMAND_OK, pq.ExecStatus.TUPLES_OK})


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What is to be different while a statement is planned."""

    creates: tuple[str, ...] = ()
    """CREATE INDEX statements, each found to be exactly one."""
    hides: tuple[int, ...] = ()
    """OIDs of the server's own indexes."""
    settings: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Explained:
    """A plan as JSON, with the names that HypoPG gave to the indexes made for it, in order."""

    document: str
    names: tuple[str, ...]


class Transactions:
    """Sends transactions that leave nothing behind.

    Args:
        session: The connection.
        functions: HypoPG's functions on that server.
        settings: What SET LOCAL sets in each of them.
    """

    def __init__(self, session: Session, functions: Functions, settings: Sequence[str]) -> None:
        self._session = session
        self._functions = functions
        self._settings = settings

    def explain(self, text: str, parameter_count: int, change: Change) -> Explained | Refusal:
        """Have a statement prepared and its generic plan explained.

        Args:
            text: Found to be exactly one plain statement.
            parameter_count: The highest ``n`` of the ``$n`` in it.
            change: What is to be different.

        Raises:
            ReadError: The connection is lost.
        """
        head = self._begin(change)
        asked: list[Step] = [Command(PREPARE + text), Command(EXPLAIN + _execute(parameter_count))]
        # DEALLOCATE fails where PREPARE did, which the step back after it makes good.
        forgotten: list[Step] = [SYNC, Command(BACK), Command(DEALLOCATE), SYNC]
        results = self._session.run([*head, *asked, *forgotten, *self._end()])
        self._check_end(results)
        done = results[: len(head) + len(asked)]
        return _first_refusal(done, len(PREPARE)) or _explained(change, done[: len(head)], done[-1])

    def explain_directly(self, text: str, change: Change) -> Explained | Refusal:
        """Have a statement planned by EXPLAIN (GENERIC_PLAN) (PostgreSQL 16 and later).

        That takes parameters whose type cannot be told, and leaves all partitions in the plan.
        It goes by the simple protocol, and so takes three round trips.

        Args:
            text: Found to be exactly one plain statement.
            change: What is to be different.

        Raises:
            ReadError: The connection is lost.
        """
        before, result, after = self._session.run_around(
            self._begin(change), EXPLAIN_GENERIC + text, self._end()
        )
        self._check_end(after)
        return (
            _first_refusal(before, 0)
            or _first_refusal([result], len(EXPLAIN_GENERIC))
            or _explained(change, before, result)
        )

    def sizes(self, creates: Sequence[str]) -> list[int | Refusal]:
        """Make indexes one by one, and ask HypoPG for the size of each, in bytes.

        Args:
            creates: CREATE INDEX statements; HypoPG has numbers for some 2,500 at a time.

        Raises:
            ReadError: The connection is lost.
        """
        head = self._begin(Change())
        steps: list[Step] = [*head]
        for text in creates:
            made = Command(self._functions.size, (text,))
            steps += [Command(SAVEPOINT), made, SYNC, Command(BACK)]
        results = self._session.run([*steps, SYNC, *self._end()])
        self._check_end(results)
        places = range(len(head), len(head) + _COMMANDS_EACH * len(creates), _COMMANDS_EACH)
        refused = _first_refusal(results[: len(head)], 0)
        return [refused or self._size(results[place : place + _SIZED]) for place in places]

    def left_behind(self) -> int:
        """How many hypothetical indexes there are in the backend that answers.

        Raises:
            ReadError: The connection is lost, or HypoPG may not be used.
        """
        [row] = self._session.fetch(self._functions.count)
        return int(row["count"])

    def _begin(self, change: Change) -> list[Command]:
        """All that comes before the statement; the last commands are those that make indexes."""
        hides = [Command(self._functions.hide, (list(change.hides),))] if change.hides else []
        return [
            Command(BEGIN),
            *(Command(f"set local {setting}") for setting in self._settings),
            Command(SAVEPOINT),
            Command(self._functions.clear),
            *(Command(SET, pair) for pair in change.settings.items()),
            *hides,
            *(Command(self._functions.create, (text,)) for text in change.creates),
        ]

    def _end(self) -> list[Step]:
        return [Command(BACK), Command(self._functions.clear), SYNC, Command(ROLLBACK), SYNC]

    def _check_end(self, results: Sequence[pq.abc.PGresult]) -> None:
        """Make sure that HypoPG has been emptied.

        Raises:
            HypoPGError: It has not; the connection is closed, and with it the backend's memory.
        """
        if results[-2].status not in _OKAY:
            self._session.connection.close()
            failed = next((r for r in results if r.status not in _OKAY), results[-2])
            raise HypoPGError(
                "removing hypothetical indexes",
                reasons.reason(sqlstate_of(failed)),
                "The connection has been closed; run SELECT hypopg_reset() if a pooler keeps it.",
            )

    def _size(self, results: Sequence[pq.abc.PGresult]) -> int | Refusal:
        if refusal := _first_refusal(results, 0):
            return refusal
        rows = load(self._session.connection, results[-1])
        return sum(int(row["size_bytes"]) for row in rows)


def _explained(
    change: Change, before: Sequence[pq.abc.PGresult], planned: pq.abc.PGresult
) -> Explained | Refusal:
    """Take the plan, and the names out of the last of the results before it."""
    created = before[len(before) - len(change.creates) :]
    document, *names = (
        value.decode("utf-8", "replace") if value is not None else None
        for value in (_value(result) for result in (planned, *created))
    )
    if document is None or None in names:
        return Refusal(sqlstate=_NO_DATA)
    return Explained(document=document, names=tuple(name for name in names if name is not None))


def _value(result: pq.abc.PGresult) -> bytes | None:
    return result.get_value(0, 0) if result.ntuples else None


def _execute(parameter_count: int) -> str:
    nulls = ", ".join(["null"] * parameter_count)
    return f"execute {PREPARED_NAME}({nulls})" if nulls else f"execute {PREPARED_NAME}"


def _first_refusal(results: Sequence[pq.abc.PGresult], before: int) -> Refusal | None:
    """The first failure among results; None when all went well.

    Args:
        results: Of commands of which each must succeed.
        before: Characters of ours before the text that a position counts in.
    """
    for result in results:
        sqlstate = sqlstate_of(result)
        if sqlstate is not None:
            field = result.error_field(pq.DiagnosticField.STATEMENT_POSITION)
            position = int(field) - before if field is not None else 0
            return Refusal(sqlstate=sqlstate, position=position if position > 0 else None)
    return None

"""Statements that count on a session of their own, where connections are shared."""

from collections.abc import Iterator
from dataclasses import dataclass

from pgadvisor.rulekit import (
    Case,
    Confidence,
    Evidence,
    Finding,
    Impact,
    ManualSteps,
    NoLimits,
    Outcome,
    PoolMode,
    Provenance,
    SessionCommandKind,
    Severity,
    SkipRule,
    Statement,
    known,
    rule,
)

_LOCKS = frozenset(
    {
        *("pg_advisory_lock", "pg_advisory_lock_shared"),
        *("pg_try_advisory_lock", "pg_try_advisory_lock_shared"),
    }
)
"""They are held until the session ends, or lets them go."""
_SEQUENCES = frozenset({"currval", "lastval"})
"""They tell what this very session was given before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Hazard:
    """Something that lasts for a session."""

    what: str
    consequence: str
    step: str


_ADVISORY = _Hazard(
    what="advisory locks of sessions",
    consequence="the lock stays with a connection that the next client is given, and whoever took "
    "it cannot release it",
    step="Take locks that end with the transaction: `pg_advisory_xact_lock`, "
    "`pg_try_advisory_xact_lock`.",
)
_SEQUENCE = _Hazard(
    what="currval and lastval",
    consequence="they may tell what another client was given",
    step="`INSERT ... RETURNING` tells the number in the same statement.",
)
_COMMANDS = {
    SessionCommandKind.LISTEN: _Hazard(
        what="LISTEN",
        consequence="notices go to whichever client has the connection then, or to none",
        step="Give those who listen a connection of their own, past the pooler.",
    ),
    SessionCommandKind.SET: _Hazard(
        what="SET",
        consequence="the value holds for the next client, and not for the one that set it",
        step="`SET LOCAL` within a transaction, or `ALTER ROLE ... SET` for all of its sessions.",
    ),
    SessionCommandKind.TEMPORARY_TABLE: _Hazard(
        what="temporary tables",
        consequence="the table is gone in the next transaction, and in the way of another client",
        step="`CREATE TEMPORARY TABLE ... ON COMMIT DROP`, in one transaction with its use.",
    ),
    SessionCommandKind.HELD_CURSOR: _Hazard(
        what="cursors WITH HOLD",
        consequence="the cursor is gone in the next transaction, and its result stays in memory",
        step="Read it within one transaction, or page by the last key.",
    ),
    SessionCommandKind.PREPARE: _Hazard(
        what="PREPARE",
        consequence="the statement is known in one of the connections only",
        step="Let the driver prepare by the protocol: PgBouncer follows that from 1.21 on, with "
        "`max_prepared_statements`.",
    ),
}


@rule(severity=Severity.WARNING, since="0.1", limits=NoLimits, requires=("statements",))
def session_state_in_pool(case: Case, _limits: NoLimits) -> Outcome:
    """Statements count on a session of their own, but connections are shared.

    ## Why it matters
    A pooler in transaction mode gives a client whichever connection is free, for one transaction.
    What lasts longer is left in that connection: the next client finds settings, locks and
    tables of somebody else, and the first one looks for them in vain.  It shows under load only,
    and as a wrong result rather than an error.

    ## What it leaves alone
    Pools in session mode.  What ends with the transaction: SET LOCAL, locks of transactions,
    temporary tables with ON COMMIT DROP.  Settings that PgBouncer follows for each client, such
    as ``application_name`` and ``TimeZone``; prepared statements of the protocol.  Which pools
    there are the server cannot tell: where ``[[pools]]`` of the configuration names none, the
    rule is skipped.

    ## Before you act
    Who runs it may have a connection past the pooler: a job, a migration, a person.  The
    statements tell their role, not their way.

    ## Example
        [[pools]]  # in pgadvisor.toml
        name = "pgbouncer"
        size = 20
        mode = "transaction"
    """
    if not case.pools:
        raise SkipRule("how connections are pooled is not said: name [[pools]] in pgadvisor.toml")
    names = [pool.name for pool in case.pools if pool.mode is PoolMode.TRANSACTION]
    if not names:
        return
    info = known(case.snapshot.server.statements_info, "statements")
    for command in known(info.session_commands, "commands of sessions"):
        yield _finding(_COMMANDS[command.kind], names, command.roles, ())
    for hazard, functions in ((_ADVISORY, _LOCKS), (_SEQUENCE, _SEQUENCES)):
        statements = tuple(_calling(case, functions))
        if statements:
            roles = sorted({role for statement in statements for role in statement.roles})
            yield _finding(hazard, names, tuple(roles), statements)


def _calling(case: Case, functions: frozenset[str]) -> Iterator[Statement]:
    for statement in case.snapshot.statements:
        usage = case.usage.get(statement.id)
        called = {name.rsplit(".", 1)[-1] for name in usage.functions} if usage else set()
        if called & functions:
            yield statement


def _finding(
    hazard: _Hazard, names: list[str], roles: tuple[str, ...], statements: tuple[Statement, ...]
) -> Finding:
    pools = ", ".join(names)
    return Finding(
        subject=hazard.what,
        summary=f"The workload uses {hazard.what}, and {pools} shares connections between "
        "transactions",
        detail=f"Through that pool {hazard.consequence}.",
        evidence=tuple(_evidence(names, roles, statements)),
        provenance=Provenance.STATISTICS,
        # That it is run is sure; that it goes through the pool is likely.
        confidence=Confidence.MEDIUM,
        guards=("it lasts for longer than a transaction",),
        remedies=(
            ManualSteps(
                title=f"Keep {hazard.what} out of shared connections",
                steps=(
                    hazard.step,
                    "Or give the role a pool in session mode, or a connection past the pooler.",
                ),
            ),
        ),
        impact=Impact(risk=hazard.consequence),
        statement_ids=tuple(statement.id for statement in statements),
    )


def _evidence(
    names: list[str], roles: tuple[str, ...], statements: tuple[Statement, ...]
) -> Iterator[Evidence]:
    yield Evidence(
        name="pools in transaction mode",
        value=", ".join(names),
        source="[[pools]] of the configuration",
    )
    yield Evidence(
        name="run by", value=", ".join(roles) or "unknown", source="pg_stat_statements.userid"
    )
    if statements:
        yield Evidence(
            name="calls",
            value=sum(statement.calls for statement in statements),
            unit="calls",
            source="pg_stat_statements.calls",
        )

"""Settings that were changed, and that the next restart brings into force."""

from collections.abc import Iterator

from pgadvisor.rulekit import (
    REDACTED,
    Case,
    Confidence,
    Evidence,
    Finding,
    Impact,
    ManualSteps,
    NoLimits,
    Outcome,
    Provenance,
    Setting,
    Severity,
    Skipped,
    SkipRule,
    quote_literal,
    rule,
)

_LIST = "shared_preload_libraries"
"""A list whose members are quoted one by one; and it is shown to privileged roles only."""
_NOT_LOWER_ON_STANDBY = frozenset(
    {
        "max_connections",
        "max_worker_processes",
        "max_wal_senders",
        "max_prepared_transactions",
        "max_locks_per_transaction",
    }
)
"""A standby that has less of these than its primary stops replaying."""


@rule(severity=Severity.WARNING, since="0.1", limits=NoLimits)
def setting_awaiting_restart(case: Case, _limits: NoLimits) -> Outcome:
    """A changed setting waits for the next restart.

    ## Why it matters
    The configuration says one thing and the server does another.  The next restart may be one
    that nobody planned, and then the change comes at the worst time.  The server has not tried
    the new value: with more memory than there is, or a library that is missing, it does not
    start at all.

    ## What it leaves alone
    Changes that a reload brings into force.  What may not be read is said to be unknown.

    ## Before you act
    The new value is not in a snapshot; ``pg_file_settings`` has it.  Try it on a server of the
    same kind first.

    ## Example
        SELECT name, setting, applied, error FROM pg_file_settings WHERE NOT applied;
    """
    settings = case.snapshot.server.settings
    if not settings:
        raise SkipRule("the settings are not in the snapshot")
    if case.snapshot.server.setting(_LIST) is None:
        yield Skipped(
            rule_id="",
            subject=_LIST,
            reason="it may not be read, like some others; pg_read_all_settings is needed",
        )
    waiting = sorted(
        (setting for setting in settings if setting.is_pending_restart), key=lambda s: s.name
    )
    if waiting:
        yield _finding(case, waiting)


def _finding(case: Case, waiting: list[Setting]) -> Finding:
    names = ", ".join(setting.name for setting in waiting)
    count = len(waiting)
    return Finding(
        subject="server" if count > 1 else names,
        # Not the server alone: who lives with one of them is to hear of the next one.
        identity=names.replace(", ", ","),
        summary=f"{count} changed settings wait for the next restart: {names}"
        if count > 1
        else f"{names} was changed and waits for the next restart",
        detail="Whether the server starts with what is in its files has not been tried.",
        evidence=tuple(_evidence(waiting)),
        provenance=Provenance.CATALOG,
        confidence=Confidence.HIGH,
        guards=("a reload is not enough for any of them",),
        remedies=(_remedy(case, waiting),),
        impact=Impact(risk="an unplanned restart changes how the server runs, or does not succeed"),
    )


def _evidence(waiting: list[Setting]) -> Iterator[Evidence]:
    for setting in waiting:
        unit = f" x {setting.unit}" if setting.unit else ""
        yield Evidence(
            name=f"{setting.name} that is in force",
            value=f"{setting.value}{unit}",
            source=f"pg_settings.setting, from: {setting.source}",
        )


def _remedy(case: Case, waiting: list[Setting]) -> ManualSteps:
    service = case.snapshot.server.service
    if service is not None:
        return ManualSteps(
            title="Bring the change into force, or take it back",
            steps=(
                f"See by {service}'s own tools what is to come.",
                "Restart the server there when it suits; a reload is not enough.",
                *(
                    f"To take it back instead: set {s.name} there to {s.value} again, in its base "
                    "unit, which is the value in force."
                    for s in waiting
                    if s.value != REDACTED
                ),
            ),
        )
    listed = ", ".join(quote_literal(setting.name) for setting in waiting)
    query = (
        "SELECT name, setting, sourcefile, error FROM pg_file_settings "  # noqa: S608  (quoted)
        f"WHERE name IN ({listed})"
    )
    steps = [
        f"See what is to come: `{query}`.",
        "Start a throw-away server on a machine of the same kind with these values.",
    ]
    coupled = [setting.name for setting in waiting if setting.name in _NOT_LOWER_ON_STANDBY]
    if coupled and case.snapshot.server.streaming_replica_count != 0:
        steps.append(
            f"A standby must not have less of {', '.join(coupled)} than its primary: to raise it, "
            "restart the standbys first, to lower it, the primary."
        )
    steps.append("Restart the server when it suits; a reload is not enough.")
    return ManualSteps(
        title="Bring the change into force, or take it back",
        steps=(*steps, *(f"To take it back instead: {_way_back(s)}." for s in waiting)),
    )


def _way_back(setting: Setting) -> str:
    name = setting.name
    if setting.source == "default":
        return (
            f"`ALTER SYSTEM RESET {name}`, or take its line out of the file that pg_file_settings "
            "names; it was not set before"
        )
    if setting.value == REDACTED:
        return f"`SHOW {name}` tells the value in force, which is not in this snapshot; set it"
    return f"`ALTER SYSTEM SET {name} = {_literal(setting)}`, which is the value in force"


def _literal(setting: Setting) -> str:
    """Numbers are in the setting's own base unit, and so need none."""
    if setting.value_type != "string":
        return setting.value
    if setting.name != _LIST:
        return quote_literal(setting.value)
    names = [name.strip().strip('"') for name in setting.value.split(",")]
    return ", ".join(quote_literal(name) for name in names)

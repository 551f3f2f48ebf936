"""Major versions that get no fixes any more."""

from pgadvisor.rulekit import (
    Case,
    Confidence,
    Evidence,
    Finding,
    Impact,
    ManualSteps,
    NoLimits,
    Outcome,
    Provenance,
    Service,
    Severity,
    rule,
)

_YEAR_ZERO = 2012
"""Since version 10, a major version comes each autumn and is mended for five years: 13 until
November 2025, 14 until November 2026."""
_LAST_MONTH = 11


@rule(severity=Severity.WARNING, since="0.1", limits=NoLimits)
def unsupported_version(case: Case, _limits: NoLimits) -> Outcome:
    """The major version of the server gets no fixes any more.

    ## Why it matters
    PostgreSQL mends a major version for five years.  After that, what is found in it stays as
    it is: holes through which data get out, and faults that damage them.  The notes on the
    fixes of later versions tell everybody where to look.

    ## What it leaves alone
    Versions until the end of the month in which their last release comes, and the question
    whether the newest release of a version is installed: that is not in a snapshot.

    ## Before you act
    Some vendors mend old versions for longer, at a price; ask yours.  An upgrade may change
    plans: run ANALYZE after it, and compare the most expensive statements.

    ## Example
        SHOW server_version;  -- 13.23
    """
    server = case.snapshot.server
    last = (_YEAR_ZERO + server.major, _LAST_MONTH)
    # By the server's own clock, as a snapshot is judged by the day on which it was taken.
    if (server.collected_at.year, server.collected_at.month) <= last:
        return
    end = f"November {last[0]}"
    yield Finding(
        subject=f"PostgreSQL {server.major}",
        summary=f"PostgreSQL {server.major} has had no fixes since {end}",
        detail=f"The server runs {server.version}.",
        evidence=(
            Evidence(name="version", value=server.version, source="pg_settings.server_version"),
            Evidence(
                name="last month with fixes",
                value=end,
                source="postgresql.org/support/versioning: five years after the first release",
            ),
        ),
        provenance=Provenance.CATALOG,
        confidence=Confidence.HIGH,
        guards=("the month of its last release is over",),
        remedies=(_remedy(server.major, server.service),),
        impact=Impact(risk="what is found in this version, security holes too, is not mended"),
    )


def _remedy(major: int, service: Service | None) -> ManualSteps:
    upgrade, way_back = _ways(service)
    return ManualSteps(
        title=f"Leave PostgreSQL {major} for a version that is mended",
        steps=(
            (
                "Read the notes on migration of each major version in between, and look whether "
                "the extensions are there for the new one."
            ),
            upgrade,
            "Run the application's tests on the copy, and its most expensive statements.",
            "After the upgrade: `ANALYZE` in each database, then `ALTER EXTENSION ... UPDATE`.",
            way_back,
        ),
    )


def _ways(service: Service | None) -> tuple[str, str]:
    """There and back."""
    if service is not None:
        return (
            f"Upgrade a copy first, by {service}'s own means, or by logical replication.",
            (
                "The way back: a backup of before, or the copy that was not upgraded; what was "
                "written since is not in it."
            ),
        )
    return (
        "Upgrade a copy first: `pg_upgrade --check`, then pg_upgrade or logical replication.",
        (
            "The way back: the old data directory, as long as nobody has written to the new "
            "one.  With `pg_upgrade --link` there is none once the new server has started."
        ),
    )

"""Extensions whose objects in the database are older than their files."""

from collections.abc import Iterator

from pgadvisor.rulekit import (
    Case,
    Confidence,
    Evidence,
    Extension,
    Finding,
    Impact,
    ManualSteps,
    NoLimits,
    Outcome,
    Provenance,
    Severity,
    Skipped,
    SkipRule,
    quote_identifier,
    quote_literal,
    rule,
)


@rule(severity=Severity.INFO, since="0.1", limits=NoLimits)
def outdated_extension(case: Case, _limits: NoLimits) -> Outcome:
    """An extension is older in the database than on the server.

    ## Why it matters
    Packages bring new libraries, and pg_upgrade leaves the objects of an extension as they were.
    Until ALTER EXTENSION brings them up to date, new functions and columns are missing, and
    mistakes that were mended in SQL are still there.

    ## What it leaves alone
    Extensions that are up to date, or newer than what CREATE EXTENSION would install.  Versions
    that are no numbers cannot be compared, which is said.

    ## Before you act
    Read the extension's notes: some updates rebuild indexes or have steps of their own (PostGIS
    has its own function for it).  There is seldom a script for the way back.

    ## Example
        SELECT * FROM pg_extension_update_paths('pg_trgm') WHERE path IS NOT NULL;
        ALTER EXTENSION pg_trgm UPDATE;
    """
    extensions = case.snapshot.server.extensions
    if extensions and all(one.default_version is None for one in extensions):
        raise SkipRule("versions of the extensions' files are not in the snapshot")
    for one in extensions:
        if one.default_version is None or one.default_version == one.version:
            continue
        installed, offered = _parts(one.version), _parts(one.default_version)
        if installed is None or offered is None:
            yield Skipped(
                rule_id="",
                subject=one.name,
                reason=f"its versions cannot be compared: {one.version}, {one.default_version}",
            )
        elif installed < offered:
            yield _finding(one, one.default_version)


def _parts(version: str) -> tuple[int, ...] | None:
    parts = version.split(".")
    if not all(part.isascii() and part.isdecimal() for part in parts):
        return None
    return tuple(map(int, parts))


def _finding(extension: Extension, offered: str) -> Finding:
    return Finding(
        subject=extension.name,
        summary=f"Extension {extension.name} is version {extension.version} here, its files are "
        f"{offered}",
        evidence=tuple(_evidence(extension, offered)),
        provenance=Provenance.CATALOG,
        confidence=Confidence.HIGH,
        remedies=(_remedy(extension, offered),),
        impact=Impact(risk="what the newer version has mended or added is missing"),
    )


def _evidence(extension: Extension, offered: str) -> Iterator[Evidence]:
    yield Evidence(
        name="version in the database", value=extension.version, source="pg_extension.extversion"
    )
    yield Evidence(
        name="version of the files",
        value=offered,
        source="pg_available_extensions.default_version",
    )


def _remedy(extension: Extension, offered: str) -> ManualSteps:
    name = quote_identifier(extension.name)
    return ManualSteps(
        title=f"Bring {extension.name} up to {offered}",
        steps=(
            (
                f"Read the notes of {extension.name} on versions {extension.version} to {offered}, "
                "and try it on a copy."
            ),
            f"`ALTER EXTENSION {name} UPDATE TO {quote_literal(offered)}`.",
            (
                "The way back is a script of the extension, where there is one: "  # noqa: S608
                "`SELECT path FROM "
                f"pg_extension_update_paths({quote_literal(extension.name)}) WHERE source = "
                f"{quote_literal(offered)} AND target = {quote_literal(extension.version)}`."
            ),
        ),
    )

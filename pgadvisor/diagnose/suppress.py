"""Setting aside the findings that a project has decided to live with."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date

from pgadvisor.config import Suppression
from pgadvisor.model.finding import Finding, Suppressed


def suppress(
    findings: Iterable[Finding], suppressions: Iterable[Suppression], today: date
) -> tuple[tuple[Finding, ...], tuple[Suppressed, ...]]:
    """Part findings into those to show and those set aside.

    A finding whose suppression has run out is shown again, and says so.

    Args:
        findings: With their keys.
        suppressions: The first that matches a finding and has not run out counts.
        today: The day on which they are looked at.
    """
    known = tuple(suppressions)
    shown: list[Finding] = []
    hidden: list[Suppressed] = []
    for finding in findings:
        matching = [entry for entry in known if matches(entry.key, finding.key)]
        valid = next((entry for entry in matching if not _is_expired(entry, today)), None)
        if valid is not None:
            hidden.append(Suppressed(finding=finding, reason=valid.reason))
        elif matching:
            shown.append(_with_note(finding, matching[0]))
        else:
            shown.append(finding)
    return tuple(shown), tuple(hidden)


def idle_suppressions(suppressions: Iterable[Suppression], keys: Iterable[str]) -> tuple[str, ...]:
    """Keys of suppressions that match nothing: the finding is mended, or the key is misspelt.

    Args:
        suppressions: Of the configuration.
        keys: Of all findings, those set aside included.
    """
    found = tuple(keys)
    return tuple(
        entry.key for entry in suppressions if not any(matches(entry.key, key) for key in found)
    )


def matches(pattern: str, key: str) -> bool:
    """Whether a suppression's key is the finding's, ``*`` at its end standing for anything."""
    if pattern.endswith("*"):
        return key.startswith(pattern[:-1])
    return key == pattern


def _is_expired(entry: Suppression, today: date) -> bool:
    return entry.expires is not None and today >= entry.expires


def _with_note(finding: Finding, entry: Suppression) -> Finding:
    note = f"Shown again: it was suppressed until {entry.expires} ({entry.reason})."
    return replace(finding, detail=f"{finding.detail} {note}".strip())

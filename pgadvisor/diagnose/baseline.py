"""Telling new findings from those that a project knows of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date

from pgadvisor.model.baseline import Baseline, BaselineComparison, BaselineEntry, Unjudged
from pgadvisor.model.finding import Diagnosis, Finding


def compare(
    diagnosis: Diagnosis, baseline: Baseline | None, *, today: date, is_only_new: bool = False
) -> tuple[Diagnosis, BaselineComparison | None]:
    """Compare what was found with a baseline.

    A finding that is known says since when and why, one whose entry has run out that it is new
    again.  An entry whose finding is not there is gone only where its rule judged everything:
    what could not be looked at may still be there.

    Args:
        diagnosis: Of all rules, the costed ones included.
        baseline: What the project knows of; None: there is nothing to compare with.
        today: The day on which expiry is looked at.
        is_only_new: Leave findings that are known out of what is returned.
    """
    if baseline is None:
        return diagnosis, None
    entries = {entry.key: entry for entry in baseline.entries}
    expired = {key for key, entry in entries.items() if _is_expired(entry, today)}
    found = {finding.key for finding in diagnosis.findings}
    present = set(diagnosis.keys())
    known = (entries.keys() & present) - (expired & found)
    reasons = _unjudged_rules(diagnosis)
    judged = {*diagnosis.clear, *(key.partition(":")[0] for key in present)}
    absent = [entry for key, entry in sorted(entries.items()) if key not in present]
    unjudged = tuple(
        Unjudged(entry=entry, reason=reason)
        for entry in absent
        if (reason := _why_unjudged(entry, reasons, judged))
    )
    left = {each.entry.key for each in unjudged}
    comparison = BaselineComparison(
        known=tuple(entries[key] for key in sorted(known)),
        expired=tuple(entries[key] for key in sorted(expired & found)),
        gone=tuple(entry for entry in absent if entry.key not in left),
        unjudged=unjudged,
        new_keys=tuple(f.key for f in diagnosis.findings if f.key not in known),
        is_only_new=is_only_new,
    )
    shown = (
        _with_note(finding, entries, expired)
        for finding in diagnosis.findings
        if not (is_only_new and finding.key in known)
    )
    return replace(diagnosis, findings=tuple(shown)), comparison


def renewed(
    comparison: BaselineComparison,
    findings: Iterable[Finding],
    *,
    reason: str,
    since: date | None,
    expires: date | None,
) -> Baseline:
    """The baseline to be kept from now on.

    Entries stay as they are while their findings do, those that have run out included, so that
    nobody accepts them again by accident; what is gone is left out, what is new comes in.

    Args:
        comparison: With the baseline so far.
        findings: All that are there and are not suppressed.
        reason: Of those that come in.
        since: The day on which they do.
        expires: The day from which on they count as new again.
    """
    unjudged = (each.entry for each in comparison.unjudged)
    kept = {e.key: e for e in (*comparison.known, *comparison.expired, *unjudged)}
    added = {
        f.key: BaselineEntry(key=f.key, reason=reason, since=since, expires=expires)
        for f in findings
    }
    entries = added | kept
    return Baseline(entries=tuple(entries[key] for key in sorted(entries)))


def _is_expired(entry: BaselineEntry, today: date) -> bool:
    return entry.expires is not None and today >= entry.expires


def _unjudged_rules(diagnosis: Diagnosis) -> dict[str, str]:
    """Rules that did not look at everything, with the reason."""
    reasons = {skipped.rule_id: skipped.reason for skipped in diagnosis.skipped}
    return reasons | {broken.rule_id: broken.reason for broken in diagnosis.broken}


def _why_unjudged(entry: BaselineEntry, reasons: Mapping[str, str], judged: set[str]) -> str:
    """Why nobody knows whether it is still there; empty: it is not."""
    rule_id = entry.key.partition(":")[0]
    if rule_id in reasons:
        return reasons[rule_id]
    return "" if rule_id in judged else f"there is no rule called {rule_id}"


def _with_note(
    finding: Finding, entries: Mapping[str, BaselineEntry], expired: set[str]
) -> Finding:
    entry = entries.get(finding.key)
    if entry is None:
        return finding
    if finding.key in expired:
        note = f"New again: it was in the baseline until {entry.expires} ({entry.reason})."
    else:
        since = f" since {entry.since}" if entry.since else ""
        note = f"Known: in the baseline{since} ({entry.reason})."
    return replace(finding, detail=f"{finding.detail} {note}".strip())

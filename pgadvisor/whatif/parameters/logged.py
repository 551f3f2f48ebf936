"""Values that a statement was really given, out of a log: they beat those of the statistics."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from pgadvisor.model.catalog import Catalog
from pgadvisor.model.log import LogDigest, LoggedCall, LoggedStatement
from pgadvisor.model.sensitivity import ValueClass, ValueKind
from pgadvisor.model.snapshot import Snapshot
from pgadvisor.model.statement import Statement
from pgadvisor.model.usage import PredicateKind, StatementUsage
from pgadvisor.parse.constants import constants_of
from pgadvisor.parse.normalise import SQUASHED
from pgadvisor.whatif.parameters.axis import MAX_SAMPLES
from pgadvisor.whatif.parameters.order import SortKey, sort_key
from pgadvisor.whatif.parameters.samples import Sample, Sampling
from pgadvisor.whatif.parameters.sites import Site, find_sites

_QUOTED = re.compile(r"(?P<escape>[eE]?)'(?P<text>.*)'", re.DOTALL)
_NUMBER = re.compile(r"-?[0-9.]+(?:[eE][+-]?[0-9]+)?")


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedValues:
    """What the log tells of the values of one statement."""

    calls: tuple[LoggedCall, ...]
    """Texts with values; the numbers of the values are those of the snapshot's statement."""

    @property
    def texts(self) -> Counter[str]:
        """How many of the calls had which text."""
        return Counter(call.text for call in self.calls)


def logged_values(digest: LogDigest, snapshot: Snapshot) -> Mapping[str, LoggedValues]:
    """Find the calls of a log that were calls of a snapshot's statements.

    Args:
        digest: What was read; where it tells no database, its statements count as this one's.
        snapshot: Whose statements are looked for, by their fingerprints.

    Returns:
        By statement id; statements of which the log tells no values are not in it.
    """
    by_fingerprint: dict[str, list[LoggedStatement]] = {}
    for logged in digest.statements:
        if logged.fingerprint and logged.database in {"", snapshot.server.database}:
            by_fingerprint.setdefault(logged.fingerprint, []).append(logged)
    found: dict[str, LoggedValues] = {}
    for statement in snapshot.statements:
        every = by_fingerprint.get(statement.fingerprint, ()) if statement.fingerprint else ()
        calls = tuple(call for logged in every for call in _calls_of(statement, logged))
        if calls:
            found[statement.id] = LoggedValues(calls=calls)
    return found


def _calls_of(statement: Statement, logged: LoggedStatement) -> Iterator[LoggedCall]:
    """Calls of just this text: a fingerprint may stand for tables that differ in their digits."""
    for call in logged.samples:
        values = constants_of(call.text, statement.text)
        if values:
            ordered = tuple(sorted(values.items()))
            yield LoggedCall(text=call.text, values=ordered, time_ms=call.time_ms)
        elif values is None and SQUASHED in statement.text:  # a list longer than the one it keeps
            yield LoggedCall(text=call.text, time_ms=call.time_ms)


def logged_sampling(logged: LoggedValues, usage: StatementUsage, catalog: Catalog) -> Sampling:
    """The samples that a log gives: each text that was called, with its share of the calls.

    Args:
        logged: The calls.
        usage: What the statement does, to tell how common its values are.
        catalog: Where their statistics are.
    """
    kept = logged.texts.most_common(MAX_SAMPLES)
    total = sum(count for _, count in kept)
    values = {call.text: call.values for call in logged.calls}
    sites = find_sites(usage, catalog)
    samples = tuple(
        Sample(
            text=text,
            values=values[text],
            classes=tuple(_classes(dict(values[text]), sites, catalog)),
            weight=count / total,
        )
        for text, count in kept
    )
    calls = len(logged.calls)
    noun = "the call" if calls == 1 else f"{calls:,} calls"
    return Sampling(
        samples=samples, assumptions=(f"values and shares are those of {noun} in the log",)
    )


def _classes(
    values: Mapping[int, str], sites: Sequence[Site], catalog: Catalog
) -> Iterator[ValueClass]:
    """How common the values of one call are, column by column."""
    ranges: dict[tuple[int, str], list[Site]] = {}
    for site in sites:
        if site.predicate.kind is PredicateKind.RANGE:
            ranges.setdefault((site.relation, site.column.name), []).append(site)
            continue
        texts = [_plain(values.get(number)) for number in site.parameters]
        known = [text for text in texts if text is not None]
        if not known or len(known) < len(texts):
            continue
        key = sort_key(site.column, catalog)
        ratio = max(_ratio(site, text, key) for text in known)
        kind = ValueKind.VALUE
        if len(known) > 1:
            kind = ValueKind.LIST
        elif site.predicate.kind is PredicateKind.INEQUALITY:
            kind = ValueKind.EXCLUSION
        yield ValueClass(
            asked=site.asked,
            kind=kind,
            low_ratio=ratio,
            high_ratio=ratio,
            list_length=len(known),
            rows=ratio * site.rows,
        )
    for group in ranges.values():
        if (covered := _covered(values, group, sort_key(group[0].column, catalog))) is not None:
            yield ValueClass(
                asked=group[0].asked,
                kind=ValueKind.RANGE,
                low_ratio=covered,
                high_ratio=covered,
                rows=covered * group[0].rows,
            )


def _ratio(site: Site, text: str, key: SortKey) -> float:
    """The share of the rows that hold a value, as the planner takes it."""
    statistics = site.statistics
    common = statistics.most_common_values or ()
    ratios = statistics.most_common_ratios or ()
    wanted = key(text)
    for value, ratio in zip(common, ratios, strict=False):
        if key(value) == wanted:
            return ratio
    rest = max(1.0 - statistics.null_ratio - sum(ratios), 0.0)
    return rest / max(statistics.distinct_count(site.rows) - len(common), 1.0)


def _covered(values: Mapping[int, str], sites: Sequence[Site], key: SortKey) -> float | None:
    """The share of the rows between the bounds of one column; None: a bound is not known."""
    low, high = 0.0, 1.0 - sites[0].statistics.null_ratio
    for site in sites:
        text = _plain(values.get(site.predicate.parameter or 0))
        if text is None:
            return None
        below = _below(site, text, key)
        if (site.predicate.operator or "").startswith(">"):
            low = max(low, below)
        else:
            high = min(high, below)
    return max(high - low, 0.0)


def _below(site: Site, text: str, key: SortKey) -> float:
    """The share of the rows below a value."""
    statistics = site.statistics
    wanted = key(text)
    ratios = statistics.most_common_ratios or ()
    pairs = zip(statistics.most_common_values or (), ratios, strict=False)
    common = sum((ratio for value, ratio in pairs if key(value) < wanted), 0.0)
    bounds = statistics.histogram_bounds or ()
    if len(bounds) < 2:  # noqa: PLR2004  (no bin)
        return common
    rest = max(1.0 - statistics.null_ratio - sum(ratios), 0.0)
    passed = sum(bool(key(bound) < wanted) for bound in bounds)
    return common + rest * min(max(passed - 0.5, 0.0) / (len(bounds) - 1), 1.0)


def _plain(literal: str | None) -> str | None:
    """The text of a literal's value; None: it is no plain literal, or NULL."""
    if literal is None:
        return None
    if _NUMBER.fullmatch(literal):
        return literal
    quoted = _QUOTED.fullmatch(literal)
    if quoted is None:
        return None
    text = quoted["text"].replace("''", "'")
    return text.replace("\\\\", "\\") if quoted["escape"] else text

"""Sessions that have to write other people's pages."""

from collections.abc import Iterator
from dataclasses import dataclass

from pgadvisor.rulekit import (
    Action,
    Case,
    Confidence,
    Evidence,
    Finding,
    GiB,
    Impact,
    ManualSteps,
    Outcome,
    Provenance,
    Server,
    Setting,
    Severity,
    SkipRule,
    WriteActivity,
    change_where_set,
    days_since,
    format_ratio,
    format_size,
    known,
    rule,
)

_PAGES = "bgwriter_lru_maxpages"
_DEFAULT = 100
_TELLS_APART = 17
"""Since this version pages by which a relation grows are counted elsewhere."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much is too much."""

    min_backend_ratio: float = 0.3
    """Pages written by sessions, as a share of all that were written."""

    min_daily_bytes: int = 10 * GiB
    """Written by sessions a day; less is hardly felt."""

    raised_ratio: float = 4.0
    """The proposed number of pages, as a multiple of the one now."""

    max_proposed_count: int = 1_000
    """No more pages a round are proposed: 40 MB/s, with a round each 200 ms."""


@rule(severity=Severity.INFO, since="0.1", limits=Limits)
def backend_written_pages(case: Case, limits: Limits) -> Outcome:
    """Sessions write changed pages themselves, since the background writer may not do more.

    ## Why it matters
    A session that needs a page in memory, and finds only changed ones, has to write one first,
    and its statement waits for that.  The background writer is there to do so ahead of need, but
    stops after ``bgwriter_lru_maxpages`` pages in each round; the default of 100 is 4 MB/s.

    ## What it leaves alone
    Servers whose sessions write little, or a small share; and those whose background writer was
    never stopped at that number, since more would change nothing.  Standbys.

    ## Before you act
    A page that is changed again after it was written ahead is written twice.  Before PostgreSQL
    17 the pages by which tables grow are counted among those of the sessions, and after a load
    that is most of them; there it is said with low confidence.

    ## Example
        ALTER SYSTEM SET bgwriter_lru_maxpages = 400;
        SELECT pg_reload_conf();
    """
    server = case.snapshot.server
    if server.is_in_recovery:
        raise SkipRule("this is a standby, whose pages are changed by recovery")
    written = known(server.write_activity, "counters of written pages")
    setting = known(server.setting(_PAGES), f"values of {_PAGES}")
    days = days_since(server, written.reset_at, case.limits.usage_window_days)
    is_stopped = written.stopped_cleanings > 0 or setting.value == "0"
    total = written.checkpoint_pages + written.cleaned_pages + written.backend_pages
    if (
        is_stopped
        and written.backend_pages >= limits.min_backend_ratio * total
        and written.backend_pages * server.block_size_bytes >= limits.min_daily_bytes * days
        and int(setting.value) < limits.max_proposed_count
    ):
        yield _finding(server, setting, written, days, limits)


def _finding(
    server: Server, setting: Setting, written: WriteActivity, days: float, limits: Limits
) -> Finding:
    total = written.checkpoint_pages + written.cleaned_pages + written.backend_pages
    ratio = written.backend_pages / total
    per_day = written.backend_pages * server.block_size_bytes / days
    return Finding(
        subject=_PAGES,
        summary=f"Sessions write {format_ratio(ratio)} of all changed pages themselves: "
        f"{format_size(per_day)} a day",
        detail=""
        if server.major >= _TELLS_APART
        else "Among these are pages by which tables grew, which nobody else could write.",
        evidence=tuple(_evidence(setting, written, ratio, days)),
        provenance=Provenance.STATISTICS,
        confidence=Confidence.MEDIUM if server.major >= _TELLS_APART else Confidence.LOW,
        guards=("the background writer was stopped at its limit",),
        remedies=_remedies(server, setting, limits),
        impact=Impact(risk="statements wait for the disk while they write for others"),
    )


def _evidence(
    setting: Setting, written: WriteActivity, ratio: float, days: float
) -> Iterator[Evidence]:
    view = "pg_stat_io (pg_stat_bgwriter before PostgreSQL 17)"
    yield Evidence(
        name="pages written by sessions", value=written.backend_pages, unit="pages", source=view
    )
    yield Evidence(name="share of all", value=round(ratio, 4), unit="ratio", source=view)
    yield Evidence(
        name="stopped rounds",
        value=written.stopped_cleanings,
        unit="rounds",
        source="pg_stat_bgwriter.maxwritten_clean",
    )
    yield Evidence(
        name="counted for",
        value=round(days, 1),
        unit="days",
        source="pg_stat_bgwriter.stats_reset",
    )
    yield Evidence(
        name=_PAGES,
        value=int(setting.value),
        unit="pages",
        source=f"pg_settings.setting, from: {setting.source}",
    )


def _remedies(server: Server, setting: Setting, limits: Limits) -> tuple[Action, ...]:
    now = int(setting.value)
    wanted = min(round(limits.raised_ratio * now) or _DEFAULT, limits.max_proposed_count)
    return (
        change_where_set(server, _PAGES, str(wanted)),
        ManualSteps(
            title="See what became of it",
            steps=("Compare the same counters, and the latency of statements, in a week.",),
        ),
    )

"""Large shared memory in pages of the usual size."""

from collections.abc import Iterator
from dataclasses import dataclass

from pgadvisor.rulekit import (
    Case,
    Confidence,
    Evidence,
    Finding,
    GiB,
    Impact,
    ManualSteps,
    Outcome,
    Provenance,
    Setting,
    Severity,
    SkipRule,
    format_size,
    known,
    number_of,
    rule,
)

_HUGE = "huge_pages"
_STATUS = "huge_pages_status"
_BUFFERS = "shared_buffers"
_NEEDED = "shared_memory_size_in_huge_pages"


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much memory is worth the trouble."""

    min_buffers_bytes: int = 8 * GiB
    """Of ``shared_buffers``; with less, tables of pages are small."""


@rule(severity=Severity.INFO, since="0.1", limits=Limits)
def shared_memory_in_small_pages(case: Case, limits: Limits) -> Outcome:
    """Many gigabytes of shared memory are in pages of 4 kB.

    ## Why it matters
    Each process has a table of the pages that it uses: 8 bytes for each 4 kB, so 16 MB for each
    connection that has been through 8 GB of shared memory.  With hundreds of connections that is
    gigabytes, and the processor looks addresses up far more often.  The server would like huge
    pages, and has not got any.

    ## What it leaves alone
    Servers with less shared memory, those that have huge pages, those on which somebody has
    turned them off, and systems that have none.  Before PostgreSQL 17 the server does not say
    what it got.

    ## Before you act
    The pages are set aside for good and can be used for nothing else, so set no more than are
    needed.  In a container they have to be granted from outside, and a managed service decides
    by itself.  It takes a restart.  ``huge_pages = on`` makes the server refuse to start where
    there are too few: ``try`` is safer.

    ## Example
        SHOW shared_memory_size_in_huge_pages;  -- 4292
        -- sysctl -w vm.nr_hugepages=4292, and the same in /etc/sysctl.d
    """
    server = case.snapshot.server
    wish = known(server.setting(_HUGE), f"values of {_HUGE}")
    if wish.value != "try":
        return
    size_bytes = number_of(server, _BUFFERS) * server.block_size_bytes
    if size_bytes < limits.min_buffers_bytes:
        return
    status = server.setting(_STATUS)
    if status is None or status.value == "unknown":
        raise SkipRule("whether there are huge pages is not known: PostgreSQL 17 began to say so")
    needed = known(server.setting(_NEEDED), f"values of {_NEEDED}")
    if status.value == "off" and int(needed.value) > 0:
        yield _finding(status, needed, size_bytes)


def _finding(status: Setting, needed: Setting, size_bytes: float) -> Finding:
    return Finding(
        subject=_HUGE,
        summary=f"{format_size(size_bytes)} of shared buffers are in small pages, since the system "
        "has no huge ones to give",
        evidence=tuple(_evidence(status, needed, size_bytes)),
        provenance=Provenance.CATALOG,
        confidence=Confidence.MEDIUM,
        guards=("the server asked for huge pages, and the system knows of them",),
        remedies=(_remedy(needed.value),),
        impact=Impact(risk="each connection takes more memory than it need"),
    )


def _evidence(status: Setting, needed: Setting, size_bytes: float) -> Iterator[Evidence]:
    source = "pg_settings.setting"
    yield Evidence(name=_BUFFERS, value=round(size_bytes), unit="bytes", source=source)
    yield Evidence(name=_STATUS, value=status.value, source=source)
    yield Evidence(name=_NEEDED, value=int(needed.value), unit="pages", source=source)


def _remedy(needed: str) -> ManualSteps:
    return ManualSteps(
        title="Set huge pages aside",
        steps=(
            (
                f"As root: `sysctl -w vm.nr_hugepages={needed}`, and the same in /etc/sysctl.d. If "
                "other programs use some, add theirs."
            ),
            "Restart the server, and see that `SHOW huge_pages_status` says on.",
            (
                "The way back: the old number, as `sysctl vm.nr_hugepages` gives it now, and "
                "another restart."
            ),
        ),
    )

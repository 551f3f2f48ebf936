"""Logical decoding that goes through files, since its memory is small."""

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
    KiB,
    ManualSteps,
    MiB,
    Outcome,
    Provenance,
    ReplicationSlot,
    Setting,
    Severity,
    SkipRule,
    change_where_set,
    format_count,
    format_ratio,
    format_size,
    known,
    rule,
    work_mem_mib,
)

_SETTING = "logical_decoding_work_mem"


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much is much, and what is proposed."""

    min_spilled_bytes: int = 10 * GiB
    """Written to files while decoding, of all slots."""

    min_spilled_ratio: float = 0.1
    """Of all that was decoded, by way of files or not."""

    min_spilled_transactions_count: int = 100
    """With fewer it was a load, or a move."""

    max_proposed_bytes: int = 512 * MiB
    """No more is proposed: each slot that is read from may take it."""

    max_memory_ratio: float = 0.125
    """Of the machine's memory, where that is known, for all logical slots together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Spill:
    """What went through files, of all logical slots."""

    slots: tuple[ReplicationSlot, ...]

    @property
    def transactions(self) -> int:
        return sum(slot.spilled_transactions or 0 for slot in self.slots)

    @property
    def size_bytes(self) -> int:
        return sum(slot.spilled_bytes or 0 for slot in self.slots)

    @property
    def decoded_bytes(self) -> int:
        """``total_bytes`` is what was in memory at the commits, without what had gone to files."""
        return self.size_bytes + sum(slot.decoded_bytes or 0 for slot in self.slots)

    @property
    def ratio(self) -> float:
        """Of all that was decoded."""
        return self.size_bytes / self.decoded_bytes if self.decoded_bytes else 0.0

    @property
    def mean_bytes(self) -> float:
        """Of a transaction that did not fit."""
        return self.size_bytes / max(self.transactions, 1)


@rule(severity=Severity.INFO, since="0.1", limits=Limits)
def decoding_on_disk(case: Case, limits: Limits) -> Outcome:
    """Logical decoding writes transactions to files, since its memory is small.

    ## Why it matters
    Whoever reads from a logical slot is sent whole transactions, in the order of their commits.
    Until then their changes wait in ``logical_decoding_work_mem``; what does not fit goes to files,
    and is read again at the commit.  The reader lags behind meanwhile, and WAL is kept for it.

    ## What it leaves alone
    Servers on which little was written so, or a small share of what was decoded, and those whose
    reader takes transactions before they end (``streaming`` of a subscription).  The counters
    are those since the slot was made, or since they were reset; PostgreSQL 13 has none.

    ## Before you act
    Each reader's session may take the memory, and only while transactions are open.  A few
    gigantic transactions are no reason for more: where the mean of those that did not fit is more
    than half a gigabyte, none is proposed.

    ## Example
        SELECT slot_name, spill_txns, spill_bytes, total_bytes FROM pg_stat_replication_slots;
        ALTER SYSTEM SET logical_decoding_work_mem = '256MB';
        SELECT pg_reload_conf();
    """
    server = case.snapshot.server
    slots = known(server.replication_slots, "replication slots")
    counted = tuple(slot for slot in slots if slot.spilled_bytes is not None)
    if not counted:
        if any(slot.kind == "logical" for slot in slots):
            raise SkipRule("what decoding writes to files is counted since PostgreSQL 14")
        return
    setting = known(server.setting(_SETTING), f"values of {_SETTING}")
    spill = _Spill(slots=counted)
    if (
        spill.size_bytes >= limits.min_spilled_bytes
        and spill.ratio >= limits.min_spilled_ratio
        and spill.transactions >= limits.min_spilled_transactions_count
    ):
        yield _finding(case, setting, spill, limits)


def _finding(case: Case, setting: Setting, spill: _Spill, limits: Limits) -> Finding:
    return Finding(
        subject=_SETTING,
        summary=f"Logical decoding has written {format_size(spill.size_bytes)} to files, for "
        f"{format_count(spill.transactions)} transactions that did not fit into its memory",
        detail=f"{format_ratio(spill.ratio)} of what it decodes goes that way, "
        f"{format_size(spill.mean_bytes)} a transaction on average.",
        evidence=tuple(_evidence(setting, spill)),
        provenance=Provenance.STATISTICS,
        confidence=Confidence.MEDIUM,
        guards=("it was more than one load", "it is a good part of what is decoded"),
        remedies=tuple(_remedies(case, setting, spill, limits)),
        impact=Impact(risk="readers of logical slots lag behind, and WAL is kept for them"),
    )


def _evidence(setting: Setting, spill: _Spill) -> Iterator[Evidence]:
    view = "pg_stat_replication_slots"
    yield Evidence(
        name="written to files", value=spill.size_bytes, unit="bytes", source=f"{view}.spill_bytes"
    )
    yield Evidence(
        name="transactions that did not fit",
        value=spill.transactions,
        unit="transactions",
        source=f"{view}.spill_txns",
    )
    yield Evidence(
        name="decoded",
        value=spill.decoded_bytes,
        unit="bytes",
        source=f"{view}.spill_bytes + total_bytes",
    )
    for slot in spill.slots:
        if slot.spilled_bytes:
            yield Evidence(
                name=f"of slot {slot.name}",
                value=slot.spilled_bytes,
                unit="bytes",
                source=f"{view}.spill_bytes",
            )
    yield Evidence(
        name=_SETTING,
        value=int(setting.value) * KiB,
        unit="bytes",
        source=f"pg_settings.setting, from: {setting.source}",
    )


def _remedies(case: Case, setting: Setting, spill: _Spill, limits: Limits) -> Iterator[Action]:
    now = int(setting.value) * KiB
    wanted = work_mem_mib(now + spill.mean_bytes) * MiB
    if now < wanted <= _most_bytes(case, spill, limits):
        yield change_where_set(case.snapshot.server, _SETTING, str(wanted // KiB))
    yield ManualSteps(
        title="Let less of a transaction wait for its end",
        steps=(
            "Write and delete in batches, each with a commit of its own.",
            (
                "Where the reader is a subscription, `ALTER SUBSCRIPTION ... SET (streaming = on)` "
                "on its side sends large transactions before they end; the way back is "
                "`SET (streaming = off)`."
            ),
        ),
    )


def _most_bytes(case: Case, spill: _Spill, limits: Limits) -> int:
    memory = case.machine.memory_bytes
    if memory is None:
        return limits.max_proposed_bytes
    fair = int(limits.max_memory_ratio * memory / len(spill.slots))
    return min(limits.max_proposed_bytes, fair)

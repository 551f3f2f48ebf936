"""An advice with everything in it, names that want to break out included."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from pgadvisor.emit.migration import build_migration
from pgadvisor.model.action import (
    ManualSteps,
    RewriteCost,
    RewriteStatement,
)
from pgadvisor.model.advice import AdviceData, Recommendation
from pgadvisor.model.budget import Budget
from pgadvisor.model.candidate import Candidate, Rejected, StatementEffect
from pgadvisor.model.estimate import Fidelity, StatementFidelity
from pgadvisor.model.finding import (
    Confidence,
    Evidence,
    Finding,
    Impact,
    Provenance,
    Severity,
    Skipped,
    Suppressed,
)
from pgadvisor.model.gates import Gate, Gates, GateState
from pgadvisor.model.sensitivity import (
    AskedColumns,
    ClassCost,
    PlansByValue,
    PlanVariant,
    ValueClass,
    ValueKind,
)
from pgadvisor.model.server import Server
from pgadvisor.model.snapshot import Redaction, Unavailable
from pgadvisor.model.statement import Statement
from pgadvisor.model.window import Window
from pgadvisor.units import MiB
from tests.emit.choice_sample import SUPERSEDED_OID, a_choice
from tests.emit.sample_actions import (
    BY_CUSTOMER,
    BY_NAME,
    BY_SUFFIX,
    CREATE,
    CREATE_EXPRESSION,
    CREATE_PARTITIONED,
    DROP,
    HOSTILE,
    LIBRARIES,
    LOCK_WAITS,
    MARKUP,
    OPTIONS,
    POLL,
    PRIMARY_KEY,
    WORK_MEM,
)

WINDOW = Window(
    days=12.4,
    note="since pg_stat_database.stats_reset",
    since=datetime(2026, 3, 1, 12, 0, tzinfo=UTC) - timedelta(days=12.4),
)


def an_advice(*, migration_format: str = "plain") -> AdviceData:
    """The whole of it."""
    recommendations = _recommendations()
    return AdviceData(
        server=Server(
            version_num=180004,
            version="18.4",
            database="shop <b>",
            collected_at=datetime(2026, 3, 1, 12, 0, tzinfo=UTC),
        ),
        findings=_findings(),
        recommendations=recommendations,
        rejected=(
            Rejected(
                candidate=Candidate(definition=BY_SUFFIX, statement_ids=("1",), reason="equality"),
                code="too-little",
                reason="saves 3 ms a day, less than 1 s",
            ),
        ),
        skipped=(
            Skipped(rule_id="unused-index", reason="statistics cover 12.4 of 35 days"),
            Skipped(rule_id="missing-index", reason="no statistics", subject="public.a"),
            Skipped(rule_id="missing-index", reason="no statistics", subject="public.b"),
        ),
        clear=("invalid-index", "stale-statistics"),
        suppressed=(Suppressed(finding=_findings()[1], reason="known since 2025"),),
        broken_rules=(Skipped(rule_id="my-rule", reason="KeyError in my_rule.py:12"),),
        unavailable=(
            Unavailable(
                what="pg_stats of 3 tables",
                reason="permission denied",
                consequence="their columns are taken to be evenly distributed",
                remedy='GRANT SELECT ON ALL TABLES IN SCHEMA "public" TO advisor',
            ),
        ),
        gates=Gates(
            rows=(
                Gate(
                    id="drop-window",
                    state=GateState.CLOSED,
                    detail="statistics cover 12.4 of 35 days",
                ),
                Gate(id="topology", state=GateState.OPEN, detail="there is no replica"),
            )
        ),
        fidelity=Fidelity(
            statements=(
                StatementFidelity(
                    statement_id="1", is_same_shape=True, original_cost=100.0, twin_cost=100.0
                ),
                StatementFidelity(
                    statement_id="2",
                    is_same_shape=False,
                    original_cost=100.0,
                    twin_cost=101.0,
                    reason="public.orders has changed its size since it was analysed",
                ),
            ),
            notes=("planned by PostgreSQL 18.6",),
            twin_version="18.6",
            original_version="18.4",
            binaries="embedded PostgreSQL 18.6, the original's own major",
        ),
        choice=a_choice(BY_CUSTOMER, BY_NAME, _effects()),
        budget=Budget(index_bytes=4 * MiB, protected=frozenset({"orders_by_day"})),
        index_names=((SUPERSEDED_OID, f"public.{HOSTILE}"),),
        plans_by_value=(_by_value(),),
        migration=build_migration(recommendations, format=migration_format),
        statements=_statements(),
        statement_count=120,
        table_count=12,
        index_count=1,
        statement_window=WINDOW,
        counter_window=WINDOW,
        lowered_limits=("drop-window 1 instead of 35 days",),
        redaction=Redaction(level="default"),
        is_partial=True,
        collected_at=datetime(2026, 3, 1, 12, 0, tzinfo=UTC),
        analysis_time_ms=123.4,
        tool_version="0.1.0",
    )


def an_empty_advice() -> AdviceData:
    """Of a database in which nothing is wrong."""
    return AdviceData(
        server=an_advice().server,
        findings=(),
        recommendations=(),
        rejected=(),
        skipped=(),
        clear=("invalid-index",),
        migration=build_migration(()),
    )


def _statements() -> tuple[Statement, ...]:
    return (
        Statement(id="1", text=POLL, calls=1000, total_time_ms=250_000.0, mean_time_ms=250.0),
        Statement(
            id="2",
            text=f"select 1 /* {MARKUP} */",
            calls=10,
            total_time_ms=5_000.0,
            mean_time_ms=500.0,
        ),
        Statement(id="daily.sql", text="select 2", source="workload", weight=3.0),
    )


def _effects() -> tuple[StatementEffect, ...]:
    return (
        StatementEffect(
            statement_id="1",
            calls_per_day=80.6,
            cost_before=12_345.67,
            cost_after=8.31,
            mean_time_ms=250.0,
        ),
        StatementEffect(
            statement_id="2",
            calls_per_day=0.8,
            cost_before=100.0,
            cost_after=60.0,
            mean_time_ms=500.0,
        ),
    )


def _by_value() -> PlansByValue:
    customer = AskedColumns(table="public.orders", columns=("customer_id",))
    status = AskedColumns(table="public.orders", columns=("status",))
    pending = ValueClass(asked=status, kind=ValueKind.VALUE, low_ratio=0.01, high_ratio=0.01)
    heavy = ValueClass(asked=customer, kind=ValueKind.VALUE, low_ratio=0.12, high_ratio=0.12)
    light = ValueClass(
        asked=customer,
        kind=ValueKind.VALUE,
        low_ratio=0.00001,
        high_ratio=0.00001,
        value_count=88_000.0,
    )
    return PlansByValue(
        statement_id="1",
        variants=(
            PlanVariant(
                nodes=("Index Scan using orders_customer on orders",),
                members=(ClassCost(classes=(light, pending), weight=0.88, cost=8.31),),
                is_generic=True,
            ),
            PlanVariant(
                nodes=(f"Seq Scan on {HOSTILE}",),
                members=(
                    ClassCost(
                        classes=(heavy, pending),
                        weight=0.12,
                        cost=12_345.67,
                        values=((1, "'pending'"), (2, f"'{MARKUP}'")),
                    ),
                ),
            ),
        ),
        generic_cost=8.5,
        planning_cost=5.0,
        keeps_generic=True,
        is_notable=True,
        assumptions=(
            "the value of each row is as likely to be asked for as any other",
            "conditions are met independently of one another",
        ),
    )


def _findings() -> tuple[Finding, ...]:
    return (
        Finding(
            subject="public.orders",
            summary="98 % of the time goes into reading public.orders from end to end",
            detail=f"A hostile remark: {MARKUP}",
            evidence=(
                Evidence(name="calls", value=1000, unit="calls", source="pg_stat_statements"),
                Evidence(name="share", value=0.98, unit="ratio", source="pg_stat_statements"),
                Evidence(name="size", value=20 * MiB, unit="bytes", source="pg_relation_size"),
                Evidence(name="mean time", value=250.0, unit="ms", source="pg_stat_statements"),
                Evidence(name="definition", value=MARKUP, source="pg_get_indexdef"),
                Evidence(name="analysed", value=True, source="pg_stat_user_tables"),
            ),
            provenance=Provenance.SIMULATED,
            confidence=Confidence.HIGH,
            guards=("no index begins with customer_id", "the planner uses it"),
            impact=Impact(saved_ms_per_day=20_000.0, saved_ratio=0.97, added_bytes=3 * MiB),
            statement_ids=("1",),
            severity=Severity.CRITICAL,
            rule_id="missing-index",
            key="missing-index:public.orders(customer_id,created_at)",
        ),
        Finding(
            subject=f"public.{HOSTILE}",
            summary=f"public.{HOSTILE} was not scanned once",
            evidence=(),
            provenance=Provenance.STATISTICS,
            confidence=Confidence.MEDIUM,
            severity=Severity.WARNING,
            rule_id="unused-index",
            key=f"unused-index:public.{HOSTILE}",
        ),
        Finding(
            subject="public.counters",
            summary="public.counters will run out of numbers in 200 days",
            evidence=(),
            provenance=Provenance.ESTIMATED,
            confidence=Confidence.LOW,
            severity=Severity.INFO,
            rule_id="integer-key-exhaustion",
            key="integer-key-exhaustion:public.counters",
        ),
    )


def _recommendations() -> tuple[Recommendation, ...]:
    return (
        Recommendation(
            title="Create an index on public.orders (customer_id, created_at DESC)",
            actions=(CREATE,),
            finding_keys=(_findings()[0].key,),
            severity=Severity.CRITICAL,
            confidence=Confidence.HIGH,
            provenance=Provenance.SIMULATED,
            impact=Impact(
                saved_ms_per_day=20_000.0,
                saved_ratio=0.97,
                added_bytes=3 * MiB,
                written_entries_per_day=500.0,
            ),
            effects=_effects(),
        ),
        Recommendation(
            title="Rewrite a statement",
            actions=(
                RewriteStatement(
                    before="select * from t where x + 1 = $1",
                    after="select * from t where x = $1 - 1",
                    condition="x is never near the end of its type",
                    cost=RewriteCost(before=20_417.5, after=8.44),
                ),
                ManualSteps(title=f"Ask {MARKUP}", steps=("First `this`.", "Then that.")),
            ),
            finding_keys=(),
            severity=Severity.WARNING,
            impact=Impact(),
            is_in_migration=False,
            review_reason="the application has to be changed",
            confidence=Confidence.HIGH,
            provenance=Provenance.CATALOG,
        ),
        Recommendation(
            title=f"Drop the index public.{HOSTILE}",
            actions=(DROP, CREATE_EXPRESSION, OPTIONS),
            finding_keys=(_findings()[1].key,),
            severity=Severity.WARNING,
            impact=Impact(freed_bytes=20 * MiB, risk="each write makes an entry for nothing"),
            confidence=Confidence.HIGH,
            provenance=Provenance.CATALOG,
        ),
        Recommendation(
            title="Create an index on public.events (at)",
            actions=(CREATE_PARTITIONED, PRIMARY_KEY),
            finding_keys=(),
            severity=Severity.INFO,
            impact=Impact(),
            confidence=Confidence.HIGH,
            provenance=Provenance.CATALOG,
        ),
        Recommendation(
            title="Set work_mem to 64MB",
            actions=(WORK_MEM, LOCK_WAITS),
            finding_keys=(),
            severity=Severity.INFO,
            impact=Impact(),
            confidence=Confidence.HIGH,
            provenance=Provenance.CATALOG,
        ),
        Recommendation(
            title="Set shared_preload_libraries to auto_explain,pg_stat_statements for the whole "
            "server",
            actions=(LIBRARIES,),
            finding_keys=(),
            severity=Severity.INFO,
            impact=Impact(),
            is_in_migration=False,
            review_reason="it takes a restart, which is never done for you",
            confidence=Confidence.HIGH,
            provenance=Provenance.CATALOG,
        ),
    )

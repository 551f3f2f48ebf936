"""Plans with findings for the outputs of ``pgadvisor explain``."""

from __future__ import annotations

from pgadvisor.emit.plan_view import ExplainedPlan
from pgadvisor.model.action import ManualSteps
from pgadvisor.model.finding import (
    Confidence,
    Diagnosis,
    Evidence,
    Finding,
    Impact,
    Provenance,
    Severity,
    Skipped,
)
from pgadvisor.parse.plans.exclusive import plan_use
from pgadvisor.parse.plans.execution import executions_of
from pgadvisor.parse.plans.read import read_plans
from pgadvisor.parse.plans.redact import redacted_plan

BEFORE = """\
Query Text: select c.name, sum(o.total) from orders o join customers c on c.id = o.customer_id
where o.status = 'zebra' group by c.name order by 2 desc
Sort  (cost=4183.69..4184.94 rows=500 width=44) (actual time=203.412..203.970 rows=4800 loops=1)
  Sort Key: (sum(o.total)) DESC
  Sort Method: external merge  Disk: 160kB
  Buffers: shared hit=120 read=1834, temp read=20 written=21
  ->  HashAggregate  (cost=4155.03..4161.28 rows=500 width=44) (actual time=190.104..191.907 rows=4800 loops=1)
        Group Key: c.name
        Batches: 1  Memory Usage: 913kB
        Buffers: shared hit=120 read=1834
        ->  Hash Join  (cost=140.00..4130.05 rows=4995 width=20) (actual time=2.210..176.330 rows=61200 loops=1)
              Hash Cond: (o.customer_id = c.id)
              Buffers: shared hit=120 read=1834
              ->  Seq Scan on orders o  (cost=0.00..3977.00 rows=4995 width=14) (actual time=0.018..151.900 rows=61200 loops=1)
                    Filter: (status = 'zebra'::text)
                    Rows Removed by Filter: 138800
                    Buffers: shared hit=75 read=1834
              ->  Hash  (cost=95.00..95.00 rows=5000 width=18) (actual time=2.105..2.106 rows=5000 loops=1)
                    Buckets: 8192  Batches: 1  Memory Usage: 313kB
                    Buffers: shared hit=45
                    ->  Seq Scan on customers c  (cost=0.00..95.00 rows=5000 width=18) (actual time=0.009..0.911 rows=5000 loops=1)
                          Buffers: shared hit=45
  InitPlan 1
    ->  Seq Scan on zones  (cost=0.00..1.05 rows=1 width=4) (never executed)
          Filter: (id = 48213)
Planning Time: 0.412 ms
Execution Time: 204.880 ms
"""  # noqa: E501
AFTER = """\
Sort  (cost=2183.69..2184.94 rows=5000 width=44) (actual time=42.412..42.970 rows=4800 loops=1)
  Sort Key: (sum(o.total)) DESC
  Sort Method: quicksort  Memory: 420kB
  Buffers: shared hit=890
  ->  HashAggregate  (cost=2155.03..2161.28 rows=5000 width=44) (actual time=38.104..39.907 rows=4800 loops=1)
        Group Key: c.name
        Batches: 1  Memory Usage: 913kB
        Buffers: shared hit=890
        ->  Hash Join  (cost=140.00..2130.05 rows=60100 width=20) (actual time=2.210..28.330 rows=61200 loops=1)
              Hash Cond: (o.customer_id = c.id)
              Buffers: shared hit=890
              ->  Index Only Scan using orders_status_customer on orders o  (cost=0.42..1977.00 rows=60100 width=14) (actual time=0.018..12.900 rows=61200 loops=1)
                    Index Cond: (status = 'zebra'::text)
                    Heap Fetches: 12
                    Buffers: shared hit=845
              ->  Hash  (cost=95.00..95.00 rows=5000 width=18) (actual time=2.105..2.106 rows=5000 loops=1)
                    Buckets: 8192  Batches: 1  Memory Usage: 313kB
                    Buffers: shared hit=45
                    ->  Seq Scan on customers c  (cost=0.00..95.00 rows=5000 width=18) (actual time=0.009..0.911 rows=5000 loops=1)
                          Buffers: shared hit=45
Planning Time: 0.455 ms
Execution Time: 43.510 ms
"""  # noqa: E501
ESTIMATED = """\
Nested Loop  (cost=0.42..840.00 rows=300 width=12)
  ->  Seq Scan on a  (cost=0.00..40.00 rows=3 width=4)
        Filter: (kind = 'zebra'::text)
  ->  Index Scan using b_pkey on b  (cost=0.42..8.00 rows=100 width=8)
        Index Cond: (id = a.b_id)
"""
FINDING = Finding(
    subject="orders",
    summary="138,800 rows of orders were read and thrown away to return 61,200",
    detail="The filter on status is checked row by row, since no index serves it.",
    evidence=(
        Evidence(name="removed rows", value=138_800, unit="rows", source="plan, Seq Scan on o"),
    ),
    provenance=Provenance.MEASURED,
    confidence=Confidence.MEDIUM,
    guards=("the table is read as a whole",),
    remedies=(
        ManualSteps(
            title="Let an index find the rows",
            steps=("Try `create index on orders (status)` on a copy.",),
        ),
    ),
    impact=Impact(bound_ms=151.9),
    severity=Severity.WARNING,
    rule_id="discarded-rows",
    key="discarded-rows:orders",
    execution=0,
    nodes=(3,),
)
DIAGNOSIS = Diagnosis(
    findings=(FINDING,),
    skipped=(Skipped(rule_id="lossy-bitmap", reason="the plan has no bitmap"),),
    clear=("spilling-sort", "wide-join"),
)


def explained(
    text: str, source: str = "plan.txt", diagnosis: Diagnosis | None = None
) -> tuple[ExplainedPlan, ...]:
    """Read plans as the command does, without their literals."""
    plans = tuple(map(redacted_plan, read_plans(text)))
    return tuple(
        ExplainedPlan(
            execution=execution,
            use=plan_use(execution.plan),
            diagnosis=diagnosis or Diagnosis(clear=("spilling-sort",)),
        )
        for execution in executions_of(plans, source)
    )


def before() -> ExplainedPlan:
    """The slow plan, with a finding."""
    [plan] = explained(BEFORE, "before.txt", DIAGNOSIS)
    return plan


def slower() -> ExplainedPlan:
    """The slow plan without its init plan, so that it reads what the quick one reads."""
    head, _, tail = BEFORE.partition("  InitPlan 1")
    _, _, times = tail.partition("Planning Time")
    [plan] = explained(f"{head}Planning Time{times}", "slower.txt", DIAGNOSIS)
    return plan


def after() -> ExplainedPlan:
    """The quick plan, in which nothing is found."""
    [plan] = explained(AFTER, "after.txt")
    return plan


def estimated() -> ExplainedPlan:
    """A plan that was not executed."""
    [plan] = explained(ESTIMATED, "made.txt")
    return plan

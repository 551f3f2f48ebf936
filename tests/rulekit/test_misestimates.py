"""Where estimates begin to be wrong, and what looks like it and is none."""

from __future__ import annotations

import pytest

from pgadvisor.rulekit.misestimates import Misestimate, misestimates
from pgadvisor.testing import a_case, a_snapshot, executed


def found(plan: str) -> list[Misestimate]:
    case = a_case(a_snapshot(), executions=executed(plan))
    return list(misestimates(case, min_factor=10.0, min_rows=1_000.0))


def names(plan: str) -> list[str]:
    return [each.node.name for each in found(plan)]


def test_tells_the_lowest_node_and_not_what_passes_it_on() -> None:
    plan = """\
Sort  (cost=1..2 rows=10 width=8) (actual time=9..9 rows=5000 loops=1)
  ->  Hash Join  (cost=1..2 rows=10 width=8) (actual time=9..9 rows=5000 loops=1)
        Hash Cond: (a.x = b.x)
        ->  Seq Scan on a  (cost=1..2 rows=10 width=8) (actual time=9..9 rows=5000 loops=1)
              Filter: (n = 5)
        ->  Hash  (cost=1..2 rows=100 width=8) (actual time=9..9 rows=100 loops=1)
              ->  Seq Scan on b  (cost=1..2 rows=100 width=8) (actual time=9..9 rows=100 loops=1)
"""

    [one] = found(plan)

    assert one.node.name == "Seq Scan on a"
    assert (one.expected_rows, one.actual_rows, one.factor) == (10.0, 5_000.0, 500.0)
    assert one.is_underestimate
    assert not one.is_least


def test_tells_a_join_that_adds_an_error_of_its_own() -> None:
    plan = """\
Hash Join  (cost=1..2 rows=10 width=8) (actual time=9..9 rows=50000 loops=1)
  Hash Cond: (a.x = b.x)
  ->  Seq Scan on a  (cost=1..2 rows=100 width=8) (actual time=9..9 rows=2000 loops=1)
  ->  Hash  (cost=1..2 rows=100 width=8) (actual time=9..9 rows=100 loops=1)
        ->  Seq Scan on b  (cost=1..2 rows=100 width=8) (actual time=9..9 rows=100 loops=1)
"""

    assert names(plan) == ["Hash Join", "Seq Scan on a"]


MULTIPLIED = """\
Hash Join  (cost=1..2 rows=10 width=8) (actual time=9..9 rows={joined} loops=1)
  Hash Cond: (b.x = a.x)
  ->  Seq Scan on b  (cost=1..2 rows=9000 width=8) (actual time=9..9 rows=9000 loops=1)
  ->  Hash  (cost=1..2 rows=1 width=8) (actual time=9..9 rows=100 loops=1)
        ->  Seq Scan on a  (cost=1..2 rows=1 width=8) (actual time=9..9 rows=100 loops=1)
              Filter: ((n = 5) AND (m = 6))
"""


@pytest.mark.parametrize(
    ("joined", "told"), [(1_010, ["Seq Scan on a"]), (1_009, []), (10, []), (1, [])]
)
def test_few_rows_too_many_count_as_what_a_join_makes_of_them(joined: int, told: list[str]) -> None:
    assert names(MULTIPLIED.format(joined=joined)) == told


def test_what_a_subquery_returns_is_not_passed_on() -> None:
    plan = """\
Seq Scan on b  (cost=1..2 rows=10 width=8) (actual time=9..9 rows=5000 loops=1)
  Filter: (x = (InitPlan 1).col1)
  InitPlan 1
    ->  Seq Scan on a  (cost=1..2 rows=1 width=8) (actual time=9..9 rows=100 loops=1)
          Filter: (n = 5)
"""

    assert names(plan) == ["Seq Scan on b"]


LIMITED = """\
Limit  (cost=1..2 rows=20 width=8) (actual time=9..9 rows={rows} loops=1)
  ->  Seq Scan on a  (cost=1..2 rows={expected} width=8) (actual time=9..9 rows={rows} loops=1)
        Filter: (n = 5)
"""


@pytest.mark.parametrize(
    ("expected", "rows", "told"),
    [
        pytest.param(50_000, 20, 0, id="stopped-when-it-had-enough"),
        pytest.param(50_000, 19, 1, id="ended-before"),
        pytest.param(20, 5_000, 1, id="more-came-all-the-same"),
    ],
)
def test_a_satisfied_limit_explains_too_few_rows(expected: int, rows: int, told: int) -> None:
    assert len(found(LIMITED.format(expected=expected, rows=rows))) == told


def test_a_sort_below_a_limit_has_read_everything() -> None:
    plan = """\
Limit  (cost=1..2 rows=20 width=8) (actual time=9..9 rows=20 loops=1)
  ->  Sort  (cost=1..2 rows=50000 width=8) (actual time=9..9 rows=20 loops=1)
        ->  Seq Scan on a  (cost=1..2 rows=50000 width=8) (actual time=9..9 rows=30 loops=1)
"""

    assert names(plan) == ["Seq Scan on a"]


def test_semi_joins_stop_their_inner_side_and_are_not_judged() -> None:
    plan = """\
Nested Loop Semi Join  (cost=1..2 rows=5000 width=8) (actual time=9..9 rows=10 loops=1)
  ->  Seq Scan on a  (cost=1..2 rows=5000 width=8) (actual time=9..9 rows=5000 loops=1)
  ->  Index Scan using i on b  (cost=1..2 rows=900 width=8) (actual time=9..9 rows=1 loops=5000)
        Index Cond: (x = a.x)
"""

    assert names(plan) == []


def test_a_subquery_of_exists_stops_at_its_first_row() -> None:
    plan = """\
Result  (cost=1..2 rows=1 width=1) (actual time=9..9 rows=1 loops=1)
  InitPlan 1 (returns $0)
    ->  Seq Scan on a  (cost=1..2 rows=50000 width=8) (actual time=9..9 rows=1 loops=1)
"""

    assert names(plan) == []


MERGE = """\
Merge Join  (cost=1..2 rows=50000 width=8) (actual time=9..9 rows=50000 loops=1)
  Merge Cond: (a.x = b.x)
  ->  Index Scan using a_i on a  (cost=1..2 rows={expected} width=8) (actual time=9..9 rows=500 loops=1)
  ->  Index Scan using b_i on b  (cost=1..2 rows=1000 width=8) (actual time=9..9 rows={read} loops=1)
"""  # noqa: E501


def test_a_merge_join_stops_early_and_reads_again() -> None:
    assert names(MERGE.format(expected=50_000, read=40_000)) == []


def test_bitmaps_count_no_rows() -> None:
    plan = """\
Bitmap Heap Scan on a  (cost=1..2 rows=5000 width=8) (actual time=9..9 rows=5000 loops=1)
  Recheck Cond: ((x = 1) AND (y = 2))
  ->  BitmapAnd  (cost=1..2 rows=5000 width=0) (actual time=9..9 rows=0 loops=1)
        ->  Bitmap Index Scan on i  (cost=1..2 rows=9000 width=0) (actual time=9..9 rows=0 loops=1)
        ->  Bitmap Index Scan on j  (cost=1..2 rows=9000 width=0) (actual time=9..9 rows=9 loops=1)
"""

    assert names(plan) == []


def test_modify_table_returns_nothing_without_returning() -> None:
    plan = """\
Update on a  (cost=1..2 rows=5000 width=8) (actual time=9..9 rows=0 loops=1)
  ->  Seq Scan on a  (cost=1..2 rows=5000 width=8) (actual time=9..9 rows=5000 loops=1)
"""

    assert names(plan) == []


def test_what_never_ran_is_not_judged() -> None:
    plan = """\
Hash Join  (cost=1..2 rows=1 width=8) (actual time=9..9 rows=0 loops=1)
  Hash Cond: (a.x = b.x)
  ->  Seq Scan on a  (cost=1..2 rows=50000 width=8) (actual time=9..9 rows=1 loops=1)
  ->  Hash  (cost=1..2 rows=1 width=8) (actual time=9..9 rows=0 loops=1)
        ->  Seq Scan on b  (cost=1..2 rows=1 width=8) (never executed)
"""

    assert names(plan) == []


ROUNDED = """\
Nested Loop  (cost=1..2 rows=1000 width=8) (actual time=9..9 rows=400 loops=1)
  ->  Seq Scan on a  (cost=1..2 rows=1000 width=8) (actual time=9..9 rows=1000 loops=1)
  ->  Index Scan using i on b  (cost=1..2 rows={expected} width=8) (actual time=9..9 rows={rows} loops=1000)
        Index Cond: (x = a.x)
"""  # noqa: E501


@pytest.mark.parametrize(
    ("expected", "rows", "told"),
    [
        pytest.param(5, "0", 0, id="no-row-may-be-half-a-row"),
        pytest.param(30, "3", 0, id="3-may-be-3.5"),
        pytest.param(1, "10", 0, id="10-may-be-9.5"),
        pytest.param(1, "11", 1, id="11-is-10.5-at-least"),
        pytest.param(1, "10.02", 1, id="since-18-with-two-decimals"),
    ],
)
def test_averages_over_loops_are_rounded(expected: int, rows: str, told: int) -> None:
    judged = [name for name in names(ROUNDED.format(expected=expected, rows=rows)) if " b" in name]

    assert len(judged) == told


PARALLEL = """\
Gather  (cost=1..2 rows=12000 width=8) (actual time=9..9 rows={rows} loops=1)
  Workers Planned: 2
  Workers Launched: 2
  ->  Parallel Seq Scan on a  (cost=1..2 rows=5000 width=8) (actual time=9..9 rows={each} loops=3)
"""


@pytest.mark.parametrize(("each", "told"), [(4_000, 0), (39_000, 0), (41_000, 1)])
def test_processes_of_a_parallel_scan_are_added_up(each: int, told: int) -> None:
    assert len(found(PARALLEL.format(rows=3 * each, each=each))) == told


def test_one_process_that_did_all_of_it_is_no_misestimate() -> None:
    plan = """\
Gather  (cost=1..2 rows=44000 width=8) (actual time=9..9 rows=44000 loops=1)
  Workers Planned: 11
  Workers Launched: 0
  ->  Parallel Seq Scan on a  (cost=1..2 rows=4000 width=8) (actual time=9..9 rows=44000 loops=1)
"""

    assert names(plan) == []


def test_groups_are_judged_where_their_rows_are_as_expected() -> None:
    plan = """\
HashAggregate  (cost=1..2 rows=90000 width=8) (actual time=9..9 rows=5 loops=1)
  Group Key: city, zip
  ->  Seq Scan on a  (cost=1..2 rows=100000 width=8) (actual time=9..9 rows={rows} loops=1)
"""

    assert names(plan.format(rows=100_000)) == ["Aggregate"]
    assert names(plan.format(rows=9)) == ["Seq Scan on a"]


def test_of_partitions_below_one_append_the_worst_is_told() -> None:
    plan = """\
Append  (cost=1..2 rows=30 width=8) (actual time=9..9 rows=15000 loops=1)
  ->  Seq Scan on e_1  (cost=1..2 rows=10 width=8) (actual time=9..9 rows=2000 loops=1)
        Filter: (n = 5)
  ->  Seq Scan on e_2  (cost=1..2 rows=10 width=8) (actual time=9..9 rows=9000 loops=1)
        Filter: (n = 5)
  ->  Seq Scan on e_3  (cost=1..2 rows=10 width=8) (actual time=9..9 rows=4000 loops=1)
        Filter: (n = 5)
"""

    assert names(plan) == ["Seq Scan on e_2"]

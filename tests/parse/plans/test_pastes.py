"""Plans as people paste them."""

from __future__ import annotations

import json
from collections.abc import Sequence

import pytest

from pgadvisor.parse.plan_values import PlanFormatError
from pgadvisor.parse.plans.read import MAX_CHARACTERS, read_plans

TEXT = """\
Limit  (cost=0.29..8.31 rows=1 width=36) (actual time=0.011..0.019 rows=1 loops=1)
  Buffers: shared hit=3
  ->  Nested Loop Left Join  (cost=0.29..8.31 rows=1 width=8) (actual time=0.0..0.02 rows=1 loops=1)
        Join Filter: ((a.kind = 'x''y'::text) OR (b.n > 5))
        Rows Removed by Join Filter: 2
        ->  Index Scan Backward using a_pkey on a  (cost=0.15..8.17 rows=1 width=4) (never executed)
              Index Cond: (id = 5)
        ->  Seq Scan on b x  (cost=0.00..1.00 rows=1 width=4) (actual time=0.0..0.02 rows=3 loops=1)
Planning Time: 0.100 ms
Execution Time: 0.030 ms
"""
LINES = TEXT.splitlines()
PLANS = read_plans(TEXT)
OTHER = "Result  (cost=0.00..0.01 rows=1 width=4)"
JSON = json.dumps(
    [{"Plan": {"Node Type": "Result", "Total Cost": 0.01, "Plan Rows": 1, "Plan Width": 4}}],
    indent=2,
)
RESULT = read_plans(OTHER)


def framed(lines: Sequence[str]) -> str:
    width = max(map(len, lines))
    inner = [f"| {line:{width}} |" for line in lines]
    rule = f"+-{'-' * width}-+"
    return "\n".join([rule, f"| {'QUERY PLAN':^{width}} |", rule, *inner, rule, "(10 rows)"])


def wrapped(lines: Sequence[str], width: int) -> str:
    pieces = [line[at : at + width] for line in lines for at in range(0, len(line), width)]
    return "\n".join(pieces)


PASTES = {
    "as it is": TEXT,
    "indented": "\n".join(f"    {line}" for line in LINES),
    "psql": " QUERY PLAN \n"
    + "-" * 40
    + "\n"
    + "\n".join(f" {line}" for line in LINES)
    + "\n(10 rows)\n\nTime: 1.234 ms\n",
    "psql without a header": "\n".join(f" {line}" for line in LINES) + "\n(10 rows)\n",
    "psql in German": "\n".join(f" {line}" for line in LINES) + "\n(10 Zeilen)\n",
    "psql with a border": framed(LINES),
    "psql with a prompt": f"shop=# explain analyze select 1;\n{TEXT}shop=# \n",
    "psql expanded": "\n".join(
        f"-[ RECORD {number} ]----\nQUERY PLAN | {line}" for number, line in enumerate(LINES, 1)
    ),
    "quoted lines": '"QUERY PLAN"\n' + "\n".join(f'"{line}"' for line in LINES),
    "one quoted cell": f'"{TEXT.strip()}"',
    "CRLF": TEXT.replace("\n", "\r\n"),
    "a byte order mark": f"\ufeff{TEXT}",
    "no-break spaces": TEXT.replace("  ", "\u00a0 "),
    "Markdown": f"Why is this slow?\n\n```sql\n{TEXT}```\nThanks!\n",
    "quoted mail": "\n".join(f"> {line}" for line in LINES),
    "prose": f"Here's the plan, it's slow:\n\n{TEXT}\nWhat can I do? It isn't fast.\nSee: above\n",
    "prose right below": f"{TEXT}Any ideas what is wrong here?\nThanks, a friend\n",
    "blank lines between": TEXT.replace("\n", "\n\n"),
    "wrapped by a terminal": wrapped(LINES, 60),
    "wrapped by a mail": TEXT.replace(" (actual", "\n(actual").replace(" OR ", "\n  OR "),
    "a log": "2026-01-01 10:00:00.000 UTC [42] u@d LOG:  duration: 0.030 ms  plan:\n"
    + "\n".join(f"\t{line}" for line in LINES)
    + "\n2026-01-01 10:00:01.000 UTC [42] u@d LOG:  checkpoint starting: time\n",
}


@pytest.mark.parametrize("paste", PASTES)
def test_reads_the_same_plan_out_of_each_paste(paste: str) -> None:
    assert read_plans(PASTES[paste]) == PLANS


def test_reads_what_the_text_says() -> None:
    [plan] = PLANS

    join = plan.root.children[0]
    outer, inner = join.children
    assert (plan.planning_time_ms, plan.execution_time_ms) == (0.1, 0.03)
    assert plan.root.buffers.shared_hit_blocks == 3
    assert (join.node_type, join.join_type) == ("Nested Loop", "Left")
    assert join.join_filter == "((a.kind = 'x''y'::text) OR (b.n > 5))"
    assert join.rows_removed_by_join_filter == 2
    assert outer.never_executed
    assert (outer.index_name, outer.scan_direction) == ("a_pkey", "Backward")
    assert (inner.relation, inner.alias, inner.parent_relationship) == ("b", "x", "Inner")


@pytest.mark.parametrize(
    "paste",
    [
        f"{OTHER}\n\n{TEXT}",
        f"{OTHER}\n(1 row)\n{TEXT}",
        f"```\n{JSON}\n```\n\nand\n\n```\n{TEXT}\n```",
        f" QUERY PLAN\n-----\n {OTHER}\n(1 row)\n\n QUERY PLAN\n-----\n "
        + TEXT.replace("\n", "\n "),
    ],
    ids=["a blank line", "a count", "fences", "two frames"],
)
def test_reads_several_plans(paste: str) -> None:
    assert read_plans(paste) == (*RESULT, *PLANS)


def test_reads_json_documents_one_after_the_other() -> None:
    assert read_plans(f"{JSON}\n{JSON[1:-1]}") == RESULT * 2
    assert read_plans(f"[{JSON[1:-1]},{JSON[1:-1]}]") == RESULT * 2


JSON_LINES = JSON.splitlines()


@pytest.mark.parametrize(
    "paste",
    [
        JSON,
        json.dumps([{"QUERY PLAN": json.loads(JSON)}]),
        json.dumps([{"QUERY PLAN": JSON}]),
        "QUERY PLAN\n-----\n"
        + "\n".join(f" {line:40}+" for line in JSON_LINES[:-1])
        + "\n ]\n(1 row)",
        '"QUERY PLAN"\n"' + JSON.replace('"', '""') + '"',
        "LOG:  duration: 1.0 ms  plan:\n" + "\n".join(f"\t{line}" for line in JSON_LINES[1:-1]),
        f"Look: here it is\n{JSON}\nand that is all",
    ],
    ids=["alone", "a row", "a row of text", "psql", "a quoted cell", "a log", "prose"],
)
def test_reads_json_out_of_each_paste(paste: str) -> None:
    assert read_plans(paste) == RESULT


YAML = """\
- Plan:
    Node Type: "Result"
    Total Cost: 0.01
    Plan Rows: 1
    Plan Width: 4
"""


def test_reads_yaml_of_psql_and_of_a_log() -> None:
    lines = YAML.splitlines()
    psql = "\n".join(f" {line:30}+" for line in lines[:-1]) + f"\n {lines[-1]}\n(1 row)"
    log = 'LOG:  duration: 1.0 ms  plan:\n\tQuery Text: "select 1"\n' + "\n".join(
        f"\t{line[2:]}" for line in lines
    )

    assert read_plans(psql) == read_plans(YAML) == RESULT
    [logged] = read_plans(log)
    assert logged.query_text == "select 1"
    assert logged.root == RESULT[0].root


def test_reads_the_statement_and_parameters_of_a_log() -> None:
    log = (
        "2026-01-01 10:00:00 UTC [42] LOG:  duration: 0.030 ms  plan:\n"
        "\tQuery Text: select *\n\t  from a -- don't\n\t where id = $1\n"
        "\tQuery Parameters: $1 = '5'\n\t" + OTHER + "\n"
        "2026-01-01 10:00:00 UTC [42] STATEMENT:  select 1\n"
    )

    [plan] = read_plans(log)

    assert plan.query_text == "select *\n  from a -- don't\n where id = $1"
    assert plan.query_parameters == "$1 = '5'"
    assert plan.root == RESULT[0].root


def test_reads_the_statement_of_each_of_several_plans() -> None:
    plan = "Query Text: select * from {0}\nSeq Scan on {0}  (cost=0.00..1.00 rows=1 width=4)\n"

    plans = read_plans(plan.format("a") + plan.format("b"))

    assert [one.query_text for one in plans] == ["select * from a", "select * from b"]


def test_reads_a_plan_without_costs() -> None:
    [plan] = read_plans("Sort\n  Sort Key: b, (a || ', '::text)\n  ->  Seq Scan on t")

    assert plan.root.sort_keys == ("b", "(a || ', '::text)")
    assert [node.node_type for node in plan.root.walk()] == ["Sort", "Seq Scan"]


def test_keeps_what_it_does_not_know() -> None:
    [plan] = read_plans(
        "Custom Scan (Columnar) on t  (cost=0.00..1.00 rows=1 width=4)\n"
        "  Columnar Chunk Groups: 5\n  Columnar Projected Columns: a, b\n"
        "Planner Mood: good\n"
    )

    assert (plan.root.node_type, plan.root.custom_provider) == ("Custom Scan", "Columnar")
    assert plan.root.extra == (
        ("Columnar Chunk Groups", "5"),
        ("Columnar Projected Columns", '"a, b"'),
    )
    assert plan.extra == (("Planner Mood", '"good"'),)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "line 1: there is no plan in it"),
        ("What is slow here?", "line 1: there is no plan in it"),
        (b"Result\n\xff", "line 2: no UTF-8 at byte 7"),
        ("x" * (MAX_CHARACTERS + 1), "line 1: longer than 64 MiB"),
        ('\n[{"Plan": {"Node Type": }}]', "line 2: no JSON at column 25"),
        ('[{"Plan": {"Node Type": 5}}]', "line 1: Plan.Node Type: is no text"),
        (f"{OTHER}\n\n" + '[{"Plan": {}}]', "line 3: Plan: there is no Node Type in it"),
        ("[]", "line 1: there is no plan in it"),
        (
            '- Plan:\n    Node Type: "X"\n   Plan Rows: 5',
            "line 3: is indented like nothing above it",
        ),
        ('- Plan:\n    Node Type: "X', "line 2: has a text or a list that does not end"),
        ("- Plan:\n    Node Type: &a b", "line 2: has a value that is neither text nor number"),
        ("- Plan:\n    Node Type: *a", "line 2: has a value that is neither text nor number"),
        ("<explain><Query>", "line 1: no XML: no element found"),
        ("<explain>\n<Query></Plan>", "line 2: no XML: mismatched tag"),
        (
            '<?xml version="1.0"?>\n<!DOCTYPE x [<!ENTITY a "b">]>\n<explain>&a;</explain>',
            "line 2: has a document type, which no plan has",
        ),
        (f"  ->  {OTHER}", "line 1: a node without the root above it"),
        ("\n".join(line.strip() for line in LINES), "line 3: the indentation is lost"),
        (
            f"LOG:  duration: 1.0 ms  plan:\n\t{OTHER}\n\t[Your log message was truncated]\n",
            "line 3: the log message was truncated",
        ),
    ],
)
def test_names_the_line_and_the_reason(text: str | bytes, message: str) -> None:
    with pytest.raises(PlanFormatError) as error:
        read_plans(text)

    assert str(error.value) == message
    assert error.value.line is not None

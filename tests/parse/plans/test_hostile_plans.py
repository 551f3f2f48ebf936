"""Readers of plans never crash, never hang, and take no more memory than is stated."""

from __future__ import annotations

import json
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pgadvisor.parse.plan_values import PlanFormatError
from pgadvisor.parse.plans.exclusive import plan_use
from pgadvisor.parse.plans.read import read_plans

ROOT = Path(__file__).parents[3]
RECORDED = [
    text
    for path in sorted((Path(__file__).parent / "recorded").glob("*.json"))
    for texts in json.loads(path.read_text()).values()
    for text in texts.values()
]
MEMORY_BYTES = 4 << 30
BIG_CHARACTERS = 50 << 20


def read_whatever(text: str) -> None:
    """Read a text that may be no plan; whatever is read can be accounted for."""
    with suppress(PlanFormatError):
        for plan in read_plans(text):
            use = plan_use(plan)
            assert len(use.nodes) == sum(1 for _ in plan.root.walk())
            assert all((node.exclusive_time_ms or 0) >= 0 for node in use.nodes)


@given(st.text())
def test_reads_or_refuses_any_text(text: str) -> None:
    read_whatever(text)


@settings(max_examples=400)
@given(data=st.data(), text=st.sampled_from(RECORDED))
def test_reads_or_refuses_spoilt_plans(data: st.DataObject, text: str) -> None:
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(text)))
        end = min(len(text), start + data.draw(st.integers(0, 60)))
        piece = data.draw(
            st.sampled_from(("", "\n", " ", '"', "'", "(", ")", "-", "0", "1e9", "->  ", ":", "]"))
            | st.text(max_size=8)
            | st.just(text[start : start + 200])
        )
        text = text[:start] + piece + text[end:]

    read_whatever(text)


@given(
    lines=st.lists(
        st.sampled_from(
            (
                *(
                    "Seq Scan on t  (cost=0.00..1.00 rows=1 width=4)",
                    "  ->  Result",
                    "    ->  Sort",
                ),
                *("  Filter: (a = 'x", "y')", "Planning:", "  Buffers: shared hit=5", "JIT:", ""),
                *("  InitPlan 1 (returns $0)", "    ->  CTE Scan on x (never executed)", "  CTE x"),
                *("Worker 0:  JIT:", "Settings: a = 'b'", "Trigger x: calls=5", "  Group Key: ()"),
                *("- Plan:", "    - a: 5", '  "', "[{", "<explain>", "| x |", "QUERY PLAN", "> x"),
            )
        ),
        max_size=12,
    )
)
def test_reads_or_refuses_lines_in_any_order(lines: list[str]) -> None:
    read_whatever("\n".join(lines))


values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-3, 10**20)
    | st.floats()
    | st.sampled_from(("Seq Scan", "CTE x", "InitPlan", "x", "5", "$0", "CTE Scan")),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                (
                    *(
                        "Node Type",
                        "Plans",
                        "Workers",
                        "Worker Number",
                        "Actual Rows",
                        "Actual Loops",
                    ),
                    *(
                        "Actual Total Time",
                        "Parent Relationship",
                        "Subplan Name",
                        "CTE Name",
                        "JIT",
                    ),
                    *(
                        "Sort Method",
                        "Grouping Sets",
                        "Group Keys",
                        "Target Tables",
                        "Full-sort Groups",
                    ),
                    *("Shared Hit Blocks", "Peak Memory Usage", "Timing", "Generation", "New"),
                )
            ),
            inner,
            max_size=6,
        )
    ),
    max_leaves=20,
)


@given(
    plan=values, beside=st.dictionaries(st.sampled_from(("Triggers", "JIT", "Settings")), values)
)
def test_reads_or_refuses_any_document(plan: object, beside: dict[str, object]) -> None:
    node = {"Node Type": "Seq Scan", **plan} if isinstance(plan, dict) else plan
    read_whatever(json.dumps([{**beside, "Plan": node}]))


def _deep_json(levels: int) -> str:
    head = '{"Node Type": "Append", "Plans": ['
    return '[{"Plan": ' + head * levels + '{"Node Type": "Result"}' + "]}" * levels + "}]"


def _deep_xml(levels: int) -> str:
    head = "<Plan><Node-Type>Append</Node-Type><Plans>"
    return f"<explain>{head * levels}{'</Plans></Plan>' * levels}</explain>"


def _deep_yaml(levels: int) -> str:
    lines = ["- Plan:"]
    for level in range(levels):
        lines += [f'{"  " * (2 * level + 2)}Node Type: "Append"', f"{'  ' * (2 * level + 2)}Plans:"]
        lines.append(f'{"  " * (2 * level + 3)}- Parent Relationship: "Member"')
    return "\n".join(lines)


def _deep_text(levels: int) -> str:
    figures = "  (cost=0.00..1.00 rows=1 width=4)"
    return "\n".join(
        [
            f"Append{figures}",
            *(f"{'  ' * (level + 1)}->  Append{figures}" for level in range(levels)),
        ]
    )


BOMB = (
    '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a0 "aaaaaaaaaa">'
    + "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 12))
    + "]><explain><Query><Plan><Node-Type>&a11;</Node-Type></Plan></Query></explain>"
)
ANCHORS = "- Plan:\n    Node Type: &a [" + "x," * 9 + "]\n    b: &b [*a,*a,*a,*a,*a,*a,*a,*a]\n"


@pytest.mark.parametrize(
    "text",
    [
        *(_deep_json(5_000), _deep_xml(5_000), _deep_yaml(900), _deep_text(1_000)),
        *("[" * 200_000, '{"a":' * 200_000, "<explain>" + "<a>" * 200_000),
        *("(" * 200_000, f"Result{'(' * 100_000}\n" * 3, "- " * 100_000, BOMB, ANCHORS),
        '[{"Plan": {"Node Type": "X", "Plan Rows": ' + "9" * 5_000 + "}}]",
        f'- Plan:\n    Node Type: "X"\n    Plan Rows: {"9" * 5_000}',
        "Result  (cost=0.00..1.00 rows=1 width=4)\n  Filter: 'x\n" + "  Filter: 'x\n" * 5_001,
    ],
    ids=lambda text: text[:24],
)
def test_refuses_what_is_deep_or_grows(text: str) -> None:
    if text.startswith("Result  "):
        assert len(read_plans(text)) == 1
        return
    with pytest.raises(PlanFormatError):
        read_plans(text)


def _big(form: str) -> str:
    condition = f"(x = ANY ('{{{','.join(map(str, range(1_000, 1_200)))}}}'::integer[]))"
    node = {
        "json": '{"Node Type": "Seq Scan", "Parent Relationship": "Member", "Relation Name": "t",'
        ' "Alias": "t", "Total Cost": 1.00, "Actual Rows": 5, "Actual Loops": 1,'
        f' "Filter": "{condition}", "Shared Hit Blocks": 5}}',
        "yaml": '\n      - Node Type: "Seq Scan"\n        Total Cost: 1.00'
        f'\n        Filter: "{condition}"\n        Shared Hit Blocks: 5',
        "xml": "<Plan><Node-Type>Seq Scan</Node-Type><Total-Cost>1.00</Total-Cost>"
        f"<Filter>{condition}</Filter><Shared-Hit-Blocks>5</Shared-Hit-Blocks></Plan>",
        "text": "\n  ->  Seq Scan on t  (cost=0.00..1.00 rows=1 width=4) (actual rows=5 loops=1)"
        f"\n        Filter: {condition}\n        Buffers: shared hit=5",
    }[form]
    count = BIG_CHARACTERS // (len(node) + 1)
    return {
        "json": lambda: (
            '[{"Plan": {"Node Type": "Append", "Plans": [' + ",".join([node] * count) + "]}}]"
        ),
        "yaml": lambda: '- Plan:\n    Node Type: "Append"\n    Plans:' + node * count,
        "xml": lambda: (
            "<explain><Query><Plan><Node-Type>Append</Node-Type><Plans>"
            + node * count
            + "</Plans></Plan></Query></explain>"
        ),
        "text": lambda: (
            "Append  (cost=0.00..1.00 rows=1 width=4) (actual rows=5 loops=1)" + node * count
        ),
    }[form]()


LIMITED = f"""
import resource, sys
resource.setrlimit(resource.RLIMIT_AS, ({MEMORY_BYTES}, {MEMORY_BYTES}))
from pgadvisor.parse.plans.read import read_plans
[plan] = read_plans(sys.stdin.buffer.read())
assert {{child.buffers.shared_hit_blocks for child in plan.root.children}} == {{5}}
print(len(plan.root.children))
"""


@pytest.mark.slow
@pytest.mark.parametrize("form", ["text", "json", "yaml", "xml"])
def test_reads_fifty_megabytes_in_bounded_memory(form: str) -> None:
    text = _big(form)

    ended = subprocess.run(  # noqa: S603 - our own argument list, no shell
        [sys.executable, "-c", LIMITED],
        input=text.encode(),
        capture_output=True,
        check=False,
        cwd=ROOT,
        timeout=600,
    )

    assert ended.returncode == 0, ended.stderr.decode()[-500:]
    assert int(ended.stdout) == text.count("Seq Scan")


@pytest.mark.parametrize(
    "line", ["  Filter: \"x'", "  Filter: 'x", "  Filter: (x", "x", "  (x", "Sort"]
)
def test_many_lines_that_never_end_are_read_in_time(line: str) -> None:
    text = "Result  (cost=0.00..1.00 rows=1 width=4)" + f"\n{line}" * 200_000

    assert len(read_plans(text)) == 1


def test_many_init_plans_are_accounted_for_in_time() -> None:
    figures = "  (cost=0.00..1.00 rows=1 width=4) (actual time=0.0..0.001 rows=1 loops=1)"
    init_plans = "".join(
        f"\n  InitPlan {number} (returns ${number})\n    ->  Result{figures}"
        for number in range(20_000)
    )

    [plan] = read_plans(f"Result{figures}{init_plans}")

    assert len(plan_use(plan).nodes) == 20_001

"""Explained plans as JSON."""

from __future__ import annotations

import json
from typing import get_args

import msgspec
import pytest

from pgadvisor.emit.explain_document import ExplainDocument, Kind
from pgadvisor.emit.explain_json import explain_schema_text, render_explained_json
from pgadvisor.model.plan_comparison import ChangeKind
from tests.emit.explain_sample import after, before, estimated, explained
from tests.parse.plans.test_recorded_plans import RECORDED


def test_is_read_back_after_its_schema() -> None:
    text = render_explained_json([before(), after()], [(0, 1)])

    read = msgspec.json.decode(text, type=ExplainDocument)

    assert read.schema_version == 1
    assert [plan.source for plan in read.plans] == ["before.txt", "after.txt"]
    assert set(json.loads(text)) == set(
        json.loads(explain_schema_text())["$defs"]["ExplainDocument"]["properties"]
    )


def test_tells_each_kind_of_change() -> None:
    assert set(get_args(Kind)) == {kind.value for kind in ChangeKind}


def test_nodes_have_figures_that_add_up() -> None:
    [plan] = json.loads(render_explained_json([before()]))["plans"]

    assert sum(node["exclusive_time_ms"] for node in plan["nodes"]) == pytest.approx(
        plan["total_time_ms"]
    )
    scan = plan["nodes"][3]
    assert (scan["number"], scan["parent"], scan["depth"]) == (4, 3, 3)
    assert scan["exclusive_time_ms"] == pytest.approx(151.9)
    assert (scan["rows"], scan["planned_rows"], scan["removed_rows"]) == (61_200, 4_995, 138_800)
    assert scan["conditions"] == [{"name": "Filter", "text": "(status = '?'::text)"}]
    assert (scan["exclusive_blocks"]["shared_hit"], scan["exclusive_blocks"]["shared_read"]) == (
        *(75, 1_834),
    )
    assert plan["nodes"][0]["spilled_bytes"] == 21 * 8192


def test_a_finding_names_its_nodes_and_what_to_do() -> None:
    [plan] = json.loads(render_explained_json([before()]))["plans"]

    [found] = plan["findings"]
    assert found["nodes"] == [4]
    assert found["finding"]["impact"]["bound_ms"] == 151.9
    assert found["manual"][0]["title"] == "Let an index find the rows"
    assert plan["skipped"][0]["rule_id"] == "lossy-bitmap"


def test_a_comparison_names_nodes_of_both_plans() -> None:
    [compared] = json.loads(render_explained_json([before(), after()], [(0, 1)]))["comparisons"]

    assert (compared["before"], compared["after"]) == (0, 1)
    assert {"before": 4, "after": 4} in compared["pairs"]
    assert {"before": 7, "after": None} in compared["pairs"]
    [became] = [c for c in compared["changes"] if c["kind"] == "node type"]
    assert (became["was"], became["now"]) == ("Seq Scan", "Index Only Scan")
    assert compared["time_ratio"] == pytest.approx(42.97 / 203.97)


def test_what_was_not_measured_is_null() -> None:
    [plan] = json.loads(render_explained_json([estimated()]))["plans"]

    assert (plan["is_executed"], plan["total_time_ms"], plan["blocks"]) == (False, None, None)
    assert {node["rows"] for node in plan["nodes"]} == {None}


def test_holds_no_literal() -> None:
    text = render_explained_json([before(), after()], [(0, 1)])

    assert "zebra" not in text
    assert "48213" not in text
    assert json.loads(text)["shows_literals"] is False


@pytest.mark.parametrize("name", RECORDED)
def test_any_plan_of_a_server_is_written(name: str) -> None:
    plans = explained(RECORDED[name]["json"])

    assert msgspec.json.decode(render_explained_json(plans), type=ExplainDocument)

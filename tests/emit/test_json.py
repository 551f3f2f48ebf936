"""The JSON report and its schema."""

from __future__ import annotations

import importlib.util
import json
import math
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import msgspec
import pytest

from pgadvisor.emit.document import Document
from pgadvisor.emit.json import build_document, render_json
from pgadvisor.model.finding import Impact
from pgadvisor.units import MiB
from tests.emit.choice_sample import OPTIMALITY
from tests.emit.sample import an_advice, an_empty_advice
from tests.emit.sample_actions import CREATE_PARTITIONED, HOSTILE

DOCS = Path(__file__).parents[2] / "docs"


def test_is_read_back_as_what_was_written() -> None:
    advice = an_advice()

    read = msgspec.json.decode(render_json(advice), type=Document)

    assert read == build_document(advice)
    assert read.schema_version == 1


def test_keeps_names_as_they_are() -> None:
    report = json.loads(render_json(an_advice()))

    assert report["findings"][1]["subject"] == f"public.{HOSTILE}"


def test_gives_figures_and_not_words() -> None:
    report = json.loads(render_json(an_advice()))

    [first, *_] = report["recommendations"]
    assert first["impact"]["saved_ms_per_day"] == 20_000.0
    assert first["impact"]["freed_bytes"] is None
    assert first["effects"][0]["cost_after"] == 8.31
    assert report["fidelity"]["same_plan_ratio"] == 0.5
    assert report["findings"][0]["evidence"][5]["value"] is True


def test_tells_the_whole_choice() -> None:
    choice = json.loads(render_json(an_advice()))["choice"]

    assert choice["is_measured"] is True
    assert choice["candidate_count"] == 3
    assert choice["optimality"]["bound_per_day"] == 20_250.0
    assert choice["optimality"]["gap_ratio"] == pytest.approx(300 / 20_550)
    assert choice["budget"]["index_bytes"] == 4 * MiB
    assert choice["budget"]["protected"] == ["orders_by_day"]
    assert [index["marginal_per_day"] for index in choice["chosen"]] == [19_800.0, 90.0]
    assert choice["superseded"][0]["index"] == f"public.{HOSTILE}"
    assert [point["is_chosen"] for point in choice["frontier"]].index(True) == 3


def test_a_loss_is_the_time_beyond_what_the_whole_set_leaves() -> None:
    [first, _] = json.loads(render_json(an_advice()))["choice"]["chosen"]

    [loss, _] = first["losses"]

    assert (loss["cost_with"], loss["cost_without"]) == (8.31, 12_345.67)
    assert loss["lost_ms_per_day"] == pytest.approx(80.6 * 250.0 * (1 - 8.31 / 12_345.67))


def test_has_null_for_a_bound_that_is_not_known() -> None:
    advice = an_advice()
    unknown = replace(OPTIMALITY, bound_per_day=math.inf)

    advice = replace(advice, choice=replace(advice.choice, optimality=unknown))

    optimality = json.loads(render_json(advice))["choice"]["optimality"]
    assert (optimality["bound_per_day"], optimality["gap_ratio"]) == (None, None)


def test_drops_a_tree_of_indexes_once_in_the_way_back() -> None:
    report = json.loads(render_json(an_advice()))

    [made] = [r for r in report["recommendations"] if "events" in r["title"]]
    drop = f'DROP INDEX IF EXISTS "public"."{CREATE_PARTITIONED.name}"'
    assert made["down_sql"].count(drop) == 1


def test_keeps_skipped_rules_apart_from_clear_ones() -> None:
    report = json.loads(render_json(an_advice()))

    assert {skipped["rule_id"] for skipped in report["skipped"]} == {
        "unused-index",
        "missing-index",
    }
    assert report["clear"] == ["invalid-index", "stale-statistics"]


def test_has_null_for_what_is_no_number() -> None:
    advice = an_advice()
    [first, *others] = advice.recommendations
    broken = replace(first, impact=Impact(saved_ms_per_day=math.nan))

    report = json.loads(render_json(replace(advice, recommendations=(broken, *others))))

    assert report["recommendations"][0]["impact"]["saved_ms_per_day"] is None


def test_holds_no_clock_of_ours() -> None:
    advice = an_advice()

    assert render_json(advice) == render_json(replace(advice, analysis_time_ms=9.9))


def test_says_that_nothing_was_compared() -> None:
    report = json.loads(render_json(an_empty_advice()))

    assert report["fidelity"] is None
    assert report["window"]["days"] is None
    assert report["migration"]["is_empty"] is True
    assert report["choice"]["optimality"] is None
    assert report["choice"]["chosen"] == []


def test_schema_and_page_are_current() -> None:
    script = _script()

    for path, text in script.pages().items():
        assert path.read_text(encoding="utf-8") == text, (
            f"run `python docs/report_schema.py`: {path}"
        )


def test_schema_names_every_field_of_a_report() -> None:
    schema = json.loads((DOCS / "report.schema.json").read_text(encoding="utf-8"))
    report = json.loads(render_json(an_advice()))

    assert list(schema["$defs"]["Document"]["properties"]) == list(report)


def _script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("report_schema", DOCS / "report_schema.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module

"""Plans written as EXPLAIN prints them in JSON."""

from __future__ import annotations

import json

import pytest

from pgadvisor.parse.plans.executed import executed_plan
from pgadvisor.parse.plans.read import read_plans
from pgadvisor.parse.plans.write import plan_document
from tests.parse.plans.servers import FORMATS
from tests.parse.plans.test_recorded_plans import RECORDED, recorded


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("name", RECORDED)
def test_is_read_back_as_the_same_plan(name: str, form: str) -> None:
    plan = recorded(name, form)

    document = plan_document(plan)

    assert executed_plan(document) == plan
    assert read_plans(json.dumps([document])) == (plan,)


@pytest.mark.parametrize("name", RECORDED)
def test_has_the_keys_that_the_server_has(name: str) -> None:
    [original] = json.loads(RECORDED[name]["json"])

    written = plan_document(recorded(name, "json"))

    # What is zero or false is left out, as TEXT leaves it out.
    assert set(written) <= set(original) | {"Planning"}
    assert set(written["Plan"]) <= set(original["Plan"])  # type: ignore[call-overload]

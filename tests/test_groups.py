"""Tests that share a server stay on one worker: else each worker starts it again and again."""

from __future__ import annotations

import pytest


@pytest.mark.live
@pytest.mark.xdist_group("groups")
def test_workers_know_the_group_of_a_test(request: pytest.FixtureRequest) -> None:
    if not getattr(request.config.option, "loadgroup", False):
        pytest.skip("tests are not distributed by groups")

    assert request.node.nodeid.endswith("@groups")

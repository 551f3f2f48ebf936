"""Python looks for no garbage while many objects are made that stay."""

from __future__ import annotations

import gc

import pytest

from pgadvisor.whatif.twin.collection import without_collection


def fail() -> None:
    assert not gc.isenabled()
    raise RuntimeError("as it should")


def test_it_does_again_afterwards_whatever_happens() -> None:
    with pytest.raises(RuntimeError, match="as it should"), without_collection():
        fail()

    assert gc.isenabled()


def test_it_does_not_where_it_did_not_before() -> None:
    gc.disable()
    try:
        with without_collection():
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()

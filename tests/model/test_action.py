"""Typed changes, where they are more than their fields."""

from __future__ import annotations

import pickle
import subprocess
import sys

from pgadvisor.model.action import IndexDefinition
from pgadvisor.model.schema import IndexKey

DEFINITION = IndexDefinition(
    table_oid=1, schema="public", table="orders", keys=(IndexKey(column="note"),)
)
IN_ANOTHER_PROCESS = """
import pickle, sys
from tests.model.test_action import DEFINITION
definition = pickle.loads(sys.stdin.buffer.read())
print(definition == DEFINITION, definition in {DEFINITION})
"""


def test_equal_definitions_are_the_same_index() -> None:
    again = pickle.loads(pickle.dumps(DEFINITION))  # noqa: S301  (our own)

    assert again == DEFINITION
    assert {DEFINITION: 1}[again] == 1


def test_a_definition_is_found_in_another_process_which_has_other_hashes_of_texts() -> None:
    told = subprocess.run(  # noqa: S603  (our own argument list)
        [sys.executable, "-c", IN_ANOTHER_PROCESS],
        input=pickle.dumps(DEFINITION),
        capture_output=True,
        check=True,
    )

    assert told.stdout.decode().strip() == "True True"

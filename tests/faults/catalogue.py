"""All faults: one file for each rule, in the category's directory, called after the rule."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

from tests.faults.fault import Fault

_HERE = Path(__file__).parent

WITHOUT_A_FAULT: dict[str, str] = {}
"""Rules whose fault no server of ours can have, by id, with the reason."""


def all_faults() -> dict[str, Fault]:
    """All faults by the id of the rule that is to find them."""
    found: dict[str, Fault] = {}
    for path in sorted(_HERE.glob("*/*.py")):
        module = import_module(f"tests.faults.{path.parent.name}.{path.stem}")
        fault = module.FAULT
        assert isinstance(fault, Fault), path
        found[path.stem.replace("_", "-")] = fault
    return found

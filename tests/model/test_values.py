"""What holds for every value of the model."""

from __future__ import annotations

import ast
import dataclasses
import importlib
import inspect
import pkgutil
import re
from pathlib import Path

import pytest

import pgadvisor.model

MODULES = [
    importlib.import_module(f"pgadvisor.model.{info.name}")
    for info in pkgutil.iter_modules(pgadvisor.model.__path__)
]
VALUES = [
    value
    for module in MODULES
    for _, value in inspect.getmembers(module, dataclasses.is_dataclass)
    if isinstance(value, type) and value.__module__ == module.__name__
]
each_value = pytest.mark.parametrize("value", VALUES, ids=lambda value: value.__name__)
ABBREVIATED = re.compile(r"_(sec|secs|seconds|s|kb|mb|pct|percentage|usec|us|size|time)$")


def test_there_are_values() -> None:
    assert len(VALUES) > 40


@each_value
def test_is_frozen_and_made_by_keyword(value: type) -> None:
    parameters = value.__dataclass_params__  # type: ignore[attr-defined]  # every dataclass has it

    assert parameters.frozen
    assert all(field.kw_only for field in dataclasses.fields(value))
    assert "__slots__" in vars(value)


@each_value
def test_holds_nothing_that_changes(value: type) -> None:
    mutable = [
        field.name
        for field in dataclasses.fields(value)
        if re.search(r"\b(list|dict|set|bytearray|DataFrame)\b", str(field.type))
    ]

    assert mutable == []


@each_value
def test_names_carry_their_unit(value: type) -> None:
    vague = [field.name for field in dataclasses.fields(value) if ABBREVIATED.search(field.name)]

    assert vague == []


@each_value
def test_has_a_docstring_of_its_own(value: type) -> None:
    assert value.__doc__
    assert not value.__doc__.startswith(f"{value.__name__}(")  # what dataclass makes up


def test_imports_nothing_of_ours_but_units() -> None:
    imported = set()
    for file in Path(pgadvisor.model.__path__[0]).glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("pgadvisor"):
                imported.add(".".join((node.module or "").split(".")[:2]))

    assert imported <= {"pgadvisor.model", "pgadvisor.units"}

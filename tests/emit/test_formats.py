"""Migrations for other tools run the very statements of the plain scripts."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

import pytest

from pgadvisor.emit.formats import FORMATS
from pgadvisor.emit.migration import build_migration
from pgadvisor.emit.script import down_units, set_timeouts, up_units
from pgadvisor.errors import ConfigError
from pgadvisor.model.action import CreateIndex, IndexDefinition
from pgadvisor.model.advice import MigrationStep, Recommendation
from pgadvisor.model.finding import Confidence, Impact, Provenance, Severity
from pgadvisor.model.schema import IndexKey
from tests.emit.sample import an_advice

RESET = ["RESET lock_timeout", "RESET statement_timeout"]
ONE_BIND_PARAMETER = re.compile(r"(?<![:\w\x5c]):(\w+)(?!:)")
"""What SQLAlchemy's ``text`` takes for a parameter."""


def file_of(format_name: str) -> ast.Module:
    [file] = an_advice(migration_format=format_name).migration.files
    return ast.parse(file.text)


def function(module: ast.Module, name: str) -> ast.FunctionDef:
    [found] = [n for n in module.body if isinstance(n, ast.FunctionDef) and n.name == name]
    return found


def calls(tree: ast.AST) -> Iterator[ast.Call]:
    """All calls of ``op``, in the order of the text."""
    found = (n for n in ast.walk(tree) if isinstance(n, ast.Call))
    for call in sorted(found, key=lambda n: (n.lineno, n.col_offset)):
        if ast.unparse(call.func).startswith("op.") and "get_context" not in ast.unparse(call.func):
            yield call


def statements(call: ast.Call) -> str:
    """The SQL of ``op.execute``; of another call, its name and its first argument."""
    argument = ast.literal_eval(call.args[0])
    assert isinstance(argument, str)
    if ast.unparse(call.func) != "op.execute":
        return f"{ast.unparse(call.func)} {argument}"
    assert not ONE_BIND_PARAMETER.search(argument)
    return argument.replace("\\:", ":")


@pytest.mark.parametrize("direction", ["upgrade", "downgrade"])
def test_alembic_runs_what_the_script_runs(direction: str) -> None:
    steps = an_advice().migration.steps
    units = up_units(steps) if direction == "upgrade" else down_units(steps)
    expected = [
        text
        for unit in units
        for statement in (*unit.statements, *unit.checks)
        for text in (*(set_timeouts(statement) if statement in unit.statements else ()), statement)
    ]

    found = [statements(call) for call in calls(function(file_of("alembic"), direction))]

    assert len(found) == len(expected) + len(RESET)
    for mine, theirs in zip(found, [*expected, *RESET], strict=True):
        assert mine == theirs or (
            mine.startswith(("op.create_index ", "op.drop_index "))
            and theirs.startswith(("CREATE INDEX CONCURRENTLY", "DROP INDEX CONCURRENTLY"))
            and mine.split(" ", 1)[1].replace('"', '""') in theirs
        )


def test_alembic_says_all_that_there_is_of_an_index() -> None:
    definition = IndexDefinition(
        table_oid=1,
        schema="public",
        table="orders",
        keys=(IndexKey(column="id"),),
        is_unique=True,
        nulls_not_distinct=True,
        options=(("fillfactor", "70"),),
        include=("total",),
        predicate="paid",
    )
    recommendation = Recommendation(
        title="Create an index",
        actions=(CreateIndex(index=definition, name="i"),),
        finding_keys=(),
        severity=Severity.WARNING,
        confidence=Confidence.HIGH,
        provenance=Provenance.SIMULATED,
        impact=Impact(),
    )

    text = build_migration((recommendation,), format="alembic").files[0].text

    assert "postgresql_nulls_not_distinct=True" in text
    assert "postgresql_with={'fillfactor': '70'}" in text
    assert "postgresql_include=['total']" in text


def test_alembic_never_builds_an_index_in_a_transaction() -> None:
    for name in ("upgrade", "downgrade"):
        [block] = function(file_of("alembic"), name).body

        assert isinstance(block, ast.With)
        assert ast.unparse(block.items[0]) == "op.get_context().autocommit_block()"
        for call in calls(block):
            if ast.unparse(call.func) in {"op.create_index", "op.drop_index"}:
                options = {keyword.arg for keyword in call.keywords}
                assert {"postgresql_concurrently", "schema"} <= options


def django_operations() -> list[tuple[list[str], list[str]]]:
    [migration] = [n for n in file_of("django").body if isinstance(n, ast.ClassDef)]
    values = {
        ast.unparse(n.targets[0]): n.value for n in migration.body if isinstance(n, ast.Assign)
    }
    assert ast.unparse(values["atomic"]) == "False"
    operations = values["operations"]
    assert isinstance(operations, ast.List)
    calls_ = [n for n in operations.elts if isinstance(n, ast.Call)]
    return [(listed(call.args[0]), listed(call.keywords[0].value)) for call in calls_]


def listed(node: ast.expr) -> list[str]:
    text = ast.unparse(node)
    if text in {"RESET", "migrations.RunSQL.noop"}:
        return RESET if text == "RESET" else []
    value = ast.literal_eval(node)
    assert isinstance(value, list)
    return [str(item) for item in value]


def as_django_runs(texts: tuple[str, ...], checks: tuple[str, ...]) -> list[str]:
    return [*(line for t in texts for line in (*set_timeouts(t), t)), *checks]


def test_django_runs_what_the_script_runs_and_resets_at_either_end() -> None:
    steps: tuple[MigrationStep, ...] = an_advice().migration.run_steps

    first, *middle, last = django_operations()

    assert first == ([], RESET)
    assert last == (RESET, [])
    assert middle == [
        (as_django_runs(step.up, step.checks), as_django_runs(step.down, step.down_checks))
        for step in steps
    ]


def test_names_a_migration_after_its_content_or_as_told() -> None:
    advice = an_advice()

    names = {
        made: build_migration(advice.recommendations, format=made).files[0].name
        for made in ("alembic", "django")
    }
    again = {
        made: build_migration(advice.recommendations, format=made).files[0].name
        for made in ("alembic", "django")
    }
    told = build_migration(advice.recommendations, format="alembic", revision="0042_pay")

    assert names == again
    assert re.fullmatch(r"[0-9a-f]{12}_pgadvisor\.py", names["alembic"])
    assert re.fullmatch(r"pgadvisor_[0-9a-f]{12}\.py", names["django"])
    assert told.files[0].name == "0042_pay_pgadvisor.py"


@pytest.mark.parametrize("revision", ["", "../x", "a b", "x" * 101, "a\n"])
def test_refuses_a_revision_that_is_no_plain_name(revision: str) -> None:
    with pytest.raises(ConfigError, match="revision"):
        build_migration((), revision=revision)


def test_refuses_an_unknown_format_and_names_the_known_ones() -> None:
    with pytest.raises(ConfigError, match="alembic, django, plain"):
        build_migration((), format="rails")

    assert sorted(FORMATS) == ["alembic", "django", "plain"]

"""What ``--help`` says, and what happens without it."""

from __future__ import annotations

import re

import pytest

from pgadvisor.version import VERSION
from tests.cli.conftest import Command

OPTIONS = {
    (): {"--version", "--help"},
    ("analyze",): {
        *("--out", "--force", "--format", "--migration", "--workload", "--index-budget"),
        "--workload-only",
        *("--max-indexes", "--max-indexes-per-table", "--max-regression", "--max-build-time"),
        *("--protect", "--forbid", "--time-limit", "--explain-choice", "--since", "--replica"),
        *("--schema", "--exclude-schema", "--config", "--rules", "--fail-on"),
        *("--quiet", "--help"),
    },
    ("snapshot",): {
        *("--output", "--force", "--redact", "--redact-column", "--schema", "--exclude-schema"),
        *("--quiet", "--help"),
    },
    ("twin",): {
        *("--explain", "--create", "--drop", "--set", "--format", "--schema"),
        *("--exclude-schema", "--quiet", "--help"),
    },
    ("explain",): {
        *("--html", "--force", "--format", "--snapshot", "--config", "--rules", "--fail-on"),
        *("--show-literals", "--help"),
    },
    ("grants",): {"--role", "--database", "--schema", "--help"},
    ("rules",): {"--format", "--rules", "--help"},
    ("rules", "show"): {"--rules", "--help"},
}
EXIT_CODES = {
    (): {0, 1, 2, 3, 4, 5, 130},
    ("analyze",): {0, 1, 2, 3, 4, 5, 130},
    ("snapshot",): {0, 2, 3, 4, 5, 130},
    ("twin",): {0, 2, 3, 4, 5, 130},
    ("explain",): {0, 1, 2, 4, 5, 130},
    ("grants",): {0, 2, 5, 130},
    ("rules",): {0, 2, 5, 130},
    ("rules", "show"): {0, 2, 5, 130},
}


@pytest.mark.parametrize("command", OPTIONS, ids=lambda words: " ".join(words) or "pgadvisor")
def test_help_names_options_and_exit_codes(
    pgadvisor_run: Command, command: tuple[str, ...]
) -> None:
    ended = pgadvisor_run(*command, "--help")

    text = " ".join(ended.out.split())
    options, _, codes = text.partition("Exit codes:")
    described = set(re.findall(r"(?<= )--[a-z-]+", options.partition("Options:")[2]))
    assert ended.code == 0
    assert ended.err == ""
    assert OPTIONS[command] <= described
    assert {int(code) for code in re.findall(r"\b\d+\b", codes)} == EXIT_CODES[command]


def test_help_keeps_brackets(pgadvisor_run: Command) -> None:
    text = " ".join(pgadvisor_run("analyze", "-h").out.split())

    assert "Usage: pgadvisor analyze [OPTIONS] [DSN|SNAPSHOT]" in text
    assert "pgadvisor.toml, or [tool.pgadvisor] in pyproject.toml" in text


def test_without_arguments_it_prints_help_and_fails(pgadvisor_run: Command) -> None:
    ended = pgadvisor_run()

    assert ended.code == 2
    assert ended.out == ""
    assert ended.err.startswith("Usage: pgadvisor [OPTIONS] COMMAND")


def test_prints_its_version(pgadvisor_run: Command) -> None:
    ended = pgadvisor_run("--version")

    assert (ended.code, ended.out) == (0, f"pgadvisor {VERSION}\n")


def test_the_help_of_analyze_teaches_by_examples(pgadvisor_run: Command) -> None:
    lines = pgadvisor_run("analyze", "--help").out.splitlines()

    assert "  pgadvisor analyze postgresql://reader@host/shop --out advice" in lines
    new = "  pgadvisor analyze shop.pgsnap --baseline known.toml --only-new --fail-on warning"
    assert new in lines


def test_the_help_of_twin_teaches_by_examples(pgadvisor_run: Command) -> None:
    lines = pgadvisor_run("twin", "--help").out.splitlines()

    examples = [line for line in lines if line.startswith("  pgadvisor twin shop.pgsnap")]
    assert len(examples) == 3
    assert '    --create "create index on orders (customer_id)"' in lines

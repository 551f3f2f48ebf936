"""``pgadvisor rules``: what is looked for, and each rule's page."""

from __future__ import annotations

from dataclasses import fields
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.markdown import Markdown
from rich.table import Table

from pgadvisor.cli.console import write
from pgadvisor.errors import ConfigError
from pgadvisor.registry import load_rules
from pgadvisor.rulekit import AnyRule
from pgadvisor.units import format_limit

SCHEMA_VERSION = 1
"""Version of what ``pgadvisor rules --format json`` prints."""

app = typer.Typer(
    help="List the rules, or print a rule's page.",
    invoke_without_command=True,
    add_completion=False,
)


class RulesFormat(StrEnum):
    """What ``--format`` takes."""

    TEXT = "text"
    JSON = "json"


RuleDirectories = Annotated[
    list[Path] | None,
    typer.Option(
        "--rules", metavar="DIR", help="Rules of your own; may be repeated.", show_default=False
    ),
]


@app.callback()
def list_rules(
    context: typer.Context,
    *,
    output_format: Annotated[
        RulesFormat, typer.Option("--format", help="How to list them: text or json.")
    ] = RulesFormat.TEXT,
    rules: RuleDirectories = None,
) -> None:
    """List the rules, or print a rule's page with `pgadvisor rules show ID`."""
    if context.invoked_subcommand is not None:
        return
    known = load_rules(tuple(rules or ()))
    if output_format is RulesFormat.JSON:
        document = {
            "schema_version": SCHEMA_VERSION,
            "rules": [_described(r) for r in known.values()],
        }
        write(msgspec.json.format(msgspec.json.encode(document), indent=2).decode())
        return
    table = Table(box=None, pad_edge=False)
    for heading in ("rule", "category", "severity", "what it finds"):
        table.add_column(heading, no_wrap=heading == "rule")
    for rule in known.values():
        table.add_row(rule.id, rule.category, rule.severity.value, rule.title)
    Console(highlight=False).print(table)
    write(f"\n{len(known)} rules. `pgadvisor rules show {next(iter(known))}` prints a rule's page.")


@app.command("show")
def show_rule(
    rule_id: Annotated[str, typer.Argument(metavar="ID", help="Such as unused-index.")],
    *,
    rules: RuleDirectories = None,
) -> None:
    """Print a rule's page: why it matters, what it leaves alone, what to do before acting."""
    known = load_rules(tuple(rules or ()))
    if rule_id not in known:
        raise ConfigError(
            "looking up a rule",
            f"there is no rule called {rule_id}",
            "`pgadvisor rules` lists them all.",
        )
    text = page(known[rule_id])
    console = Console(highlight=False)
    if console.is_terminal:
        console.print(Markdown(text))
    else:
        write(text)


def page(rule: AnyRule) -> str:
    """A rule's page in Markdown, as the documentation shows it."""
    head, _, body = rule.documentation.partition("\n")
    lines = [
        f"# {rule.id}",
        "",
        head,
        "",
        f"Category {rule.category} · severity {rule.severity.value} · since {rule.since}",
        "",
        body.strip(),
    ]
    limits = _limits(rule)
    if limits:
        lines += ["", "## Limits", "", "| limit | default |", "|---|---|"]
        lines += [f"| `{n}` | {format_limit(n, value)} |" for n, value in limits.items()]
        lines += ["", f"Set them in `pgadvisor.toml`, below `[limits.{rule.id}]`."]
    return "\n".join(lines) + "\n"


def _described(rule: AnyRule) -> dict[str, object]:
    return {
        "id": rule.id,
        "category": rule.category,
        "title": rule.title,
        "severity": rule.severity.value,
        "since": rule.since,
        "requires": list(rule.requires),
        "is_costed": rule.is_costed,
        "limits": _limits(rule),
        "documentation": rule.documentation,
    }


def _limits(rule: AnyRule) -> dict[str, float]:
    defaults = rule.limits()
    return {field.name: getattr(defaults, field.name) for field in fields(rule.limits)}

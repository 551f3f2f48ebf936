"""``pgadvisor rules``: what is looked for, and each rule's page."""

from __future__ import annotations

import inspect
import shutil
import sys
from collections.abc import Iterator, Sequence
from dataclasses import fields
from enum import StrEnum
from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.markdown import Markdown

from pgadvisor.cli import exit_codes, options
from pgadvisor.cli.console import write
from pgadvisor.errors import ConfigError
from pgadvisor.registry import load_rules
from pgadvisor.rulekit import AnyRule
from pgadvisor.units import format_limit

SCHEMA_VERSION = 1
"""Version of what ``pgadvisor rules --format json`` prints."""

EPILOG = exit_codes.epilog(exit_codes.FINDINGS, exit_codes.CANNOT_CONNECT, exit_codes.PARTIAL)
"""The end of the help of a command that only prints what it knows by itself."""
_GAP = "  "

app = typer.Typer(
    help="List the rules, or print a rule's page.",
    invoke_without_command=True,
    add_completion=False,
    rich_markup_mode=None,
)


class RulesFormat(StrEnum):
    """What ``--format`` takes."""

    TEXT = "text"
    JSON = "json"


@app.callback()
def list_rules(
    context: typer.Context,
    *,
    output_format: Annotated[
        RulesFormat, typer.Option("--format", help="How to list them: text or json.")
    ] = RulesFormat.TEXT,
    rules: options.RuleDirectories = None,
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
    write(
        f"{listing(tuple(known.values()), _width())}\n\n"
        f"{len(known)} rules. `pgadvisor rules show {next(iter(known))}` prints a rule's page."
    )


def listing(rules: Sequence[AnyRule], width: int | None = None) -> str:
    """One line for each rule; on a terminal too narrow for that, two.

    Args:
        rules: What is listed, in this order.
        width: Columns of the terminal; None: lines may be as long as they need to be.
    """
    rows = [(r.id, r.category, r.severity.value, r.title) for r in rules]
    rows.insert(0, ("rule", "category", "severity", "what it finds"))
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    if width is not None and sum(widths) + 3 * len(_GAP) > width:
        lines = (f"{rule_id} ({severity})\n  {title}" for rule_id, _, severity, title in rows[1:])
        return "\n".join(lines)
    return "\n".join(
        _GAP.join(text.ljust(size) for text, size in zip(row, widths, strict=True)).rstrip()
        for row in rows
    )


def _width() -> int | None:
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None


@app.command("show", epilog=EPILOG)
def show_rule(
    rule_id: Annotated[str, typer.Argument(metavar="ID", help="Such as unused-index.")],
    *,
    rules: options.RuleDirectories = None,
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
    if sys.stdout.isatty():
        console = Console(highlight=False)
        with console.capture() as capture:
            console.print(Markdown(text))
        text = capture.get()
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
        *_sections(body),
    ]
    limits = _limits(rule)
    if limits:
        lines += ["## Limits", "", "| limit | default |", "|---|---|"]
        lines += [f"| `{n}` | {format_limit(n, value)} |" for n, value in limits.items()]
        lines += ["", f"Set them in `pgadvisor.toml`, below `[limits.{rule.id}]`."]
    return "\n".join(lines).strip("\n") + "\n"


def _sections(body: str) -> Iterator[str]:
    """The lines of a docstring's sections, each apart from its heading, examples as SQL."""
    for section in body.strip().split("\n## "):
        heading, _, text = section.removeprefix("## ").partition("\n")
        yield from (f"## {heading}", "")
        if heading == "Example":
            yield from ("```sql", *inspect.cleandoc(text).splitlines(), "```", "")
        else:
            yield from (*text.strip("\n").splitlines(), "")


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

"""Write the pages and the JSON schemas of JSON output; --check says whether they are current."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pgadvisor.emit.document import SCHEMA_VERSION, Document
from pgadvisor.emit.explain_document import EXPLAIN_SCHEMA_VERSION, ExplainDocument
from pgadvisor.emit.explain_json import explain_schema_text
from pgadvisor.emit.json import schema_text
from pgadvisor.emit.log_document import LOG_SCHEMA_VERSION, LogDocument
from pgadvisor.emit.log_json import log_schema_text

DOCS = Path(__file__).parent
INTRODUCTION = f"""# The JSON report

`pgadvisor analyze --format json`, `report.json` and `advice.report("json")` are the same.
Its `schema_version` is {SCHEMA_VERSION}.
Under the same version no field is removed, renamed or given another meaning.
New fields may come, so readers have to let pass what they do not know.
The [JSON schema](report.schema.json) is generated from the same definitions as this page.

The same version of pgadvisor makes the same document of a snapshot, byte by byte:
there is no clock in it but the server's.
Times are in milliseconds, sizes in bytes, ratios between 0 and 1, costs in units of the planner.
What is not known is `null`, never 0.
Names are as the catalog has them and may hold any character; escape them before you show them.

Three outcomes of a rule are kept apart: `findings`, `clear` (it looked and found nothing)
and `skipped` (it could not judge, with the reason).

```console
$ pgadvisor analyze shop.pgsnap --format json | jq -r '.recommendations[] | .title'
$ pgadvisor analyze shop.pgsnap --format json | jq -r '.migration.up_sql' > migration.up.sql
```
"""

LOGS_INTRODUCTION = f"""# Logs as JSON

`pgadvisor logs --format json` prints this.
Its `schema_version` is {LOG_SCHEMA_VERSION}.
It keeps the promises of [the report's](report-schema.md).
The [JSON schema](logs.schema.json) is generated from the same definitions as this page.

The same files make the same document, byte by byte.
Times are in milliseconds, sizes in bytes; what is not known is `null`.
`samples`, `slowest` and `plans` hold values of rows: they are empty without `--show-literals`.

```console
$ pgadvisor logs postgresql.log --format json | jq -r '.statements[0].text'
```
"""

EXPLAIN_INTRODUCTION = f"""# Explained plans as JSON

`pgadvisor explain --format json` prints this.
Its `schema_version` is {EXPLAIN_SCHEMA_VERSION}.
It keeps the promises of [the report's](report-schema.md).
The [JSON schema](explain.schema.json) is generated from the same definitions as this page.

The same files make the same document, byte by byte.
Nodes are numbered from 1, from the top, left to right.
Times are in milliseconds, sizes in bytes, blocks as EXPLAIN counts them.
What is not known is `null`.
Literals of the statements are `'?'` without `--show-literals`.

```console
$ pgadvisor explain plan.txt --format json |
    jq -r '.plans[0].nodes | max_by(.exclusive_time_ms).title'
$ pgadvisor explain before.txt after.txt --format json | jq -r '.comparisons[0].changes[].summary'
```
"""


def pages() -> Mapping[Path, str]:
    """The text of each generated file."""
    schema: dict[str, Any] = json.loads(schema_text())
    logs: dict[str, Any] = json.loads(log_schema_text())
    explained: dict[str, Any] = json.loads(explain_schema_text())
    return {
        DOCS / "report.schema.json": schema_text(),
        DOCS / "report-schema.md": INTRODUCTION + "".join(_sections(schema["$defs"])),
        DOCS / "logs.schema.json": log_schema_text(),
        DOCS / "logs-schema.md": LOGS_INTRODUCTION
        + "".join(_sections(logs["$defs"], LogDocument.__name__)),
        DOCS / "explain.schema.json": explain_schema_text(),
        DOCS / "explain-schema.md": EXPLAIN_INTRODUCTION
        + "".join(_sections(explained["$defs"], ExplainDocument.__name__)),
    }


def _sections(definitions: Mapping[str, Any], first: str = Document.__name__) -> Iterator[str]:
    """A table for each kind of value, the document first, then in the order of its fields."""
    waiting = [first]
    done: set[str] = set()
    while waiting:
        name = waiting.pop(0)
        if name in done:
            continue
        done.add(name)
        definition = definitions[name]
        yield f"\n## {_title(name)}\n\n{definition.get('description', '')}\n\n"
        yield "| Field | Type | Meaning |\n|---|---|---|\n"
        for field, value in definition["properties"].items():
            meaning = value.get("description", "").replace("|", "\\|")
            yield f"| `{field}` | {_type(value)} | {meaning} |\n"
            waiting += _referred(value)


def _title(name: str) -> str:
    return name.removesuffix("Part")


def _referred(value: Mapping[str, Any]) -> list[str]:
    found = [value["$ref"].rsplit("/", 1)[-1]] if "$ref" in value else []
    parts = [*value.get("anyOf", ()), *([value["items"]] if value.get("items") else [])]
    return found + [name for part in parts for name in _referred(part)]


def _type(value: Mapping[str, Any]) -> str:
    if "$ref" in value:
        title = _title(value["$ref"].rsplit("/", 1)[-1])
        return f"[{title}](#{title.lower()})"
    if "anyOf" in value:
        return " or ".join(_type(part) for part in value["anyOf"])
    if "enum" in value:
        return ", ".join(f"`{json.dumps(item)}`" for item in value["enum"])
    if value.get("type") == "array":
        return f"list of {_type(value['items'])}"
    kind = value.get("type", "any")
    return " or ".join(kind) if isinstance(kind, list) else str(kind)


def main() -> int:
    """Write or check."""
    stale = [p for p, text in pages().items() if not p.is_file() or p.read_text() != text]
    for path in stale:
        if "--check" in sys.argv:
            print(f"{path.relative_to(DOCS.parent)} is out of date: run `python {sys.argv[0]}`")
        else:
            path.write_text(pages()[path])
    return int("--check" in sys.argv and bool(stale))


if __name__ == "__main__":
    sys.exit(main())

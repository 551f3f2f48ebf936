"""What was read from logs, as JSON."""

from __future__ import annotations

import json
from dataclasses import asdict

import msgspec

from pgadvisor.emit import log_document as doc
from pgadvisor.emit.json import json_text
from pgadvisor.model.log import LogDigest, LoggedCall, LoggedStatement, Times
from pgadvisor.version import VERSION


def render_log_json(digest: LogDigest, *, show_literals: bool = False) -> str:
    """Render what was read from logs as JSON.

    Args:
        digest: What was read.
        show_literals: Show the values of calls, and plans, which hold such values.
    """
    return json_text(_document(digest, show_literals=show_literals))


def log_schema_text() -> str:
    """The JSON schema of that."""
    schema = msgspec.json.schema(doc.LogDocument)
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    return json.dumps(schema, indent=2, allow_nan=False) + "\n"


def _document(digest: LogDigest, *, show_literals: bool) -> doc.LogDocument:
    return doc.LogDocument(
        schema_version=doc.LOG_SCHEMA_VERSION,
        tool_version=VERSION,
        files=tuple(
            doc.LogFilePart(
                name=file.name,
                format=msgspec.convert(file.format, type=doc.LogFormat),
                prefix=file.prefix or None,
            )
            for file in digest.files
        ),
        size_bytes=digest.size_bytes,
        entries=digest.entries,
        first_at=digest.first_at or None,
        last_at=digest.last_at or None,
        events=doc.LogEventsPart(**asdict(digest.events)),
        hours=tuple(doc.LogHourPart(**asdict(hour)) for hour in digest.hours),
        statements=tuple(_statement(s, show_literals=show_literals) for s in digest.statements),
        notes=digest.notes,
    )


def _statement(statement: LoggedStatement, *, show_literals: bool) -> doc.LoggedStatementPart:
    slowest = statement.slowest
    return doc.LoggedStatementPart(
        fingerprint=statement.fingerprint or None,
        database=statement.database or None,
        text=statement.text,
        calls=statement.calls,
        times=_times(statement.times) if statement.times.count else None,
        is_timed_by_plans=statement.is_timed_by_plans,
        preparation_ms=statement.preparation_ms,
        temp_files=statement.temp_files,
        temp_bytes=statement.temp_bytes,
        lock_waits=statement.lock_waits,
        errors=statement.errors,
        sample_count=len(statement.samples),
        plan_count=statement.plan_count,
        samples=tuple(map(_call, statement.samples)) if show_literals else (),
        slowest=_call(slowest) if show_literals and slowest is not None else None,
        plans=tuple(
            doc.LoggedPlanPart(
                time_ms=plan.time_ms,
                format=msgspec.convert(plan.format, type=doc.ExplainFormat),
                text=plan.text,
            )
            for plan in statement.plans
            if show_literals
        ),
    )


def _times(times: Times) -> doc.TimesPart:
    return doc.TimesPart(**asdict(times), mean_ms=times.mean_ms)


def _call(call: LoggedCall) -> doc.CallPart:
    return doc.CallPart(time_ms=call.time_ms, text=call.text)

"""Which of the three formats a log has."""

from __future__ import annotations

import re

from pgadvisor.errors import UsageError
from pgadvisor.logs.csvlog import ROW, CsvReader
from pgadvisor.logs.event import Reader
from pgadvisor.logs.jsonlog import JsonReader
from pgadvisor.logs.prefix import compile_prefix, recognise
from pgadvisor.logs.stderr import StderrReader
from pgadvisor.model.log import LogFile

_JSON_LINE = re.compile(rb'\n[ \t]*\{[^\n]*"error_severity"\s*:')
_FURTHER_LINE = re.compile(rb"\n\t")
_CSV_HEAD = re.compile(rb"\n\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} [^,\n]{1,9},(?:\"|,)")


def reader_for(
    name: str, sample: bytes, prefix: str | None, *, is_prefix_sure: bool
) -> tuple[LogFile, Reader]:
    """Choose what reads a file.

    Args:
        name: What the file is called.
        sample: Its beginning.
        prefix: ``log_line_prefix``; None: it is recognised.
        is_prefix_sure: The user gave it, so it is taken though nothing fits.

    Raises:
        UsageError: It looks like no log of PostgreSQL, or not like one with that prefix.
    """
    start = b"\n" + sample.replace(b"\r\n", b"\n")
    if _JSON_LINE.search(start):
        return LogFile(name=name, format="jsonlog"), JsonReader()
    if ROW.search(start) or _CSV_HEAD.match(start):
        return LogFile(name=name, format="csvlog"), CsvReader()
    found = recognise(start, prefix)
    if found is None and not start.strip():  # an empty file is a log of nothing
        found = compile_prefix(prefix or "%m [%p] ")
    is_asked_for = prefix is not None and is_prefix_sure
    if found is not None and is_asked_for and found.setting != prefix:
        raise UsageError(
            f"reading the log {name}",
            "its lines do not begin with what --log-line-prefix says",
            f"They look like '{found.setting}'. Leave the option out to have it recognised."
            if found.is_exact
            else "Leave the option out to have it recognised.",
        )
    if found is None:
        raise UsageError(
            f"reading the log {name}",
            "it looks like no log of PostgreSQL in stderr, csvlog or jsonlog format",
            "Messages have to be in English (lc_messages); if lines begin in an unusual way, give "
            "the server's log_line_prefix with --log-line-prefix.",
        )
    # The lines of a message that were given a tab, or none of them was.
    heads = sum(1 for _ in found.pattern.finditer(start))
    lines = start.rstrip(b"\n").count(b"\n")
    has_tabs = heads >= lines or _FURTHER_LINE.search(start) is not None
    return (
        LogFile(name=name, format="stderr", prefix=found.setting),
        StderrReader(found, has_tabs=has_tabs),
    )

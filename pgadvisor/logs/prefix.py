"""``log_line_prefix`` as a regular expression, and how it is recognised in a log."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_SEVERITIES = (
    rb"LOG|DETAIL|STATEMENT|ERROR|FATAL|WARNING|HINT|CONTEXT|QUERY|LOCATION|NOTICE|INFO|PANIC"
    rb"|BACKTRACE|DEBUG[1-5]?"
)
_MOMENT = rb"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d"
_ZONE = rb" [A-Za-z0-9+:-]{1,9}"
_NAME = rb"[^\n]{0,63}?"
_PLAIN_NAME = rb"(?:[^\s@/,:;=|()\[\]]{0,63}?|\[unknown\])"
"""While a prefix is recognised, so that no name swallows what another prefix prints there."""
_ESCAPES = {
    "a": _NAME,
    "u": _NAME,
    "d": rb"(?P<database>" + _NAME + rb")",
    "r": rb"[^\s]{0,255}?",
    "h": rb"[^\s]{0,255}?",
    "L": rb"[^\s]{0,255}?",
    "b": _NAME,
    "p": rb"(?P<process>\d+)",
    "P": rb"\d*",
    "t": rb"(?P<time>" + _MOMENT + _ZONE + rb")",
    "m": rb"(?P<time>" + _MOMENT + rb"\.\d{3}" + _ZONE + rb")",
    "n": rb"(?P<time>\d{9,11}\.\d{3})",
    "i": _NAME,
    "e": rb"[0-9A-Z]{5}",
    "c": rb"(?P<session>[0-9a-f]{1,16}\.[0-9a-f]{1,8})",
    "l": rb"\d+",
    "s": _MOMENT + _ZONE,
    "v": rb"(?:-?\d+/\d+)?",
    "x": rb"\d+",
    "Q": rb"-?\d+",
}
"""What each escape of the setting prints; names end where what follows begins.

Escapes that do not exist print nothing, and neither does a lone ``%`` at the end.
"""
_PART = re.compile(r"%(?P<padding>-?\d*)(?P<escape>.)|(?P<text>[^%]+)", re.DOTALL)

_COMMON = (
    "%m [%p] ",
    "%m [%p] %q%u@%d ",
    "%m [%p] %q%u@%d/%a ",
    "%t [%p] %q%u@%d/%a ",
    "%m [%p] %q[user=%u,db=%d,app=%a] ",
    "%t [%p]: user=%u,db=%d,app=%a,client=%h ",
    "%t [%p]: [%l-1] user=%u,db=%d,app=%a,client=%h ",
    "%m [%p]: [%l-1] user=%u,db=%d,app=%a,client=%h ",
    "%t [%p]: [%l-1] user=%u,db=%d ",
    "%m [%p]: [%l-1] user=%u,db=%d ",
    "%t [%p]: [%l-1] %u@%d ",
    "%m [%p]: [%l-1] %u@%d ",
    "%t:%r:%u@%d:[%p]:",
    "%m:%r:%u@%d:[%p]:",
    "%m:%r:%u@%d:[%p]:%l:%e:%s:%v:%x:%c:%q%a:",
    "%t [%p-%l] %q%u@%d ",
    "%m [%p-%l] %q%u@%d ",
    "%t %u@%d[%p] ",
    "%m %u@%d[%p] ",
    "%m [%p] user=%u,db=%d,app=%a,client=%h ",
    "%m [%p] user=%u,db=%d,host=%h,app=%a ",
    "%m [%p] db=%d,user=%u,app=%a,client=%h ",
    "%t [%p] user=%u,db=%d,app=%a,client=%h ",
    "%t-%c-",
    "%m-%c-",
    "%m %c ",
    "%t [%p]: ",
    "%m [%p]: ",
    "%t [%p]: [%l-1] ",
    "%m [%p]: [%l-1] ",
    "%t [%p] ",
    "%t %p ",
    "%m %p ",
    "%n [%p] ",
    "%n %p ",
    "%t ",
    "%m ",
    "%t: ",
    "%m: ",
    "%p ",
    "[%p] ",
    "[%p]: ",
    "",
)
"""What managed services and the manuals of common tools set, the more telling ones first."""

_ANY_HEAD = re.compile(rb"\n(?![\t\n])([^\n]{0,500}?)(?<![A-Za-z])(?:" + _SEVERITIES + rb"):  ")
_LOOSE_TIME = rb"(?P<time>" + _MOMENT + rb"(?:\.\d{3})?(?:" + _ZONE + rb")?|\d{9,11}\.\d{3})"
_LOOSE_PROCESS = rb"\[(?P<process>\d+)(?:-\d+)?\]"
_LOOSE = tuple(
    re.compile(
        rb"\n(?![\t\n])" + prefix + rb"(?<![A-Za-z])(?P<severity>" + _SEVERITIES + rb"):  "
        rb"(?:[0-9A-Z]{5}: )?"
    )
    for prefix in (
        rb"[^\n]{0,200}?" + _LOOSE_TIME + rb"[^\n]{0,300}?" + _LOOSE_PROCESS + rb"[^\n]{0,300}?",
        rb"[^\n]{0,200}?" + _LOOSE_PROCESS + rb"[^\n]{0,300}?" + _LOOSE_TIME + rb"[^\n]{0,300}?",
        rb"[^\n]{0,200}?" + _LOOSE_TIME + rb"[^\n]{0,300}?",
        rb"[^\n]{0,300}?",
    )
)
_SURE_RATIO = 0.9
_GIVEN_RATIO = 0.5


@dataclass(frozen=True, slots=True)
class LinePrefix:
    """How the lines of a stderr log begin."""

    pattern: re.Pattern[bytes]
    """Finds, from the line break before it, all of a line that comes before its message."""
    setting: str
    """``log_line_prefix``; empty where only time and process were made out."""
    is_exact: bool = True


def compile_prefix(setting: str, *, has_plain_names: bool = False) -> LinePrefix:
    """Make the expression for a value of ``log_line_prefix``.

    Args:
        setting: The value.
        has_plain_names: Names of users, databases and applications have no separators in them.
    """
    seen: set[str] = set()
    prefix = b"".join(_parts(setting, seen))
    if has_plain_names:
        prefix = prefix.replace(_NAME, _PLAIN_NAME)
    if "q" in seen:
        prefix += rb")?"
    return LinePrefix(
        re.compile(
            rb"\n(?![\t\n])" + prefix + rb"(?P<severity>" + _SEVERITIES + rb"):  "
            rb"(?:[0-9A-Z]{5}: )?"
        ),
        setting,
    )


def _parts(setting: str, seen: set[str]) -> Iterator[bytes]:
    for part in _PART.finditer(setting):
        if part["text"] is not None:
            yield re.escape(part["text"].encode())
            continue
        escape = part["escape"]
        if escape == "q" and "q" not in seen:
            seen.add("q")
            yield rb"(?:"
        elif escape == "%":
            yield b"%"
        elif escape in _ESCAPES:
            found = _ESCAPES[escape]
            name = found.split(b">", 1)[0] if found.startswith(b"(?P<") else b""
            if name and name.decode() in seen:  # a group can be named once
                found = found.replace(name + b">", b"(?:", 1)
            seen.add(name.decode())
            yield rb" *" + found + rb" *" if part["padding"] else found


def recognise(sample: bytes, given: str | None = None) -> LinePrefix | None:
    """Find out how the lines of a log begin.

    Args:
        sample: From the beginning of the log, with a line break before it.
        given: ``log_line_prefix`` as a server has it now; the log may be older than that.

    Returns:
        None: nothing in it looks like a line of a PostgreSQL log.
    """
    heads = len(_ANY_HEAD.findall(sample))
    if given is not None:
        found = compile_prefix(given)
        if _count(found, sample) >= max(heads * _GIVEN_RATIO, 1):
            return found
    if not heads:
        return None
    candidates = [compile_prefix(setting, has_plain_names=True) for setting in _COMMON]
    best = max(candidates, key=lambda prefix: _count(prefix, sample))  # the first of equals
    if _count(best, sample) >= heads * _SURE_RATIO:
        return compile_prefix(best.setting)
    loose = [LinePrefix(pattern, "", is_exact=False) for pattern in _LOOSE]
    counts = [_count(prefix, sample) for prefix in loose]
    enough = max(counts) * _SURE_RATIO
    return next(p for p, count in zip(loose, counts, strict=True) if count >= enough)


def _count(prefix: LinePrefix, sample: bytes) -> int:
    return sum(1 for _ in prefix.pattern.finditer(sample))

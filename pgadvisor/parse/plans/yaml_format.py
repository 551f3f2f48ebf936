"""Plans out of ``EXPLAIN (FORMAT YAML)``, as what JSON decodes to.

PostgreSQL writes a small part of YAML: a key or an item a line, texts in double quotes with the
escapes of JSON, everything else bare, and lists of lists as ``- ["a", "b"]``.  That part is read
here, and nothing else: no anchors, tags or documents that could grow
(``docs/decisions/0011-plan-formats.md``).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable

from pgadvisor.parse.plan_values import PlanFormatError
from pgadvisor.parse.plans.keys import number_of

MAX_DEPTH = 1_000
"""Of lists and objects; a node of a plan takes two levels."""

_LINE = re.compile(r"(?P<indent> *)(?P<dash>- )?(?P<rest>.*)", re.DOTALL)
_PAIR = re.compile(r'(?P<key>[^":\[\]{}&*!|>\'%@`]+):(?: (?P<value>.*))?', re.DOTALL)

_Lines = Iterable[tuple[int, str]]


class _Level:
    """A list or an object that is open, and the column in which its lines begin."""

    __slots__ = ("column", "value")

    def __init__(self, column: int, value: dict[str, object] | list[object]) -> None:
        self.column = column
        self.value = value


def plans_from_yaml(lines: _Lines) -> list[object]:
    """Read lines: a list of plans, or one plan as auto_explain writes it.

    Raises:
        PlanFormatError: A line is none that EXPLAIN writes.
    """
    reader = _Reader()
    for number, line in lines:
        if line.strip():
            try:
                reader.read(line)
            except PlanFormatError as error:
                raise PlanFormatError("", error.reason, number) from None
    top = reader.top
    return top if isinstance(top, list) else [top]


class _Reader:
    """Builds objects line by line, with a stack and without recursion."""

    def __init__(self) -> None:
        self.top: dict[str, object] | list[object] = []
        self._levels: list[_Level] = []
        self._empty: tuple[dict[str, object], str] | None = None
        """Where a key without a value stands; what it holds, the next line tells."""

    def read(self, line: str) -> None:
        """Take one line that is not blank."""
        match = _LINE.fullmatch(line.replace("\t", "  "))
        assert match is not None  # noqa: S101 - it matches any text
        column = len(match["indent"])
        rest = match["rest"].rstrip()
        if match["dash"]:
            self._close(column, of_list=True)
            self._item(column, rest)
        else:
            self._close(column, of_list=False)
            self._pair(column, rest)

    def _close(self, column: int, *, of_list: bool) -> None:
        """Close what is deeper than a line, or open what the last key holds."""
        if self._empty is not None:
            holder, key = self._empty
            self._empty = None
            if column > self._levels[-1].column:
                self._open(column, [] if of_list else {}, holder, key)
                return
        while self._levels and self._levels[-1].column > column:
            self._levels.pop()
        if not self._levels:
            if self.top:
                raise PlanFormatError("", "is less indented than what it should belong to")
            self.top = [] if of_list else {}
            self._levels.append(_Level(column, self.top))
        level = self._levels[-1]
        if level.column != column or isinstance(level.value, list) != of_list:
            raise PlanFormatError("", "is indented like nothing above it")

    def _open(
        self,
        column: int,
        value: dict[str, object] | list[object],
        holder: dict[str, object],
        key: str,
    ) -> None:
        if len(self._levels) >= MAX_DEPTH:
            raise PlanFormatError("", "nested too deeply")
        earlier = holder.get(key)
        if isinstance(earlier, list) and isinstance(value, list):
            value = earlier  # Workers, which before 13 may stand there twice
        holder[key] = value
        self._levels.append(_Level(column, value))

    def _item(self, column: int, rest: str) -> None:
        items = self._levels[-1].value
        assert isinstance(items, list)  # noqa: S101 - _close has seen to it
        if not rest.startswith(('"', "[")) and _PAIR.fullmatch(rest):
            if len(self._levels) >= MAX_DEPTH:
                raise PlanFormatError("", "nested too deeply")
            fields: dict[str, object] = {}
            items.append(fields)
            self._levels.append(_Level(column + 2, fields))
            self._pair(column + 2, rest)
        else:
            items.append(_scalar(rest))

    def _pair(self, column: int, rest: str) -> None:
        match = _PAIR.fullmatch(rest)
        fields = self._levels[-1].value
        if match is None or not isinstance(fields, dict) or self._levels[-1].column != column:
            raise PlanFormatError("", "is no line of EXPLAIN (FORMAT YAML)")
        key = match["key"]
        value = match["value"] or ""
        if key in fields and (value or key != "Workers"):
            raise PlanFormatError("", "an object has the same key twice")
        if value:
            fields[key] = _scalar(value)
        else:
            fields.setdefault(key, None)
            self._empty = (fields, key)


def _scalar(text: str) -> object:
    if text.startswith(('"', "[")):
        try:
            value: object = json.loads(text)
        except (ValueError, RecursionError):
            raise PlanFormatError("", "has a text or a list that does not end") from None
        if isinstance(value, list) and not all(isinstance(item, str) for item in value):
            raise PlanFormatError("", "has a list of something else than texts")
        return value
    if text in {"true", "false"}:
        return text == "true"
    number = number_of(text)
    if number is None:
        raise PlanFormatError("", "has a value that is neither text nor number")
    return number

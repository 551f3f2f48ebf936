"""Plans out of ``EXPLAIN (FORMAT XML)``, as what JSON decodes to."""

from __future__ import annotations

from xml.parsers import expat

from pgadvisor.parse.plan_values import PlanFormatError
from pgadvisor.parse.plans.keys import key_of_tag, typed

MAX_DEPTH = 1_000
"""Of elements; a node of a plan takes two to three levels."""

_LISTS = {
    *("Plans", "Workers", "Triggers", "Grouping Sets", "Target Tables", "Group Keys", "Hash Keys"),
    *("Output", "Sort Key", "Presorted Key", "Group Key", "Sort Methods Used"),
    *("Conflict Arbiter Indexes", "Params Evaluated", "Sampling Parameters"),
}
_LISTED = "Item"
_OBJECTS = {"Settings", "Planning", "JIT", "Serialization", "Options", "Timing"}
"""What is an object where it is empty too."""
_SORT_GROUPS = ("Incremental Sort Groups", "Full-sort Groups", "Pre-sorted Groups")
"""In XML both kinds have the name of the first; full groups come before pre-sorted ones."""


class _Element:
    """An element that is open: its key, its text so far, and what it holds."""

    __slots__ = ("items", "key", "keys", "texts")

    def __init__(self, key: str) -> None:
        self.key = key
        self.texts: list[str] = []
        self.keys: list[str] = []
        self.items: list[object] = []

    def value(self) -> object:
        """Return what it is in JSON: a list, an object, or text."""
        if self.key in _LISTS or (self.keys and set(self.keys) == {_LISTED}):
            return self.items
        if self.key in _OBJECTS and not self.keys:
            return {}
        if not self.keys:
            return typed(self.key, "".join(self.texts))
        found: dict[str, object] = {}
        if self.key in _SORT_GROUPS:
            self._name_sort_spaces()
        elif _SORT_GROUPS[0] in self.keys:
            names = iter(_SORT_GROUPS[1:])
            self.keys = [key if key != _SORT_GROUPS[0] else next(names, key) for key in self.keys]
        for key, item in zip(self.keys, self.items, strict=True):
            if key not in found:
                found[key] = item
            elif key == "Workers" and isinstance(item, list):  # before 13 there may be two
                earlier = found[key]
                found[key] = [*earlier, *item] if isinstance(earlier, list) else item
            else:
                raise PlanFormatError("", "an element has the same element twice")
        return found

    def _name_sort_spaces(self) -> None:
        """Tell memory from disk, which XML does not, by the methods: ``external`` ones use disk."""
        methods: object = dict(zip(self.keys, self.items, strict=True)).get("Sort Methods Used")
        media: list[str] = []
        for method in methods if isinstance(methods, list) else []:
            medium = "Disk" if str(method).startswith("external") else "Memory"
            media = sorted({*media, medium}, reverse=True)
        names = iter(media)
        self.keys = [
            f"Sort Space {next(names, '')}" if key == "Sort Space" else key for key in self.keys
        ]


def plans_from_xml(text: str, line: int = 1) -> list[object]:
    """Read a document ``<explain>``; it may have several statements in it.

    A document type is refused, and with it all entities that it could define: EXPLAIN writes
    none.

    Args:
        text: The document, and nothing else.
        line: The line that it begins in.

    Raises:
        PlanFormatError: It is no such document.
    """
    reader = _Reader(line)
    try:
        reader.parser.Parse(text, True)  # noqa: FBT003 - expat takes it by position only
    except expat.ExpatError as error:
        reason = f"no XML: {expat.ErrorString(error.code)}"
        raise PlanFormatError("", reason, line - 1 + error.lineno) from None
    return reader.queries


class _Reader:
    """Builds objects while expat reads; the depth is bounded, as deleting them recurses."""

    def __init__(self, line: int) -> None:
        self.queries: list[object] = []
        self._open: list[_Element] = []
        self._line = line
        self.parser = expat.ParserCreate()
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._text
        self.parser.StartDoctypeDeclHandler = self._refuse

    def _error(self, reason: str) -> PlanFormatError:
        return PlanFormatError("", reason, self._line - 1 + self.parser.CurrentLineNumber)

    def _start(self, name: str, _: dict[str, str]) -> None:
        if len(self._open) >= MAX_DEPTH:
            raise self._error("nested too deeply")
        if not self._open and name != "explain":
            raise self._error("the document is no <explain>")
        self._open.append(_Element(key_of_tag(name)))

    def _text(self, text: str) -> None:
        if self._open:
            self._open[-1].texts.append(text)

    def _end(self, _: str) -> None:
        element = self._open.pop()
        if not self._open:
            # auto_explain puts the plan right below <explain>, EXPLAIN into <Query>.
            if not self.queries:
                self.queries.append(element.value())
        elif len(self._open) == 1 and element.key == "Query":
            self.queries.append(element.value())
        else:
            parent = self._open[-1]
            try:
                value = element.value()
            except PlanFormatError as error:
                raise self._error(error.reason) from None
            parent.keys.append(element.key)
            parent.items.append(value)

    def _refuse(self, *_: object) -> None:
        raise self._error("has a document type, which no plan has")

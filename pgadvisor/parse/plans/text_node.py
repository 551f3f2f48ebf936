"""Lines of nodes in TEXT: ``->  Hash Left Join  (cost=...) (actual ...)``."""

from __future__ import annotations

import re

from pgadvisor.parse.plans.keys import number_of

_NUMBER = r"[0-9]+(?:\.[0-9]+)?"
_COST = (
    rf"\(cost=(?P<start>{_NUMBER})\.\.(?P<total>{_NUMBER}) "
    rf"rows=(?P<rows>{_NUMBER}) width=(?P<width>[0-9]+)\)"
)
_TIME = rf"time=(?P<first>{_NUMBER})\.\.(?P<last>{_NUMBER}) "
_ACTUAL = rf"\(actual (?:{_TIME})?rows=(?P<returned>{_NUMBER}) loops=(?P<loops>{_NUMBER})\)"
_TAIL = re.compile(rf"\s+(?:{_COST}\s*)?(?:{_ACTUAL}|(?P<never>\(never executed\)))?\s*")
_FIGURES = {
    "start": "Startup Cost",
    "total": "Total Cost",
    "rows": "Plan Rows",
    "width": "Plan Width",
    "first": "Actual Startup Time",
    "last": "Actual Total Time",
    "returned": "Actual Rows",
    "loops": "Actual Loops",
}
_IDENTIFIER = r'(?:"(?:[^"]|"")*+"|[^\s".]++)'
_LABEL = re.compile(
    rf"(?P<type>[^\"]+?)(?P<backward> Backward)?(?: using (?P<index>{_IDENTIFIER}))?"
    rf"(?: on (?:(?P<schema>{_IDENTIFIER})\.)?(?P<name>{_IDENTIFIER})"
    rf"(?: (?P<alias>{_IDENTIFIER}))?)?"
)
_JOIN = re.compile(
    r"(?P<node>Nested Loop|Merge|Hash)(?P<join>(?: Left| Full| Right| Semi| Anti| \?\?\?)*) Join"
)
_AGGREGATE = re.compile(r"(?:(?P<mode>Partial|Finalize) )?(?P<strategy>|Group|Hash|Mixed)Aggregate")
_STRATEGIES = {"": "Plain", "Group": "Sorted", "Hash": "Hashed", "Mixed": "Mixed"}
_SET_OPERATION = re.compile(r"(?P<hashed>Hash)?SetOp (?P<command>.+)")
_CUSTOM = re.compile(r"Custom Scan \((?P<provider>.*)\)")
_OPERATIONS = ("Insert", "Update", "Delete", "Merge")
_NAMED = {
    "Function Scan": "Function Name",
    "CTE Scan": "CTE Name",
    "WorkTable Scan": "CTE Name",
    "Named Tuplestore Scan": "Tuplestore Name",
    "Table Function Scan": "Table Function Name",
}
"""Scans of something else than a relation."""
_ALIASED_ONLY = {"Subquery Scan", "Values Scan"}
_TYPES = (
    *("Result", "ProjectSet", "Append", "Merge Append", "Recursive Union", "BitmapAnd", "BitmapOr"),
    *("Nested Loop", "Merge", "Hash", "Seq Scan", "Sample Scan", "Gather", "Gather Merge"),
    *("Index Scan", "Index Only Scan", "Bitmap Index Scan", "Bitmap Heap Scan", "Tid Scan"),
    *("Tid Range Scan", *_NAMED, *_ALIASED_ONLY, "Foreign Scan", "Custom Scan"),
    *("Materialize", "Memoize", "Sort", "Incremental Sort", "Group", "WindowAgg", "Unique"),
    *("SetOp", "HashSetOp", "LockRows", "Limit", "Aggregate", "GroupAggregate"),
    *("HashAggregate", "MixedAggregate", "ModifyTable"),
    *(f"{operation} on" for operation in _OPERATIONS),
    *(f"Foreign {operation}" for operation in _OPERATIONS[1:3]),
)
_KINDS = {*_TYPES, "ModifyTable", "Merge Join", "Hash Join"} - {"Merge", "HashSetOp"}
_KNOWN = re.compile(
    r"(?:Async |Parallel |Partial |Finalize )*(?:"
    + "|".join(re.escape(name) for name in sorted(_TYPES, key=len, reverse=True))
    + r")\b"
)
_FORWARD = {"Index Scan", "Index Only Scan"}


def has_known_type(content: str) -> bool:
    """Tell whether a line begins with the name of a node that PostgreSQL has."""
    return _KNOWN.match(content) is not None


def is_node(content: str) -> bool:
    """Tell whether a line without figures is that of a node, and no sentence."""
    kind = _labelled(content)["Node Type"]
    return kind in _KINDS


def split_tail(content: str) -> tuple[str, re.Match[str] | None]:
    """Return a node's label, and its figures at the end of the line, if there are any."""
    # A name may look like figures: the last ones of the line are the node's.
    for start in ("(cost=", "(actual ", "(never "):
        at = content.rfind(start)
        if at > 0:
            begin = len(content[:at].rstrip())
            match = _TAIL.fullmatch(content, begin)
            if match is not None and (match["total"] or match["loops"] or match["never"]):
                return content[:begin], match
    return content, None


def node_of(content: str) -> dict[str, object]:
    """Read a node's line, without the arrow before it, into the keys that JSON has for it."""
    label, tail = split_tail(content)
    node: dict[str, object] = _labelled(label.strip())
    if tail is not None:
        for name, key in _FIGURES.items():
            if tail[name] is not None:
                figure = number_of(tail[name])
                node[key] = float(tail[name]) if figure is None else figure
        if tail["never"]:
            node["Actual Rows"] = node["Actual Loops"] = 0
    return node


def _labelled(label: str) -> dict[str, object]:
    node: dict[str, object] = {}
    for word, key in (("Async ", "Async Capable"), ("Parallel ", "Parallel Aware")):
        if label.startswith(word):
            node[key] = True
            label = label.removeprefix(word)
    match = _LABEL.fullmatch(label)
    if match is None:
        return node | {"Node Type": label}
    _typed(node, match["type"])
    kind = str(node["Node Type"])
    if kind in _FORWARD:
        node["Scan Direction"] = "Backward" if match["backward"] else "Forward"
    if match["index"]:
        node["Index Name"] = _unquoted(match["index"])
    if match["name"]:
        _named(node, kind, match)
    return node


def _named(node: dict[str, object], kind: str, match: re.Match[str]) -> None:
    name = _unquoted(match["name"])
    if kind == "Bitmap Index Scan":
        node["Index Name"] = name
        return
    if match["schema"]:
        node["Schema"] = _unquoted(match["schema"])
    if kind not in _ALIASED_ONLY:
        node[_NAMED.get(kind, "Relation Name")] = name
    node["Alias"] = _unquoted(match["alias"]) if match["alias"] else name


def _typed(node: dict[str, object], kind: str) -> None:
    """Set the type of a node, and what TEXT says in its name and JSON in keys of their own."""
    if join := _JOIN.fullmatch(kind):
        node["Node Type"] = "Nested Loop" if kind.startswith("N") else f"{join['node']} Join"
        node["Join Type"] = join["join"].strip() or "Inner"
    elif kind == "Nested Loop":
        node |= {"Node Type": kind, "Join Type": "Inner"}
    elif aggregate := _AGGREGATE.fullmatch(kind):
        node["Node Type"] = "Aggregate"
        node["Strategy"] = _STRATEGIES[aggregate["strategy"]]
        node["Partial Mode"] = aggregate["mode"] or "Simple"
    elif operation := _SET_OPERATION.fullmatch(kind):
        node["Node Type"] = "SetOp"
        node["Strategy"] = "Hashed" if operation["hashed"] else "Sorted"
        node["Command"] = operation["command"]
    elif custom := _CUSTOM.fullmatch(kind):
        node |= {"Node Type": "Custom Scan", "Custom Plan Provider": custom["provider"]}
    elif kind in _OPERATIONS:
        node |= {"Node Type": "ModifyTable", "Operation": kind}
    elif kind.startswith("Foreign "):
        verb = kind.removeprefix("Foreign ")
        node["Node Type"] = "Foreign Scan"
        node["Operation"] = "Select" if verb == "Scan" else verb
    else:
        node["Node Type"] = kind


def target_of(content: str) -> dict[str, object] | None:
    """Read one of several tables that a ModifyTable writes to: ``Update on part_1``."""
    match = _LABEL.fullmatch(content)
    if match is None or match["name"] is None or match["index"]:
        return None
    if match["type"].removeprefix("Foreign ") not in _OPERATIONS:
        return None
    target: dict[str, object] = {"Relation Name": _unquoted(match["name"])}
    if match["schema"]:
        target["Schema"] = _unquoted(match["schema"])
    target["Alias"] = _unquoted(match["alias"] or match["name"])
    return target


def _unquoted(name: str) -> str:
    return name[1:-1].replace('""', '"') if name.startswith('"') else name

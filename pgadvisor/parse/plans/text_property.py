"""Lines below a node in ``EXPLAIN (FORMAT TEXT)``, with the keys that JSON has for them."""

from __future__ import annotations

import re
from collections.abc import Callable

from pgadvisor.parse.plans.keys import TEXT_LISTS, number_of, typed

_SIZE = re.compile(r"(?P<key>[A-Za-z][A-Za-z ]*?): (?P<value>[0-9]+)kB")
_PAIR = re.compile(r"(?P<key>[A-Za-z][A-Za-z ]*?): (?P<value>[^:]*?)(?:kB)?(?:  |$)")
_FIGURE = re.compile(r"(?P<key>[a-z]+)=(?P<value>[0-9.]+)")
_SORT = re.compile(r"(?P<method>.+?)\s+(?P<type>Memory|Disk): (?P<size>[0-9]+)kB")
_ORIGINALLY = re.compile(r"(?P<now>[0-9]+)(?: \(originally (?P<then>[0-9]+)\))?")
_GROUPS = re.compile(r"(?P<count>[0-9]+)(?:\s+Sort Methods?: (?P<methods>.+?))?(?P<sizes>  .*)?")
_SAMPLE = re.compile(r"(?P<method>\S+) \((?P<parameters>.*?)\)(?: REPEATABLE \((?P<seed>.*)\))?")
_SETTING = re.compile(
    r"(?P<name>[A-Za-z_][\w.$]*) = '(?P<value>.*?)'(?:, (?=[A-Za-z_][\w.$]* = ')|$)", re.DOTALL
)
_TIMING = re.compile(
    r"(?P<key>[A-Z][a-z]+) (?P<value>[0-9.]+) ms(?: \(Deform (?P<deform>[0-9.]+) ms\))?"
)
_TOKEN = re.compile(
    r"""'(?:[^']|'')*+'|"(?:[^"]|"")*+"|[(\[{]|[)\]}]|,\s*|[^'"(\[{)\]},]++|.""", re.DOTALL
)

Fields = dict[str, object]


def add_property(fields: Fields, key: str, value: str) -> None:
    """Add a line ``key: value`` to an object, under the keys that JSON has for it."""
    special = _SPECIAL.get(key)
    if special is not None:
        special(fields, key, value)
    elif key in TEXT_LISTS:
        fields[key] = split_list(value)
    else:
        fields[key] = typed(key, value)


def split_list(text: str) -> list[object]:
    """Split at the commas that stand outside of quotes and brackets."""
    if "," not in text:
        return [text]
    parts: list[object] = []
    depth = start = 0
    for token in _TOKEN.finditer(text):
        first = token[0][0]
        if first in "([{":
            depth += 1
        elif first in ")]}":
            depth -= 1
        elif first == "," and depth <= 0:
            parts.append(text[start : token.start()])
            start = token.end()
    return [*parts, text[start:]]


def settings_of(text: str) -> Fields:
    """Read ``enable_seqscan = 'off', work_mem = '64kB'``; the values are not escaped."""
    return {match["name"]: match["value"] for match in _SETTING.finditer(text)}


def add_grouping(fields: Fields, key: str, value: str) -> None:
    """Add a line of an aggregate's groups: the only one, or one of GROUPING SETS."""
    keys = [] if value == "()" else split_list(value)
    earlier = fields.get("Grouping Sets")
    sets: list[object] = earlier if isinstance(earlier, list) else []
    sets.append({key: keys} if key == "Sort Key" else {f"{key}s": [keys]})
    fields["Grouping Sets"] = sets


def jit_option(fields: Fields, key: str, value: str) -> None:
    """Add ``Options: Inlining false, ...`` or ``Timing: Generation 0.5 ms (...), ...``."""
    found: Fields = {}
    if key == "Options":
        for part in value.split(", "):
            name, _, flag = part.partition(" ")
            found[name] = flag == "true"
    else:
        for match in _TIMING.finditer(value):
            time = number_of(match["value"])
            deform = match["deform"]
            found[match["key"]] = (
                time if deform is None else {"Deform": number_of(deform), "Total": time}
            )
    fields[key] = found


def _milliseconds(fields: Fields, key: str, value: str) -> None:
    name = {"Total runtime": "Execution Time"}.get(key, key.replace(" time", " Time"))
    fields[name] = typed(name, value.removesuffix(" ms"))


def _buffers(fields: Fields, _: str, value: str) -> None:
    for part in value.split(", "):
        place, _, figures = part.partition(" ")
        for match in _FIGURE.finditer(figures):
            name = f"{place.capitalize()} {match['key'].capitalize()} Blocks"
            fields[name] = typed(name, match["value"])


def _timings(fields: Fields, _: str, value: str) -> None:
    for part in value.split(", "):
        match = _FIGURE.search(part)
        place = part[: match.start()].strip() if match else ""
        # Up to 14 without a place; 15 and 16 say "shared/local", which JSON does not.
        prefix = "" if place in {"", "shared/local"} else f"{place.capitalize()} "
        for each in _FIGURE.finditer(part):
            name = f"{prefix}I/O {each['key'].capitalize()} Time"
            fields[name] = typed(name, each["value"])


def _wal(fields: Fields, _: str, value: str) -> None:
    names = {"fpi": "WAL FPI", "full": "WAL Buffers Full"}
    for match in _FIGURE.finditer(value):  # "buffers full=1" ends in the figure "full"
        name = names.get(match["key"], f"WAL {match['key'].capitalize()}")
        fields[name] = typed(name, match["value"])


def _sort(fields: Fields, key: str, value: str) -> None:
    match = _SORT.fullmatch(value)
    if match is None:
        fields[key] = value
        return
    fields["Sort Method"] = match["method"]
    fields["Sort Space Used"] = int(match["size"])
    fields["Sort Space Type"] = match["type"]


def _buckets(fields: Fields, _: str, value: str) -> None:
    for match in _PAIR.finditer(f"Buckets: {value}"):
        figure = _ORIGINALLY.match(match["value"])
        if match["key"] == "Memory Usage":
            fields["Peak Memory Usage"] = typed("Peak Memory Usage", match["value"])
        elif figure is not None:
            fields[f"Hash {match['key']}"] = int(figure["now"])
            fields[f"Original Hash {match['key']}"] = int(figure["then"] or figure["now"])


_RENAMED = {
    "Batches": "HashAgg Batches",
    "Memory Usage": "Peak Memory Usage",
    "Hits": "Cache Hits",
    "Misses": "Cache Misses",
    "Evictions": "Cache Evictions",
    "Overflows": "Cache Overflows",
}


def _pairs(fields: Fields, key: str, value: str) -> None:
    """Read ``Batches: 5  Memory Usage: 4145kB  Disk Usage: 35936kB`` and its like."""
    for match in _PAIR.finditer(f"{key}: {value}"):
        name = _RENAMED.get(match["key"], match["key"])
        fields[name] = typed(name, match["value"])


def _sort_groups(fields: Fields, key: str, value: str) -> None:
    # Full-sort and pre-sorted groups may share a line.
    value, _, other = value.partition("  Pre-sorted Groups: ")
    if other:
        _sort_groups(fields, "Pre-sorted Groups", other)
    match = _GROUPS.fullmatch(value)
    if match is None:
        fields[key] = value
        return
    groups: Fields = {"Group Count": int(match["count"])}
    methods = match["methods"]
    groups["Sort Methods Used"] = methods.split(", ") if methods else []
    for size in _SIZE.finditer(match["sizes"] or ""):
        kind, _, medium = size["key"].partition(" ")
        space = groups.setdefault(f"Sort Space {medium}", {})
        if isinstance(space, dict):
            space[f"{kind} Sort Space Used"] = int(size["value"])
    fields[key] = groups


def _heap_blocks(fields: Fields, _: str, value: str) -> None:
    for match in _FIGURE.finditer(value):
        fields[f"{match['key'].capitalize()} Heap Blocks"] = typed(
            "Exact Heap Blocks", match["value"]
        )


def _tuples(fields: Fields, _: str, value: str) -> None:
    for match in _FIGURE.finditer(value):
        name = f"Tuples {match['key'].capitalize()}"
        fields[name] = typed(name, match["value"])


def _memory(fields: Fields, _: str, value: str) -> None:
    for match in _FIGURE.finditer(value):
        name = f"Memory {match['key'].capitalize()}"
        fields[name] = typed(name, match["value"])


def _sampling(fields: Fields, key: str, value: str) -> None:
    match = _SAMPLE.fullmatch(value)
    if match is None:
        fields[key] = value
        return
    fields["Sampling Method"] = match["method"]
    fields["Sampling Parameters"] = split_list(match["parameters"])
    if match["seed"]:
        fields["Repeatable Seed"] = match["seed"]


def _serialization(fields: Fields, key: str, value: str) -> None:
    found: Fields = {}
    for part in value.split():
        name, _, figure = part.partition("=")
        if name == "format":
            found["Format"] = figure
        elif name == "time":
            found["Time"] = number_of(figure)
        elif name == "output":
            found["Output Volume"] = number_of(figure.removesuffix("kB"))
    fields[key] = found


_SPECIAL: dict[str, Callable[[Fields, str, str], None]] = {
    **dict.fromkeys(
        ("Planning Time", "Planning time", "Execution Time", "Execution time", "Total runtime"),
        _milliseconds,
    ),
    **dict.fromkeys(("Batches", "Planned Partitions", "Hits", "Storage"), _pairs),
    **dict.fromkeys(("Full-sort Groups", "Pre-sorted Groups"), _sort_groups),
    "Buffers": _buffers,
    "I/O Timings": _timings,
    "WAL": _wal,
    "Sort Method": _sort,
    "Buckets": _buckets,
    "Heap Blocks": _heap_blocks,
    "Tuples": _tuples,
    "Memory": _memory,
    "Sampling": _sampling,
    "Serialization": _serialization,
    "Settings": lambda fields, key, value: fields.update({key: settings_of(value)}),
}

"""Record plans of real servers for the tests that need none.

``python -m tests.parse.plans.record MAJOR [BINARIES]`` writes ``recorded/MAJOR.json``; without
binaries, 13 to 18 are fetched.  Binaries with the JIT compiler record that too.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path

import psycopg

from pgadvisor.cluster.binaries import Binaries, read_binaries
from pgadvisor.cluster.launch import Cluster
from tests.fixtures.databases import SETTINGS
from tests.fixtures.npm_binaries import npm_binaries
from tests.parse.plans.servers import explain, options_of
from tests.parse.plans.statements import SCHEMA, STATEMENTS, Statement

RECORDED = Path(__file__).parent / "recorded"
TWO = ("memoize", "update with triggers")
FEW = (*TWO, "cte twice", "parallel sort", "literals like lines")
MORE = (
    *("quoted names", "rollup", "hash batches", "external sort", "never executed branch"),
    *("two init plans", "insert on conflict", "merge", "subplan"),
)
BY_MAJOR: Mapping[int, tuple[str, ...]] = {
    10: (*TWO, "literals like lines"),
    11: (*TWO, "parallel sort"),
    12: (*TWO, "parallel sort"),
    13: FEW,
    15: FEW,
    18: (*FEW, *MORE),
}
JIT_SINCE = 11
JIT_AVAILABLE = "select pg_jit_available()"
JIT = (
    "jit = on",
    *("jit_above_cost = 0", "jit_inline_above_cost = 0", "jit_optimize_above_cost = 0"),
)


def record(binaries: Binaries) -> dict[str, dict[str, str]]:
    """Return the texts of some statements, by their names and formats."""
    major = binaries.major
    found: dict[str, dict[str, str]] = {}
    settings = {name: value for name, value in SETTINGS.items() if "preload" not in name}
    with (
        Cluster(binaries=binaries, settings=settings) as cluster,
        psycopg.connect(cluster.dsn(), autocommit=True) as connection,
    ):
        connection.execute(SCHEMA)
        connection.execute("vacuum analyze")
        has_jit = major >= JIT_SINCE and connection.execute(JIT_AVAILABLE).fetchone() == (True,)
        for name in BY_MAJOR.get(major, TWO):
            options = options_of("usual" if name in MORE else "all", major)
            found[name] = explain(connection, STATEMENTS[name], options)
        if has_jit:
            sql = STATEMENTS["parallel scan"].sql
            statement = Statement(sql=sql, settings=JIT, parallel=True)
            found["jit"] = explain(connection, statement, options_of("all", major))
    return found


if __name__ == "__main__":
    chosen = int(sys.argv[1])
    given = None
    if sys.argv[2:]:
        place = Path(sys.argv[2])
        given = read_binaries(place, origin="given", library_directories=(place / "lib",))
    RECORDED.mkdir(exist_ok=True)
    text = json.dumps(record(given or npm_binaries(chosen)), indent=1, ensure_ascii=False)
    (RECORDED / f"{chosen}.json").write_text(text + "\n")

"""Measure the choice of indexes beside published advisors.

    python -m tests.benchmarks.index_choice --part reference   # are the comparators true?
    python -m tests.benchmarks.index_choice --part tpch        # all of them on the twin
    python -m tests.benchmarks.index_choice --part truth       # chosen sets, really built
    python -m tests.benchmarks.index_choice --part reality     # statements, really run
    python -m tests.benchmarks.index_choice --part generated   # schemas that are written, too

It needs a PostgreSQL with HypoPG on the machine, of the same major as the published figures (15)
for the first part.  ``--kept DIR`` keeps TPC-H's rows for the next time, and ``--dsn DSN`` uses an
empty database on a disposable server, and what was loaded there before: so that two runs have the
same statistics, which ANALYZE draws anew each time.  ``--statements 22`` leaves none out, of which
Q20 makes up 99 % of the summed cost without an index: there the geometric mean says more.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from tests.benchmarks.choice.comparison import print_comparison
from tests.benchmarks.choice.contest import OURS, PUBLISHED
from tests.benchmarks.choice.database import SHARES, bare_tpch
from tests.benchmarks.choice.generated import GENERATED_NAMES, SIZES, print_generated
from tests.benchmarks.choice.reality import print_reality
from tests.benchmarks.choice.reference import print_reference
from tests.benchmarks.choice.truth import print_truth

_PARTS = ("reference", "tpch", "truth", "reality", "generated")
_NAMES = (*PUBLISHED, *OURS)
_BUILT = ("Extend W=3", "DB2Advis W=3, 10 s of variations", "one EXPLAIN", "ours, as shipped")
"""Whose sets are built where nobody is named."""
_BUILT_SHARES = (0.25, 1.0)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="Measure the choice of indexes.")
    parser.add_argument("--part", choices=_PARTS, required=True)
    parser.add_argument("--advisor", choices=_NAMES, action="append", help="only this; repeatable")
    parser.add_argument("--share", type=float, action="append", help="budget, of the tables' size")
    parser.add_argument("--statements", type=int, choices=(19, 22), help="for the last three parts")
    parser.add_argument("--pairs", type=int, default=10, help="of each statement, for reality")
    parser.add_argument("--scale", type=float, default=1.0, help="of TPC-H")
    parser.add_argument("--kept", type=Path, help="a directory where the rows stay")
    parser.add_argument("--dsn", help="a database of a disposable server that stays")
    parser.add_argument("--tables", type=int, default=200, help="at most, of generated schemas")
    options = parser.parse_args()
    if options.part == "generated":
        wanted = frozenset(options.advisor or GENERATED_NAMES)
        print_generated([s for s in SIZES if s[0] <= options.tables], wanted.__contains__)
        return
    built, shares = options.advisor or _BUILT, options.share or _BUILT_SHARES
    with bare_tpch(options.scale, kept=options.kept, dsn=options.dsn) as loaded:
        if options.part == "reference":
            print_reference(loaded)
        elif options.part == "tpch":
            workloads = {19: loaded.published_queries, 22: loaded.queries}
            wanted = frozenset(options.advisor or _NAMES)
            some = [workloads[n] for n in workloads if options.statements in {None, n}]
            print_comparison(loaded, some, options.share or SHARES, wanted.__contains__)
        else:
            is_whole = options.statements == 22
            queries = loaded.queries if is_whole else loaded.published_queries
            if options.part == "truth":
                print_truth(loaded, queries, built, shares)
            else:
                print_reality(loaded, queries, built, shares, options.pairs)


if __name__ == "__main__":
    main()

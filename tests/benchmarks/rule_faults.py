"""Whether each rule finds its own fault, and what else is said: recall and precision.

    python -m tests.benchmarks.rule_faults [--major 15|18] [--rule ID]

For each rule a database is built on a real server with the rule's fault in it (``tests/faults``),
and judged by all rules; then the fault is mended, by the finding's own remedy where that is SQL,
and the database is judged again.  Where no rule is named, so is the example system, with all the
faults that were planted in it, and after its migration.
"""

from __future__ import annotations

import argparse
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import psycopg

from examples.upload_pipeline.faults import FAULTS
from pgadvisor.cluster.owner import memory_base, server_owner
from pgadvisor.config import GateLimits
from pgadvisor.diagnose.engine import changed_limits
from pgadvisor.errors import PgAdvisorError
from pgadvisor.registry import load_rules
from tests.faults.catalogue import WITHOUT_A_FAULT, all_faults
from tests.faults.example import ExampleJudgement, judge_example
from tests.faults.fault import Fault
from tests.faults.server import FaultServer, Judgement, binaries_of

MAJORS = (15, 18)
_MEMORY_BYTES = 2 << 30


def main() -> None:
    """Judge all faults that were asked for, and print the figures."""
    parser = argparse.ArgumentParser(description="Recall and precision of the rules.")
    parser.add_argument("--major", type=int, choices=MAJORS, action="append")
    parser.add_argument("--rule", action="append", help="the id of a rule; more than one may be")
    given = parser.parse_args()
    faults = all_faults()
    chosen = {rule_id: faults[rule_id] for rule_id in given.rule or faults}
    for major in given.major or MAJORS:
        started = time.monotonic()
        _report(major, chosen, *_judged(major, chosen))
        if not given.rule:
            _tell_example(judge_example(binaries_of(major)))
        print(f"it took {(time.monotonic() - started) / 60:.1f} min\n", flush=True)


def _judged(major: int, faults: Mapping[str, Fault]) -> tuple[list[Judgement], int]:
    """What was said of each fault, and how many could not be planted."""
    made: list[Judgement] = []
    failed = 0
    # In memory, where a server that waits for its disk, as a real one does, waits for nothing.
    base = memory_base(server_owner(), _MEMORY_BYTES)
    with (
        tempfile.TemporaryDirectory(prefix="pgadvisor-faults-", dir=base) as directory,
        _temporary_files_in(directory),
    ):
        server = FaultServer(binaries_of(major), Path(directory))
        try:
            for rule_id, fault in faults.items():
                if major not in fault.majors or not server.can_have(fault):
                    print(f"none   {rule_id:34} this server cannot have it", flush=True)
                    continue
                try:
                    made.append(server.judge(rule_id, fault))
                except (AssertionError, OSError, PgAdvisorError, psycopg.Error):
                    # One that cannot be planted must not cost all that come after it.
                    failed += 1
                    print(f"FAILED {rule_id}\n{traceback.format_exc()}", flush=True)
                else:
                    _tell(made[-1])
        finally:
            server.stop()
    return made, failed


@contextmanager
def _temporary_files_in(directory: str) -> Iterator[None]:
    before, tempfile.tempdir = tempfile.tempdir, directory
    try:
        yield
    finally:
        tempfile.tempdir = before


def _tell(judgement: Judgement) -> None:
    verdict = "found" if judgement.found else "MISSED"
    how = "its own SQL" if judgement.applied else "by hand"
    print(f"{verdict:6} {judgement.rule_id:34} {judgement.time_s:5.1f} s, mended {how}", flush=True)
    for finding in judgement.found:
        print(f"       {finding.subject}: {finding.summary}", flush=True)
    for reason in judgement.skipped if not judgement.found else ():
        print(f"       skipped: {reason}")
    for finding in judgement.bystanders:
        print(f"       beside it: {finding.key}: {finding.summary}")
    for finding in judgement.left:
        print(f"       still there once mended: {finding.summary}")
    for finding in judgement.remarks:
        print(f"       remark once mended: {finding.key}")
    for finding in judgement.mended:
        print(f"       FALSE once mended: {finding.key}: {finding.summary}")


def _tell_example(judgement: ExampleJudgement) -> None:
    planted = len(FAULTS) - len(judgement.hurried.missed)
    print(f"the example system: {planted} of {len(FAULTS)} planted faults found,")
    print(f"{len(judgement.hurried.false_alarms)} others; after its own migration, with what that")
    print(f"leaves to a person, {len(judgement.after_migration)} findings above a remark, and")
    print(f"{len(judgement.mended)} once a careful team has mended it")
    for missed in judgement.hurried.missed:
        print(f"       MISSED {missed.rule_id}: {missed.pattern}")
    for alarm in judgement.hurried.false_alarms:
        print(f"       FALSE {alarm.rule_id}: {alarm.text}")
    for finding in (*judgement.after_migration, *judgement.mended):
        print(f"       FALSE once mended: {finding.key}: {finding.summary}")


def _report(
    major: int, faults: Mapping[str, Fault], made: Sequence[Judgement], failed: int
) -> None:
    found = sum(bool(judgement.found) for judgement in made)
    clean = sum(not judgement.mended for judgement in made)
    loud = sum(len(judgement.mended) for judgement in made)
    remarks = Counter(f.rule_id for judgement in made for f in judgement.remarks)
    own = sum(bool(judgement.applied) for judgement in made)
    print(f"\nPostgreSQL {major}: recall {found} of {len(made) + failed}")
    print(f"precision: {clean} of {len(made)} mended databases are silent, {loud} findings above")
    print(f"a remark in the others; {own} were mended by the finding's own SQL")
    beside = sum(len(judgement.bystanders) for judgement in made)
    print(f"not planted: {beside} findings above a remark in the spoilt databases")
    told = ", ".join(f"{count} of {rule_id}" for rule_id, count in remarks.most_common())
    print(f"remarks on mended databases: {told or 'none'}")
    for rule_id, fault in faults.items():
        if fault.days < GateLimits().usage_window_days:
            print(f"soon after a reset, for {rule_id}: counters run for {fault.days:g} days")
        for name, value in fault.restart_with.items():
            print(f"set for {rule_id}: {name} is {value}")
        for lowered in changed_limits(fault.config(rule_id), load_rules()):
            print(f"lowered for {rule_id}: {lowered}, since {fault.why_lower}")
    for rule_id in sorted(load_rules().keys() - all_faults().keys()):
        print(f"no fault for {rule_id}: {WITHOUT_A_FAULT.get(rule_id, 'nobody has written one')}")
    print()


if __name__ == "__main__":
    main()

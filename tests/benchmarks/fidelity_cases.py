"""Databases, and statements on each, that a twin is compared on with its original.

Another one is a line in ``CASES``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import partial

from examples.upload_pipeline import generate
from examples.upload_pipeline import statements as pipeline
from pgadvisor.cluster.launch import Cluster
from tests.benchmarks import tpch
from tests.benchmarks.tpch import Tpch
from tests.fixtures.databases import fresh_database
from tests.whatif import everything, shop
from tests.whatif.statements import GIN_STATEMENTS, STATEMENTS

MERGE_SINCE = 15


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A database and what is planned on it."""

    name: str
    database: Callable[[Cluster], AbstractContextManager[str]]
    """Makes it on a server, analysed, yields its DSN, and drops it."""
    statements: Callable[[int], Sequence[str]]
    """Those that a major version understands; ``$n`` is an unknown value."""
    can_grow: bool = True


@contextmanager
def _filled(fill: Callable[[str], None], cluster: Cluster) -> Iterator[str]:
    with fresh_database(cluster) as dsn:
        fill(dsn)
        yield dsn


def _load_pipeline(dsn: str) -> None:
    generate.load(dsn, generate.Scale(jobs=100_000), progress=lambda _: None)


def _pipeline_statements() -> Iterator[str]:
    """All texts of the example's application, hurried and mended, with ``$n``."""
    texts = [value for name, value in vars(pipeline).items() if name.isupper()]
    for way in (pipeline.HURRIED, pipeline.MENDED):
        texts += [way.claim, way.list_jobs]
    for text in dict.fromkeys(texts):
        if isinstance(text, str):
            numbers = iter(range(1, 100))
            yield re.sub("%s", lambda _: f"${next(numbers)}", text.strip())  # noqa: B023


def _shop_statements(major: int) -> Sequence[str]:
    every = (*STATEMENTS, *GIN_STATEMENTS)
    return [s for s in every if major >= MERGE_SINCE or not s.startswith("merge")]


def cases(rows: Tpch | None) -> tuple[Case, ...]:
    """All cases, TPC-H among them where there are rows for it."""
    pipeline_statements = tuple(_pipeline_statements())
    found = (
        Case(
            name="upload pipeline",
            database=partial(_filled, _load_pipeline),
            statements=lambda _: pipeline_statements,
        ),
        Case(name="shop", database=partial(_filled, shop.fill), statements=_shop_statements),
        Case(
            name="one of everything",
            database=everything.everything_database,
            statements=everything.statements,
        ),
    )
    if rows is None:
        return found
    of_tpch = Case(
        name="TPC-H",
        database=partial(_filled, lambda dsn: tpch.load(dsn, rows)),
        statements=lambda _: (*rows.queries, *tpch.CHANGES),
    )
    return (of_tpch, *found)
